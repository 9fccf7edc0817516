from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.delivery.push import Outcome, Result
from gitops_gen.errors import GitopsGenError, InterruptedPushError, OutcomeUnknownError, RejectedError
from gitops_gen.workflows.landing import _landed

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


def pushed(result: Result | None) -> bool:
    clone: Any = Answering(result)
    checked: Clone = clone
    return _landed(checked, COMMIT)


@pytest.mark.parametrize(("result", "landed"), [(Result.LANDED, True), (Result.LOST_RACE, False)])
def test_a_push_lands_or_another_one_was_first(result: Result, *, landed: bool) -> None:
    assert pushed(result) is landed


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
