"""When an answer on the mesh counts as wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.mesh import play

if TYPE_CHECKING:
    from collections.abc import Callable

QUESTION: Any = "who"


class Clock:
    """Time goes by as questions are asked and as somebody sleeps, not of its own accord."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def asked_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], tuple[bool, list[float]]]:
    """Ask a mesh that is right from a moment on, in rounds of a length; return the verdict and when each began."""

    def ask(right_from: float, round_takes: float) -> tuple[bool, list[float]]:
        clock = Clock()
        begun: list[float] = []

        def one_round(*_: Any) -> list[play.Result]:
            begun.append(clock.now)
            right = clock.now >= right_from
            clock.sleep(round_takes)
            return [play.Result(QUESTION, (), right)]

        monkeypatch.setattr(play, "time", clock)
        monkeypatch.setattr(play, "sizes", lambda _: {})
        monkeypatch.setattr(play, "_ask", one_round)
        stage: Any = None
        (result,) = play.ask_until_right(stage, [QUESTION], {})
        return result.right, begun

    return ask


def test_a_right_answer_is_not_asked_for_again(asked_at: Callable[..., tuple[bool, list[float]]]) -> None:
    assert asked_at(0, 1) == (True, [0])


def test_an_answer_that_was_asked_for_too_early_is_not_the_last_word(
    asked_at: Callable[..., tuple[bool, list[float]]],
) -> None:
    """The first round took longer than the mesh needed."""
    assert asked_at(10, play.CONVERGES_WITHIN_S + 20) == (True, [0, play.CONVERGES_WITHIN_S + 21])


def test_what_is_wrong_after_the_mesh_had_its_time_is_wrong(
    asked_at: Callable[..., tuple[bool, list[float]]],
) -> None:
    right, begun = asked_at(float("inf"), 24)
    assert (right, begun) == (False, [0, 25, 50, 75])
    assert begun[-1] >= play.CONVERGES_WITHIN_S
