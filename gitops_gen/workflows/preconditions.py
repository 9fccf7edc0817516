"""What has to hold before a command changes how clusters are synced; a publish of all else can live without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.delivery.fence import check_fence
from gitops_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.workflows.branch import Found
    from gitops_gen.workflows.desired import Comparison


def check_readable(found: Found) -> None:
    """Raise RefusedError where the record of a cluster cannot be read."""
    for cluster, state in sorted(found.states.items()):
        if state.unreadable:
            raise RefusedError(
                f"nobody knows how {cluster} is synced: {state.unreadable}",
                help="restore the file from history, or accept what stands there: gitops-gen release "
                f"--cluster {cluster}",
            )


def check_newest(lineage: Lineage, found: Found, clusters: Collection[str]) -> None:
    """Raise RefusedError where a newer inventory than the one at hand is published."""
    newest = {cluster: state.newest for cluster, state in found.states.items() if state.newest}
    for cluster, newer in sorted(check_fence(lineage, clusters, newest).superseded.items()):
        raise RefusedError(
            f"{cluster} has a newer inventory, of commit {newer[:12]}", help="update the inventory, then run this again"
        )


def check_unrefused(comparison: Comparison, doing: str) -> None:
    """Raise RefusedError where a file is in the way: what changes owners is done as a whole or not at all."""
    for refusal in comparison.reconciled.refusals:
        raise RefusedError(
            f"{refusal.path} is in the way of {doing}: {refusal.reason}",
            help="nothing was published; gitops-gen plan shows it, and what to do about it",
        )
