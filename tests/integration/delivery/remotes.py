"""Real git over real remotes: bare repositories by path, and by smart HTTP on loopback (git's own http-backend)."""

from __future__ import annotations

import atexit
import functools
import http.server
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.delivery.clone import open_clone
from gitops_gen.delivery.url import parse_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_gen.delivery.clone import Clone

BRANCH = "main"


@functools.cache
def certificate() -> Path:
    """Make a key and a certificate for this machine's loopback that nothing but these tests trusts, in one file."""
    made = Path(tempfile.mkdtemp(prefix="gg-tls-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    file = made / "loopback.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=loopback"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", file, "-out", f"{file}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


def git(folder: Path, *arguments: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> str:
    """Run git in a folder and return what it says; its failure fails the test."""
    completed = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    assert completed.returncode == 0, f"git {' '.join(arguments)}: {completed.stderr.decode(errors='replace')}"
    return completed.stdout.decode()


@dataclass
class Bare:
    """A bare repository that plays the remote."""

    path: Path

    def git(self, *arguments: str, stdin: str | bytes = "") -> str:
        return git(self.path, *arguments, stdin=stdin)

    def tip(self, branch: str = BRANCH) -> str:
        return self.git("rev-parse", "--verify", f"refs/heads/{branch}").strip()

    def exists(self, branch: str = BRANCH) -> bool:
        return bool(self.git("for-each-ref", f"refs/heads/{branch}"))

    def files(self, revision: str = BRANCH) -> dict[str, str]:
        """Return every file's content by path; other entries by their mode."""
        found = {}
        for record in self.git("ls-tree", "-r", "-z", revision).split("\0")[:-1]:
            head, _, path = record.partition("\t")
            mode, kind, blob = head.split(" ")
            found[path] = self.git("cat-file", "blob", blob) if (mode, kind) == ("100644", "blob") else mode
        return found

    def commit(self, files: Mapping[str, str], branch: str = BRANCH, *, entries: str = "") -> str:
        """Let somebody commit files on top of the branch; `entries` are records for `git update-index`, with NULs."""
        index = {"GIT_INDEX_FILE": str(self.path / "test-index")}
        git(self.path, "read-tree", *([branch] if self.exists(branch) else ["--empty"]), env=index)
        lines = entries
        for path, content in files.items():
            blob = self.git("hash-object", "-w", "--stdin", stdin=content).strip()
            lines += f"100644 {blob}\t{path}\0"
        git(self.path, "update-index", "--add", "-z", "--index-info", stdin=lines, env=index)
        tree = git(self.path, "write-tree", "--missing-ok", env=index).strip()
        parents = ["-p", self.tip(branch)] if self.exists(branch) else []
        commit = self.git("commit-tree", tree, *parents, "-m", "somebody else").strip()
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def lose(self, revision: str) -> None:
        """Take one object away, as a disk that fails does; refs still name what needs it."""
        found = self.git("rev-parse", "--verify", revision).strip()
        (self.path / "objects" / found[:2] / found[2:]).unlink()

    def hook(self, name: str, script: str) -> None:
        hook = self.path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)

    def fsck(self) -> None:
        self.git("fsck", "--strict", "--no-dangling")


def make_bare(path: Path, *, filtering: bool = True, object_format: str = "sha1") -> Bare:
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--bare", f"--object-format={object_format}", "--initial-branch", BRANCH)
    git(path, "config", "uploadpack.allowFilter", str(filtering).lower())
    git(path, "config", "http.receivepack", "true")
    return Bare(path)


@dataclass
class Forge:
    """A server for the bare repositories below a folder, with what it was asked and how it shall misbehave."""

    root: Path
    port: int = 0
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path, and Authorization header of every request."""
    wanted: str = ""
    """When set: the header that every request must have."""
    redirect: str = ""
    """When set: where every request is redirected to whose path holds `redirected`."""
    redirected: str = ""
    moved: str = "301 Moved Permanently"
    forbidden: str = ""
    """When set: requests whose path holds this are answered with `refusal`."""
    refusal: str = "403 Forbidden"
    cut_after: int | None = None
    """When set: the answer to a push ends after so many bytes, and the connection with it."""
    cuts: int = 1
    """How many answers are cut."""
    asked: Callable[[], None] = lambda: None
    """Called at every request, while who asks is waiting."""

    def url(self, bare: Bare) -> str:
        return f"https://127.0.0.1:{self.port}/{bare.path.relative_to(self.root)}"


class Handler(http.server.BaseHTTPRequestHandler):
    forge: Forge
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self) -> None:
        forge = self.forge
        body = self._body()
        authorization = self.headers.get("Authorization", "")
        forge.requests.append((self.command, self.path, authorization))
        forge.asked()
        if forge.redirect and forge.redirected in self.path:
            self._say(forge.moved, {"Location": forge.redirect + self.path}, b"")
            return
        if forge.wanted and authorization != forge.wanted:
            self._say("401 Unauthorized", {"WWW-Authenticate": "Basic"}, b"")
            return
        if forge.forbidden and forge.forbidden in self.path:
            self._say(forge.refusal, {}, b"")
            return
        path, _, query = self.path.partition("?")
        completed = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(forge.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "tester",
            },
        )
        head, _, content = completed.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self._say(headers.pop("Status", "200 OK"), headers, content)

    def _say(self, status: str, headers: Mapping[str, str], content: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
        answer = "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content
        pushing = self.command == "POST" and self.path.endswith("/git-receive-pack")
        if self.forge.cut_after is not None and pushing and self.forge.cuts:
            self.forge.cuts -= 1
            answer = answer[: self.forge.cut_after]
            self.close_connection = True
        self.wfile.write(answer)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def get_request(self) -> tuple[ssl.SSLSocket, object]:
        connection, address = super().get_request()
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that hangs up is part of the tests."""


@contextmanager
def serving(root: Path) -> Iterator[Forge]:
    """Serve the repositories below a folder by https on loopback."""
    made = Forge(root)
    server = Server(("127.0.0.1", 0), type("Handler", (Handler,), {"forge": made}))
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(certificate())
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def cloned(
    url: str | Path,
    *,
    branch: str = BRANCH,
    folder: str = "",
    environment: Mapping[str, str] | None = None,
    scratch: Path | None = None,
    timeout_s: float = 60,
) -> Iterator[Clone]:
    """Open a clone as the program does, trusting the test server's certificate."""
    caller = {**os.environ, "GIT_SSL_CAINFO": str(certificate()), **(environment or {})}
    with open_clone(
        parse_repository(str(url), relative_to="/"),
        branch,
        environment=caller,
        timeout_s=timeout_s,
        folder=folder,
        scratch=scratch,
    ) as clone:
        yield clone
