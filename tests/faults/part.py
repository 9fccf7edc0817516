"""What all parts of the fault suite have in common: points, each by a name that says how to try it again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Case(NamedTuple):
    """What one point came to.

    `problem` is "" when every promise was kept. `outcome` sorts the good ones: it is counted in the table. `tried` is
    how many cases the point stands for, `figure` what was measured of it (the largest is shown).
    """

    problem: str = ""
    outcome: str = ""
    tried: int = 1
    figure: float = 0.0


class Part(ABC):
    """One part: its points, and how to try each. It is entered once for each process that works on it.

    `goal` is the number of cases to reach, `promise` what holds in each of them.
    """

    name: ClassVar[str]
    promise: ClassVar[str]
    goal: ClassVar[int]
    cases: ClassVar[str]
    """What is counted."""
    figure: ClassVar[str] = ""
    """What the figure of a case is, with its unit; "" where there is none."""
    alone: ClassVar[bool] = False
    """Whether its points need all processors: they are tried one after the other."""

    def __init__(self, scratch: Path, seed: int) -> None:
        """Prepare nothing yet; `scratch` is an empty folder."""
        self.scratch = scratch
        self.seed = seed

    @classmethod
    def missing(cls) -> str:
        """Say what this machine lacks for this part; "" for nothing."""
        return ""

    @abstractmethod
    def points(self, *, short: bool) -> Sequence[str]:
        """Return the names of all points, in order; it may look at what was entered."""

    @abstractmethod
    def check(self, point: str) -> Case:
        """Try one point."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # noqa: B027 - most have nothing to put away
        """Put away what entering has begun."""
