"""A forge by its own program, `gh` or `glab`, with the login that this has.

Only its command `api` is used, so that it is one more way to the same REST interface: the request's body goes in by
standard input, status, headers and body of the answer come out.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gitops_gen.delivery.environment import LET_THROUGH
from gitops_gen.delivery.forges.place import Kind
from gitops_gen.delivery.forges.protocol import Answer, NoAnswerError
from gitops_gen.delivery.shown import shown
from gitops_gen.errors import ToolError
from gitops_gen.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAMS = {Kind.GITHUB: "gh", Kind.GITLAB: "glab"}

_TOKENS = {
    "gh": ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
    "glab": ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN"),
}
_SETTINGS = (
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "GH_CONFIG_DIR",
    "GLAB_CONFIG_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
)
"""Where the programs find their login: a file or the key ring of the desktop."""

_FIXED = {
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GLAB_CHECK_UPDATE": "false",
    "NO_PROMPT": "1",
    "NO_COLOR": "1",
    "LC_ALL": "C",
}
_STATUS = re.compile(rb"HTTP/[0-9.]+ (\d{3})[^\n]*\n")
# What both programs say when no connection came about.
_NOT_SENT = ("error connecting to", "dial tcp", "no such host", "connection refused")
_NO_LOGIN = ("auth login", "authenticate", "not logged")


class Tool:
    """Requests by `gh api` or `glab api` to one host, each no longer than `timeout_s` seconds."""

    def __init__(  # noqa: PLR0913 - each is a fact that only the caller knows
        self,
        program: str,
        host: str,
        *,
        token: str,
        headers: Mapping[str, str],
        environment: Mapping[str, str],
        folder: Path,
        timeout_s: float,
    ) -> None:
        """Prepare; nothing is started yet. `token`, where there is one, takes the place of the program's own login.

        It is started in `folder`, where no repository and no setting of somebody else lies.
        """
        self._program = program
        self._host = host
        self._headers = headers
        self._folder = folder
        self._timeout_s = timeout_s
        names = (*LET_THROUGH, *_SETTINGS, *_TOKENS[program])
        self._variables = {name: environment[name] for name in names if name in environment} | _FIXED
        if token:
            own = host == "github.com" or host.endswith(".ghe.com")
            name = "GITLAB_TOKEN" if program == "glab" else "GH_TOKEN" if own else "GH_ENTERPRISE_TOKEN"
            self._variables[name] = token
        self._secrets = tuple(self._variables[name] for name in _TOKENS[program] if self._variables.get(name))

    def safe(self, said: bytes | str) -> str:
        """Return what the program or the forge said, safe to show."""
        return shown(said, self._secrets)

    def send(self, method: str, path: str, query: Mapping[str, str], value: object) -> Answer:
        """Send one request and read its answer. Raises ToolError when the program is missing or has no login."""
        endpoint = path.lstrip("/") + (f"?{urlencode(query)}" if query else "")
        headers = [*self._headers.items(), *([("Content-Type", "application/json")] if value is not None else [])]
        argv = [self._program, "api", "--hostname", self._host, "--include", "--method", method]
        argv += [part for name, text in headers for part in ("--header", f"{name}: {text}")]
        argv += ["--input", "-"] if value is not None else []
        content = b"" if value is None else json.dumps(value).encode()
        try:
            done = run(
                [*argv, endpoint], cwd=self._folder, env=self._variables, timeout_s=self._timeout_s, input=content
            )
        except ToolError as error:
            if "did not end within" in error.message:
                raise NoAnswerError(self.safe(f"{error.message}\n{error.details}"), sent=True) from error
            raise
        status = _STATUS.match(done.stdout)
        if status is None:
            raise self._failed(done.returncode, done.stderr)
        head, _, body = done.stdout[status.end() :].replace(b"\r\n", b"\n").partition(b"\n\n")
        lines = [line.partition(":") for line in head.decode("utf-8", "replace").split("\n")]
        return Answer(int(status[1]), {name.strip().lower(): text.strip() for name, _, text in lines}, body)

    def _failed(self, code: int, said: bytes) -> Exception:
        """Say why there is no answer in what the program wrote."""
        words = self.safe(said)
        lower = words.lower()
        if any(needle in lower for needle in _NO_LOGIN):
            return ToolError(
                f"{self._program} is not logged in to {self._host}",
                details=words,
                help=f"run {self._program} auth login, or put a token into GITOPS_GEN_FORGE_TOKEN",
            )
        words = f"{self._program} api ended with exit code {code}\n{words}"
        return NoAnswerError(words, sent=not any(needle in lower for needle in _NOT_SENT))
