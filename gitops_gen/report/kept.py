"""What a publish leaves as it is: holds, clusters with a newer inventory, records that cannot be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.delivery.holds import Hold
    from gitops_gen.delivery.moves import Move


def hold_text(cluster: str, hold: Hold) -> str:
    """Say in one line what is held, since when, by whom and why."""
    what = f"{hold.workload} in {cluster}" if hold.workload else f"cluster {cluster}"
    how = "rolled back to" if hold.cause == "rollback" else "taken back by hand in"
    why = f": {hold.reason}" if hold.reason else ""
    return printable(f"held: {what}, {how} {hold.revision[:12]} on {hold.since} by {hold.by}{why}")


def release_command(cluster: str, workload: str) -> str:
    """Return the command that ends a hold."""
    scope = f" --workload {workload}" if workload else ""
    return f"gitops-gen release INVENTORY --cluster {cluster}{scope}"


def kept_text(
    holds: Sequence[tuple[str, Hold, bool, str]],
    ended: Sequence[tuple[str, Hold]],
    superseded: Mapping[str, str],
    lost: Mapping[str, str],
    moving: Sequence[tuple[str, Move, bool]] = (),
) -> str:
    """Write all that stays; `holds` are cluster, hold, whether it held anything back, and why it widens.

    `moving` are cluster, move under way, and whether it held anything back.
    """
    lines = []
    for cluster, move, changes in moving:
        what = f"{', '.join(move.folders)} in {cluster}" if move.folders else f"cluster {cluster}"
        lines.append(printable(f"moving: {what}, step {move.step} on {move.since} by {move.by}"))
        if changes:
            lines.append("  it stays as it is published until the move is over; to go on: gitops-gen move INVENTORY")
    for cluster, newer in sorted(superseded.items()):
        lines.append(f"superseded: cluster {cluster} has a newer inventory, of commit {newer[:12]}")
    for cluster, hold, changes, because in holds:
        lines.append(hold_text(cluster, hold))
        if because:
            lines.append(printable(f"  the whole cluster stays: {because}"))
        if changes:
            lines.append(f"  it stays as it is published; to go on: {release_command(cluster, hold.workload)}")
    lines += [f"{hold_text(cluster, hold)}; the inventory says the same now, so it ends" for cluster, hold in ended]
    for cluster, why in sorted(lost.items()):
        lines.append(printable(f"refused: cluster {cluster} stays as it is: {why}"))
        lines.append(
            f"  help: restore the file from history, or accept what stands there: {release_command(cluster, '')}"
        )
    return "\n".join(lines)


def hold_value(cluster: str, hold: Hold) -> dict[str, object]:
    """Return a hold as JSON."""
    return {
        "cluster": cluster,
        "workload": hold.workload,
        "cause": str(hold.cause),
        "revision": hold.revision,
        "since": hold.since,
        "by": hold.by,
        "reason": hold.reason,
    }


def kept_value(
    holds: Sequence[tuple[str, Hold, bool, str]],
    ended: Sequence[tuple[str, Hold]],
    superseded: Mapping[str, str],
    lost: Mapping[str, str],
    moving: Sequence[tuple[str, Move, bool]] = (),
) -> dict[str, object]:
    """Return all that stays as JSON."""
    return {
        "holds": [
            {**hold_value(cluster, hold), "changes": changes, "widens": because}
            for cluster, hold, changes, because in holds
        ],
        "endedHolds": [hold_value(cluster, hold) for cluster, hold in ended],
        "superseded": dict(sorted(superseded.items())),
        "lost": dict(sorted(lost.items())),
        "moving": [
            {
                "cluster": cluster,
                "folders": list(move.folders),
                "step": str(move.step),
                "since": move.since,
                "by": move.by,
                "changes": changes,
            }
            for cluster, move, changes in moving
        ],
    }


def released_text(
    ended: Sequence[tuple[str, Hold]], accepted: Sequence[str], *, commit: str | None, repository: str, branch: str
) -> str:
    """Say what is released, and what happens next."""
    if commit is None:
        return "nothing is held"
    lines = [hold_text(cluster, hold).replace("held:", "released:", 1) for cluster, hold in ended]
    lines += [f"accepted: what stands there for cluster {cluster}" for cluster in accepted]
    lines.append(f"commit {commit} on {branch} of {printable(repository)}; the next publish goes on")
    return "\n".join(lines)


def released_json(
    ended: Sequence[tuple[str, Hold]], accepted: Sequence[str], *, commit: str | None, repository: str, branch: str
) -> str:
    """Return what is released as JSON."""
    value = {
        "released": [hold_value(cluster, hold) for cluster, hold in ended],
        "accepted": list(accepted),
        "commit": commit,
        "repository": repository,
        "branch": branch,
    }
    return json.dumps(value, indent=2)
