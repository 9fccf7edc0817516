"""`publish --change-request` over real git: opened, updated, closed, and what people do in between."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_gen.errors import ToolError
from gitops_gen.workflows import proposing, publishing
from tests.command import git, run
from tests.integration.forges.servers import TOKEN, Fault, ForgeServer, GitHubServer
from tests.keys import ssh_key
from tests.published import START, inventory_text

if TYPE_CHECKING:
    from tests.command import Ended
    from tests.integration.forges.conftest import Programs
    from tests.published import World

BOT = "gitops-gen/example/main"


class Bot:
    """A mesh, its forge, and the bot branch."""

    def __init__(self, world: World, server: ForgeServer, forge: str) -> None:
        self.world, self.server, self.forge = world, server, forge

    def run(self, *arguments: str, code: int = 0) -> Ended:
        options = ("--verify", "none", "--change-request", "--forge", self.forge, "--forge-url", self.server.url)
        ended = self.world.run("publish", *options, *arguments)
        assert ended.code == code, f"exit code {ended.code}\n{ended.out}\n{ended.err}"
        assert TOKEN not in ended.out + ended.err
        return ended

    def tip(self, branch: str = BOT) -> str:
        return git(self.world.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()

    def commit(self, path: str, text: str, *, amend: bool = False) -> str:
        """Let a person commit a file to the bot branch; return its tip."""
        clone = self.world.clone()
        git(clone, "checkout", "--quiet", "-B", "work", f"origin/{BOT}")
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_text(text)
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", *(["--amend", "--no-edit"] if amend else ["-m", "by hand"]))
        git(clone, "push", "--quiet", "--force", "origin", f"HEAD:{BOT}")
        return self.tip()

    def delete(self) -> None:
        git(self.world.remote, "update-ref", "-d", f"refs/heads/{BOT}")

    def merge(self, how: str) -> None:
        """Merge the bot branch as forges do."""
        clone = self.world.clone()
        if how == "squash":
            git(clone, "merge", "--quiet", "--squash", f"origin/{BOT}")
            git(clone, "commit", "--quiet", "-m", f"{self.shown['title']}\n\n{self.body}")
        elif how == "rebase":
            git(clone, "cherry-pick", "--no-commit", f"origin/{BOT}")
            git(clone, "commit", "--quiet", "--reuse-message", f"origin/{BOT}")
        else:
            git(clone, "merge", "--quiet", "--no-ff", "-m", "Merge the change request", f"origin/{BOT}")
        self.world.push()
        self.shown["state"] = "closed"

    @property
    def shown(self) -> dict[str, object]:
        """The last change request, as the forge has it."""
        return self.server.requests[max(self.server.requests)]

    @property
    def body(self) -> str:
        return str(self.shown.get("body") or self.shown.get("description"))


@pytest.fixture
def bot(world: World, github: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> Bot:
    monkeypatch.setenv("GITOPS_GEN_FORGE_TOKEN", TOKEN)
    return Bot(world, github, "github")


@pytest.mark.parametrize("forge", ["github", "gitlab", "gh", "glab"])
def test_opened_brought_up_to_date_and_closed(
    forge: str, world: World, programs: Programs, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: ForgeServer = request.getfixturevalue("github" if forge in {"github", "gh"} else "gitlab")
    programs.add(forge, server.origin)
    monkeypatch.setenv("GITOPS_GEN_FORGE_TOKEN", TOKEN)
    bot, main = Bot(world, server, forge), world.tip()
    world.sizes(east=3)
    opened = bot.run()
    first = bot.tip()
    assert (
        f"proposed: commit {first} on {BOT} of {world.remote}, to go into main\nchange request 1 opened: " in opened.out
    )
    assert world.tip() == main
    assert git(world.remote, "rev-parse", f"{BOT}^").strip() == main
    message = git(world.remote, "log", "-1", "--format=%B", BOT)
    assert bot.shown["title"] == message.partition("\n")[0] == "monitoring/prometheus in east: 2 -> 3 pods"
    assert bot.body.startswith("### gitops-gen: 1 cluster, 1 workload: 1 pod added")
    assert bot.body.rstrip("\n").endswith(message.rstrip("\n").rpartition("\n\n")[2])
    asked = len(server.seen)
    assert "change request 1 is up to date" in bot.run().out
    assert (bot.tip(), len(server.seen)) == (first, asked + 1), "nothing was pushed or changed"
    world.sizes(east=4)
    assert "change request 1 brought up to date" in bot.run().out
    assert bot.shown["title"] == "monitoring/prometheus in east: 2 -> 4 pods"
    assert git(world.remote, "rev-parse", f"{BOT}^").strip() == main
    world.write(inventory_text(START))
    assert "change request 1 closed: nothing is left to change" in bot.run().out
    assert not server.open_ones()
    assert world.tip() == main
    for call in programs.calls():
        assert TOKEN not in " ".join(call["argv"])


def test_a_proposal_is_signed_and_what_a_forge_makes_of_it_is_not(
    bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ssh_key(tmp_path / "key")
    signers = tmp_path / "signers"
    signers.write_text(f"gitops-gen@localhost {key.with_suffix('.pub').read_text()}")
    monkeypatch.setenv("GITOPS_GEN_SIGNING_KEY", str(key))
    verify = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-commit")
    for size in (3, 4):
        bot.world.sizes(east=size)
        bot.run()
        git(bot.world.remote, *verify, bot.tip())
    proposed = bot.tip()
    key.unlink()
    key.with_suffix(".pub").unlink()
    bot.world.sizes(east=5)
    assert "the signing key cannot be read" in bot.run(code=7).err
    assert bot.tip() == proposed, "nothing goes out without a signature"
    bot.merge("squash")
    with pytest.raises(AssertionError):
        git(bot.world.remote, *verify, "main")


def test_a_proposal_is_rendered_before_it_is_pushed(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> int:
        raise ToolError("a unit does not render as compiled")

    bot.world.sizes(east=3)
    with monkeypatch.context() as broken:
        broken.setattr(proposing, "verify", refuses)
        assert "a unit does not render as compiled" in bot.run("--verify", "changed", code=7).err
    assert not bot.tip()
    assert not bot.server.requests


def test_a_repository_of_the_other_object_format(bot: Bot) -> None:
    shutil.rmtree(bot.world.remote)
    git(bot.world.inventory, "init", "--quiet", "--bare", "--object-format=sha256", str(bot.world.remote))
    bot.world.publish()
    bot.world.sizes(east=3)
    assert "change request 1 opened" in bot.run().out
    first = bot.tip()
    assert len(first) == 64
    assert "change request 1 is up to date" in bot.run().out
    bot.world.sizes(east=4)
    assert "change request 1 brought up to date" in bot.run().out, "the commit is known to be ours"
    assert bot.tip() != first


@pytest.mark.parametrize("how", ["squash", "rebase", "merge"])
def test_merged_by_each_method(bot: Bot, how: str) -> None:
    world = bot.world
    revision = world.sizes(east=3)
    bot.run()
    bot.merge(how)
    assert world.record("east")["inventory"]["revision"] == revision  # type: ignore[index]
    log = git(world.remote, "log", "--format=%B", "main")
    assert f"Gitops-Gen-Inventory-Revision: {revision}" in log
    ended = bot.run()
    assert "nothing to change" in ended.out
    assert not bot.tip(), "the branch has served"
    world.sizes(east=4)
    assert "change request 2 opened" in bot.run().out
    assert git(world.remote, "rev-parse", f"{BOT}^").strip() == world.tip()


def test_commits_of_others_are_kept(bot: Bot) -> None:
    world = bot.world
    world.sizes(east=3)
    bot.run()
    tip = bot.commit("notes/why.md", "because\n")
    ended = bot.run()
    assert f"kept: {BOT} of {world.remote} as it is: 2 commits stand on it" in ended.out
    world.sizes(east=4)
    ended = bot.run("--format", "json", code=3)
    told = json.loads(ended.out)["outcome"]
    assert told["commit"] is None
    assert told["changeRequest"]["state"] == "kept"
    assert told["changeRequest"]["reason"] == "2 commits stand on it"
    assert bot.tip() == tip
    world.write(inventory_text(START))
    assert "2 commits stand on it" in bot.run().out
    assert bot.server.open_ones(), "a person's work is not closed either"
    world.sizes(east=4)
    bot.delete()
    assert "change request 1 brought up to date" in bot.run().out


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("notes/why.md", "because\n", "holds more, or less, than gitops-gen wrote"),
        ("overlays/east/monitoring/prometheus/prometheus-2.yaml", "{}\n", "holds more, or less, than gitops-gen wrote"),
        ("published/east.yaml", "{}\n", "published/east.yaml in commit"),
    ],
)
def test_our_commit_amended_is_no_longer_ours(bot: Bot, path: str, text: str, why: str) -> None:
    bot.world.sizes(east=3)
    bot.run()
    tip = bot.commit(path, text, amend=True)
    assert why in bot.run(code=3).out
    assert bot.tip() == tip


def test_a_branch_that_was_there_and_one_without_a_common_history(bot: Bot) -> None:
    world = bot.world
    world.sizes(east=3)
    clone = world.clone()
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "mine")
    git(clone, "push", "--quiet", "origin", f"HEAD:{BOT}")
    assert "is not by gitops-gen" in bot.run(code=3).out
    git(clone, "checkout", "--quiet", "--orphan", "apart")
    git(clone, "commit", "--quiet", "-m", "apart")
    git(clone, "push", "--quiet", "--force", "origin", f"HEAD:{BOT}")
    assert "is no commit on top of the branch" in bot.run(code=3).out
    assert not bot.server.requests


def test_a_late_run_changes_no_newer_proposal(bot: Bot) -> None:
    world = bot.world
    old = world.sizes(east=3)
    new = world.sizes(east=4)
    bot.run()
    tip = bot.tip()
    world.at(old)
    # A detached clone has no branch; CI says it.
    ended = bot.run("--change-branch", BOT, code=4)
    assert f"superseded: cluster east has a newer inventory, of commit {new[:12]}" in ended.out
    assert bot.tip() == tip
    # What is proposed is taken back; the run in between comes late, and must not propose it again.
    world.back()
    world.write(inventory_text(START))
    assert "closed" in bot.run().out
    world.at(new)
    bot.run("--change-branch", BOT, code=4)
    assert not bot.server.open_ones()


def test_the_branch_is_named_after_that_of_the_inventory(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    world = bot.world
    commit = world.sizes(east=3)
    world.at(commit)
    for variables, name in (
        ({}, "gitops-gen/example/inventory"),
        ({"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, "gitops-gen/example/inventory"),
        ({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "trunk"}, "gitops-gen/example/trunk"),
        ({"CI_COMMIT_BRANCH": "release/1"}, "gitops-gen/example/release/1"),
    ):
        with monkeypatch.context() as given:
            for variable, value in variables.items():
                given.setenv(variable, value)
            assert json.loads(bot.run("--format", "json").out)["outcome"]["changeRequest"]["branch"] == name
    assert "cannot be 'main' itself" in bot.run("--change-branch", "main", code=1).err


def test_an_unrelated_commit_does_not_replace_the_proposal(bot: Bot) -> None:
    bot.world.sizes(east=3)
    bot.run()
    tip = bot.tip()
    clone = bot.world.clone()
    (clone / "README.md").write_text("hello\n")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "hello")
    bot.world.push()
    bot.run()
    assert bot.tip() == tip, "approvals that people gave stay"


def test_guards_hold_a_proposal_back(bot: Bot) -> None:
    bot.world.write(inventory_text({"streaming/kafka": START["streaming/kafka"]}))
    held = bot.run(code=3).out
    assert not bot.tip()
    digest = held.rpartition("--approve ")[2].split()[0]
    assert "change request 1 opened" in bot.run("--approve", digest).out
    assert "**Approved**, although guards would hold it back:" in bot.body


def test_a_lost_race_is_compiled_again(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.world.sizes(east=3)
    bot.run()
    bot.world.sizes(east=4)
    real = publishing.commit_plan
    raced: list[str] = []

    def racing(*arguments: object, **options: object) -> str:
        if not raced:
            raced.append(bot.commit("notes/why.md", "because\n"))
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(proposing, "commit_plan", racing)
    assert "2 commits stand on it" in bot.run(code=3).out
    assert [bot.tip()] == raced


def test_without_a_way_to_the_forge_a_person_gets_every_step(world: World, programs: Programs) -> None:
    world.sizes(east=3)
    options = ("--verify", "none", "--change-request", "--forge-url", "https://github.com/platform/mesh")
    ended = world.run("publish", *options)
    assert ended.code == 7
    assert ended.out.endswith(f"""\
