"""What a command did to a folder, in text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitops_gen.layout.ownership import CHANGES_TOGETHER
from gitops_gen.report.inventory import count
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.layout.ownership import Reconciled, Refusal


def refusals_text(refusals: Sequence[Refusal]) -> str:
    """Write what was refused: where, why, the difference, and what to change instead."""
    blocks = []
    for refusal in refusals:
        lines = [f"refused: {printable(refusal.path)}: {printable(refusal.reason)}"]
        lines += [f"  | {printable(line)}" for line in refusal.diff.splitlines()]
        if refusal.change_instead:
            change = printable(refusal.change_instead)
            lines.append(f"  help: change {change} in the inventory instead, or see --accept-edits")
        elif refusal.reason != CHANGES_TOGETHER:
            lines.append(f"  help: move it away or rename it; until then {printable(refusal.unit)} stays as it is")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def refusals_value(refusals: Sequence[Refusal]) -> list[dict[str, str]]:
    """Return refusals as JSON values."""
    return [
        {
            "path": refusal.path,
            "unit": refusal.unit or "",
            "reason": refusal.reason,
            "diff": refusal.diff,
            "help": refusal.change_instead,
        }
        for refusal in refusals
    ]


def generated_text(reconciled: Reconciled, *, files: int, verified: int) -> str:
    """Say what `generate` wrote and deleted, after what it refused."""
    lines = [refusals_text(reconciled.refusals)] if reconciled.refusals else []
    if reconciled.writes or reconciled.deletes:
        lines.append(
            f"{count(len(reconciled.writes), 'file')} written, {len(reconciled.deletes):,} deleted, "
            f"{count(files, 'file')} in the tree"
        )
    elif not reconciled.refusals:
        lines.append(f"nothing to do: {count(files, 'file')} up to date")
    if verified:
        lines.append(f"{count(verified, 'sync unit')} rendered by kustomize: exactly what was compiled")
    return "\n".join(lines)


def generated_json(reconciled: Reconciled, *, files: int, verified: int, kept: Mapping[str, object]) -> str:
    """Return what `generate` did as JSON (documented in docs/reference/json.md)."""
    return _json(reconciled, files=files, extra={"kept": kept, "verifiedUnits": verified})


def checked_text(reconciled: Reconciled, *, files: int) -> str:
    """Say whether the folder is up to date, and what to do when it is not."""
    if not (reconciled.writes or reconciled.deletes or reconciled.refusals):
        return f"up to date: {count(files, 'file')}"
    lines = [refusals_text(reconciled.refusals)] if reconciled.refusals else []
    lines.append(
        f"stale: {count(len(reconciled.writes), 'file')} to write, {len(reconciled.deletes):,} to delete, "
        f"{len(reconciled.refusals):,} refused; run `gitops-gen generate`"
    )
    return "\n".join(lines)


def checked_json(reconciled: Reconciled, *, files: int, kept: Mapping[str, object]) -> str:
    """Return what `check` found as JSON (documented in docs/reference/json.md)."""
    return _json(reconciled, files=files, extra={"kept": kept})


def _json(reconciled: Reconciled, *, files: int, extra: Mapping[str, object]) -> str:
    value = {
        "files": files,
        "writes": sorted(reconciled.writes),
        "deletes": sorted(reconciled.deletes),
        "refusals": refusals_value(reconciled.refusals),
        **extra,
    }
    return json.dumps(value, indent=2)
