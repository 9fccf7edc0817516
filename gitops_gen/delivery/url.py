"""Repository URLs: the few forms that git is ever given, and URLs as people may see them.

Everything else is refused before git sees it: transports that run programs (`ext::`), text that git or ssh would
take for an option, and credentials, which would end up in argument lists, configuration and logs.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gitops_gen.errors import InputError

FORMS = "https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH, or a local path"
"""What a repository URL may look like, for messages."""

_HOST = re.compile(r"[A-Za-z0-9_](?:[-A-Za-z0-9_.]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.]*", re.ASCII)
_NETWORK_PATH = re.compile(r"[^-\s][!-~]*", re.ASCII)
_SCP = re.compile(r"((?:[^/:@[]*@)?\[[^]/]*\]|[^/:]*):(.*)", re.DOTALL)
_PASSWORD = re.compile(r".*@[^/]*:", re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9]+::")
# The end of a scheme is enough; without a bound, a long line of other text would be looked through from each letter.
_USERINFO = re.compile(r"([A-Za-z0-9+.-]{1,32})://([^/?#\s'\"]*)@")

# Controls, and what makes text look like other text: line and paragraph separators, marks of direction.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class Transport(StrEnum):
    """How git reaches a repository."""

    HTTPS = "https"
    SSH = "ssh"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class RepositoryUrl:
    """A URL that may be handed to git: `text` as git gets it, without any secret; `host` is empty for local paths."""

    text: str
    transport: Transport
    host: str = ""

    def __str__(self) -> str:
        """Return the URL as git gets it."""
        return self.text


def parse_repository(text: str, *, relative_to: str) -> RepositoryUrl:
    """Check a repository URL as somebody wrote it; a relative local path is taken from the folder `relative_to`.

    Raises InputError for every form but those in FORMS, saying what is wrong without repeating a credential.
    """
    if not text:
        raise InputError("no repository is given", help=f"write one as {FORMS}")
    if _UNSEEN.search(text):
        raise InputError("the repository URL has a control or invisible character in it")
    if text.startswith("-"):
        raise _refused(text, "it begins with a dash, as an option does")
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return _from_scheme(scheme[1].lower(), text)
    if _HELPER.match(text):
        raise _refused(text, "git would start a helper program for it")
    scp = _SCP.fullmatch(text)
    if scp is not None:
        return _from_scp(text, scp[1], scp[2])
    if text.startswith("~"):
        raise _refused(text, "a leading ~ means something to shells only; write the whole path")
    return RepositoryUrl(posixpath.normpath(posixpath.join(relative_to, text)), Transport.FILE)


def redact_urls(text: str) -> str:
    """Take credentials out of every URL in a text: all before the @, but for the plain user name of an ssh URL."""

    def redacted(found: re.Match[str]) -> str:
        public = found[1].lower() == Transport.SSH and _USER.fullmatch(found[2])
        return found[0] if public else f"{found[1]}://"

    return _USERINFO.sub(redacted, text)


def _refused(text: str, why: str) -> InputError:
    return InputError(f"the repository URL {_public(text)!r} is refused: {why}", help=f"write {FORMS}")


def _public(url: str) -> str:
    """Return a URL without what may be a credential: here nobody knows yet how it would have to be read."""
    scheme, separator, rest = url.partition("://")
    account, at, place = rest.rpartition("@")
    public = scheme.lower() == Transport.SSH and _USER.fullmatch(account)
    return f"{scheme}://{place}" if separator and at and not public else url


def _from_scheme(scheme: str, text: str) -> RepositoryUrl:
    if scheme not in list(Transport):
        raise _refused(text, f"{scheme}:// is not among the transports that are allowed")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _refused(text, "host or port cannot be read") from error
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise _refused(text, "it has a query or a fragment")
    if scheme == Transport.FILE:
        if parts.netloc not in {"", "localhost"} or not parts.path.strip("/"):
            raise _refused(text, "file:// is followed by an absolute path and nothing else")
        return RepositoryUrl(f"file://{parts.path}", Transport.FILE)
    account, at, host = parts.netloc.rpartition("@")
    if port is not None:
        host = host.rpartition(":")[0]
    if at:
        _check_account(account, Transport(scheme), text)
    if not _HOST.fullmatch(host):
        raise _refused(text, "it names no host")
    if not _NETWORK_PATH.fullmatch(parts.path.strip("/")):
        raise _refused(text, "it names no repository on the host")
    return RepositoryUrl(f"{scheme}{text[len(scheme) :]}", Transport(scheme), host.lower())


def _check_account(account: str, transport: Transport, text: str) -> None:
    if transport is Transport.HTTPS:
        raise _refused(text, "it carries a user name, password or token; give the token in GITOPS_GEN_TOKEN")
    if not _USER.fullmatch(account):
        raise _refused(text, "what stands before the @ is no plain user name (a password is never taken from a URL)")


def _from_scp(text: str, account: str, path: str) -> RepositoryUrl:
    user, at, host = account.rpartition("@")
    if at:
        _check_account(user, Transport.SSH, text)
    if _PASSWORD.match(path):
        raise InputError("the repository URL reads as USER:PASSWORD@HOST:PATH: a password is never taken from a URL")
    if not _HOST.fullmatch(host) or not _NETWORK_PATH.fullmatch(path):
        raise _refused(text, "it reads as HOST:PATH, but one of the two is missing or has characters it may not have")
    return RepositoryUrl(text, Transport.SSH, host.lower())
