"""Which forge a GitOps repository is at, and by what way it is asked there."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_gen.delivery.environment import TOKEN
from gitops_gen.delivery.forges.asking import Questions
from gitops_gen.delivery.forges.github import ADVICE as GITHUB_ADVICE
from gitops_gen.delivery.forges.github import HEADERS as GITHUB_HEADERS
from gitops_gen.delivery.forges.github import GitHub
from gitops_gen.delivery.forges.gitlab import ADVICE as GITLAB_ADVICE
from gitops_gen.delivery.forges.gitlab import HEADERS as GITLAB_HEADERS
from gitops_gen.delivery.forges.gitlab import GitLab
from gitops_gen.delivery.forges.place import Kind, Place, find_place
from gitops_gen.delivery.forges.tool import PROGRAMS, Tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops_gen.delivery.forges.protocol import Forge, Transport, Waits
    from gitops_gen.delivery.url import RepositoryUrl

FORGE_TOKEN = "GITOPS_GEN_FORGE_TOKEN"  # noqa: S105 - the name of the variable

_NAMES = {Kind.GITHUB: "GitHub", Kind.GITLAB: "GitLab"}


class Way(StrEnum):
    """How the forge is asked; `auto` is REST where there is a token, else the forge's program where there is one."""

    AUTO = "auto"
    GITHUB = "github"
    GITLAB = "gitlab"
    GH = "gh"
    GLAB = "glab"
    NONE = "none"


_KINDS = {Way.GITHUB: Kind.GITHUB, Way.GH: Kind.GITHUB, Way.GITLAB: Kind.GITLAB, Way.GLAB: Kind.GITLAB}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user and the machine say of the forge.

    `web` is the project's address where it does not follow from the repository's URL; `environment` that of our own
    process, `timeout_s` the longest that one request may take.
    """

    way: Way
    environment: Mapping[str, str]
    timeout_s: float
    web: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The place, None where nobody knows it, and the forge there, None where it cannot be asked: `why` says that."""

    place: Place | None
    forge: Forge | None
    why: str = ""


def choose_forge(asked: Asked, url: RepositoryUrl, waits: Waits, *, end: float, folder: Path) -> Chosen:
    """Find the forge of a repository and the way to it.

    All waiting for it ends at `end`, by the stop watch of `waits`; programs are started in `folder`. A token in
    GITOPS_GEN_TOKEN is meant for the host of the repository and goes nowhere else. Raises InputError for an address or
    a token that will not do.
    """
    way = asked.way
    place = find_place(url, kind=_KINDS.get(way), web=asked.web)
    if way is Way.NONE:
        return Chosen(place=place, forge=None)
    if place is None:
        return Chosen(place=None, forge=None, why="a local repository has no forge: name it in --forge and --forge-url")
    if place.kind is None:
        return Chosen(place=place, forge=None, why=f"{place.host} is no forge that is known: name it in --forge")
    token = asked.environment.get(FORGE_TOKEN, "").strip()
    at_home = urlsplit(place.origin).hostname == url.host.strip("[]")
    rest = token or (asked.environment.get(TOKEN, "").strip() if at_home else "")
    program = PROGRAMS[place.kind]
    there = shutil.which(program, path=asked.environment.get("PATH", os.defpath)) is not None
    if way in {Way.AUTO, Way.GITHUB, Way.GITLAB} and rest:
        return Chosen(place=place, forge=_forge(place, _rest(place, rest, asked), waits, end))
    if way in {Way.AUTO, Way.GH, Way.GLAB} and there:
        return Chosen(place=place, forge=_forge(place, _tool(place, token, asked, folder), waits, end))
    no_token = f"there is no token in {FORGE_TOKEN}" + (f" or {TOKEN}" if at_home else "")
    no_program = f"{program} is not on PATH"
    missing = {Way.AUTO: f"{no_token}, and {no_program}", Way.GH: no_program, Way.GLAB: no_program}
    return Chosen(place=place, forge=None, why=missing.get(way, no_token))


def _rest(place: Place, token: str, asked: Asked) -> Transport:
    from gitops_gen.delivery.forges.rest import Rest

    headers = GITHUB_HEADERS if place.kind is Kind.GITHUB else GITLAB_HEADERS
    return Rest(place.api, token, headers=headers, environment=asked.environment, timeout_s=asked.timeout_s)


def _tool(place: Place, token: str, asked: Asked, folder: Path) -> Transport:
    github = place.kind is Kind.GITHUB
    return Tool(
        PROGRAMS[Kind.GITHUB if github else Kind.GITLAB],
        place.host,
        token=token,
        headers=GITHUB_HEADERS if github else GITLAB_HEADERS,
        environment=asked.environment,
        folder=folder,
        timeout_s=asked.timeout_s,
    )


def _forge(place: Place, transport: Transport, waits: Waits, end: float) -> Forge:
    if place.kind is Kind.GITHUB:
        return GitHub(Questions(transport, _NAMES[place.kind], GITHUB_ADVICE, waits, end), place.project)
    return GitLab(Questions(transport, _NAMES[Kind.GITLAB], GITLAB_ADVICE, waits, end), place.project)
