"""How the sync units stand, as text and JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from gitops_gen.engines.status import State
from gitops_gen.report.inventory import count
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.engines.status import UnitStatus

_SHOWN = 10
"""How many resources of a unit are named in text; JSON has all."""


def status_text(units: Sequence[UnitStatus], commit: str) -> str:
    """Write a line for each unit that is not in order, with what is known of it, and how many are which."""
    lines = []
    for one in units:
        if one.in_order and not one.notes:
            continue
        where = one.wanted.unit.folder.removeprefix("overlays/")
        lines.append(f"{where} ({printable(one.name) or one.wanted.engine}): {one.state}")
        lines += [f"  {printable(line)}" for note in one.notes for line in note.splitlines() if line.strip()]
        lines += _resources("missing", one.missing) + _resources("changed in the cluster", one.changed)
    states = Counter(one.state for one in units)
    figures = ", ".join(f"{states[state]} {state}" for state in State if states[state])
    lines.append(f"{count(len(units), 'sync unit')} at {commit[:12]}: {figures}")
    return "\n".join(lines)


def status_value(units: Sequence[UnitStatus], *, commit: str, repository: str, branch: str) -> dict[str, Any]:
    """Return how the units stand as values for JSON (documented in docs/reference/json.md)."""
    states = Counter(one.state for one in units)
    return {
        "commit": commit,
        "repository": repository,
        "branch": branch,
        "inOrder": all(one.in_order for one in units),
        "summary": {str(state): states[state] for state in State},
        "units": [
            {
                "unit": one.wanted.unit.folder,
                "cluster": one.wanted.unit.cluster,
                "engine": str(one.wanted.engine),
                "object": one.name,
                "state": str(one.state),
                "revision": one.revision,
                "applied": one.applied,
                "healthy": one.healthy,
                "drifted": one.drifted,
                "missing": [resource._asdict() for resource in one.missing],
                "changed": [resource._asdict() for resource in one.changed],
                "notes": list(one.notes),
            }
            for one in units
        ],
    }


def status_json(value: dict[str, Any]) -> str:
    """Return the values of `status_value` as JSON."""
    return json.dumps(value, indent=2)


def waited_text(units: Sequence[UnitStatus], commit: str, *, landed: bool, seconds: float) -> str:
    """Say how a wait ended."""
    if not units:
        return "nothing to wait for: no sync unit renders otherwise"
    if landed:
        return f"applied: {count(len(units), 'sync unit')} at {commit[:12]}, after {seconds:.0f} s"
    left = [one for one in units if not one.landed]
    return f"{status_text(left, commit)}\nnot applied after {seconds:.0f} s: {count(len(left), 'sync unit')}"


def _resources(what: str, resources: Sequence[object]) -> list[str]:
    lines = [f"  {what}: {printable(str(resource))}" for resource in resources[:_SHOWN]]
    if len(resources) > _SHOWN:
        lines.append(f"  {what}: and {len(resources) - _SHOWN:,} more")
    return lines
