"""Publishing into a large repository fetches what it has to read, and nothing else, where the server can do so.

`script/large` does this with 100,000 files of others and over ssh as well; here it is a small share of that.
"""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery.clone import Clone
from tests.command import run
from tests.faults.network import ssh_server
from tests.integration.delivery.remotes import Bare, Forge, certificate, git, make_bare
from tests.keys import short_folder
from tests.published import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = int(os.environ.get("GITOPS_GEN_LARGE_FILES", "2000"))
TRANSPORTS = ("https", "ssh", "plain-ssh") if "GITOPS_GEN_LARGE_FILES" in os.environ else ("https",)
MOST_READ = 40
"""More blobs than a publish of one more pod in each of three clusters reads: what it replaces, and the records."""


def fill(bare: Bare) -> None:
    """Commit the files of others, a thousand to a folder, each with content of its own."""
    parts = [f"commit refs/heads/main\ncommitter A <a@example.com> 0 +0000\ndata 0\nfrom {bare.tip()}\n"]
    for number in range(FILES):
        content = f"file {number}\n"
        parts.append(f"M 100644 inline others/{number // 1000}/{number}.txt\ndata {len(content)}\n{content}\n")
    git(bare.path, "fast-import", "--quiet", stdin="".join(parts))


@pytest.fixture(params=TRANSPORTS)
def place(request: pytest.FixtureRequest, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Return the beginning of a URL, and the folder that it stands for: by https, and by a real sshd.

    A forge's sshd takes the version of git's protocol from its client; one that nobody set up for git does not, and
    then git speaks the first one, in which a server hands out no single files.
    """
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate()))
    if request.param == "https":
        yield f"https://127.0.0.1:{forge.port}", str(forge.root)
        return
    settings = () if request.param == "plain-ssh" else ("AcceptEnv GIT_PROTOCOL",)
    with short_folder() as folder, ssh_server(folder / "ssh", *settings) as port:
        monkeypatch.setenv("PATH", f"{folder / 'ssh'}{os.pathsep}{os.environ['PATH']}")
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}", ""


@pytest.mark.parametrize("filtering", [True, False], ids=["filters", "cannot-filter"])
def test_a_publish_fetches_no_files_of_others(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[str, str],
    request: pytest.FixtureRequest,
    *,
    filtering: bool,
) -> None:
    world = World(tmp_path, capsys)
    bare = make_bare(tmp_path / "srv" / "large.git", filtering=filtering)
    start, root = place
    url = f"{start}{str(bare.path).removeprefix(root)}"
    fetched: list[int] = []
    write = Clone.write_commit

    def counted(self: Clone, **given: object) -> str:
        kinds = self.local.cat_file("--batch-all-objects", "--unordered", "--batch-check=%(objecttype)")
        fetched.append(kinds.decode().split().count("blob"))
        return write(self, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(Clone, "write_commit", counted)

    def publish(*more: str) -> str:
        ended = run(capsys, "publish", world.inventory / "mesh", "--repository", url, "--verify", "none", *more)
        assert ended.code == 0, ended.err
        return ended.out

    world.sizes()
    publish()
    fill(bare)
    before = set(bare.git("ls-tree", "-r", "main").splitlines())
    world.sizes(east=3, north=3, west=3)
    publish()
    assert fetched[0] == 0
    if filtering and "plain-ssh" not in request.node.name:
        assert 0 < fetched[1] <= MOST_READ
    else:
        assert fetched[1] > FILES
    after = set(bare.git("ls-tree", "-r", "main").splitlines())
    assert {line for line in after if "\tothers/" in line} == {line for line in before if "\tothers/" in line}
    assert sum("/prometheus-2.yaml" in line for line in after) == 3
    # With nothing to change nothing is written, and nothing but the records and what they hold is looked at.
    assert publish() == "nothing to change\n"
    assert len(fetched) == 2
    bare.fsck()
