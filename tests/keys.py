"""Throw-away keys that sign commits: real GnuPG and real OpenSSH, in homes of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSPHRASE = "correct horse"  # noqa: S105 - of keys that live for one test
LONG_AGO = "20200101T000000"


def ran(*argv: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program to a good end and return what it wrote."""
    done = subprocess.run(
        [str(word) for word in argv], env={**os.environ, **(env or {})}, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder whose path is short enough for sockets, wherever the tests run."""
    made = Path(tempfile.mkdtemp(prefix="gg-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class KeyRing:
    """A GnuPG home with an agent of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {"GNUPGHOME": str(home)}
        home.mkdir(mode=0o700)
        # Otherwise the agent measures for a second how often it may hash a passphrase.
        (home / "gpg-agent.conf").write_text("s2k-count 65536\n")

    def key(self, name: str, *options: str, expires: str = "never", passphrase: str = "") -> str:
        """Make a key and return its fingerprint."""
        user = f"{name} <{name}@example.com>"
        given = ("--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase, *options)
        ran("gpg", *given, "--quick-generate-key", user, "ed25519", "sign", expires, env=self.env)
        return self.fingerprint(name)

    def fingerprint(self, name: str) -> str:
        listed = ran("gpg", "--batch", "--with-colons", "--list-keys", f"{name}@example.com", env=self.env)
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def end_agent(self) -> None:
        """End the agent and see that its socket is gone: it would take away that of the next one."""
        ran("gpgconf", "--kill", "all", env=self.env)
        for _ in range(100):
            if not self._socket().exists():
                return
            time.sleep(0.05)
        pytest.fail("the agent does not end")

    @contextmanager
    def deaf_agent(self) -> Iterator[None]:
        """Stand where the agent would, take connections and never answer."""
        self.end_agent()
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(self._socket()))
            deaf.listen()
            try:
                yield
            finally:
                self._socket().unlink()

    def _socket(self) -> Path:
        return Path(ran("gpgconf", "--list-dirs", "agent-socket", env=self.env).strip())


def ssh_key(file: Path, *, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make an SSH key; the public half stands beside it."""
    ran("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "a test", "-f", file)
    return file


@contextmanager
def ssh_agent(folder: Path, *keys: Path) -> Iterator[dict[str, str]]:
    """Start an agent that holds some keys; it is dead afterwards, and its socket left over."""
    path = folder / "agent.sock"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.PIPE)
    try:
        assert agent.stdout is not None
        agent.stdout.readline()
        env = {"SSH_AUTH_SOCK": str(path)}
        for key in keys:
            ran("ssh-add", "-q", key, env=env)
        yield env
    finally:
        agent.kill()
        agent.communicate()
