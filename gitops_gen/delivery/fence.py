"""The fence: an older inventory never overwrites a newer one.

Each cluster remembers the newest commit of the inventory that was published there. A run of an older one is
superseded; one without order to it needs a person's word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_gen.delivery.lineage import Order, Ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.delivery.published import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What the fence says of each cluster; those that are in none of these go on without further ado.

    `superseded` maps a cluster to the newer commit; `unordered` to the recorded commit and why there is no order.
    `advances` are the clusters whose record must take over this run's commit even if nothing else of them changes.
    """

    superseded: Mapping[str, str] = field(default_factory=dict)
    unordered: Mapping[str, tuple[str, Ordered]] = field(default_factory=dict)
    advances: frozenset[str] = frozenset()

    def behind(self, proposed: Fence) -> Fence:
        """Return this fence with another before it: that of a proposal which counts as published."""
        return Fence(
            superseded={**self.superseded, **proposed.superseded},
            unordered={**self.unordered, **proposed.unordered},
            advances=self.advances,
        )


def check_fence(lineage: Lineage, clusters: Collection[str], newest: Mapping[str, Published]) -> Fence:
    """Hold the inventory's commit against those that are recorded.

    `newest` has the newest record of each cluster that has one. A cluster that never had one is judged by all others:
    an inventory that is older than any of them may name a cluster that a newer one has given up.

    A run that changes nothing still advances a record when there was another inventory on the way to its own: a late
    run of that one would find a record that it is newer than, and undo this one (A, B, A again).
    """
    detours: dict[str, bool] = {}
    revisions = {record.revision for record in newest.values() if record.revision}
    ordered = {revision: lineage.order(revision) for revision in sorted(revisions)}
    older = sorted(revision for revision, found in ordered.items() if found.order is Order.OLDER)
    superseded: dict[str, str] = {}
    unordered: dict[str, tuple[str, Ordered]] = {}
    advances = set()
    recorded = {cluster: newest[cluster].revision for cluster in clusters if cluster in newest}
    if older:
        superseded |= {cluster: older[0] for cluster in clusters if cluster not in newest}
    for cluster, revision in recorded.items():
        if not revision:
            continue
        found = ordered[revision]
        if found.order is Order.OLDER:
            superseded[cluster] = revision
        elif found.order is Order.NONE:
            unordered[cluster] = (revision, found)
        elif found.order is Order.NEWER:
            if revision not in detours:
                detours[revision] = lineage.detour(revision)
            if detours[revision]:
                advances.add(cluster)
    return Fence(superseded=superseded, unordered=unordered, advances=frozenset(advances))
