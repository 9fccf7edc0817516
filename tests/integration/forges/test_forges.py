"""The adapters against their forges: every state, and every way in which a forge fails or says no."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery.forges.choose import Asked, Way, choose_forge
from gitops_gen.delivery.url import parse_repository
from gitops_gen.errors import OutcomeUnknownError, RejectedError, ToolError
from tests.integration.forges.servers import TOKEN, Fault, ForgeServer, GitHubServer

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.delivery.forges.protocol import ChangeRequest, Forge
    from tests.integration.forges.conftest import Programs

HEAD, BASE = "gitops-gen/example/main", "main"
LOST = [Fault("POST", 502), Fault("POST", cut=0), Fault("POST", cut=40), Fault("POST", slow_s=0.8)]


@dataclass
class Stopped:
    """A clock that goes on by waiting alone."""

    at: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    monotonic = now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds


@dataclass
class Asking:
    forge: Forge
    server: ForgeServer
    clock: Stopped

    @property
    def changing(self) -> str:
        """The method that changes a change request."""
        return "PATCH" if isinstance(self.server, GitHubServer) else "PUT"

    def open(self) -> ChangeRequest:
        return self.forge.open(HEAD, BASE, "One more pod", "body\n")


def asking(
    server: ForgeServer,
    way: Way,
    folder: Path,
    *,
    deadline_s: float = 100.0,
    timeout_s: float = 20.0,
    token: str = TOKEN,
) -> Asking:
    clock = Stopped()
    asked = Asked(
        way=way, web=server.url, environment={**os.environ, "GITOPS_GEN_FORGE_TOKEN": token}, timeout_s=timeout_s
    )
    url = parse_repository("/srv/mesh.git", relative_to="/")
    chosen = choose_forge(asked, url, clock, end=clock.at + deadline_s, folder=folder)
    assert chosen.forge is not None, chosen.why
    return Asking(chosen.forge, server, clock)


@pytest.fixture(params=["github", "gitlab"])
def rest(request: pytest.FixtureRequest, tmp_path: Path) -> Asking:
    server: ForgeServer = request.getfixturevalue(request.param)
    return asking(server, Way(request.param), tmp_path, timeout_s=0.4)


@pytest.fixture(params=["github", "gitlab", "gh", "glab"])
def any_way(request: pytest.FixtureRequest, tmp_path: Path, programs: Programs) -> Asking:
    way = Way(request.param)
    server: ForgeServer = request.getfixturevalue("github" if way in {Way.GITHUB, Way.GH} else "gitlab")
    programs.add(way, server.origin)
    folder = tmp_path / "private"
    folder.mkdir()
    return asking(server, way, folder)


def test_found_opened_updated_and_closed(any_way: Asking, programs: Programs) -> None:
    forge, server = any_way.forge, any_way.server
    assert forge.find(HEAD, BASE) is None
    opened = any_way.open()
    assert (opened.number, opened.title, opened.body) == (1, "One more pod", "body\n")
    assert opened.url.startswith(server.url)
    assert forge.find(HEAD, BASE) == opened
    assert forge.find(HEAD, "other") is None
    assert forge.find("other", BASE) is None
    assert any_way.open() == opened, "there is one already"
    updated = forge.update(1, "Two more pods", "body with `code`, \u00fc and\n\n- lines\n")
    assert (updated.title, updated.body) == ("Two more pods", "body with `code`, \u00fc and\n\n- lines\n")
    forge.close(1, "nothing is left\n")
    assert forge.find(HEAD, BASE) is None
    assert not server.open_ones()
    assert any_way.open().number == 2
    for call in programs.calls():
        assert TOKEN not in " ".join(call["argv"])
        assert not call["cwd"], "it may find no repository and no setting where it is started"
        assert "GITOPS_GEN_FORGE_TOKEN" not in call["env"]


def test_branches_of_forks_and_further_pages(any_way: Asking) -> None:
    server = any_way.server
    for _ in range(101):
        server.make(title="x", head=HEAD, base=BASE, body="", home="platform/other")
    assert any_way.forge.find(HEAD, BASE) is None
    ours = any_way.open()
    assert ours.number == 102
    assert any_way.forge.find(HEAD, BASE) == ours


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_forge_that_says_no(any_way: Asking, status: int) -> None:
    words = f'{{"message": "no, ::error::{TOKEN}", "errors": ["\\u001b[31mred"]}}'.encode()
    for method in ("POST", "GET"):
        any_way.server.faults[:] = [Fault(method, status, body=words)]
        with pytest.raises(RejectedError, match=f"says no: HTTP {status}") as failed:
            any_way.open() if method == "POST" else any_way.forge.find(HEAD, BASE)
        assert TOKEN not in f"{failed.value.message}{failed.value.details}{failed.value.help}"
        assert "\x1b" not in failed.value.details
        assert "token" in failed.value.help
    assert not any_way.clock.waits


def test_another_token(any_way: Asking) -> None:
    any_way.server.token = "another"  # noqa: S105 - of nobody
    with pytest.raises(RejectedError, match="HTTP 401"):
        any_way.open()


def test_a_body_that_is_too_long(github: GitHubServer, tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="HTTP 422") as failed:
        asking(github, Way.GITHUB, tmp_path).forge.open(HEAD, BASE, "x", "x" * 65_537)
    assert "body is too long" in failed.value.details


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1012"}, 12.0),
        ({"RateLimit-Reset": "900"}, 1.0),
        ({}, 60.0),
    ],
)
def test_asked_too_often(rest: Asking, headers: dict[str, str], waited: float) -> None:
    rest.server.faults.append(Fault("POST", 429, headers))
    assert rest.open().number == 1
    assert rest.clock.waits == [waited]


def test_githubs_other_words_for_too_often(github: GitHubServer, tmp_path: Path) -> None:
    asked = asking(github, Way.GITHUB, tmp_path)
    github.faults += [Fault("GET", 403, {"Retry-After": "3"}), Fault("GET", 403, {"X-RateLimit-Remaining": "0"})]
    assert asked.forge.find(HEAD, BASE) is None
    assert asked.clock.waits == [3.0, 60.0]


def test_more_patience_than_there_is(rest: Asking) -> None:
    rest.server.faults.append(Fault("GET", 429, {"Retry-After": "3600"}))
    with pytest.raises(ToolError, match=r"left alone for 3,600 seconds"):
        rest.forge.find(HEAD, BASE)
    assert not rest.clock.waits


def test_what_is_harmless_is_asked_again(rest: Asking) -> None:
    rest.open()
    rest.server.faults += [Fault("GET", 503), Fault("GET", cut=20, done=True), Fault("GET", slow_s=0.8, done=True)]
    assert rest.forge.find(HEAD, BASE) is not None
    assert rest.clock.waits == [1.0, 2.0, 4.0]
    rest.server.faults[:] = [Fault(rest.changing, 500, done=True)]
    assert rest.forge.update(1, "again", "x").title == "again"


def test_no_answer_at_all(rest: Asking) -> None:
    rest.server.faults.append(Fault("GET", 503, body=b"<html>\x1b", times=9))
    with pytest.raises(ToolError, match="does not answer") as failed:
        rest.forge.find(HEAD, BASE)
    assert "HTTP 503" in failed.value.details
    assert len(rest.server.seen) == 4


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("fault", LOST, ids=["502", "cut", "cut in the answer", "slow"])
def test_opened_once_whatever_becomes_of_the_answer(rest: Asking, fault: Fault, *, done: bool) -> None:
    rest.server.faults.append(Fault("POST", fault.status, cut=fault.cut, slow_s=fault.slow_s, done=done))
    if not done and not fault.status:
        rest.server.faults[0].status = 503
    assert rest.open().number == 1
    assert len(rest.server.requests) == 1


def test_opened_or_not(rest: Asking) -> None:
    rest.server.faults += [Fault("POST", 502), Fault("GET", 502, times=9)]
    with pytest.raises(OutcomeUnknownError, match="may or may not be open"):
        rest.open()
    rest.server.faults[:] = [Fault("POST", 502, times=9)]
    with pytest.raises(OutcomeUnknownError, match="may or may not be open"):
        rest.open()
    assert sum(one.method == "POST" for one in rest.server.seen) == 3


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[", b'[{"number": "x"}]', b"3"])
def test_nonsense(rest: Asking, body: bytes) -> None:
    rest.server.faults.append(Fault(rest.changing, 200, body=body))
    with pytest.raises(ToolError, match="answers what it should not"):
        rest.forge.update(1, "x", "y")
    rest.server.faults.append(Fault("GET", 200, body=body.replace(b'[{"number": "x"}]', b"{}")))
    with pytest.raises(ToolError, match="answers what it should not"):
        rest.forge.find(HEAD, BASE)


def test_no_redirect_is_followed(rest: Asking) -> None:
    rest.server.faults.append(Fault("GET", 301, {"Location": f"{rest.server.origin}/elsewhere"}))
    with pytest.raises(ToolError, match="redirects") as failed:
        rest.forge.find(HEAD, BASE)
    assert "/elsewhere" in failed.value.details
    assert len(rest.server.seen) == 1


def test_nobody_there(github: GitHubServer, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        github.origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
        asked = asking(github, Way.GITHUB, tmp_path)
        with pytest.raises(ToolError, match="does not answer"):
            asked.open()
        assert asked.clock.waits == [1.0, 2.0, 4.0], "what was never sent may be sent again"


@pytest.mark.parametrize("way", [Way.GH, Way.GLAB])
def test_a_program_without_a_login_and_without_a_forge(
    way: Way, request: pytest.FixtureRequest, tmp_path: Path, programs: Programs
) -> None:
    server: ForgeServer = request.getfixturevalue("github" if way is Way.GH else "gitlab")
    programs.add(way, server.origin)
    with pytest.raises(ToolError, match=f"{way} is not logged in to 127.0.0.1") as failed:
        asking(server, way, tmp_path, token="").open()
    assert "auth login" in failed.value.help
    programs.add(way, "http://127.0.0.1:1")
    with pytest.raises(ToolError, match="does not answer") as failed:
        asking(server, way, tmp_path).open()
    assert "error connecting to" in failed.value.details
    (programs.folder / way).write_text("#!/bin/sh\nsleep 20\n")
    with pytest.raises(OutcomeUnknownError):
        asking(server, way, tmp_path, timeout_s=0.2, deadline_s=0.1).open()
