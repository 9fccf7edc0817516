"""Equal problems of many pods, told once with their number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.words import many

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from gitops_gen.problems import Problem


class Repeats:
    """Collects problems by cause: the first of each cause is kept, the others are counted."""

    def __init__(self) -> None:
        """Begin with none."""
        self._first: dict[Hashable, Problem] = {}
        self._more: dict[Hashable, int] = {}

    def met(self, cause: Hashable) -> bool:
        """Tell whether this cause is known already, and count one more of it if so."""
        if cause not in self._first:
            return False
        self._more[cause] = self._more.get(cause, 0) + 1
        return True

    def add(self, cause: Hashable, problem: Problem) -> None:
        """Take in the first problem of a cause."""
        self._first[cause] = problem

    def problems(self) -> Iterator[Problem]:
        """Yield one problem for each cause."""
        for cause, problem in self._first.items():
            yield replace(problem, message=many(problem.message, self._more.get(cause, 0)))
