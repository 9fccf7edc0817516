"""The numbers of a plan: who is in a cluster, how many resources and hosts there are before and after.

What will be there is known, from the paths and from what was compiled. What is there follows from the changes, so
that no file has to be read for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.layout.paths import KUSTOMIZATION, TOMBSTONE
from gitops_gen.plan.changes import Action, UnitChange
from gitops_gen.plan.meaning import external_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.manifest import ResourceId
    from gitops_gen.model import SyncUnit
    from gitops_gen.plan.census import Census
    from gitops_gen.plan.changes import ResourceChange
    from gitops_gen.plan.places import TreeFolder
    from gitops_gen.plan.rendered import Rendered, Resources, Side


class Crowd(NamedTuple):
    """Who is in a folder of an overlay: the pods with a file of their own, and those of other clusters."""

    pods: frozenset[str]
    remote: frozenset[str]


def crowds_of(side: Side) -> dict[str, Crowds]:
    """Return cluster -> folder -> who is in it, for the folders that are not just a tombstone."""
    found: dict[str, Crowds] = defaultdict(dict)
    for folder, places in side.folders.items():
        if not folder.cluster or not folder.name or any(place.file == TOMBSTONE for place in places):
            continue
        if not any(place.file == KUSTOMIZATION for place in places):
            continue
        pods = {pod for place in places if (pod := place.pod) is not None}
        remote = frozenset(pod for pod in pods if "." in pod)
        found[folder.cluster][folder] = Crowd(frozenset(pods) - remote, remote)
    return dict(found)


Crowds = dict["TreeFolder", Crowd]
"""The folders of a cluster that hold more than a tombstone, and who is in them."""


def hosts_before(cluster: str, sides: tuple[Resources, Resources], census: Census) -> int:
    """Return how many hosts a cluster has now, once for each VirtualService."""
    before, after = ({(identity, host) for identity, _rendered, host in _hosts(side)} for side in sides)
    return census.hosts.get(cluster, 0) - len(after - before) + len(before - after)


def _hosts(side: Resources) -> Iterator[tuple[ResourceId, Rendered, str]]:
    for identity, rendered in side.items():
        yield from ((identity, rendered, host) for host in external_hosts(rendered.manifest))


def hosts_lost(sides: tuple[Resources, Resources]) -> tuple[str, ...]:
    """Return the hosts that will not lead where they led: their pod, or their workload, no longer has them."""
    kept = {(host, rendered.place.folder, rendered.place.pod) for _identity, rendered, host in _hosts(sides[1])}
    lost = [
        host
        for _identity, rendered, host in _hosts(sides[0])
        if (host, rendered.place.folder, rendered.place.pod) not in kept
    ]
    return tuple(sorted(lost))


def unit_changes(
    cluster: str,
    changes: list[ResourceChange],
    crowds: tuple[Crowds, Crowds],
    census: Census,
    sync_unit: SyncUnit,
) -> tuple[UnitChange, ...]:
    """Count each unit of a cluster: what it will render is known, so what it renders follows from the changes."""
    counted = [change for change in changes if not change.tombstone and change.action is not Action.CHANGED]
    gained = Counter(change.unit_after for change in counted if change.unit_after)
    lost = Counter(change.unit_before for change in counted if change.unit_before)
    moved = Counter(change.unit_after for change in counted if change.action is Action.MOVED)
    folders = [Counter(folder.unit(sync_unit) for folder in crowd) for crowd in crowds]
    mine = {
        unit for unit in census.resources if unit == f"overlays/{cluster}" or unit.startswith(f"overlays/{cluster}/")
    }
    return tuple(
        UnitChange(
            unit=unit,
            resources_before=census.resources.get(unit, 0) - gained[unit] + lost[unit],
            resources_after=census.resources.get(unit, 0),
            moved_in=moved[unit],
            folders_before=folders[0][unit],
            folders_after=folders[1][unit],
        )
        for unit in sorted({*mine, *folders[0], *folders[1]})
    )
