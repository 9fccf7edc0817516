"""A token stays between us and its host: a canary is looked for in everything that a command leaves or shows."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from gitops_gen.delivery import push
from gitops_gen.delivery.commit import Identity, Signature
from gitops_gen.delivery.environment import DEFAULT_TOKEN_USER
from gitops_gen.delivery.push import Result
from gitops_gen.errors import ToolError
from tests.command import git, run
from tests.integration.delivery.remotes import certificate, cloned
from tests.published import World

if TYPE_CHECKING:
    from tests.command import Ended
    from tests.integration.delivery.remotes import Bare, Forge

TOKEN = "canary+8c1f/0e3b~x"  # noqa: S105 - a canary
PAIR = base64.b64encode(f"{DEFAULT_TOKEN_USER}:{TOKEN}".encode()).decode()
FORMS = (TOKEN, PAIR, quote(TOKEN, safe=""))


def arguments() -> str:
    """Return the arguments of every process that runs now."""
    processes = Path("/proc")
    if not (processes / "self" / "cmdline").exists():
        return subprocess.run(["ps", "-axww", "-o", "args"], capture_output=True, check=True, text=True).stdout
    found = []
    for file in processes.glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue  # It has ended.
    return "\n".join(found)


class Watched:
    """Commands against a server, with all that they show and leave."""

    def __init__(
        self,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        bare: Bare,
        forge: Forge,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.world = World(tmp_path, capsys)
        self.forge, self.bare, self.capsys = forge, bare, capsys
        self.url = forge.url(bare)
        self.scratch = tmp_path / "scratch"
        self.scratch.mkdir()
        self.seen: list[str] = []
        self.looks = 0
        forge.asked = self.look
        forge.wanted = f"Basic {PAIR}"
        monkeypatch.setattr(tempfile, "tempdir", str(self.scratch))
        for name, value in {
            "TMPDIR": str(self.scratch),
            "GIT_SSL_CAINFO": str(certificate()),
            "GITOPS_GEN_TOKEN": TOKEN,
            "GITOPS_GEN_VERIFY": "none",
        }.items():
            monkeypatch.setenv(name, value)

    def look(self) -> None:
        """Take down what anybody on this machine could see now, while git waits for the server."""
        self.looks += 1
        self.seen.append(arguments())
        for file in self.scratch.rglob("*"):
            try:
                self.seen.append(f"{file}\n{file.read_bytes().decode('utf-8', 'replace')}")
            except OSError:
                continue

    def run(self, command: str, *more: str) -> Ended:
        ended = run(self.capsys, command, self.world.inventory / "mesh", "--repository", self.url, *more)
        self.seen += [ended.out, ended.err]
        return ended

    def check(self) -> None:
        assert self.looks
        assert any("remote-https" in one for one in self.seen), "git itself was seen"
        asked = {authorization for _, _, authorization in self.forge.requests}
        assert asked <= {f"Basic {PAIR}"}
        every = ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"]
        objects = subprocess.run(every, cwd=self.bare.path, check=True, capture_output=True).stdout
        for form in FORMS:
            assert not any(form in one for one in self.seen)
            assert form.encode() not in objects
        assert not any(self.scratch.iterdir())


@pytest.fixture
def watched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bare: Bare, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> Watched:
    monkeypatch.setattr(push, "PAUSE_S", 0.01)
    return Watched(tmp_path, capsys, bare, forge, monkeypatch)


def test_no_command_shows_or_leaves_the_token(watched: Watched) -> None:
    world = watched.world
    # Nor what somebody put into the URL of the inventory's clone.
    git(world.inventory, "remote", "add", "origin", f"https://me:{quote(TOKEN, safe='')}@git.example.com/inventory.git")
    world.sizes()
    assert watched.run("plan", "--format", "json").code == 0
    assert watched.run("publish").code == 0
    world.sizes(east=3)
    published = watched.run("publish", "--format", "json")
    assert json.loads(published.out)["outcome"]["repository"] == watched.url
    assert watched.run("publish").out == "nothing to change\n"
    assert watched.run("rollback", "1", "--cluster", "east").code == 0
    assert watched.run("history").code == 0
    assert watched.run("release", "--format", "json").code == 0
    watched.check()
    assert "https://git.example.com/inventory.git" in watched.bare.git("log", "--format=%B", "main")


def test_a_plan_needs_no_right_to_write(watched: Watched) -> None:
    watched.world.sizes()
    assert watched.run("publish").code == 0
    watched.world.sizes(east=3)
    watched.forge.forbidden = "git-receive-pack"
    watched.forge.requests.clear()
    assert "east: 2 -> 3 pods" in watched.run("plan").out
    assert watched.forge.requests
    assert not any("receive-pack" in path for _, path, _ in watched.forge.requests)
    assert watched.run("publish").code == 5, "the server denies it"


@pytest.mark.parametrize("wrong", ["denied", "unauthorized", "cut", "bug"])
def test_no_failure_shows_or_leaves_the_token(watched: Watched, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forge, world = watched.forge, watched.world
    world.sizes()
    codes = {"denied": 5, "unauthorized": 7, "cut": 6, "bug": 70}
    if wrong == "denied":
        said = "; ".join(f"no: {form}" for form in FORMS)
        watched.bare.hook("pre-receive", f"echo '{said}' >&2; exit 1")
    elif wrong == "unauthorized":
        forge.wanted = "Basic another"
    elif wrong == "cut":
        forge.cut_after, forge.cuts = 0, 99
        watched.bare.hook("pre-receive", "exit 1")
    else:
        monkeypatch.setattr(push, "_read_report", lambda *_: 1 / 0)
    ended = watched.run("publish") if wrong != "bug" else None
    if ended is None:
        from gitops_gen.cli.main import main

        code = main(["publish", str(world.inventory / "mesh"), "--repository", watched.url])
        out, err = watched.capsys.readouterr()
        watched.seen += [out, err]
        assert "ZeroDivisionError" in err
        assert code == codes[wrong]
    else:
        assert ended.code == codes[wrong], ended.err
    if wrong == "denied":
        assert ended
        assert "no: ***; no: ***; no: ***" in ended.err
    watched.check()


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("info/refs?service=git-upload-pack", "301 Moved Permanently"),
        ("info/refs?service=git-receive-pack", "302 Found"),
        ("mesh.git/git-upload-pack", "307 Temporary Redirect"),
        ("mesh.git/git-receive-pack", "308 Permanent Redirect"),
    ],
)
def test_no_redirect_takes_the_token_or_us_to_another_host(
    watched: Watched, other_host: Forge, at: str, status: str
) -> None:
    base = watched.bare.commit({"a": "1\n"})
    forge = watched.forge
    forge.redirect, forge.redirected, forge.moved = f"https://localhost:{other_host.port}", at, status
    said = ""
    try:
        with cloned(watched.url, environment={"GITOPS_GEN_TOKEN": TOKEN}) as clone:
            signature = Signature(identity=Identity("A", "a@example.com"), date=5)
            outcome = clone.push(
                clone.write_commit(writes={"b": b"2\n"}, deletes=[], message="x\n", signature=signature)
            )
            assert outcome.result not in {Result.LANDED, Result.LOST_RACE}
            said = outcome.words
    except ToolError as error:
        said = f"{error.message}\n{error.details}\n{error.help}\n{error.__cause__!r}"
    watched.seen.append(said)
    assert watched.bare.tip() == base
    assert other_host.requests == []
    watched.check()


def test_a_token_in_the_url_is_refused_and_not_repeated(watched: Watched) -> None:
    watched.world.sizes()
    for url in (f"https://me:{TOKEN}@git.example.com/mesh.git", f"https://{TOKEN}@git.example.com/mesh.git"):
        ended = run(watched.capsys, "publish", watched.world.inventory / "mesh", "--repository", url)
        assert ended.code == 2
        assert TOKEN not in ended.out + ended.err
        assert "Invalid value for --repository" in ended.err
