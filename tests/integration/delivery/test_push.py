from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery import push
from gitops_gen.delivery.commit import Identity, Signature
from gitops_gen.delivery.push import Outcome, Result
from tests.integration.delivery.remotes import Bare, Forge, cloned, git

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.delivery.clone import Clone

BOT = Identity("gitops-gen", "gitops-gen@example.com")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "PAUSE_S", 0.01)


def write(clone: Clone, path: str = "ours", content: bytes = b"1\n") -> str:
    return clone.write_commit(
        writes={path: content}, deletes=[], message="Ours\n", signature=Signature(identity=BOT, date=1_700_000_000)
    )


@pytest.mark.parametrize("there", [True, False])
def test_a_commit_lands(bare: Bare, remote_url: str, *, there: bool) -> None:
    if there:
        bare.commit({"theirs": "1\n"})
    with cloned(remote_url) as clone:
        commit = write(clone)
        assert clone.push(commit) == Outcome(Result.LANDED, commit)
    assert bare.tip() == commit
    bare.fsck()


def test_a_big_commit_lands(bare: Bare, remote_url: str) -> None:
    with cloned(remote_url) as clone:
        files = {f"f{number}": bytes(f"{number * 7919 % 10007}", "ascii") * 400 for number in range(3000)}
        commit = clone.write_commit(
            writes=files, deletes=[], message="Big\n", signature=Signature(identity=BOT, date=0)
        )
        assert clone.push(commit).result is Result.LANDED
    assert len(bare.git("ls-tree", "-r", "--name-only", "main").split()) == 3000


def test_somebody_elses_commit_makes_us_lose_the_race(bare: Bare, remote_url: str) -> None:
    bare.commit({"a": "1\n"})
    with cloned(remote_url) as clone:
        commit = write(clone)
        theirs = bare.commit({"b": "1\n"})
        assert clone.push(commit).result is Result.LOST_RACE
        assert bare.tip() == theirs
        clone.refresh()
        assert clone.base == theirs
        assert clone.push(write(clone)).result is Result.LANDED
    assert bare.files() == {"a": "1\n", "b": "1\n", "ours": "1\n"}


def test_a_branch_that_appears_is_not_overwritten(bare: Bare, remote_url: str) -> None:
    with cloned(remote_url) as clone:
        commit = write(clone)
        theirs = bare.commit({"b": "1\n"})
        assert clone.push(commit).result is Result.LOST_RACE
    assert bare.tip() == theirs


def test_a_branch_that_is_deleted_or_rewound_is_not_restored(bare: Bare, remote_url: str) -> None:
    first = bare.commit({"a": "1\n"})
    bare.commit({"a": "2\n"})
    with cloned(remote_url) as clone:
        commit = write(clone)
        bare.git("update-ref", "refs/heads/main", first)
        assert clone.push(commit).result is Result.LOST_RACE, "a fast-forward from there, but not from our base"
        assert bare.tip() == first
        bare.git("update-ref", "-d", "refs/heads/main")
        assert clone.push(commit).result is Result.LOST_RACE
    assert not bare.exists()


def test_a_race_lost_at_the_last_moment(bare: Bare, remote_url: str) -> None:
    first = bare.commit({"a": "1\n"})
    theirs = bare.commit({"b": "1\n"}, "other")
    with cloned(remote_url) as clone:
        commit = write(clone)
        # When the hook runs, git has already compared the ref with the lease.
        bare.hook("pre-receive", f"env -u GIT_QUARANTINE_PATH git update-ref refs/heads/main {theirs} {first}")
        assert clone.push(commit).result is Result.LOST_RACE
    assert bare.tip() == theirs


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_rejecting_hook_is_heard(bare: Bare, remote_url: str, hook: str) -> None:
    before = bare.commit({"a": "1\n"})
    bare.hook(hook, "printf '\\033[31mGH013: no \\302\\205 pushes\\033[0m\\n::error::own3d\\n' >&2; exit 1")
    with cloned(remote_url) as clone:
        outcome = clone.push(write(clone))
    assert outcome.result is Result.REJECTED
    assert "GH013: no" in outcome.words
    assert "hook declined" in outcome.words
    assert "\x1b" not in outcome.words
    assert "\x85" not in outcome.words
    assert not any(line.lstrip().startswith("::") for line in outcome.words.splitlines())
    assert bare.tip() == before


def test_nobody_knows_when_a_commit_was_taken_and_is_gone(bare: Bare, remote_url: str) -> None:
    before = bare.commit({"a": "1\n"})
    with cloned(remote_url) as clone:
        commit = write(clone)
        bare.hook("post-receive", f"git update-ref refs/heads/main {before} {commit}")
        assert clone.push(commit).result is Result.UNKNOWN
    assert bare.tip() == before


def test_a_branch_that_somebody_works_on_is_left_to_them(tmp_path: Path) -> None:
    theirs = tmp_path / "work"
    theirs.mkdir()
    git(theirs, "init", "--quiet", "--initial-branch=main")
    git(theirs, "commit", "--quiet", "--allow-empty", "-m", "Theirs")
    with cloned(theirs) as clone:
        outcome = clone.push(write(clone))
    assert outcome.result is Result.REJECTED
    assert "branch is currently checked out" in outcome.words
    assert git(theirs, "status", "--porcelain") == ""


def test_a_lock_that_a_dead_push_left_is_no_race(bare: Bare) -> None:
    before = bare.commit({"a": "1\n"})
    lock = bare.path / "refs" / "heads" / "main.lock"
    lock.touch()
    with cloned(bare.path) as clone:
        commit = write(clone)
        outcome = clone.push(commit)
        assert outcome.result is Result.LOCKED
        assert "cannot lock ref" in outcome.words
        assert bare.tip() == before
        lock.unlink()
        assert clone.push(commit).result is Result.LANDED


