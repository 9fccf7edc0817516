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

    None from `prepare` means that there is nothing to push. Raises RejectedError when the remote says no, DeadlineError
    when every try of `deadline_s` seconds lost its race, RefusedError when the branch was rewound meanwhile (see
    clone.py). Raises OutcomeUnknownError or InterruptedPushError when the push may have landed.
    """
    end = clock.monotonic() + deadline_s
    tries = 1
    while True:
        commit = prepare()
        if commit is None:
            return None, tries
        told("pushing")
        if _landed(clone, commit):
            return commit, tries
        pause = clock.chance() * min(PAUSE_S * 2**tries, MOST_PAUSE_S)
        if clock.monotonic() + pause >= end:
            raise DeadlineError(
                f"other commits were first in all {tries} tries of {deadline_s:g} seconds",
                help="nothing was published; run it again, or raise --deadline",
            )
        told(f"another commit was first, compiling again (try {tries + 1})")
        clock.sleep(pause)
        clone.refresh()
        tries += 1


def _landed(clone: Destination, commit: str) -> bool:
    """Push a commit and tell whether it landed; False means that another one was first.

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
    return outcome.result is Result.LANDED
