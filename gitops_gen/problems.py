"""Problems: what is wrong with an inventory, where, by which rule, and what to write instead.

Rules return problems, they never raise; a command reports all of them in one run, sorted by place.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


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
    workload: str = field(default="", compare=False)
    """Whose switches count, as `namespace/name`; found at a resource, where `subject` names that."""


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by place, then rule, and drop exact repeats (one cause may be met twice)."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.location, p.rule, p.message))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Tell whether at least one problem stops the work."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def set_aside(problems: Iterable[Problem], reasons: Mapping[tuple[str, str], str]) -> Iterator[Problem]:
    """Yield what is left of problems where workloads have switched rules off.

    `reasons` goes from (workload, rule id) to why. An error becomes a warning that says so, a warning is gone.
    """
    for problem in problems:
        reason = reasons.get((_workload(problem), problem.rule))
        if reason is None:
            yield problem
        elif problem.severity is Severity.ERROR:
            message = f"{problem.message} (set aside: {reason})"
            yield replace(problem, severity=Severity.WARNING, message=message, help="")


def _workload(problem: Problem) -> str:
    """Return the workload that a problem is about; the subject of an inventory's problem begins with its document."""
    kind, _, name = problem.subject.partition(",")[0].partition(" ")
    return problem.workload or (name if kind == "Workload" else "")