def test_nothing_is_fetched_for_a_push(bare: Bare) -> None:
    bare.commit({f"f{number}": f"{number}\n" * 99 for number in range(9)})
    with cloned(f"file://{bare.path}") as clone:
        assert clone.push(write(clone, "f3", b"new\n" + b"3\n" * 99)).result is Result.LANDED
        kinds = clone.local.cat_file("--batch-all-objects", "--batch-check=%(objecttype)").decode().split()
    assert kinds.count("blob") == 1, "the one that was written"


def test_missing_rights_are_a_rejection(bare: Bare, forge: Forge) -> None:
    before = bare.commit({"a": "1\n"})
    forge.forbidden = "git-receive-pack"
    with cloned(forge.url(bare)) as clone:
        outcome = clone.push(write(clone))
    assert outcome.result is Result.REJECTED
    assert "403" in outcome.words
    assert bare.tip() == before


def test_a_race_is_lost_even_if_the_server_says_nothing_of_use(bare: Bare, forge: Forge) -> None:
    bare.commit({"a": "1\n"})
    forge.forbidden, forge.refusal = "git-receive-pack", "500 Internal Server Error"
    with cloned(forge.url(bare)) as clone:
        commit = write(clone)
        assert clone.push(commit).result is Result.UNKNOWN
        theirs = bare.commit({"b": "1\n"})
        assert clone.push(commit).result is Result.LOST_RACE
    assert bare.tip() == theirs


@pytest.mark.parametrize("cut_after", [0, 1, 40, 200, 10_000])
def test_an_answer_that_is_cut_off_after_landing(bare: Bare, forge: Forge, cut_after: int) -> None:
    bare.commit({"a": "1\n"})
    forge.cut_after = cut_after
    with cloned(forge.url(bare)) as clone:
        commit = write(clone)
        assert clone.push(commit).result is Result.LANDED
    assert bare.tip() == commit


def test_an_answer_that_is_cut_off_while_others_push_on_top(bare: Bare, forge: Forge) -> None:
    bare.commit({"a": "1\n"})
    bare.hook(
        "post-receive",
        "export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b\n"
        'commit=$(git commit-tree -p main -m "on top" main^{tree}) && git update-ref refs/heads/main "$commit"',
    )
    forge.cut_after = 0
    with cloned(forge.url(bare)) as clone:
        commit = write(clone)
        assert clone.push(commit).result is Result.LANDED
    assert bare.tip() != commit
    assert bare.git("rev-parse", "main^").strip() == commit


def test_an_answer_that_is_cut_off_after_a_rejection(bare: Bare, forge: Forge) -> None:
    before = bare.commit({"a": "1\n"})
    bare.hook("update", "echo not today >&2; exit 1")
    # Were there no byte at all, curl itself would send the request again.
    forge.cut_after = 40
    with cloned(forge.url(bare)) as clone:
        outcome = clone.push(write(clone))
    assert outcome.result is Result.REJECTED, "the second try was answered"
    assert "not today" in outcome.words
    assert bare.tip() == before


def test_nobody_knows_when_every_answer_is_cut_off(bare: Bare, forge: Forge) -> None:
    before = bare.commit({"a": "1\n"})
    bare.hook("update", "exit 1")
    forge.cut_after, forge.cuts = 40, 99
    with cloned(forge.url(bare)) as clone:
        commit = write(clone)
        outcome = clone.push(commit)
    assert outcome.result is Result.UNKNOWN
    assert outcome.commit == commit
    assert bare.tip() == before


def test_nobody_knows_when_the_remote_is_gone(bare: Bare) -> None:
    bare.commit({"a": "1\n"})
    with cloned(bare.path) as clone:
        commit = write(clone)
        bare.path.rename(bare.path.with_suffix(".away"))
        outcome = clone.push(commit)
    assert outcome.result is Result.UNKNOWN
    assert outcome.words


def test_the_same_push_twice_lands_once(bare: Bare, remote_url: str) -> None:
    with cloned(remote_url) as clone:
        commit = write(clone)
        assert clone.push(commit).result is Result.LANDED
        assert clone.push(commit).result is Result.LANDED
    assert bare.git("rev-list", "--count", "main").strip() == "1"


def test_a_push_that_takes_too_long_is_looked_after(bare: Bare) -> None:
    bare.commit({"a": "1\n"})
    with cloned(bare.path, timeout_s=6) as clone:
        commit = write(clone)
        bare.hook("post-receive", "sleep 30")
        assert clone.push(commit).result is Result.LANDED
    assert bare.tip() == commit


def test_one_ref_is_pushed_and_no_force_is_asked_for(bare: Bare) -> None:
    bare.commit({"a": "1\n"})
    bare.git("tag", "-a", "v1", "-m", "a tag", "main")
    with cloned(bare.path) as clone:
        clone.local.tag("-a", "v2", "-m", "ours", clone.base, env=_person())
        clone.local.update_ref("refs/heads/stray", clone.base)
        asked: list[list[str]] = []
        run = clone.remote.execute

        def recorded(command: list[str], *arguments: object, **options: object) -> object:
            asked.append(command)
            return run(command, *arguments, **options)  # type: ignore[arg-type]

        clone.remote.execute = recorded  # type: ignore[method-assign,assignment]
        clone.push(write(clone))
    pushes = [command for command in asked if "push" in command]
    assert len(pushes) == 1
    assert not {"--force", "-f", "--mirror", "--all", "--tags"} & {*pushes[0]}
    assert not any(word.startswith("+") for word in pushes[0])
    assert bare.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/tags/v1"]


def _person() -> dict[str, str]:
    return {f"GIT_COMMITTER_{part}": value for part, value in (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "@1 +0000"))}
