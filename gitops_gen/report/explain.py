"""Explanations for people and programs: pure functions from values to text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_gen.problems import Location


class Fact(Protocol):
    """One line of an explanation, as far as a report reads it."""

    @property
    def about(self) -> str:
        """What the line is about: `comes from`."""

    @property
    def text(self) -> str:
        """What is so."""

    @property
    def location(self) -> Location | None:
        """The place that makes it so."""


class Explanation(Protocol):
    """What was asked for, and what there is to say about it."""

    @property
    def subject(self) -> str:
        """Its name."""

    @property
    def facts(self) -> Sequence[Fact]:
        """The lines, in order."""


def explain_text(explanations: Iterable[Explanation]) -> str:
    """Write explanations for people: a head line each, then a line for each fact with its file and line."""
    lines: list[str] = []
    for explanation in explanations:
        lines.append(explanation.subject)
        for fact in explanation.facts:
            place = f"  ({fact.location.file}:{fact.location.line})" if fact.location is not None else ""
            lines.append(f"  {fact.about:<12} {fact.text}{place}")
    return "\n".join(printable(line) for line in lines)


def explain_json(explanations: Iterable[Explanation]) -> str:
    """Write explanations for programs; ASCII only."""
    told = [
        {
            "subject": explanation.subject,
            "facts": [
                {
                    "about": fact.about,
                    "text": fact.text,
                    "file": fact.location.file if fact.location is not None else "",
                    "line": fact.location.line if fact.location is not None else 0,
                }
                for fact in explanation.facts
            ],
        }
        for explanation in explanations
    ]
    return json.dumps({"explanations": told}, indent=2)
