"""What becomes of a change request: opened, brought up to date, closed, or left to a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.errors import GitopsGenError

if TYPE_CHECKING:
    from gitops_gen.delivery.forges.choose import Chosen
    from gitops_gen.delivery.forges.protocol import ChangeRequest, Forge


class RequestState(StrEnum):
    """What a run did to the change request of its bot branch."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """It is open and says all this already."""
    CLOSED = "closed"
    """Nothing is left to change."""
    NONE = "none"
    """Nothing is left to change, and none is open."""
    UNTOUCHED = "untouched"
    """Nothing is proposed: a guard held it back, or the run is superseded."""
    KEPT = "kept"
    """The bot branch holds commits of somebody else: neither it nor the change request was touched."""
    MANUAL = "manual"
    """A person has to open or close it: there is no way to the forge."""
    FAILED = "failed"
    """The forge said no, or did not answer: `error` says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The change request from the bot branch `head` into `base`, and what became of it.

    `number` and `url` are those of the one at the forge. `title` and `body` are what it is to say, `page` where a
    person opens one. `why` says what kept it from being opened or replaced; `refused` tells whether that needs a
    person.
    """

    state: RequestState
    head: str
    base: str
    number: int | None = None
    url: str = ""
    title: str = ""
    body: str = ""
    page: str = ""
    why: str = ""
    refused: bool = False
    error: GitopsGenError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a change request is to say; without a title it is to be closed."""

    head: str
    base: str
    title: str = ""
    body: str = ""


def request(wanted: Wanted, chosen: Chosen) -> Request:
    """Bring the change request of a bot branch to what is wanted, and say what was done.

    A failure of the forge is part of the answer: the branch is pushed all the same, and the next run makes up for it.
    """
    page = chosen.place.new_request(wanted.head, wanted.base) if chosen.place and chosen.place.kind else ""
    told = Request(
        state=RequestState.MANUAL,
        head=wanted.head,
        base=wanted.base,
        title=wanted.title,
        body=wanted.body,
        page=page,
        why=chosen.why,
        refused=bool(chosen.why),
    )
    if chosen.forge is None:
        return told
    try:
        state, found = _bring(chosen.forge, wanted)
    except GitopsGenError as error:
        return replace(told, state=RequestState.FAILED, error=error)
    told = replace(told, state=state)
    return replace(told, number=found.number, url=found.url) if found else told


def _bring(forge: Forge, wanted: Wanted) -> tuple[RequestState, ChangeRequest | None]:
    found = forge.find(wanted.head, wanted.base)
    if not wanted.title:
        if found is not None:
            forge.close(found.number, wanted.body)
        return (RequestState.NONE if found is None else RequestState.CLOSED), found
    state = RequestState.UNCHANGED
    if found is None:
        state, found = RequestState.OPENED, forge.open(wanted.head, wanted.base, wanted.title, wanted.body)
    # Forges end lines and bodies in their own way.
    if (found.title, _plain(found.body)) != (wanted.title, _plain(wanted.body)):
        state, found = RequestState.UPDATED, forge.update(found.number, wanted.title, wanted.body)
    return state, found


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()
