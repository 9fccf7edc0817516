"""Problems: what is wrong with an inventory, where, by which rule, and what to write instead.

Rules return problems, they never raise; a command reports all of them in one run, sorted by place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """An error stops everything; a warning is shown and work goes on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file as the user wrote it: 1-based line and column, and how many characters it spans."""

    file: str
    line: int
    column: int
    length: int = field(default=1, compare=False)

    def __str__(self) -> str:
        """Write the place as compilers do: `file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding: rule id (rules.py), message in the user's words, place, and one line of help.

    `subject` names whose problem it is (`Workload monitoring/prometheus, cluster east`); `related` are the
    other places of a clash, each with a word on what stands there.
    """

    rule: str
    message: str
    location: Location
    severity: Severity = Severity.ERROR
    subject: str = ""
    help: str = ""
    related: tuple[tuple[str, Location], ...] = ()


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by place, then rule, and drop exact repeats (one cause may be met twice)."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.location, p.rule, p.message))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Tell whether at least one problem stops the work."""
    return any(problem.severity is Severity.ERROR for problem in problems)
