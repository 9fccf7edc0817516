from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery.commit import Identity, Signature
from gitops_gen.delivery.message import commit_message
from gitops_gen.delivery.provenance import Provenance
from gitops_gen.delivery.push import Result
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import tree_id
from tests.integration.delivery.remotes import Bare, cloned, make_bare

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from gitops_gen.delivery.clone import Clone

BOT = Identity("gitops-gen", "gitops-gen@example.com")


def write(clone: Clone, writes: Mapping[str, bytes], deletes: Collection[str] = (), message: str = "Change\n") -> str:
    return clone.write_commit(
        writes=writes, deletes=deletes, message=message, signature=Signature(identity=BOT, date=1_700_000_000)
    )


def test_a_first_commit_has_no_parent(bare: Bare) -> None:
    files = {"base/a.yaml": b"a: 1\n", "overlays/east/b.yaml": b"", "c": b"no end of line"}
    with cloned(bare.path) as clone:
        commit = write(clone, files)
        assert clone.push(commit).result is Result.LANDED
    assert bare.files() == {path: content.decode() for path, content in files.items()}
    assert bare.git("rev-list", "--count", "main").strip() == "1"
    bare.fsck()


def test_identity_date_and_message_are_those_given(bare: Bare) -> None:
    message = "Subject with ünïcode\n\nBody\n# not a comment\n\nTrailer: value\n"
    with cloned(bare.path) as clone:
        clone.push(write(clone, {"a": b"1"}, message=message))
    assert bare.git("log", "-1", "--format=%an|%ae|%at|%cn|%ce|%ct|%ai").strip() == (
        "gitops-gen|gitops-gen@example.com|1700000000|gitops-gen|gitops-gen@example.com|1700000000"
        "|2023-11-14 22:13:20 +0000"
    )
    assert bare.git("cat-file", "commit", "main").partition("\n\n")[2] == message


def test_git_reads_the_trailers_and_no_others(bare: Bare) -> None:
    message = commit_message(
        "Subject",
        "Signed-off-by: Mallory <m@example.com>\nanother line",
        provenance=Provenance("https://git.example.com/i.git", "1f" * 20),
        inventory_digest="sha256:aa",
        plan_digest="sha256:bb",
        version="0.1.0",
    )
    with cloned(bare.path) as clone:
        clone.push(write(clone, {"a": b"1"}, message=message))
    assert bare.git("log", "-1", "--format=%(trailers:only,unfold)").strip().split("\n") == [
        "Gitops-Gen-Inventory-Repository: https://git.example.com/i.git",
        f"Gitops-Gen-Inventory-Revision: {'1f' * 20}",
        "Gitops-Gen-Inventory-Digest: sha256:aa",
        "Gitops-Gen-Plan-Digest: sha256:bb",
        "Gitops-Gen-Version: 0.1.0",
    ]
    assert bare.git("log", "-1", "--format=%s").strip() == "Subject"


def test_same_input_same_commit(tmp_path: Path) -> None:
    commits = set()
    for number in range(2):
        remote = make_bare(tmp_path / str(number) / "mesh.git")
        with cloned(remote.path) as clone:
            commits.add(write(clone, {"b": b"2", "a": b"1"} if number else {"a": b"1", "b": b"2"}))
    assert len(commits) == 1


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("filtering", [True, False])
def test_only_the_given_paths_change(tmp_path: Path, *, filtering: bool, object_format: str) -> None:
    remote = make_bare(tmp_path / "mesh.git", filtering=filtering, object_format=object_format)
    blob = remote.git("hash-object", "-w", "--stdin", stdin="../README.md").strip()
    before = remote.commit(
        {
            "README.md": "people's\n",
            ".gitattributes": "* text eol=crlf filter=evil\n",
            ".gitmodules": '[submodule "m"]\n\tpath = m\n\turl = ./m\n',
            "overlays/east/a.yaml": "old\n",
            "overlays/east/gone.yaml": "old\n",
            "overlays/east/kept.yaml": "old\n",
            'odd "name"\\\t.txt': "people's\n",
        },
    )
    remote.commit({}, entries=f"120000 {blob}\tdocs/link\x00160000 {before}\tm\x00")
    found = remote.files()
    with cloned(f"file://{remote.path}") as clone:
        writes = {"overlays/east/a.yaml": b"new\r\n", "overlays/west/b.yaml": b"b\n"}
        commit = write(clone, writes, ["overlays/east/gone.yaml", "overlays/east/never.yaml"])
        assert clone.push(commit).result is Result.LANDED
    del found["overlays/east/gone.yaml"]
    wanted = found | {"overlays/east/a.yaml": "new\r\n", "overlays/west/b.yaml": "b\n"}
    assert remote.files() == wanted
    remote.fsck()