change request not opened: there is no token in GITOPS_GEN_FORGE_TOKEN, and gh is not on PATH; to open it by hand:
  1. the branch is pushed: {BOT} of {world.remote}
  2. open https://github.com/platform/mesh/compare/main...{BOT}?expand=1
  3. title: monitoring/prometheus in east: 2 -> 3 pods
  4. body: what stands in change-request.md
""")
    body = Path("change-request.md").read_text()
    assert body.startswith("### gitops-gen: 1 cluster")
    meant = world.run("publish", *options, "--forge", "none", "--body-file", "body.md")
    assert meant.code == 0
    assert "change request not opened; to open it by hand:" in meant.out
    assert Path("body.md").read_text() == body
    failed = world.run("publish", *options, "--forge", "none", "--body-file", "no/body.md")
    assert failed.code == 7
    assert "name another file in --body-file" in failed.err
    world.write(inventory_text(START))
    ended = world.run("publish", *options)
    assert "close the change request of" in ended.out
    assert ended.code == 7
    assert not programs.calls()


def test_a_forge_that_says_no_after_the_push(bot: Bot) -> None:
    bot.world.sizes(east=3)
    bot.server.faults.append(Fault("POST", 403, body=b'{"message": "::error::not permitted"}'))
    ended = bot.run("--format", "json", code=5)
    told = json.loads(ended.out)["outcome"]
    assert told["commit"] == bot.tip()
    assert told["changeRequest"]["state"] == "failed"
    assert told["changeRequest"]["page"].endswith(f"/compare/main...{BOT}?expand=1")
    assert "\n::error::" not in ended.err
    assert Path("change-request.md").exists()
    assert "change request 1 opened" in bot.run().out


def test_a_repository_without_the_branch(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], programs: Programs
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    ended = run(capsys, "publish", world.inventory / "mesh", "--repository", "empty.git", "--change-request")
    assert ended.code == 1
    assert "there is no branch 'main'" in ended.err
