"""Cut connections: smart HTTP and ssh by way of a proxy that breaks off, in both directions, at any byte."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tests.command import git
from tests.faults.part import Case, Part
from tests.faults.proxy import DIRECTIONS, Proxy
from tests.faults.stage import Stage
from tests.integration.delivery.remotes import certificate, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from tests.faults.zygote import Ended

TRANSPORTS = ("https", "ssh")
CUTS = {"close": 24, "reset": 6, "stall": 3}
"""How a connection breaks -> how many points there are for each transport, direction and length of the failure."""

CALL_S = 8
"""Time limit of a git call; what stalls is given up then."""

SETTLING_S = 20.0
"""How long the server's side may work on after the client has gone."""


class Network(Part):
    name: ClassVar = "network"
    promise: ClassVar = (
        "connections that break at any byte: what is reported is true, old or new tree, a rerun finishes"
    )
    goal: ClassVar = 240
    cases: ClassVar = "cut points"

    @classmethod
    def missing(cls) -> str:
        if sys.platform != "linux":
            return "the server's processes are looked for in /proc, which only Linux has"
        return "" if _sshd() else "sshd is missing: install openssh-server"

    def __enter__(self) -> Self:
        self._stage = Stage(self.scratch / "stage")
        self._zygote = self._stage.build()
        git(self._stage.before, "config", "http.receivepack", "true")
        git(self._stage.before, "config", "uploadpack.allowFilter", "true")
        self._stack = ExitStack()
        self._stack.push(self._zygote)
        targets = {
            "https": self._stack.enter_context(serving(self._stage.folder)).port,
            "ssh": self._stack.enter_context(ssh_server(self.scratch / "ssh")),
        }
        self._proxies = {name: self._stack.enter_context(Proxy(port)) for name, port in targets.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def points(self, *, short: bool) -> Sequence[str]:
        points = []
        for transport in TRANSPORTS:
            passed = self._passed(transport)
            for direction in DIRECTIONS:
                for how, number in CUTS.items():
                    count = -(-number // 6) if short else number
                    for place in range(count):
                        at = int(passed[direction] * (place + self.seed % 7 / 7) / count)
                        points += [f"{transport} {direction} {how} {length} {at}" for length in ("once", "for-good")]
        return points

    def _passed(self, transport: str) -> dict[str, int]:
        """Return how many bytes pass in each direction when nothing breaks."""
        self._stage.fresh()
        self._proxies[transport].begin("up", None, "close", for_good=False)
        ended = self._run(transport)
        assert ended.code == 0, ended.said
        return self._proxies[transport].passed

    def check(self, point: str) -> Case:
        transport, direction, how, length, at = point.split()
        proxy = self._proxies[transport]
        self._stage.fresh()
        proxy.begin(direction, int(at), how, for_good=length == "for-good")
        ended = self._run(transport)
        proxy.hang_up()
        if not self._settled():
            return Case("the server's side did not end")
        problem, outcome = self._stage.judge(ended)
        if not proxy.broken:
            return Case(problem, f"not broken: {outcome}", 0)
        return Case(
            problem or self._stage.converges(self._zygote), f"{transport} {length}: {outcome}", 1, ended.seconds
        )

    def _run(self, transport: str) -> Ended:
        port = self._proxies[transport].port
        if transport == "https":
            url = f"https://127.0.0.1:{port}/{self._stage.remote.name}"
        else:
            url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{self._stage.remote}"
        environment = self._stage.environment({"GIT_SSL_CAINFO": str(certificate())})
        environment["PATH"] = f"{self.scratch / 'ssh'}{os.pathsep}{environment['PATH']}"
        run = self._stage.a_run(url, environment=environment, timeout_s=180.0)
        return self._zygote.run(replace(run, arguments=(*run.arguments, "--timeout", str(CALL_S))))

    def _settled(self) -> bool:
        """Wait until nothing works on the repository any more."""
        deadline = time.monotonic() + SETTLING_S
        name = str(self._stage.folder).encode()
        while time.monotonic() < deadline:
            if not any(_works_on(process, name) for process in Path("/proc").glob("[0-9]*")):
                return True
            time.sleep(0.05)
        return False


def _works_on(process: Path, folder: bytes) -> bool:
    """Tell whether a process is git's server for a repository in a folder."""
    try:
        words = (process / "cmdline").read_bytes()
        here = os.fsencode((process / "cwd").readlink())
    except OSError:
        return False
    serves = (b"receive-pack", b"upload-pack", b"unpack-objects", b"index-pack", b"http-backend", b"rev-list")
    return any(word in words for word in serves) and (folder in words or here.startswith(folder))


def _sshd() -> str:
    return shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin") or ""


@contextmanager
def ssh_server(folder: Path, *settings: str) -> Iterator[int]:
    """Run sshd on loopback with keys of its own; in the folder is an `ssh` that knows them. Yield its port.

    `settings` are more lines of its configuration.
    """
    folder.mkdir(mode=0o700)
    for name in ("host", "person"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_text((folder / "person.pub").read_text())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (folder / "sshd.conf").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nMaxStartups 100\nPermitRootLogin yes\n"
        f"SetEnv HOME={folder} GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\nLogLevel ERROR\n"
    )
    with (folder / "sshd.conf").open("a") as configuration:
        configuration.writelines(f"{line}\n" for line in settings)
    (folder / "ssh.conf").write_text(
        f"IdentityFile {folder}/person\nIdentitiesOnly yes\nStrictHostKeyChecking no\n"
        f"UserKnownHostsFile {folder}/known\nLogLevel ERROR\n"
    )
    (folder / "ssh").write_text(f'#!/bin/sh\nexec "{shutil.which("ssh")}" -F "{folder}/ssh.conf" "$@"\n')
    (folder / "ssh").chmod(0o700)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd wants it, as its package makes it
    server = subprocess.Popen([_sshd(), "-D", "-e", "-f", str(folder / "sshd.conf")], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert server.poll() is None, server.stderr and server.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()
        assert server.stderr is not None
        server.stderr.close()
