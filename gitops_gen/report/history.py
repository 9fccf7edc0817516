"""The history of what was published, as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitops_gen.delivery.holds import moment
from gitops_gen.report.inventory import count
from gitops_gen.report.kept import hold_value
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMMIT = 12


def history_text(events: Sequence[Mapping[str, Any]], whole: int) -> str:
    """Write a line for each event: when, which commit and serial, what it was, by whom, and what is held since."""
    if not events:
        return "nothing was published yet"
    width = max(len(event["cluster"]) for event in events)
    lines = []
    for event in events:
        serial = f"serial {event['serial']}" if event["serial"] else "no serial"
        lines.append(
            f"{moment(event['date'])}  {event['commit'][:_COMMIT]}  {event['cluster']:<{width}}  "
            f"{serial}  {event['kind']}: {printable(event['subject'])} ({printable(event['by'])})"
        )
        lines += [printable(f"    holds {hold.scope} at {hold.revision[:_COMMIT]}") for hold in event["holds"]]
    if whole > len(events):
        lines.append(f"... and {count(whole - len(events), 'older line')}; see --lines")
    return "\n".join(lines)


def history_json(events: Sequence[Mapping[str, Any]]) -> str:
    """Return the events as JSON (documented in docs/reference/json.md)."""
    values = [
        {
            **event,
            "date": moment(event["date"]),
            "holds": [hold_value(event["cluster"], hold) for hold in event["holds"]],
        }
        for event in events
    ]
    return json.dumps({"events": values}, indent=2)
