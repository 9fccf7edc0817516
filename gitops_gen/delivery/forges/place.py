"""Where a GitOps repository stands at its forge: which forge, which project, and the pages that people open there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from gitops_gen.delivery.url import Transport, redact_urls
from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from gitops_gen.delivery.url import RepositoryUrl

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PROJECT = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:]+", re.ASCII)
_GITHUB_PARTS = 2


class Kind(StrEnum):
    """The forges that we can talk to."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project at a forge: `origin` is scheme, host and port; `kind` None where we do not know the forge."""

    kind: Kind | None
    origin: str
    project: str

    @property
    def host(self) -> str:
        """The host, with the port where it has one."""
        return self.origin.partition("://")[2]

    @property
    def api(self) -> str:
        """Where the REST interface is."""
        if self.kind is Kind.GITLAB:
            return f"{self.origin}/api/v4"
        if self.host == "github.com" or self.host.endswith(".ghe.com"):
            return f"https://api.{self.host}"
        return f"{self.origin}/api/v3"

    def new_request(self, head: str, base: str) -> str:
        """Return the page on which a person opens a change request."""
        if self.kind is Kind.GITLAB:
            asked = {"merge_request[source_branch]": head, "merge_request[target_branch]": base}
            return f"{self.origin}/{self.project}/-/merge_requests/new?{urlencode(asked)}"
        return f"{self.origin}/{self.project}/compare/{quote(base)}...{quote(head)}?expand=1"


def find_place(url: RepositoryUrl, *, kind: Kind | None = None, web: str = "") -> Place | None:
    """Return the project of a repository; None for a local path.

    `kind` is the forge that the user names; else the host tells it. `web` is the project's address in a browser, where
    it does not follow from the repository's URL. Raises InputError for an address that will not do.
    """
    if web:
        origin, project = _web(web)
    elif url.transport is Transport.FILE:
        return None
    else:
        origin, project = _from_repository(url)
    host = origin.partition("://")[2].partition(":")[0]
    found = kind or _guess(host)
    depth = project.count("/") + 1
    if not _PROJECT.fullmatch(project) or (found is Kind.GITHUB and depth != _GITHUB_PARTS):
        wanted = "OWNER/REPOSITORY" if found is Kind.GITHUB else "GROUP/PROJECT"
        raise InputError(
            f"{project!r} is no project at {host}",
            help=f"name its address in --forge-url: https://{host}/{wanted}",
        )
    return Place(kind=found, origin=origin, project=project)


def _from_repository(url: RepositoryUrl) -> tuple[str, str]:
    scheme, _, rest = url.text.partition("://")
    if scheme == Transport.HTTPS:
        authority, _, path = rest.partition("/")
        origin = f"https://{authority.lower()}"
    else:
        # The port of ssh is not that of the web.
        origin = f"https://{url.host}"
        path = rest.partition("/")[2] if rest else url.text.partition(":")[2]
    return origin, path.strip("/").removesuffix(".git")


def _web(text: str) -> tuple[str, str]:
    """Take a project's address apart. A token never goes out by plain http, but for tests on this machine."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not secure or "@" in parts.netloc or parts.query or parts.fragment or not _HOST.fullmatch(host):
        raise InputError(
            f"{redact_urls(text)!r} is no address of a project",
            help="write it as https://HOST/OWNER/REPOSITORY, without user, token or query",
        )
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    return origin, parts.path.strip("/").removesuffix(".git")


def _guess(host: str) -> Kind | None:
    if host == "github.com" or host.endswith(".ghe.com") or host.startswith("github."):
        return Kind.GITHUB
    return Kind.GITLAB if host.startswith("gitlab.") else None