def test_a_folder_may_take_the_place_of_a_file_and_the_other_way_round(bare: Bare) -> None:
    bare.commit({"base/a": "file", "base/b/c": "file"})
    with cloned(bare.path) as clone:
        clone.push(write(clone, {"base/a/x": b"1", "base/b": b"2"}, ["base/a", "base/b/c"]))
    assert bare.files() == {"base/a/x": "1", "base/b": "2"}
    bare.fsck()


def test_a_folder_of_the_repository_is_written_below(bare: Bare) -> None:
    bare.commit({"README.md": "1", "deploy/mesh/base/a": "1", "base/a": "not ours"})
    with cloned(bare.path, folder="deploy/mesh") as clone:
        clone.push(write(clone, {"base/b": b"2"}, ["base/a"]))
    assert bare.files() == {"README.md": "1", "deploy/mesh/base/b": "2", "base/a": "not ours"}


def test_the_fuse_blows_where_a_symlink_stands_in_the_way(bare: Bare) -> None:
    blob = bare.git("hash-object", "-w", "--stdin", stdin="/etc").strip()
    bare.commit({}, entries=f"120000 {blob}\toverlays/east\0")
    with cloned(bare.path) as clone, pytest.raises(RefusedError, match="overlays/east"):
        write(clone, {"overlays/east/a": b"1"})


def test_the_fuse_blows_where_a_submodule_stands_in_the_way(bare: Bare) -> None:
    commit = bare.commit({"a": "1"})
    bare.commit({}, entries=f"160000 {commit}\toverlays/east\0")
    with cloned(bare.path) as clone, pytest.raises(RefusedError, match="overlays/east"):
        write(clone, {"overlays/east/a": b"1"})


def test_the_fuse_blows_where_a_folder_of_others_stands_in_the_way(bare: Bare) -> None:
    bare.commit({"overlays/east/theirs": "1"})
    with cloned(bare.path) as clone, pytest.raises(RefusedError, match="overlays/east/theirs"):
        write(clone, {"overlays/east": b"1"})


def test_the_fuse_blows_when_a_whole_folder_would_go(bare: Bare) -> None:
    bare.commit({"overlays/east/ours": "1", "overlays/east/theirs": "1"})
    with cloned(bare.path) as clone, pytest.raises(RefusedError, match="overlays/east/"):
        write(clone, {}, ["overlays/east"])


def test_a_path_that_would_break_the_stream_is_an_error(bare: Bare) -> None:
    with cloned(bare.path) as clone:
        for path in ("a\nM 100644 inline b", "a\0b", ""):
            with pytest.raises(ValueError, match=re.escape(path) or "^$"):
                write(clone, {path: b"1"})
        clone.push(write(clone, {'a "quoted\\ name"': b"1", "ünï": b"2"}))
    assert bare.files() == {'a "quoted\\ name"': "1", "ünï": "2"}


def test_a_base_that_is_not_there_is_a_failed_tool(bare: Bare) -> None:
    bare.commit({"a": "1"})
    with cloned(bare.path) as clone:
        clone.base = "1" * 40
        with pytest.raises(ToolError, match="git cannot write the commit") as failed:
            write(clone, {"b": b"1"})
        assert "1" * 40 in failed.value.details


def test_everything_may_go(bare: Bare) -> None:
    bare.commit({"overlays/east/a": "1", "b": "1"})
    with cloned(bare.path) as clone:
        clone.push(write(clone, {}, ["b", "overlays/east/a"]))
    assert bare.files() == {}


def test_a_second_commit_may_follow_a_lost_race(bare: Bare) -> None:
    bare.commit({"a": "1"})
    with cloned(bare.path) as clone:
        write(clone, {"b": b"1"})
        bare.commit({"c": "1"})
        clone.refresh()
        clone.push(write(clone, {"b": b"2"}))
    assert bare.files() == {"a": "1", "b": "2", "c": "1"}


@pytest.mark.parametrize("part", ["", " ", "a<b", "a>b", "a\nb", "a\0b"])
def test_an_identity_that_git_would_change_is_refused(part: str) -> None:
    with pytest.raises(InputError):
        Identity(part, "a@example.com")
    with pytest.raises(InputError):
        Identity("a", part)


def test_20000_files_make_the_tree_that_git_itself_would_make(bare: Bare) -> None:
    files = {f"overlays/c/n/w{n // 10}/p{n}.yaml": f"pod: {n}\nport: 9090\n".encode() * 15 for n in range(20_000)}
    with cloned(bare.path) as clone:
        commit = write(clone, files)
        wanted = tree_id({path: entry.split()[2] for entry, _, path in _listed(clone, commit)})
        assert clone.local.rev_parse(f"{commit}^{{tree}}").decode().strip() == wanted


def _listed(clone: Clone, commit: str) -> list[tuple[str, str, str]]:
    records = clone.local.ls_tree("-r", "-z", commit).decode().split("\0")[:-1]
    return [record.partition("\t") for record in records]
