"""One token for git by https and for the forge: it reaches both, and nothing else."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.delivery.forges.choose import Asked, Way, choose_forge
from gitops_gen.delivery.forges.rest import Rest
from gitops_gen.delivery.url import parse_repository
from gitops_gen.errors import InputError
from tests.command import git, run
from tests.integration.delivery.remotes import certificate, make_bare, serving
from tests.integration.forges.servers import TOKEN, GitHubServer
from tests.published import World

if TYPE_CHECKING:
    from tests.command import Ended
    from tests.integration.forges.conftest import Programs

HOME: dict[str, Any] = {"GITOPS_GEN_TOKEN": "t"}
FORGE: dict[str, Any] = {"GITOPS_GEN_FORGE_TOKEN": "t"}


def test_one_token_for_the_repository_and_its_forge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], github: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, bare = World(tmp_path, capsys), make_bare(tmp_path / "srv" / "platform" / "mesh.git")
    monkeypatch.chdir(tmp_path)
    pair = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    monkeypatch.setenv("GITOPS_GEN_TOKEN", TOKEN)
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate()))
    with serving(tmp_path / "srv") as served:
        served.wanted = f"Basic {pair}"

        def publish(*more: str) -> Ended:
            arguments = ("--repository", served.url(bare), "--verify", "none", *more)
            return run(capsys, "publish", world.inventory / "mesh", *arguments)

        world.sizes()
        assert publish().code == 0
        world.sizes(east=3)
        proposing = ("--change-request", "--forge", "github", "--forge-url", github.url)
        shown = [publish(*proposing), publish(*proposing)]
        github.token = "another"  # noqa: S105 - of nobody
        world.sizes(east=4)
        shown.append(publish(*proposing))
    assert [one.code for one in shown] == [0, 0, 5]
    assert {request.headers["authorization"] for request in github.seen} == {f"Bearer {TOKEN}"}
    told = "".join(one.out + one.err for one in shown) + Path("change-request.md").read_text()
    sent = "".join(f"{request.path}{request.query}{request.body}" for request in github.seen)
    pushed = git(bare.path, "log", "--all", "--patch", "--format=fuller")
    for text in (told, sent, pushed):
        assert TOKEN not in text
        assert pair not in text


def test_the_repositorys_token_goes_to_no_other_host(programs: Programs, tmp_path: Path) -> None:
    def forge_of(url: str, web: str, way: Way = Way.GITHUB, **tokens: Any) -> str:
        asked = Asked(way=way, web=web, environment={"PATH": str(programs.folder), **tokens}, timeout_s=1)
        chosen = choose_forge(asked, parse_repository(url, relative_to="/"), Never(), end=0, folder=tmp_path)
        return chosen.why if chosen.forge is None else "asked"

    here, elsewhere = "https://git.example.com/a/mesh", "https://github.example.com/a/mesh"
    assert forge_of(here, here, **HOME) == "asked"
    assert forge_of("git@git.example.com:a/mesh.git", here, **HOME) == "asked"
    assert forge_of(here, elsewhere, **HOME) == "there is no token in GITOPS_GEN_FORGE_TOKEN"
    assert forge_of(here, elsewhere, **FORGE) == "asked"
    assert forge_of(here, here) == "there is no token in GITOPS_GEN_FORGE_TOKEN or GITOPS_GEN_TOKEN"
    assert forge_of(here, here, Way.GLAB, **HOME) == "glab is not on PATH"
    assert forge_of(here, "", Way.AUTO, **HOME) == ("git.example.com is no forge that is known: name it in --forge")
    assert forge_of("/srv/mesh.git", "", Way.AUTO).startswith("a local repository has no forge")
    programs.add("gh", "http://127.0.0.1:1")
    assert forge_of(elsewhere, "", Way.AUTO) == "asked", "by its program"


class Never:
    """A clock that nobody looks at."""

    def now(self) -> float:
        raise NotImplementedError

    monotonic = now

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def test_certificates_proxies_and_tokens_that_will_not_do(tmp_path: Path) -> None:
    def rest(token: str = TOKEN, api: str = "https://git.example.com/api/v3", **environment: str) -> Rest:
        return Rest(api, token, headers={}, environment=environment, timeout_s=1)

    for token in ("two words", "line\nbreak", "\u00fc"):
        with pytest.raises(InputError, match="no token has") as failed:
            rest(token)
        assert token not in failed.value.message
    with pytest.raises(InputError, match="certificates in"):
        rest(SSL_CERT_FILE=str(tmp_path / "none.pem"))
    with pytest.raises(InputError, match="no http or https URL"):
        rest(HTTPS_PROXY="socks5://proxy.example.com:1080")
    assert rest(https_proxy="http://proxy.example.com:3128")._pool.proxy is not None
    assert rest(ALL_PROXY="http://proxy.example.com:3128", NO_PROXY="example.com")._pool.proxy is None
    assert rest(https_proxy="http://proxy.example.com:3128", api="http://127.0.0.1:1/api/v3")._pool.proxy is None
    trusting = rest(GIT_SSL_CAINFO=str(certificate()))._pool.connection_pool_kw["ssl_context"]
    assert trusting.verify_mode == ssl.CERT_REQUIRED


def test_a_server_with_a_certificate_of_nobody(tmp_path: Path) -> None:
    make_bare(tmp_path / "srv" / "mesh.git")
    with serving(tmp_path / "srv") as served:
        asked = Asked(
            way=Way.GITHUB,
            web=f"https://127.0.0.1:{served.port}/a/mesh",
            environment={"GITOPS_GEN_FORGE_TOKEN": TOKEN},
            timeout_s=5,
        )
        from tests.integration.forges.test_forges import Stopped

        clock = Stopped()
        chosen = choose_forge(asked, parse_repository("/x", relative_to="/"), clock, end=2_000, folder=tmp_path)
        assert chosen.forge is not None
        with pytest.raises(Exception, match="GitHub does not answer"):
            chosen.forge.find("a", "b")
        assert not clock.waits, "asking again is of no use"
        assert not served.requests
