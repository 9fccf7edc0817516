"""Who has a resource: the engine, and the sync unit in it. What a publish must not change, and a move does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.engines.units import engine_of
from gitops_gen.manifest import resource_id
from gitops_gen.model import Engine
from gitops_gen.plan.guards import GuardFinding, Verdict
from gitops_gen.plan.places import TreeFolder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.published import Published
    from gitops_gen.manifest import ResourceId
    from gitops_gen.model import Inventory, SyncUnit
    from gitops_gen.plan.changes import Plan
    from gitops_gen.workflows.branch import Found


def resynced_clusters(inventory: Inventory, found: Found) -> dict[str, int]:
    """Return the clusters that an inventory would have synced in another way than is published, with their resources.

    The overlays need not differ by a byte for that, so only the records tell.
    """
    standing = {cluster: len(found.standing.live.get(cluster, ())) for cluster in found.standing.clusters()}
    return {
        cluster: number
        for cluster, number in sorted(standing.items())
        if number and (state := found.states.get(cluster)) and state.record and is_resynced(inventory, state.record)
    }


def resynced_finding(cluster: str, number: int) -> GuardFinding:
    """Ask for approval where other objects of an engine, or another engine, would take a cluster over at once."""
    return GuardFinding(
        guard="moved-resources",
        verdict=Verdict.NEEDS_APPROVAL,
        scope=cluster,
        number=number,
        limit=0,
        message=f"cluster {cluster}: {number:,} resources would be synced as parts of other units, and an engine may "
        "delete them in between; gitops-gen move does it in steps in which nothing is lost",
    )


def elsewhere_finding(folder: str, other: str) -> GuardFinding:
    """Ask for approval where a mesh that is published in another folder of the repository would be in this one, too."""
    here, there = (f"folder {one}" if one else "the top folder" for one in (folder, other))
    return GuardFinding(
        guard="moved-resources",
        verdict=Verdict.NEEDS_APPROVAL,
        scope="",
        number=1,
        limit=0,
        message=f"{there} of the repository holds what is published of this mesh; with {here}, each resource would "
        "have two owners: move what is there by a commit of your own (git mv), published/ with it, and publish then",
    )


def is_resynced(inventory: Inventory, record: Published) -> bool:
    """Tell whether an inventory takes a cluster from the engine objects that have it by its record.

    Where there is no engine before or after, people see to it themselves; in what portions they sync still counts.
    """
    engines = {record.engine, engine_of(inventory, record.cluster)}
    changes = len(engines) > 1 and Engine.NONE not in engines
    return changes or record.sync_unit is not inventory.mesh.gitops.sync_unit


def units_of_resources(cluster: str, resources: Iterable[Compiled], sync_unit: SyncUnit) -> dict[ResourceId, str]:
    """Return the sync unit of each resource of a cluster."""
    return {
        resource_id(one.manifest): TreeFolder(cluster, one.place.namespace, one.place.folder).unit(sync_unit)
        for one in resources
    }


def changed_engine_files(plan: Plan) -> tuple[str, ...]:
    """Return the files whose engine objects change and are still there."""
    return tuple(sorted({change.unit_after for change in plan.engine_objects if change.unit_after}))
