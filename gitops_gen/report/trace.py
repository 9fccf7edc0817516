"""Traces for people and programs: pure functions from values to text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.routes.journey import Journey


def trace_text(journeys: Iterable[tuple[str, Journey]], advice: str) -> str:
    """Write journeys as stories: a line for each step, with the file and line that make it so."""
    lines: list[str] = []
    for cluster, journey in journeys:
        lines.append(f"{journey.start}, cluster {cluster}")
        for step in journey.steps:
            place = f"  ({step.location.file}:{step.location.line})" if step.location is not None else ""
            lines.append(f"  -> {step.text}{place}")
        if journey.missing:
            lines.append(f"  x  goes nowhere: {journey.missing}")
    if advice:
        lines.append(advice)
    return "\n".join(printable(line) for line in lines)


def trace_json(journeys: Iterable[tuple[str, Journey]], advice: str) -> str:
    """Write journeys for programs; ASCII only."""
    told = {
        "journeys": [
            {
                "cluster": cluster,
                "start": journey.start,
                "arrives": not journey.missing,
                "missing": journey.missing,
                "steps": [
                    {
                        "text": step.text,
                        "file": step.location.file if step.location is not None else "",
                        "line": step.location.line if step.location is not None else 0,
                    }
                    for step in journey.steps
                ],
            }
            for cluster, journey in journeys
        ],
        "advice": advice,
    }
    return json.dumps(told, indent=2)
