from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gitops_gen.delivery import environment
from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.lineage import inventory_lineage
from gitops_gen.delivery.provenance import Provenance, inventory_branch, inventory_provenance
from gitops_gen.errors import ToolError
from tests.integration.delivery.remotes import git

FILES = {"mesh.yaml": "kind: Mesh\n", "teams/db.yml": "kind: Workload\n", "teams/README.md": "for people\n"}
INVENTORY = ("mesh.yaml", "teams/db.yml")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a working tree with an inventory in `inventory/` and something else beside it, all committed."""
    made = tmp_path / "work"
    for name, content in {**{f"inventory/{name}": text for name, text in FILES.items()}, "src/x.yaml": "x\n"}.items():
        file = made / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "remote", "add", "origin", "https://user:s3cret@git.example.com/team/inventory.git")
    git(made, "add", "-A")
    git(made, "commit", "--quiet", "-m", "Inventory")
    return made


def head(checkout: Path) -> str:
    return git(checkout, "rev-parse", "HEAD").strip()


def read(checkout: Path) -> dict[str, bytes]:
    folder = checkout / "inventory"
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*.y*ml"))}


def provenance(path: Path, contents: dict[str, bytes]) -> Provenance:
    return inventory_provenance(str(path), contents, environment=os.environ, timeout_s=30)


def test_committed_files_have_a_commit(checkout: Path) -> None:
    found = provenance(checkout / "inventory", read(checkout))
    assert found == Provenance("https://git.example.com/team/inventory.git", head(checkout), date=1_580_608_922)


def test_a_single_file_and_the_top_folder_will_do(checkout: Path) -> None:
    file = checkout / "inventory" / "mesh.yaml"
    assert provenance(file, {str(file): file.read_bytes()}).revision == head(checkout)
    everything = read(checkout) | {str(checkout / "src" / "x.yaml"): b"x\n"}
    assert provenance(checkout, everything).revision == head(checkout)


def test_paths_may_be_relative_and_lead_through_links(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout.parent / "link").symlink_to(checkout)
    monkeypatch.chdir(checkout.parent / "link")
    contents = {f"inventory/{name}": FILES[name].encode() for name in INVENTORY}
    assert provenance(Path("inventory"), contents).revision == head(checkout)


def test_what_does_not_belong_to_the_inventory_may_differ(checkout: Path) -> None:
    (checkout / "inventory" / "teams" / "README.md").write_text("edited\n")
    (checkout / "src" / "x.yaml").unlink()
    (checkout / "untracked.yaml").touch()
    git(checkout, "rm", "--quiet", "--cached", "src/x.yaml")
    assert provenance(checkout / "inventory", read(checkout)).revision == head(checkout)


def test_hidden_folders_are_no_inventory(checkout: Path) -> None:
    hidden = checkout / "inventory" / ".github" / "ci.yml"
    hidden.parent.mkdir()
    hidden.touch()
    git(checkout, "add", "-A")
    git(checkout, "commit", "--quiet", "-m", "CI")
    contents = {name: content for name, content in read(checkout).items() if ".github" not in name}
    assert provenance(checkout / "inventory", contents).revision == head(checkout)


def test_an_inventory_may_lie_in_a_hidden_folder(checkout: Path) -> None:
    git(checkout, "mv", "inventory", ".inventory")
    git(checkout, "commit", "--quiet", "-m", "Hide")
    contents = {str(checkout / ".inventory" / name): FILES[name].encode() for name in INVENTORY}
    assert provenance(checkout / ".inventory", contents).revision == head(checkout)
    contents.popitem()
    assert provenance(checkout / ".inventory", contents).revision == "", "a file of it was not read"


def test_edited_files_have_no_commit(checkout: Path) -> None:
    (checkout / "inventory" / "mesh.yaml").write_text("kind: Edited\n")
    found = provenance(checkout / "inventory", read(checkout))
    assert (found.repository, found.revision) == ("https://git.example.com/team/inventory.git", "")
    assert "inventory/mesh.yaml" in found.reason
    git(checkout, "add", "-A")
    assert provenance(checkout / "inventory", read(checkout)).revision == "", "what is staged is not committed"


def test_what_was_read_counts_and_not_what_stands_there_now(checkout: Path) -> None:
    contents = read(checkout)
    (checkout / "inventory" / "mesh.yaml").write_text("kind: Edited since\n")
    assert provenance(checkout / "inventory", contents).revision == head(checkout)


def test_new_and_missing_files_have_no_commit(checkout: Path) -> None:
    (checkout / "inventory" / "new.yaml").write_text("kind: New\n")
    assert "inventory/new.yaml" in provenance(checkout / "inventory", read(checkout)).reason
    (checkout / "inventory" / "new.yaml").unlink()
    (checkout / "inventory" / "teams" / "db.yml").unlink()
    assert "inventory/teams/db.yml" in provenance(checkout / "inventory", read(checkout)).reason


def test_a_file_that_is_a_link_in_git_has_no_commit(checkout: Path) -> None:
    (checkout / "inventory" / "link.yaml").symlink_to("mesh.yaml")
    git(checkout, "add", "-A")
    git(checkout, "commit", "--quiet", "-m", "Link")
    contents = read(checkout)
    assert provenance(checkout / "inventory", contents).revision == ""


def test_outside_git_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "mesh.yaml"
    file.touch()
    found = provenance(file, {str(file): b""})
    assert (found.repository, found.revision) == ("", "")
    assert "not in a Git repository" in found.reason
    assert "standard input" in provenance(Path("-"), {"-": b""}).reason


def test_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "mesh.yaml").touch()
    assert provenance(tmp_path, {str(tmp_path / "mesh.yaml"): b""}).revision == ""


def test_a_file_outside_the_repository_has_none(checkout: Path) -> None:
    outside = checkout.parent / "outside.yaml"
    outside.touch()
    found = provenance(checkout / "inventory", read(checkout) | {str(outside): b""})
    assert "outside" in found.reason
    assert found.revision == ""


def test_a_detached_head_a_shallow_clone_and_a_worktree_will_do(checkout: Path) -> None:
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "Second")
    shallow = checkout.parent / "shallow"
    git(checkout.parent, "clone", "--quiet", "--depth=1", f"file://{checkout}", "shallow")
    git(checkout, "worktree", "add", "--quiet", "--detach", str(checkout.parent / "tree"))
    for place in (shallow, checkout.parent / "tree"):
        assert provenance(place / "inventory", read(place)).revision == head(checkout)


@pytest.mark.parametrize(
    ("remotes", "repository"),
    [
        ({}, ""),
        ({"upstream": "git@example.com:a/b.git"}, "git@example.com:a/b.git"),
        ({"one": "/srv/one", "two": "/srv/two"}, ""),
        ({"one": "/srv/one", "origin": "ssh://git@example.com/b"}, "ssh://git@example.com/b"),
        ({"origin": "https://t0ken@example.com/b"}, "https://example.com/b"),
        ({"origin": "/srv/\x1b[31m"}, ""),
    ],
)
def test_the_repository_is_origin_or_the_only_remote(checkout: Path, remotes: dict[str, str], repository: str) -> None:
    git(checkout, "remote", "remove", "origin")
    for name, url in remotes.items():
        git(checkout, "config", f"remote.{name}.url", url)
    assert provenance(checkout / "inventory", read(checkout)).repository == repository


def test_nothing_runs_and_nothing_changes_in_the_users_repository(checkout: Path) -> None:
    marker = checkout.parent / "marker"
    script = checkout.parent / "evil"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "filter.evil.clean", "diff.external", "core.pager", "gpg.program"):
        git(checkout, "config", key, str(script))
    (checkout / ".git" / "info").mkdir()
    (checkout / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (checkout / ".git" / "hooks").mkdir(exist_ok=True)
        shutil.copy(script, checkout / ".git" / "hooks" / hook)
    (checkout / "inventory" / "mesh.yaml").touch()
    (checkout / ".git" / "index.lock").touch()
    before = {file: file.read_bytes() for file in checkout.rglob("*") if file.is_file()}
    found = provenance(checkout / "inventory", read(checkout))
    assert found.revision == before[checkout / ".git" / "refs" / "heads" / "main"].decode().strip()
    assert not marker.exists()
    assert {file: file.read_bytes() for file in checkout.rglob("*") if file.is_file()} == before


def test_the_checkout_may_belong_to_another_account(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert provenance(checkout / "inventory", read(checkout)).revision == head(checkout)


def test_a_clone_without_contents_fetches_nothing(checkout: Path) -> None:
    git(checkout, "config", "uploadpack.allowFilter", "true")
    git(checkout.parent, "clone", "--quiet", "--filter=tree:0", "--no-checkout", f"file://{checkout}", "partial")
    place = checkout.parent / "partial"
    objects = sorted((place / ".git" / "objects").rglob("*"))
    for name in INVENTORY:
        (place / "inventory" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "inventory" / name).write_text(FILES[name])
    found = provenance(place / "inventory", read(place))
    assert found.revision == ""
    assert "does not hold all of commit" in found.reason
    assert sorted((place / ".git" / "objects").rglob("*")) == objects


def test_the_callers_git_variables_do_not_count(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = checkout.parent / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    wanted = head(checkout)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(checkout))
    assert provenance(checkout / "inventory", read(checkout)).revision == wanted


def broken_git(folder: Path, word: str, end: str) -> dict[str, str]:
    """Return an environment in which git ends in a way of its own when it is called with a word."""
    folder.mkdir()
    shim = folder / "git"
    shim.write_text(f'#!/bin/sh\ncase " $* " in *" {word} "*) {end};; esac\nexec "{shutil.which("git")}" "$@"\n')
    shim.chmod(0o700)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("end", ["kill -9 $$", "echo 'fatal: x: Input/output error' >&2; exit 128"])
@pytest.mark.parametrize("word", ["rev-parse", "config", "ls-tree"])
def test_a_git_that_fails_is_not_taken_at_its_word(checkout: Path, tmp_path: Path, word: str, end: str) -> None:
    """An inventory that seems to be in no commit would have no order, and could go over a newer one."""
    environment = broken_git(tmp_path / "bin", word, end)
    with pytest.raises(ToolError, match="git does not say which commit holds"):
        inventory_provenance(str(checkout / "inventory"), read(checkout), environment=environment, timeout_s=30)


@pytest.mark.parametrize("end", ["exit 1", "echo 'fatal: not a tree object' >&2; exit 128"])
def test_a_listing_that_fails_is_believed_of_a_clone_alone_that_left_something_out(
    checkout: Path, tmp_path: Path, end: str
) -> None:
    environment = broken_git(tmp_path / "bin", "ls-tree", end)
    inventory = str(checkout / "inventory")
    with pytest.raises(ToolError, match="git does not say which commit holds"):
        inventory_provenance(inventory, read(checkout), environment=environment, timeout_s=30)
    git(checkout, "config", "remote.origin.promisor", "true")
    found = inventory_provenance(inventory, read(checkout), environment=environment, timeout_s=30)
    assert found == Provenance(
        "https://git.example.com/team/inventory.git",
        reason=f"this clone does not hold all of commit {head(checkout)[:12]}",
    )


def test_a_branch_that_git_does_not_tell_is_not_taken_for_none(checkout: Path, tmp_path: Path) -> None:
    inventory = str(checkout / "inventory")
    assert inventory_branch("-", environment=os.environ, timeout_s=30) == ""
    assert inventory_branch(inventory, environment=os.environ, timeout_s=30) == "main"
    killed = broken_git(tmp_path / "bin", "symbolic-ref", "kill -9 $$")
    with pytest.raises(ToolError, match="git does not say which commit holds"):
        inventory_branch(inventory, environment=killed, timeout_s=30)
    git(checkout, "checkout", "--quiet", "--detach")
    assert inventory_branch(inventory, environment=os.environ, timeout_s=30) == ""


def test_remotes_that_git_fails_to_find_once_are_asked_for_again(checkout: Path, tmp_path: Path) -> None:
    once = f"[ -e '{tmp_path}/failed' ] || {{ touch '{tmp_path}/failed'; exit 1; }}"
    environment = broken_git(tmp_path / "bin", "config", once)
    inventory = str(checkout / "inventory")
    found = inventory_provenance(inventory, read(checkout), environment=environment, timeout_s=30)
    assert found.repository == "https://git.example.com/team/inventory.git"


@pytest.mark.parametrize("word", ["cat-file", "merge-base"])
@pytest.mark.parametrize("swap", [False, True])
def test_a_no_that_git_says_but_once_is_no_order(checkout: Path, tmp_path: Path, word: str, *, swap: bool) -> None:
    first = head(checkout)
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "Next")
    second = head(checkout)
    if swap:
        git(checkout, "checkout", "--quiet", "--detach", first)
        first, second = second, first
    known = provenance(checkout / "inventory", read(checkout))
    once = f"[ -e '{tmp_path}/failed' ] || {{ touch '{tmp_path}/failed'; exit 1; }}"
    environment = broken_git(tmp_path / "bin", word, once)
    lineage = inventory_lineage(str(checkout / "inventory"), known, environment=environment, timeout_s=30)
    assert lineage.order(first).order == ("older" if swap else "newer")


@pytest.mark.parametrize("word", ["cat-file", "merge-base"])
def test_an_order_that_git_fails_to_tell_is_not_taken_for_none(checkout: Path, tmp_path: Path, word: str) -> None:
    first = head(checkout)
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "Next")
    known = provenance(checkout / "inventory", read(checkout))
    environment = broken_git(tmp_path / "bin", word, "kill -9 $$")
    lineage = inventory_lineage(str(checkout / "inventory"), known, environment=environment, timeout_s=30)
    with pytest.raises(GitError, match="exit code -9"):
        lineage.order(first)


def test_a_repository_that_git_cannot_read_is_not_taken_for_none(checkout: Path) -> None:
    (checkout / ".git" / "HEAD").write_text("nothing of use\n")
    with pytest.raises(ToolError, match="git does not say which commit holds"):
        provenance(checkout / "inventory", read(checkout))


def test_a_git_that_fails_once_is_asked_again(checkout: Path, tmp_path: Path) -> None:
    once = f"[ -e '{tmp_path}/failed' ] || {{ touch '{tmp_path}/failed'; exit 128; }}"
    environment = broken_git(tmp_path / "bin", "rev-parse", once)
    inventory = str(checkout / "inventory")
    found = inventory_provenance(inventory, read(checkout), environment=environment, timeout_s=30)
    assert found.revision == head(checkout)


def test_a_git_that_says_nothing_is_no_bug_of_ours(checkout: Path, tmp_path: Path) -> None:
    inventory = str(checkout / "inventory")
    silent = broken_git(tmp_path / "bin", "rev-parse", "exit 0")
    with pytest.raises(ToolError, match="git does not say which commit holds"):
        inventory_provenance(inventory, read(checkout), environment=silent, timeout_s=30)
    known = provenance(checkout / "inventory", read(checkout))
    with pytest.raises(ToolError, match="git does not say in which working tree"):
        inventory_lineage(inventory, known, environment=silent, timeout_s=30)
