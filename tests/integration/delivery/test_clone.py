from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery import environment
from gitops_gen.delivery.clone import Clone
from gitops_gen.delivery.scratch import PREFIX, STALE_S
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import Entry, blob_id
from tests.integration.delivery.remotes import Bare, Forge, cloned, make_bare

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY = "overlays/east/monitoring/db"


def test_an_empty_repository_has_no_base(remote_url: str) -> None:
    with cloned(remote_url) as clone:
        assert clone.base is None
        assert clone.entries() == {}
        assert clone.read([]) == {}


def test_a_missing_branch_has_no_base(bare: Bare, remote_url: str) -> None:
    bare.commit({"a": "1"}, "other")
    with cloned(remote_url) as clone:
        assert clone.base is None


def test_only_the_branch_of_exactly_that_name_counts(bare: Bare, remote_url: str) -> None:
    commit = bare.commit({"a": "1"}, "other")
    bare.git("update-ref", "refs/heads/refs/heads/main", commit)
    bare.git("update-ref", "refs/tags/main", commit)
    with cloned(remote_url) as clone:
        assert clone.base is None


@pytest.mark.parametrize("filtering", [True, False])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_files_are_listed_by_blob_and_read_in_a_batch(
    tmp_path: Path, forge: Forge, *, filtering: bool, object_format: str
) -> None:
    remote = make_bare(tmp_path / "srv" / "other.git", filtering=filtering, object_format=object_format)
    files = {f"{OVERLAY}/db-{number}.yaml": f"pod: {number}\n" for number in range(20)} | {"README.md": "people's\n"}
    remote.commit(dict.fromkeys(files, "before\n"))
    tip = remote.commit(files)
    with cloned(forge.url(remote)) as clone:
        assert clone.base == tip
        assert clone.object_format == object_format
        found = clone.entries()
        assert found == {
            path: Entry("100644", blob_id(content.encode(), object_format)) for path, content in files.items()
        }
        seen = len(forge.requests)
        blobs = [found[path].blob for path in files]
        assert clone.read(blobs) == {blob_id(text.encode(), object_format): text.encode() for text in files.values()}
        again = clone.read(blobs[:3])
        assert len(again) == 3
    posts = [path for method, path, _ in forge.requests[seen:] if method == "POST" and "upload-pack" in path]
    assert len(posts) == (1 if filtering else 0), "one batch, and only where the clone came without contents"


def test_what_is_there_is_not_fetched_again(bare: Bare) -> None:
    bare.commit({"a": "1\n", "b": "2\n", "c": "3\n"})
    asked: list[bytes] = []
    with cloned(f"file://{bare.path}") as clone:
        fetch = clone._fetch_blobs

        def recorded(blobs: list[str]) -> None:
            asked.append(" ".join(blobs).encode())
            fetch(blobs)

        clone._fetch_blobs = recorded  # type: ignore[method-assign]
        blobs = sorted(entry.blob for entry in clone.entries().values())
        for wanted in (blobs[:2], blobs[:2], blobs):
            assert len(clone.read(wanted)) == len(wanted)
    assert asked == [" ".join(blobs[:2]).encode(), blobs[2].encode()]


def test_an_empty_repository_says_its_object_format(tmp_path: Path, forge: Forge) -> None:
    remote = make_bare(tmp_path / "srv" / "new.git", object_format="sha256")
    for url in (str(remote.path), forge.url(remote)):
        with cloned(url) as clone:
            assert clone.object_format == "sha256"
            assert clone.base is None


def test_a_partial_clone_holds_no_contents(tmp_path: Path, bare: Bare, forge: Forge) -> None:
    bare.commit({"big": "x" * 100_000})
    with cloned(forge.url(bare), scratch=tmp_path) as clone:
        (private,) = tmp_path.glob(f"{PREFIX}*")
        objects = clone.local.cat_file("--batch-all-objects", "--batch-check=%(objecttype)").decode().split()
        assert sorted(objects) == ["commit", "tree"]
        assert private.stat().st_mode & 0o777 == 0o700
    assert not private.exists()


def speak_the_first_protocol(clone: Clone) -> None:
    variables = dict(clone.remote._given.variables)
    number = next(key for key, value in variables.items() if value == "protocol.version")
    variables[number.replace("KEY", "VALUE")] = "0"
    clone.remote._given = type(clone.remote._given)(variables)


