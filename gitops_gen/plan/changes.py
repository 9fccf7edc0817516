"""The plan as values: what changes in which cluster, workload and resource."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.plan.places import is_workload_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.manifest import ResourceId

TOMBSTONE_PREFIX = "gitops-gen-retired-"
"""ConfigMaps called so keep an emptied sync unit from being empty (docs/how-to/engines.md, "Sync units")."""


class Action(StrEnum):
    """What happens to a resource or to a pod's resources; `moved` is to another sync unit, whatever else changes."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class Presence(StrEnum):
    """Whether a cluster, or a workload in a cluster, begins, ends or goes on."""

    NEW = "new"
    GONE = "gone"
    STAYS = "stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One resource that a cluster will render differently.

    `fields` names what differs in a resource that was there before. `unit_before` and `unit_after` are the sync
    units that render it, None where it is not rendered.
    """

    id: ResourceId
    action: Action
    fields: tuple[str, ...] = ()
    unit_before: str | None = None
    unit_after: str | None = None

    @property
    def tombstone(self) -> bool:
        """Whether this is only the ConfigMap that an emptied unit keeps."""
        return self.id.kind == "ConfigMap" and self.id.name.startswith(TOMBSTONE_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One difference in meaning: `about` a host, a port, a backend and so on, what it was, and what it becomes.

    A value that is on both sides is in neither tuple.
    """

    about: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChange:
    """The changes of one pod, or of what a workload's pods share.

    `pod` is the pod's name, `<pod>.<home cluster>` for a pod of another cluster, None for shared resources: all that
    are added are one subject, all that are removed another, and each that changes or moves is its own.
    """

    pod: str | None
    action: Action
    resources: tuple[ResourceChange, ...]
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadChange:
    """What changes for one workload (or consumer, or shared gateway folder) in one cluster.

    `folder` is empty for what stands beside the workloads: the tombstone of an emptied unit. The numbers of pods
    count per-pod files, so a pod without any resource of its own is not among them.
    """

    cluster: str
    namespace: str
    folder: str
    presence: Presence
    pods_before: int
    pods_after: int
    pods_added: tuple[str, ...] = ()
    pods_removed: tuple[str, ...] = ()
    subjects: tuple[SubjectChange, ...] = ()

    @property
    def is_workload(self) -> bool:
        """Whether this is a Workload of the inventory, rather than a consumer or a folder of gateways."""
        return is_workload_folder(self.folder)

    @property
    def left_empty(self) -> bool:
        """Whether this is a sync unit that keeps a tombstone because everything else goes."""
        return any(change.tombstone and change.action is Action.ADDED for change in self.resources())

    def resources(self) -> Iterator[ResourceChange]:
        """Yield every changed resource once."""
        for subject in self.subjects:
            yield from subject.resources


COMPONENT = "component"
"""What a statement is about that tells which of people's components come on top of a workload, and which go."""


def components_changed(changes: Iterable[WorkloadChange]) -> tuple[int, int]:
    """Return how many components come on top, and how many go, each once for each workload in each cluster."""
    said = [
        one
        for change in changes
        for subject in change.subjects
        for one in subject.statements
        if one.about == COMPONENT and not subject.resources
    ]
    return sum(len(one.after) for one in said), sum(len(one.before) for one in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """How many resources a touched sync unit renders before and after, tombstones not counted.

    `moved_in` counts resources that another unit rendered before. `folders_before` and `folders_after` count what is
    in the unit: workloads, consumers, gateway folders.
    """

    unit: str
    resources_before: int
    resources_after: int
    moved_in: int
    folders_before: int
    folders_after: int

    @property
    def emptied(self) -> bool:
        """Whether the unit had something to sync and will have nothing."""
        return self.folders_before > 0 and self.folders_after == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """What changes in one cluster, and the numbers that its guards go by.

    `hosts_lost` are the hosts that will no longer lead where they led: gone, or taken over by another pod or workload.
    Like `hosts_before`, it has a host once for each VirtualService. `units` are all sync units of the cluster.
    """

    name: str
    presence: Presence
    workloads: tuple[WorkloadChange, ...]
    workloads_before: int
    workloads_after: int
    folders_before: int
    folders_after: int
    pods_before: int
    pods_after: int
    hosts_before: int
    hosts_lost: tuple[str, ...]
    units: tuple[UnitChange, ...]

    @property
    def resources_before(self) -> int:
        """How many resources the cluster renders now."""
        return sum(unit.resources_before for unit in self.units)

    @property
    def resources_after(self) -> int:
        """How many resources the cluster will render."""
        return sum(unit.resources_after for unit in self.units)

    def resources(self) -> Iterator[ResourceChange]:
        """Yield every changed resource once."""
        for workload in self.workloads:
            yield from workload.resources()

    @property
    def resources_removed(self) -> int:
        """How many resources the cluster will no longer render."""
        return sum(change.action is Action.REMOVED and not change.tombstone for change in self.resources())

    def removed_workloads(self) -> list[str]:
        """Return `namespace/name` of the workloads that the cluster loses."""
        return [
            f"{change.namespace}/{change.folder}"
            for change in self.workloads
            if change.presence is Presence.GONE and change.is_workload
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a publish would do. `clusters` holds those that render differently; `untouched` names the others.

    `engine_objects` are changes to the objects that make an engine sync the units. `unreadable` names files of the
    repository that would be replaced but hold no resources that can be read. `rewritten` counts files written or
    deleted; it can be positive although no cluster renders anything differently.
    """

    digest: str
    inventory_digest: str
    clusters: tuple[ClusterPlan, ...]
    untouched: tuple[str, ...]
    engine_objects: tuple[ResourceChange, ...]
    unreadable: tuple[str, ...]
    rewritten: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write at all."""
        return self.rewritten == 0

    def resources(self) -> Iterator[ResourceChange]:
        """Yield every changed resource, once for each cluster that renders it."""
        for cluster in self.clusters:
            yield from cluster.resources()
