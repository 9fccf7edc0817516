"""One push of one commit to one ref, and the truth about what became of it.

The server compares and swaps: the commit lands only if the ref still stands at the commit's parent. What git says
about a push is not the last word: the answer may be cut off after the commit has landed. So the ref is read again
before anything is said.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitops_gen.delivery.failure import GitError
from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from gitops_gen.delivery.facade import CleanGit

LOOKS = 3
"""How often an unreachable ref is asked for after a push before the outcome is called unknown."""

PAUSE_S = 1.0
"""Pause before the next look, doubled each time."""

ATTEMPTS = 2
"""How often the same push is sent when its answer is lost: the lease makes a repetition harmless."""


class Result(StrEnum):
    """What became of a push."""

    LANDED = "landed"
    """The branch is at the commit, or at one that descends from it."""
    LOST_RACE = "lost race"
    """Somebody else's commit was first; ours is not there."""
    LOCKED = "locked"
    """The remote cannot lock the branch, which stands at our base: another push is at it, or has died there."""
    REJECTED = "rejected"
    """The remote said no: a hook, a protected branch, missing rights."""
    UNKNOWN = "unknown"
    """It may have landed, or may still do so: the connection broke and the remote cannot be asked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result, the commit it is about, and what git and the remote said, safe to show."""

    result: Result
    commit: str
    words: str = ""


class _Answer(StrEnum):
    TAKEN = "taken"
    STALE = "stale"
    REFUSED = "refused"
    NONE = "none"


class _Attempt(NamedTuple):
    answer: _Answer
    words: str


class Remote(Protocol):
    """What is needed of a clone."""

    ref: str
    base: str | None
    remote: CleanGit

    def tip(self) -> str | None:
        """Ask the remote where the branch stands."""

    def contains(self, tip: str, commit: str) -> bool:
        """Tell whether the branch, standing at `tip`, holds `commit`."""


# A server's reasons that name the ref's state: another push was in the middle of updating it.
_RACES = ("cannot lock ref", "failed to update ref", "reference already exists", "incorrect old value", "stale info")

# Words with which a remote turns somebody away before it takes anything.
_DENIED = (
    "returned error: 401",
    "returned error: 403",
    "returned error: 404",
    "authentication failed",
    "could not read username",
    "permission denied",
    "permission to ",
    "access denied",
    "not allowed",
    "not authorized",
    "read-only",
    "write access",
)


_SETTLED = {
    _Answer.TAKEN: Result.LANDED,
    _Answer.STALE: Result.LOST_RACE,
    _Answer.REFUSED: Result.REJECTED,
}


def push_commit(clone: Remote, commit: str) -> Outcome:
    """Push `commit` to the clone's branch and say what became of it. Never raises for what a remote does."""
    attempt = _Attempt(_Answer.NONE, "")
    for number in range(ATTEMPTS):
        if number:
            time.sleep(PAUSE_S)
        attempt = _attempt(clone, commit)
        result = _judge(clone, commit, attempt)
        if result is not None:
            return Outcome(result, commit, attempt.words)
    return Outcome(Result.UNKNOWN, commit, attempt.words)


def _attempt(clone: Remote, commit: str) -> _Attempt:
    try:
        report = clone.remote.push(
            "--porcelain",
            # To leave out what the server has, git would need contents that the clone does not have, and fetch them.
            "--no-thin",
            f"--force-with-lease={clone.ref}:{clone.base or ''}",
            "origin",
            f"{commit}:{clone.ref}",
        )
        words = clone.remote.last_words
    except GitError as error:
        report, words = error.output, error.words
    except ToolError as error:
        return _Attempt(_Answer.NONE, f"{error.message}\n{error.details}".strip())
    attempt = _read_report(report.decode("utf-8", "replace"), clone.ref)
    return attempt._replace(words=clone.remote.safe(f"{words}\n{attempt.words}"))


def _read_report(report: str, ref: str) -> _Attempt:
    """Read `git push --porcelain`: a line `<flag> TAB <from>:<to> TAB <summary>` for the one ref.

    The words are the summary of a refusal.
    """
    for line in report.splitlines():
        flag, _, rest = line.partition("\t")
        names, _, summary = rest.partition("\t")
        if not names.endswith(f":{ref}"):
            continue
        # "+" where the lease let another commit be replaced, which happens to a proposal only.
        if flag in {" ", "*", "=", "+"}:
            return _Attempt(_Answer.TAKEN, "")
        if flag != "!" or summary.startswith("[remote failure]"):
            continue
        # "[rejected]" is git's own word, before anything is sent: the ref is not where the lease says.
        stale = summary.startswith("[rejected]") or any(race in summary for race in _RACES)
        return _Attempt(_Answer.STALE if stale else _Answer.REFUSED, summary)
    return _Attempt(_Answer.NONE, "")


def _judge(clone: Remote, commit: str, attempt: _Attempt) -> Result | None:
    """Hold the answer against the ref as it stands now; None: the same push may be tried again."""
    look = _look(clone, commit)
    if look is None:
        # The server's own report is as good as the ref; without it nobody knows.
        return _SETTLED.get(attempt.answer, Result.UNKNOWN)
    tip, landed = look
    if landed:
        return Result.LANDED
    if attempt.answer is _Answer.TAKEN:
        # It was taken and is gone, or the remote answers from a copy that lags behind.
        return Result.UNKNOWN
    if attempt.answer in _SETTLED:
        locked = attempt.answer is _Answer.STALE and tip == clone.base
        return Result.LOCKED if locked else _SETTLED[attempt.answer]
    if any(denied in attempt.words.lower() for denied in _DENIED):
        return Result.REJECTED
    # Once the ref has left our base, the lease cannot hold any more, even if the server is still at work.
    return None if tip == clone.base else Result.LOST_RACE


def _look(clone: Remote, commit: str) -> tuple[str | None, bool] | None:
    """Return where the branch stands and whether that holds our commit; None: the remote does not say."""
    pause = PAUSE_S
    for number in range(LOOKS):
        if number:
            time.sleep(pause)
            pause *= 2
        try:
            tip = clone.tip()
            return tip, tip is not None and (tip == commit or (tip != clone.base and clone.contains(tip, commit)))
        except ToolError:
            continue
    return None
