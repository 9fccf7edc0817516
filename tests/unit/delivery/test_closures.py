from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.delivery.closures import Closures
from gitops_gen.delivery.failure import GitError
from gitops_gen.tree import Entry, blob_id

if TYPE_CHECKING:
    from collections.abc import Collection

UNIT = "overlays/east/data"


class Clone:
    """Plays a clone whose branch has some commits, each a tree."""

    def __init__(self, **commits: dict[str, str]) -> None:
        self.commits = commits
        self.blobs = {blob_id(text.encode()): text.encode() for tree in commits.values() for text in tree.values()}

    def entries(self, *, commit: str) -> dict[str, Entry]:
        return {path: Entry("100644", blob_id(text.encode())) for path, text in self.commits[commit].items()}

    def read(self, blobs: Collection[str]) -> dict[str, bytes]:
        return {blob: self.blobs[blob] for blob in blobs}


def a_tree(*documents: str, more: str = "") -> dict[str, str]:
    files = {f"{UNIT}/{number}.yaml": text for number, text in enumerate(documents)}
    listed = "".join(f"  - {path.rpartition('/')[2]}\n" for path in files)
    return {f"{UNIT}/kustomization.yaml": f"resources:\n{listed}{more}", **files}


def closures(**commits: dict[str, str]) -> Closures:
    clone: Any = Clone(**commits)
    return Closures(clone)


def a_config(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"


def test_a_unit_is_the_same_when_its_files_or_its_resources_are() -> None:
    found = closures(
        one=a_tree(a_config("a"), a_config("b")),
        swapped=a_tree(a_config("b"), a_config("a")),
        other=a_tree(a_config("a"), a_config("c")),
    )
    assert found.same("one", "one", UNIT)
    assert found.same("one", "swapped", UNIT)
    assert not found.same("one", "other", UNIT)


@pytest.mark.parametrize(
    "tree", [a_tree("a: [\n"), a_tree("- no resource\n"), a_tree(a_config("a"), more="namePrefix: x-\n")]
)
def test_what_kustomize_alone_can_tell_is_the_same_by_its_files_alone(tree: dict[str, str]) -> None:
    found = closures(one=tree, again=dict(tree), other=a_tree(a_config("a")))
    assert found.same("one", "again", UNIT)
    assert not found.same("one", "other", UNIT)
    assert not found.same("other", "one", UNIT)
    assert found.changed("one", "other", UNIT) is None
    assert found.changed("other", "one", UNIT) is None


def test_an_order_that_git_fails_to_tell_is_no_answer() -> None:
    def fails(*_: object) -> bool:
        raise GitError("merge-base", 128, "", b"")

    clone: Any = Clone()
    clone.local = type("Local", (), {"is_ancestor": staticmethod(fails)})
    with pytest.raises(GitError):
        Closures(clone).descends("younger", "older")
