"""Commits of every command that makes one: by whom, of when, and signed where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.command import git
from tests.keys import ssh_key
from tests.published import World

if TYPE_CHECKING:
    from pathlib import Path

COMMITTED = 1_580_608_922
"""When tests/conftest.py lets people commit."""


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    return World(tmp_path, capsys)


def told(world: World, form: str, *revisions: str) -> list[str]:
    return git(world.remote, "log", f"--format={form}", *(revisions or ("main",))).split("\n")[:-1]


def test_publish_rollback_and_release_sign_every_commit_and_nothing_lands_without(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ssh_key(tmp_path / "key")
    monkeypatch.setenv("GITOPS_GEN_SIGNING_KEY", str(key))
    world.sizes()
    world.publish()
    world.sizes(east=3)
    world.publish()
    assert world.run("rollback", "1", "--cluster", "east", "--verify", "none").code == 0
    assert world.run("release", "--cluster", "east").code == 0
    signers = tmp_path / "signers"
    signers.write_text(f"gitops-gen@localhost {key.with_suffix('.pub').read_text()}")
    commits = git(world.remote, "rev-list", "main").split()
    assert len(commits) == 4
    for commit in commits:
        git(
            world.remote, "-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-commit", commit
        )

    key.unlink()
    key.with_suffix(".pub").unlink()
    world.sizes(east=4)
    before = world.tip()
    for arguments in (
        ("publish", "--verify", "none"),
        ("rollback", "1", "--cluster", "east", "--verify", "none"),
    ):
        ended = world.run(*arguments)
        assert (ended.code, ended.out) == (7, "")
        assert "gitops-gen: error: the signing key cannot be read" in ended.err
    assert world.tip() == before


@pytest.mark.parametrize("variable", ["GITOPS_GEN_SIGNING_KEY", "GITOPS_GEN_ALLOWED_SIGNERS"])
def test_a_variable_that_came_out_empty_is_no_way_to_do_without_a_signature(
    world: World, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "")
    world.sizes()
    ended = world.run("publish", "--verify", "none", "--signing-key", "key") if "ALLOWED" in variable else None
    ended = ended or world.run("publish", "--verify", "none")
    assert (ended.code, ended.out) == (2, "")
    assert f"{variable} is set, but empty" in ended.err
    assert not git(world.remote, "for-each-ref")


def test_a_publish_is_of_the_inventorys_date_whatever_the_clock_says(world: World) -> None:
    world.sizes()
    world.publish("--author", "Mesh Bot <bot@example.com>", "--committer", "CI <ci@example.com>")
    assert told(world, "%an <%ae> %at, %cn <%ce> %ct") == [
        f"Mesh Bot <bot@example.com> {COMMITTED}, CI <ci@example.com> {COMMITTED}"
    ]


def test_a_date_that_is_given_wins_and_a_rollback_is_of_its_own_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sizes()
    world.publish("--date", "2106-02-07T06:28:15+00:00")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    world.sizes(east=3)
    world.publish()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    world.sizes(east=4)
    world.publish("--date", "1700000000")
    assert world.run("rollback", "1", "--cluster", "east", "--verify", "none").code == 0
    rolled, *rest = told(world, "%ct %at")
    assert rest == ["1700000000 1700000000", "0 0", "4294967295 4294967295"]
    # Neither the inventory's commit nor a commit of theirs: now.
    assert int(rolled.split()[0]) > 1_790_000_000
    # What does not follow from a commit of the inventory is of now, too.
    (world.inventory / "mesh" / "more.yaml").write_text("# not committed\n")
    assert world.run("release", "--cluster", "east").code == 0
    world.publish(code=3)
    git(world.remote, "fsck", "--strict")


@pytest.mark.parametrize("written", ["yesterday", "-1", "1" * 20])
def test_a_source_date_that_is_none(world: World, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", written)
    world.sizes()
    ended = world.run("publish", "--verify", "none")
    assert (ended.code, ended.out) == (2, "")
    assert f"SOURCE_DATE_EPOCH is '{written}'" in ended.err


def test_a_rollback_that_landed_unheard_is_not_done_twice(world: World, tmp_path: Path) -> None:
    world.sizes()
    world.publish()
    world.sizes(east=3)
    world.publish()
    again = ("rollback", "1", "--cluster", "east", "--verify", "none", "--signing-key", ssh_key(tmp_path / "key"))
    assert world.run(*again, "--date", "1700000000").code == 0
    landed = world.tip()
    ended = world.run(*again, "--date", "1800000000")
    assert (ended.code, ended.out) == (0, "nothing to change\n")
    assert world.tip() == landed
    # Another reason is another wish.
    assert world.run(*again, "--reason", "it was slow").code == 0
    assert world.tip() != landed
