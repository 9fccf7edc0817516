"""What git, and what it starts, sees of the world: a list that is written here, never what we inherited.

Nothing of the caller's can make git run a program or look elsewhere: no hooks, filters, aliases, credential helpers,
system or personal configuration, no `GIT_DIR`. Let through by name are the ways out (proxies, certificates), the ssh
agent and the key ring. ssh itself reads the `~/.ssh` of the account that runs us, which it finds without HOME: keys,
known hosts and host aliases work as they do by hand.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from gitops_gen.delivery.url import RepositoryUrl, Transport
from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LET_THROUGH = (
    "PATH",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
)
"""The caller's variables that git may see."""

TOKEN = "GITOPS_GEN_TOKEN"  # noqa: S105 - the name of the variable
TOKEN_USER = "GITOPS_GEN_TOKEN_USER"  # noqa: S105 - the name of the variable
DEFAULT_TOKEN_USER = "x-access-token"  # noqa: S105 - GitHub's user name for tokens; other forges take any
"""Who a token belongs to where the forge does not ask; GitLab's job tokens want `gitlab-ci-token` in TOKEN_USER."""

STALL_S = 30
"""A transfer slower than 1,000 bytes per second for so long is given up."""

# No question is ever asked; a stalled connection ends. The rest is the account's own ssh configuration.
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"

_FIXED = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_SSH_COMMAND": _SSH,
    "GIT_SSH_VARIANT": "ssh",
    "SSH_ASKPASS_REQUIRE": "never",
}

_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.askPass": "",
    # The clone is thrown away: a crash of the machine needs nothing of it.
    "core.fsync": "none",
    "credential.helper": "",
    "fetch.fsckObjects": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": str(STALL_S),
    # A redirect could carry the token to another host, or us to another repository.
    "http.followRedirects": "false",
    "protocol.version": "2",
}

_PLAIN = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class GitEnvironment:
    """The variables for git, and the secrets in them, which no message may hold. Neither is ever shown by repr."""

    variables: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def local_environment(
    caller: Mapping[str, str], *, home: str, config: Mapping[str, str] | None = None
) -> GitEnvironment:
    """Return the environment for work on this machine alone: git may reach no remote and sees no credential.

    `caller` is the environment of our own process; `home` a folder without any configuration; `config` is added to
    git's configuration.
    """
    return GitEnvironment(_variables(caller, home, {**_CONFIG, **(config or {})}, protocols="none"))


def remote_environment(
    caller: Mapping[str, str], url: RepositoryUrl, *, home: str, config: Mapping[str, str] | None = None
) -> GitEnvironment:
    """Return the environment for talking to the repository at `url`, by its one transport.

    A token in GITOPS_GEN_TOKEN goes out as a header, to https URLs below that repository's host only. It reaches git
    by the environment: never an argument, a URL or a file.
    Raises InputError for a token with spaces or control characters.
    """
    added = {**_CONFIG, **(config or {})}
    secrets: tuple[str, ...] = ()
    token = caller.get(TOKEN, "").strip()
    if token and url.transport is Transport.HTTPS:
        header, secrets = _authorization(token, caller.get(TOKEN_USER, "") or DEFAULT_TOKEN_USER)
        added[f"http.{_origin(url)}.extraHeader"] = header
    return GitEnvironment(_variables(caller, home, added, protocols=url.transport), secrets)


def _origin(url: RepositoryUrl) -> str:
    """Return scheme, host and port of an https URL."""
    scheme, _, rest = url.text.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/"


def _authorization(token: str, user: str) -> tuple[str, tuple[str, ...]]:
    """Return the header for a token, and every form of it that must not be shown."""
    if not _PLAIN.fullmatch(token):
        raise InputError(f"{TOKEN} holds a space or a character that no token has", help="set it to the token alone")
    if not _PLAIN.fullmatch(user) or ":" in user:
        raise InputError(f"{TOKEN_USER} is no user name")
    pair = base64.b64encode(f"{user}:{token}".encode()).decode()
    # A server that tells of a URL writes the token as a URL has it.
    return f"Authorization: Basic {pair}", tuple({pair: None, token: None, quote(token, safe=""): None})


def _variables(caller: Mapping[str, str], home: str, config: Mapping[str, str], *, protocols: str) -> dict[str, str]:
    variables = {name: caller[name] for name in LET_THROUGH if name in caller}
    variables |= _FIXED
    variables["HOME"] = variables["XDG_CONFIG_HOME"] = home
    variables["GIT_ALLOW_PROTOCOL"] = protocols
    # Configuration of the highest rank, and the only one that programs started by git take over.
    variables["GIT_CONFIG_COUNT"] = str(len(config))
    for number, (key, value) in enumerate(config.items()):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