def test_a_server_that_hands_out_no_single_blobs_is_cloned_whole(bare: Bare, forge: Forge) -> None:
    tip = bare.commit({"a": "1\n", "b": "2\n"})
    # The first protocol serves what a ref names, and nothing else.
    bare.git("config", "uploadpack.allowAnySHA1InWant", "false")
    with cloned(forge.url(bare)) as clone:
        found = clone.entries()
        speak_the_first_protocol(clone)
        assert clone.read([found["a"].blob]) == {found["a"].blob: b"1\n"}
        assert clone.read([found["b"].blob]) == {found["b"].blob: b"2\n"}
        assert clone.base == tip
        later = bare.commit({"a": "3\n"})
        clone.refresh()
        assert clone.base == later
        assert clone.read([clone.entries()["a"].blob]) == {blob_id(b"3\n"): b"3\n"}


def test_a_branch_that_is_rewritten_before_it_is_cloned_whole_is_a_failed_tool(bare: Bare, forge: Forge) -> None:
    bare.commit({"a": "1\n"})
    bare.git("config", "uploadpack.allowAnySHA1InWant", "false")
    with cloned(forge.url(bare)) as clone:
        found = clone.entries()
        speak_the_first_protocol(clone)
        bare.git("update-ref", "refs/heads/main", bare.commit({"b": "1\n"}, "other"))
        with pytest.raises(ToolError, match="git cannot read"):
            clone.read([found["a"].blob])


def test_roots_select_what_is_listed(bare: Bare) -> None:
    bare.commit({"base/a": "1", "overlays/b": "2", "overlays-not/c": "3", "README.md": "4"})
    with cloned(bare.path) as clone:
        assert sorted(clone.entries("base", "overlays")) == ["base/a", "overlays/b"]


def test_paths_are_relative_to_the_folder(bare: Bare) -> None:
    bare.commit({"deploy/mesh/base/a": "1", "deploy/base/b": "2", "base/c": "3"})
    with cloned(bare.path, folder="deploy/mesh") as clone:
        assert sorted(clone.entries()) == ["base/a"]
        assert sorted(clone.entries("base", "overlays")) == ["base/a"]


@pytest.mark.parametrize("folder", ["", "deploy/mesh"])
def test_other_spellings_of_a_root_are_listed_with_it(bare: Bare, folder: str) -> None:
    files = {"base/a": "1", "BASE/b": "2", "Overlays/c": "3", "overlays/east/d": "4", "OVERLAYS": "5", "based/e": "6"}
    bare.commit({f"{folder}/{path}".lstrip("/"): text for path, text in files.items()})
    with cloned(bare.path, folder=folder) as clone:
        assert sorted(clone.entries("base", "overlays")) == sorted(set(files) - {"based/e"})
        assert sorted(clone.entries("overlays/east", "engines")) == ["overlays/east/d"]


def test_names_that_are_no_text_are_listed(bare: Bare) -> None:
    bare.commit({'odd "name"\n\t': "1", "é": "2"})
    with cloned(bare.path) as clone:
        assert sorted(clone.entries()) == ['odd "name"\n\t', "é"]


@pytest.mark.parametrize("link", ["deploy", "deploy/mesh"])
def test_a_folder_behind_a_link_is_refused(bare: Bare, link: str) -> None:
    blob = bare.git("hash-object", "-w", "--stdin", stdin="/etc").strip()
    bare.commit({}, entries=f"120000 {blob}\t{link}\0")
    with pytest.raises(RefusedError, match="symlink"), cloned(bare.path, folder="deploy/mesh"):
        pass


def test_a_file_in_the_place_of_the_folder_is_refused(bare: Bare) -> None:
    bare.commit({"deploy": "a file"})
    with pytest.raises(RefusedError, match="deploy"), cloned(bare.path, folder="deploy"):
        pass


def test_symlinks_and_submodules_are_listed_with_their_mode(bare: Bare) -> None:
    blob = bare.git("hash-object", "-w", "--stdin", stdin="/etc").strip()
    commit = bare.commit({"a": "1"})
    bare.commit({}, entries=f"120000 {blob}\toverlays/link\x00160000 {commit}\toverlays/sub\0")
    with cloned(bare.path) as clone:
        found = clone.entries("overlays")
    assert found == {"overlays/link": Entry("120000", blob), "overlays/sub": Entry("160000", commit)}


def test_refresh_follows_the_branch(bare: Bare, remote_url: str) -> None:
    with cloned(remote_url) as clone:
        assert not clone.base
        for name in ("a", "b"):
            tip = bare.commit({name: "1\n"})
            clone.refresh()
            assert clone.base == tip
        assert sorted(clone.entries()) == ["a", "b"]


