from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from gitops_gen.delivery.push import Outcome, Result
from gitops_gen.errors import DeadlineError, GitopsGenError, InterruptedPushError, OutcomeUnknownError, RejectedError
from gitops_gen.workflows.landing import LOCKED_S, Clock, _pushed, land

if TYPE_CHECKING:
    from gitops_gen.delivery.clone import Clone

COMMIT = "c0ffee" * 6 + "cafe"


class Answering:
    """Plays a clone whose push ends in one way."""

    url = "https://git.example.com/mesh.git"

    def __init__(self, result: Result | None) -> None:
        self.result = result

    def push(self, commit: str) -> Outcome:
        if self.result is None:
            raise KeyboardInterrupt
        return Outcome(self.result, commit, "words of the remote")


def pushed(result: Result | None) -> Result:
    clone: Any = Answering(result)
    checked: Clone = clone
    return _pushed(checked, COMMIT).result


@pytest.mark.parametrize("result", [Result.LANDED, Result.LOST_RACE, Result.LOCKED])
def test_a_push_lands_or_another_one_was_first_or_the_branch_is_locked(result: Result) -> None:
    assert pushed(result) is result


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (Result.REJECTED, RejectedError, "https://git.example.com/mesh.git rejected the push"),
        (
            Result.UNKNOWN,
            OutcomeUnknownError,
            f"the connection broke: commit {COMMIT} may or may not be on the branch",
        ),
        (None, InterruptedPushError, f"interrupted while pushing: commit {COMMIT} may or may not be on the branch"),
    ],
)
def test_what_did_not_land_is_told_by_its_own_error(
    result: Result | None, error: type[GitopsGenError], message: str
) -> None:
    with pytest.raises(error) as failed:
        pushed(result)
    assert type(failed.value) is error
    assert failed.value.message == message
    assert failed.value.details == ("words of the remote" if result else "")
    assert ("nothing was published" in failed.value.help) == (result is Result.REJECTED)
    assert (f"look for {COMMIT}" in failed.value.help) == (result is not Result.REJECTED)


class Racing:
    """Plays a clone whose pushes end in one way after the other, the last for ever; counts them."""

    url = "https://git.example.com/mesh.git"

    def __init__(self, *results: Result) -> None:
        self.results = list(results)
        self.pushes = 0

    def push(self, commit: str) -> Outcome:
        self.pushes += 1
        return Outcome(self.results.pop(0) if len(self.results) > 1 else self.results[0], commit, "unable to lock")

    def refresh(self) -> None:
        pass


class Landing(NamedTuple):
    """How a landing ended, how long it took in seconds, and what was told on the way."""

    ended: tuple[str | None, int] | GitopsGenError
    seconds: float
    told: list[str]


def landing(clone: Any, deadline_s: float) -> Landing:
    times = [0.0]
    told: list[str] = []

    def sleep(seconds: float) -> None:
        times[0] += seconds

    clock = Clock(now=lambda: 0.0, monotonic=lambda: times[0], sleep=sleep, chance=lambda: 1.0)
    try:
        ended: Any = land(clone, clock, deadline_s=deadline_s, told=told.append, prepare=lambda: COMMIT)
    except GitopsGenError as error:
        ended = error
    return Landing(ended, times[0], told)


def test_a_branch_that_is_locked_for_moments_is_tried_again() -> None:
    done = landing(Racing(Result.LOCKED, Result.LOST_RACE, Result.LANDED), 300)
    assert done.ended == (COMMIT, 3)
    assert done.told == [
        "pushing",
        "the branch is locked, compiling again (try 2)",
        "pushing",
        "another commit was first, compiling again (try 3)",
        "pushing",
    ]


def test_a_branch_that_stays_locked_is_told_long_before_the_deadline() -> None:
    done = landing(Racing(Result.LOCKED), 300)
    assert isinstance(done.ended, RejectedError)
    assert done.ended.message == "https://git.example.com/mesh.git cannot lock the branch"
    assert done.ended.details == "unable to lock"
    assert "nothing was published" in done.ended.help
    assert LOCKED_S - 8 <= done.seconds < LOCKED_S


def test_a_commit_that_comes_first_shows_that_the_lock_is_alive() -> None:
    clone = Racing(*[Result.LOCKED, Result.LOST_RACE] * 10, Result.LANDED)
    assert landing(clone, 3000).ended == (COMMIT, 21)


@pytest.mark.parametrize(("result", "error"), [(Result.LOCKED, RejectedError), (Result.LOST_RACE, DeadlineError)])
def test_the_deadline_ends_both(result: Result, error: type[GitopsGenError]) -> None:
    done = landing(Racing(result), 3)
    assert isinstance(done.ended, error)
    assert done.seconds < 3
