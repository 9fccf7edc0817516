"""Landing a commit: pushed until it is on the branch, or until it cannot be.

A lost race begins again from the new tip, never by a merge; the pause before the next try is left to chance, so that
runs that met do not meet again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gitops_gen.delivery.push import Result
from gitops_gen.errors import DeadlineError, InterruptedPushError, OutcomeUnknownError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.delivery.push import Outcome
    from gitops_gen.delivery.url import RepositoryUrl

PAUSE_S = 0.5
"""Mean pause before a lost race is tried again; doubled with each try, up to MOST_PAUSE_S."""

MOST_PAUSE_S = 8.0

LOCKED_S = 30.0
"""How long the remote may be unable to lock a branch that stays where it is. A push that is at it takes moments; one
that died there leaves its lock for ever, and no client can take it away."""


class Destination(Protocol):
    """Where a commit goes: the branch of a clone, or the bot branch beside it."""

    url: RepositoryUrl

    def push(self, commit: str) -> Outcome:
        """Push a commit onto what stands there."""

    def refresh(self) -> None:
        """Read again what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and chance, handed in so that nothing below the command line reads them.

    `now` gives seconds since 1970, `monotonic` seconds since some moment, `sleep` waits for seconds, and `chance` a
    number from 0 to 1.
    """

    now: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


def land(
    clone: Destination,
    clock: Clock,
    *,
    deadline_s: float,
    told: Callable[[str], None],
    prepare: Callable[[], str | None],
) -> tuple[str | None, int]:
    """Push what `prepare` commits, again on each new tip; return the commit and how many tries it took.

    None from `prepare` means that there is nothing to push. Raises RejectedError when the remote says no or cannot lock
    the branch, DeadlineError when every try of `deadline_s` seconds lost its race, RefusedError when the branch was
    rewound meanwhile (see clone.py). Raises OutcomeUnknownError or InterruptedPushError when the push may have landed.
    """
    end = clock.monotonic() + deadline_s
    locked_since: float | None = None
    tries = 1
    while True:
        commit = prepare()
        if commit is None:
            return None, tries
        told("pushing")
        outcome = _pushed(clone, commit)
        if outcome.result is Result.LANDED:
            return commit, tries
        pause = clock.chance() * min(PAUSE_S * 2**tries, MOST_PAUSE_S)
        if outcome.result is Result.LOCKED:
            locked_since = clock.monotonic() if locked_since is None else locked_since
            if clock.monotonic() + pause >= min(end, locked_since + LOCKED_S):
                raise _locked(clone, outcome)
        else:
            locked_since = None
        if clock.monotonic() + pause >= end:
            raise DeadlineError(
                f"other commits were first in all {tries} tries of {deadline_s:g} seconds",
                help="nothing was published; run it again, or raise --deadline",
            )
        why = "another commit was first" if locked_since is None else "the branch is locked"
        told(f"{why}, compiling again (try {tries + 1})")
        clock.sleep(pause)
        clone.refresh()
        tries += 1


def _locked(clone: Destination, outcome: Outcome) -> RejectedError:
    return RejectedError(
        f"{clone.url} cannot lock the branch",
        details=outcome.words,
        help="nothing was published; if no push is at work there, one has died and left its lock: "
        "whoever keeps the server removes the file that ends with .lock beside the branch's ref",
    )


def _pushed(clone: Destination, commit: str) -> Outcome:
    """Push a commit and return what became of it: it landed, another one was first, or the branch is locked.

    Raises RejectedError when the remote says no, OutcomeUnknownError when it cannot be asked what became of it, and
    InterruptedPushError when somebody does not wait for the answer.
    """
    look = f"look for {commit} on the branch; running publish again is safe either way"
    try:
        outcome = clone.push(commit)
    except KeyboardInterrupt as error:
        raise InterruptedPushError(
            f"interrupted while pushing: commit {commit} may or may not be on the branch", help=look
        ) from error
    if outcome.result is Result.REJECTED:
        raise RejectedError(
            f"{clone.url} rejected the push",
            details=outcome.words,
            help="nothing was published; the remote's words say what it wants",
        )
    if outcome.result is Result.UNKNOWN:
        raise OutcomeUnknownError(
            f"the connection broke: commit {commit} may or may not be on the branch",
            details=outcome.words,
            help=look,
        )
    return outcome