def test_a_branch_that_was_rewritten_or_is_gone_is_not_followed(bare: Bare, remote_url: str) -> None:
    first = bare.commit({"a": "1\n"})
    bare.commit({"a": "2\n"})
    with cloned(remote_url) as clone:
        for commit in (first, bare.commit({"b": "2\n"}, "other")):
            bare.git("update-ref", "refs/heads/main", commit)
            with pytest.raises(RefusedError, match="the branch was rewound while this ran"):
                clone.refresh()
    with cloned(remote_url) as clone:
        bare.git("update-ref", "-d", "refs/heads/main")
        with pytest.raises(RefusedError, match="the branch was rewound while this ran"):
            clone.refresh()


def test_a_branch_that_goes_while_it_is_read_is_not_there(
    bare: Bare, remote_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.commit({"a": "1"})
    ask = Clone.tip

    def tip(self: Clone, ref: str = "") -> str | None:
        answer = ask(self, ref)
        if answer is not None:
            bare.git("update-ref", "-d", "refs/heads/main")
        return answer

    monkeypatch.setattr(Clone, "tip", tip)
    with cloned(remote_url) as clone:
        assert clone.base is None
        assert clone.entries() == {}


def test_a_branch_that_can_be_listed_but_not_read_is_a_failed_tool(bare: Bare, remote_url: str) -> None:
    bare.commit({"a": "1"})
    with cloned(remote_url) as clone:
        before = clone.base
        bare.commit({"a": "2"})
        bare.lose("main^{tree}")
        with pytest.raises(ToolError, match="git cannot read") as failed:
            clone.refresh()
        assert failed.value.details
        assert clone.base == before


def test_a_branch_contains_what_it_was_built_on_and_nothing_else(bare: Bare, remote_url: str) -> None:
    first = bare.commit({"a": "1"})
    with cloned(remote_url) as clone:
        second = bare.commit({"b": "1"})
        other = bare.commit({"c": "1"}, "other")
        assert clone.contains(second, first)
        assert clone.contains(second, second)
        bare.git("update-ref", "refs/heads/main", other)
        assert not clone.contains(other, first)


def test_whether_a_branch_contains_a_commit_is_unknown_where_it_cannot_be_read(bare: Bare, remote_url: str) -> None:
    first = bare.commit({"a": "1"})
    with cloned(remote_url) as clone:
        with pytest.raises(ToolError, match="git cannot read"):
            clone.contains(first, "0" * 39 + "1")
        second = bare.commit({"b": "1"})
        bare.lose("main^{tree}")
        with pytest.raises(ToolError, match="git cannot read"):
            clone.contains(second, first)
        assert clone.contains(second, second), "nothing has to be read for that"


def test_another_branch_is_followed_beside_ours(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bare.commit({"a": "1"})
    ref, name = "refs/heads/bot", "refs/gitops-gen/bot"
    with cloned(bare.path) as clone:
        assert clone.follow(ref, name) is None
        bare.git("update-ref", ref, first)
        second = bare.commit({"b": "1"}, "bot")
        assert clone.follow(ref, name) == clone.tip(ref) == second
        assert clone.base == clone.tip() == first
        third = bare.commit({"c": "1"}, "bot")
        assert clone.contains(third, second, ref, name)
        bare.lose(f"{bare.commit({'d': '1'}, 'bot')}^{{tree}}")
        with pytest.raises(ToolError, match="git cannot read"):
            clone.follow(ref, name)
        real = clone.tip
        tips = [third]
        monkeypatch.setattr(clone, "tip", lambda _ref="": tips.pop() if tips else None)
        assert clone.follow(ref, name) is None, "it went while it was read"
        assert real() == first


def test_a_server_that_hands_out_no_single_blobs_has_the_other_branch_cloned_whole_too(
    bare: Bare, forge: Forge
) -> None:
    bare.git("update-ref", "refs/heads/bot", bare.commit({"a": "1"}))
    bare.commit({"b": "2"}, "bot")
    bare.git("config", "uploadpack.allowAnySHA1InWant", "false")
    with cloned(forge.url(bare), environment={"GIT_PROTOCOL": "version=0"}) as clone:
        tip = clone.follow("refs/heads/bot", "refs/gitops-gen/bot")
        entries = clone.entries(commit=tip)
        assert clone.read([entries["b"].blob]) == {entries["b"].blob: b"2"}


def test_contents_that_are_nowhere_are_a_failed_tool(tmp_path: Path) -> None:
    bare = make_bare(tmp_path / "mesh.git", filtering=False)
    bare.commit({"a": "1"})
    with cloned(bare.path) as clone, pytest.raises(ToolError, match=f"git has no object {'1' * 40}"):
        clone.read([*(entry.blob for entry in clone.entries().values()), "1" * 40])


def test_a_clone_that_somebody_clears_away_is_a_failed_tool(tmp_path: Path) -> None:
    bare = make_bare(tmp_path / "mesh.git", filtering=False)
    bare.commit({"a": "1"})
    with cloned(bare.path) as clone:
        found = clone.entries()
        (clone._repository / "HEAD").unlink()
        with pytest.raises(ToolError, match="git cannot read") as failed:
            clone.read([found["a"].blob])
        assert "not a git repository" in failed.value.details


def test_tags_do_not_come_along(bare: Bare, remote_url: str) -> None:
    bare.commit({"a": "1"})
    bare.git("tag", "v1", "main")
    with cloned(remote_url) as clone:
        refs = clone.local.for_each_ref("--format=%(refname)").decode().split()
    assert refs == ["refs/gitops-gen/base"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/nonexistent/mesh.git", "does not appear to be a git repository"),
        ("file:///nonexistent/mesh.git", "does not appear to be a git repository"),
        ("https://127.0.0.1:1/mesh.git", "127.0.0.1"),
        ("ssh://git@127.0.0.1:1/mesh.git", ""),
    ],
)
def test_a_remote_that_cannot_be_read_is_a_failed_tool(url: str, words: str) -> None:
    with pytest.raises(ToolError) as failed, cloned(url):
        pass
    assert url in failed.value.message
    assert words in failed.value.details
    assert failed.value.help
    assert failed.value.exit_code == 7


def test_a_remote_that_wants_a_token_says_where_to_put_it(bare: Bare, forge: Forge) -> None:
    forge.wanted = "Basic something"
    with pytest.raises(ToolError) as failed, cloned(forge.url(bare)):
        pass
    assert "GITOPS_GEN_TOKEN" in failed.value.help


def test_a_repository_of_another_account_is_left_to_it(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(ToolError) as failed, cloned(bare.path):
        pass
    assert "run gitops-gen as its owner" in failed.value.help


def test_a_stalled_remote_is_given_up_after_the_time_limit(tmp_path: Path) -> None:
    stall = tmp_path / "bin" / "ssh"
    stall.parent.mkdir()
    stall.write_text("#!/bin/sh\nexec sleep 60\n")
    stall.chmod(0o755)
    began = time.monotonic()
    with (
        pytest.raises(ToolError, match="did not end within"),
        cloned("git@example.com:mesh.git", environment={"PATH": f"{stall.parent}:{os.environ['PATH']}"}, timeout_s=1),
    ):
        pass
    assert time.monotonic() - began < 20


def test_a_missing_git_is_a_missing_tool() -> None:
    with pytest.raises(ToolError, match="git not found"), cloned("/srv/mesh.git", environment={"PATH": "/nonexistent"}):
        pass


def test_an_impossible_branch_is_the_users_mistake(bare: Bare) -> None:
    with pytest.raises(InputError, match="branch"), cloned(bare.path, branch="--upload-pack=x"):
        pass


def test_the_private_folder_goes_whatever_happens(tmp_path: Path, bare: Bare) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(KeyboardInterrupt), cloned(bare.path, scratch=scratch):
        raise KeyboardInterrupt
    assert list(scratch.iterdir()) == []


def test_folders_that_a_killed_run_left_are_swept_by_age(tmp_path: Path, bare: Bare) -> None:
    scratch = tmp_path / "scratch"
    outside = tmp_path / "outside"
    for made in (scratch / f"{PREFIX}old" / "deep", scratch / f"{PREFIX}new", scratch / "somebody", outside):
        made.mkdir(parents=True)
    (outside / "kept").touch()
    (scratch / f"{PREFIX}link").symlink_to(outside)
    past = time.time() - STALE_S - 60
    for name in (f"{PREFIX}old", "somebody"):
        os.utime(scratch / name, (past, past))
    os.utime(outside, (past, past))
    os.utime(scratch / f"{PREFIX}link", (past, past), follow_symlinks=False)
    with cloned(bare.path, scratch=scratch):
        pass
    assert sorted(left.name for left in scratch.iterdir()) == sorted([f"{PREFIX}new", f"{PREFIX}link", "somebody"])
    assert (outside / "kept").exists()


def test_a_full_disk_is_a_failed_tool(tmp_path: Path, bare: Bare) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(ToolError, match="no temporary folder"), cloned(bare.path, scratch=missing):
        pass
    assert not missing.exists()
