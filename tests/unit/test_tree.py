from __future__ import annotations

from gitops_gen.tree import below, blob_id, blob_ids, tree_id

# The ids in this module were made by git itself: `git hash-object --stdin`, `git write-tree`.


def test_blob_ids_are_those_of_git() -> None:
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blob_id(b"hello\n", "sha256") == "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4"
    assert blob_ids({"a": b"", "b/c": b"hello\n"}) == {"a": blob_id(b""), "b/c": blob_id(b"hello\n")}


def test_tree_ids_are_those_of_git() -> None:
    tree = {"a.yaml": b"hello\n", "a/b/c": b"", "a-b": b"", "a0": b""}

    assert tree_id({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert tree_id(blob_ids(tree)) == "be11177ce6b7ba46f83f24599fbd7ad7d75f3675"
    assert (
        tree_id(blob_ids(tree, "sha256"), "sha256")
        == "9c07fc25f5235f66cbd7a94658a904982284c24a761923cf939d0502a67d27e9"
    )


def test_the_order_of_paths_is_no_part_of_a_tree() -> None:
    tree = {"a.yaml": b"hello\n", "a/b/c": b"", "a-b": b"", "a0": b""}

    assert tree_id(blob_ids(tree)) == tree_id(blob_ids(dict(reversed(tree.items()))))


def test_below_takes_whole_names_only() -> None:
    assert below(["a/c", "ab/c", "a/b", "a"], "a") == ["a/b", "a/c"]
    assert below(["a/c"], "a/") == ["a/c"]
