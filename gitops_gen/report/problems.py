"""Problems for people, programs and GitHub: pure functions from values to text.

Everything that comes from an inventory (file names, source lines, values in messages) is made printable before it
is shown, and cannot begin a command of a CI system's log.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

from gitops_gen.problems import Problem, Severity
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.problems import Location

_BEFORE = 60
_SHOWN = 160
"""Characters of a source line that are shown, and of those how many stand before the place."""


def problems_text(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    """Write problems for people, in the order given.

    `file:line:column: severity: message [rule]` on one line, the source line with a caret below it, whose problem it
    is, the related places, and one line of help. `texts` holds the text of each file by name; a file that is not
    in it is shown without its lines. No line end at the end; empty for no problems.
    """
    lines = _Lines(texts)
    return "\n".join(line for problem in problems for line in _text(problem, lines))


def problems_summary(problems: Iterable[Problem]) -> str:
    """Count problems in one line: `3 errors, 1 warning in 2 files`; `no problems`."""
    counts, files = _count(problems)
    told = [f"{number} {severity}{'' if number == 1 else 's'}" for severity, number in counts.items() if number]
    if not told:
        return "no problems"
    return f"{', '.join(told)} in {files} file{'' if files == 1 else 's'}"


def problems_json(problems: Iterable[Problem]) -> str:
    """Write problems for programs, as `docs/reference/problems.md` describes it; ASCII only, and stable."""
    problems = list(problems)
    counts, files = _count(problems)
    told = {
        "problems": [
            {
                "rule": problem.rule,
                "severity": problem.severity.value,
                "message": problem.message,
                **_place(problem.location),
                "subject": problem.subject,
                "help": problem.help,
                "related": [{"message": word, **_place(location)} for word, location in problem.related],
            }
            for problem in problems
        ],
        "summary": {"errors": counts[Severity.ERROR], "warnings": counts[Severity.WARNING], "files": files},
    }
    return json.dumps(told, indent=2)


def problems_github(problems: Iterable[Problem]) -> str:
    """Write problems as GitHub workflow commands, one a line, which GitHub shows beside the lines of a change."""
    return "\n".join(_command(problem) for problem in problems)


# Text.


class _Lines:
    """The lines of each file, split once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, Sequence[str]] = {}

    def line(self, location: Location) -> str | None:
        """Return the line of a place, None where the text is not known."""
        if location.file not in self._lines:
            self._lines[location.file] = self._texts.get(location.file, "").split("\n")
        lines = self._lines[location.file]
        if location.line > len(lines) or location.file not in self._texts:
            return None
        return lines[location.line - 1].removesuffix("\r")


def _text(problem: Problem, lines: _Lines) -> list[str]:
    first = f"{_where(problem.location)}: {problem.severity}: {_line(problem.message)} [{problem.rule}]"
    shown = [first]
    line = lines.line(problem.location)
    if line is not None and line.strip():
        shown += _excerpt(line, problem.location)
    if problem.subject:
        shown.append(f"   in {_line(problem.subject)}")
    shown += [f"   = {_where(location)}: {_line(word)}" for word, location in problem.related]
    if problem.help:
        shown.append(f"   help: {_line(problem.help)}")
    return shown


def _excerpt(line: str, location: Location) -> list[str]:
    """Show a source line, or as much as fits of it, and mark the place below it."""
    column = location.column - 1
    begin = max(0, column - _BEFORE) if len(line) > _SHOWN else 0
    part = line[begin : begin + _SHOWN]
    before = ("…" if begin else "") + _line(line[begin:column])
    marked = _line(line[column : min(column + location.length, begin + _SHOWN)])
    tail = "…" if begin + _SHOWN < len(line) else ""
    shown = ("…" if begin else "") + _line(part) + tail
    number = str(location.line)
    return [
        f"{number:>5} | {shown}".rstrip(),
        f"{'':>{max(5, len(number))}} | {' ' * _width(before)}{'^' * max(1, _width(marked))}",
    ]


def _width(text: str) -> int:
    """Return how many columns a terminal takes for text."""
    return sum(
        0 if unicodedata.combining(c) or c in "\u200c\u200d" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _line(text: str) -> str:
    """Make others' text fit for a log: one printable line, in which no runner finds a command.

    GitHub's runner also obeys `##[command]`, Azure's `##vso[command]`, anywhere in a line.
    """
    return printable(text.replace("\t", " ")).replace("##[", "#\\x23[").replace("##vso[", "#\\x23vso[")


def _where(location: Location) -> str:
    """Write a place such that the line never begins with the `::` of a workflow command."""
    file = _line(location.file)
    return f"{'./' if file.lstrip().startswith('::') else ''}{file}:{location.line}:{location.column}"


# JSON.


def _place(location: Location) -> dict[str, str | int]:
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "length": location.length,
    }


def _count(problems: Iterable[Problem]) -> tuple[dict[Severity, int], int]:
    counts = dict.fromkeys(Severity, 0)
    files = set()
    for problem in problems:
        counts[problem.severity] += 1
        files.add(problem.location.file)
    return counts, len(files)


# GitHub.


def _command(problem: Problem) -> str:
    location = problem.location
    told = [problem.message]
    if problem.subject:
        told.append(f"in {problem.subject}")
    told += [f"{word}: {place}" for word, place in problem.related]
    if problem.help:
        told.append(f"help: {problem.help}")
    properties = {
        "file": location.file,
        "line": str(location.line),
        "col": str(location.column),
        "endColumn": str(location.column + location.length),
        "title": problem.rule,
    }
    named = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{problem.severity} {named}::{'%0A'.join(_data(part) for part in told)}"


def _data(text: str) -> str:
    """Escape the text of a workflow command, after GitHub's own rules for it; `%` first."""
    return _line(text).replace("%", "%25")


def _property(text: str) -> str:
    """Escape the value of a property of a workflow command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
