"""From the files that a publish would replace to its plan."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.layout.paths import KUSTOMIZATION
from gitops_gen.manifest import resource_id
from gitops_gen.plan.changes import (
    COMPONENT,
    Action,
    ClusterPlan,
    Plan,
    Presence,
    ResourceChange,
    Statement,
    SubjectChange,
    WorkloadChange,
)
from gitops_gen.plan.digest import plan_digest
from gitops_gen.plan.fields import changed_fields
from gitops_gen.plan.figures import Crowd, Crowds, crowds_of, hosts_before, hosts_lost, unit_changes
from gitops_gen.plan.meaning import statements
from gitops_gen.plan.places import TreeFolder, is_workload_folder, pod_order
from gitops_gen.plan.rendered import Reading, Rendered, Side, differing_components, differing_resources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.model import SyncUnit
    from gitops_gen.plan.census import Census
    from gitops_gen.plan.rendered import Resources


def plan_changes(  # noqa: PLR0913 - all by name
    *,
    inventory_digest: str,
    sync_unit: SyncUnit,
    census: Census,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    deletes: Collection[str],
    kept: Mapping[str, bytes],
    paths_before: Collection[str],
    compiled: Mapping[str, Sequence[Manifest]] | None = None,
) -> Plan:
    """Say what writing `after` and deleting `deletes` changes in each cluster.

    `before` has the present content of every file that is rewritten or deleted, and may have more. `kept` has the
    content of files that stay as they are; only a base that a cluster begins or ceases to list is read from it, so
    the whole desired tree will do. `paths_before` are all paths below our top-level folders. `compiled` may have the
    resources in files of `kept`, which are then not parsed: of ten thousand new pods that is most of the time.
    `published/` is no part of a plan: it says what was published, and what is rendered does not depend on it.
    """
    gone = {path for path in deletes if not _published(path)}
    written = {path: content for path, content in after.items() if not _published(path)}
    old = {path: before[path] for path in {*written, *gone} if path in before}
    paths_after = {*paths_before, *written} - gone
    reading = Reading({(path, kept[path]): manifests for path, manifests in (compiled or {}).items()})
    # What is there wins over what should be: a folder may be held back by a refusal.
    staying = ChainMap(dict(before), dict(kept))
    sides = Side(paths_before, old, staying), Side(paths_after, written, staying)
    differing = differing_resources(*sides, reading)
    on_top = differing_components(*sides, reading)
    crowds = crowds_of(sides[0]), crowds_of(sides[1])
    clusters, untouched = [], []
    for cluster in sorted({*crowds[0], *crowds[1], *differing}):
        crowd = crowds[0].get(cluster, {}), crowds[1].get(cluster, {})
        components = {folder: sides for folder, sides in on_top.items() if folder.cluster == cluster}
        planned = _plan_cluster(cluster, differing.get(cluster, ({}, {})), crowd, components, census, sync_unit)
        if planned is not None:
            clusters.append(planned)
        elif crowd[0] or crowd[1]:
            untouched.append(cluster)
    return Plan(
        digest=plan_digest(inventory_digest=inventory_digest, before=old, after=written, deletes=gone),
        inventory_digest=inventory_digest,
        clusters=tuple(clusters),
        untouched=tuple(untouched),
        engine_objects=_engine_objects(old, written, reading),
        unreadable=tuple(sorted(reading.unreadable)),
        rewritten=len({*written, *gone}),
    )


def _published(path: str) -> bool:
    return path.startswith("published/")


_ORDER = (
    "Service",
    "ServiceEntry",
    "VirtualService",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "Gateway",
    "ListenerSet",
    "DNSEndpoint",
)
_RANKS = {kind: rank for rank, kind in enumerate(_ORDER)}


_ByPod = dict[tuple[TreeFolder, str], list["Manifest"]]
"""The resources of each pod's file."""


class _Paired(NamedTuple):
    """One resource before and after, and the folder and pod that it is told under."""

    change: ResourceChange
    before: Rendered | None
    after: Rendered | None
    folder: TreeFolder
    pod: str | None


def _pair(sides: tuple[Resources, Resources], sync_unit: SyncUnit) -> list[_Paired]:
    """Hold both sides of a cluster against each other, by resource id, and keep what differs."""
    pairs = []
    for identity in sorted({*sides[0], *sides[1]}):
        before, after = sides[0].get(identity), sides[1].get(identity)
        change = _change(identity, before, after, sync_unit)
        shown = after or before
        if change is not None and shown is not None:
            pairs.append(_Paired(change, before, after, shown.place.folder, shown.place.pod))
    return pairs


def _change(
    identity: ResourceId, before: Rendered | None, after: Rendered | None, sync_unit: SyncUnit
) -> ResourceChange | None:
    unit_before = before.place.folder.unit(sync_unit) if before else None
    unit_after = after.place.folder.unit(sync_unit) if after else None
    fields: tuple[str, ...] = ()
    if before is None:
        action = Action.ADDED
    elif after is None:
        action = Action.REMOVED
    else:
        fields = tuple(changed_fields(before.manifest, after.manifest))
        if unit_before == unit_after and not fields:
            return None
        action = Action.CHANGED if unit_before == unit_after else Action.MOVED
    return ResourceChange(id=identity, action=action, fields=fields, unit_before=unit_before, unit_after=unit_after)


def _plan_cluster(  # noqa: PLR0913, PLR0917 - what differs in it, and the numbers
    cluster: str,
    sides: tuple[Resources, Resources],
    crowds: tuple[Crowds, Crowds],
    components: Mapping[TreeFolder, tuple[Sequence[str], Sequence[str]]],
    census: Census,
    sync_unit: SyncUnit,
) -> ClusterPlan | None:
    """Plan one cluster; None when it renders what it rendered."""
    pairs = _pair(sides, sync_unit)
    told: dict[TreeFolder, list[_Paired]] = defaultdict(list)
    for pair in pairs:
        told[pair.folder].append(pair)
    whole = _by_pod(sides[0]), _by_pod(sides[1])
    workloads = []
    for folder in sorted({*told, *crowds[0], *crowds[1]}):
        crowd = crowds[0].get(folder), crowds[1].get(folder)
        if folder in told or folder in components or crowd[0] != crowd[1]:
            on_top = components.get(folder, ((), ()))
            workloads.append(_workload(folder, told.get(folder, []), crowd, whole, on_top))
    if not workloads:
        return None
    return ClusterPlan(
        name=cluster,
        presence=_presence(bool(crowds[0]), bool(crowds[1])),
        workloads=tuple(workloads),
        workloads_before=sum(is_workload_folder(folder.name) for folder in crowds[0]),
        workloads_after=sum(is_workload_folder(folder.name) for folder in crowds[1]),
        folders_before=len(crowds[0]),
        folders_after=len(crowds[1]),
        pods_before=sum(len(crowd.pods) for crowd in crowds[0].values()),
        pods_after=sum(len(crowd.pods) for crowd in crowds[1].values()),
        hosts_before=hosts_before(cluster, sides, census),
        hosts_lost=hosts_lost(sides),
        units=unit_changes(cluster, [pair.change for pair in pairs], crowds, census, sync_unit),
    )


def _presence(before: bool, after: bool) -> Presence:  # noqa: FBT001 - the two sides, in order
    if before and after:
        return Presence.STAYS
    return Presence.GONE if before else Presence.NEW


def _workload(
    folder: TreeFolder,
    pairs: list[_Paired],
    crowd: tuple[Crowd | None, Crowd | None],
    whole: tuple[_ByPod, _ByPod],
    components: tuple[Sequence[str], Sequence[str]],
) -> WorkloadChange:
    nobody = Crowd(frozenset(), frozenset())
    before, after = crowd[0] or nobody, crowd[1] or nobody
    added = (after.pods | after.remote) - (before.pods | before.remote)
    removed = (before.pods | before.remote) - (after.pods | after.remote)
    by_pod: dict[str, list[_Paired]] = defaultdict(list)
    shared = []
    for pair in pairs:
        if pair.pod is None:
            shared.append(pair)
        else:
            by_pod[pair.pod].append(pair)
    subjects = []
    for pod, members in sorted(by_pod.items(), key=lambda member: pod_order(member[0])):
        actions = {pair.change.action for pair in members}
        action = Action.CHANGED
        if actions == {Action.ADDED} and pod in added:
            action = Action.ADDED
        elif actions == {Action.REMOVED} and pod in removed:
            action = Action.REMOVED
        subjects.append(
            SubjectChange(
                pod=pod,
                action=action,
                resources=_in_order(members),
                statements=statements(*_meant(folder, pod, members, whole)),
            )
        )
    return WorkloadChange(
        cluster=folder.cluster,
        namespace=folder.namespace,
        folder=folder.name,
        presence=_presence(crowd[0] is not None, crowd[1] is not None),
        pods_before=len(before.pods),
        pods_after=len(after.pods),
        pods_added=tuple(sorted(after.pods - before.pods, key=pod_order)),
        pods_removed=tuple(sorted(before.pods - after.pods, key=pod_order)),
        subjects=(*subjects, *_shared_subjects(shared), *_components_subject(*components)),
    )


def _components_subject(before: Sequence[str], after: Sequence[str]) -> list[SubjectChange]:
    """Tell of components that come on top, or go; of all of them where just their order changes."""
    if before == after:
        return []
    gone, come = ([one for one in side if one not in other] for side, other in ((before, after), (after, before)))
    if not gone and not come:
        gone, come = [*before], [*after]
    said = Statement(about=COMPONENT, before=tuple(gone), after=tuple(come))
    action = Action.CHANGED if gone and come else Action.ADDED if come else Action.REMOVED
    return [SubjectChange(pod=None, action=action, resources=(), statements=(said,))]


def _meant(
    folder: TreeFolder, pod: str, members: list[_Paired], whole: tuple[_ByPod, _ByPod]
) -> tuple[list[Manifest], list[Manifest]]:
    """Return what a pod's meaning is read from, before and after: its file, and what came from another file."""
    here = whole[0].get((folder, pod), []), whole[1].get((folder, pod), [])
    return (
        [*here[0], *(pair.before.manifest for pair in members if pair.before)],
        [*here[1], *(pair.after.manifest for pair in members if pair.after)],
    )


def _by_pod(side: Resources) -> _ByPod:
    """Return what each pod's file holds on one side: all its resources, so those that stay the same are here too."""
    found: _ByPod = defaultdict(list)
    for rendered in side.values():
        if rendered.place.pod is not None:
            found[rendered.place.folder, rendered.place.pod].append(rendered.manifest)
    return found


def _in_order(pairs: Iterable[_Paired]) -> tuple[ResourceChange, ...]:
    """Put resources in the order in which a request meets their meaning: backend, route, gateway, then the rest."""
    changes = (pair.change for pair in pairs)
    return tuple(sorted(changes, key=lambda change: (_RANKS.get(change.id.kind, len(_RANKS)), change.id)))


def _shared_subjects(pairs: list[_Paired]) -> list[SubjectChange]:
    """Make one subject of all shared resources that are added, one of all that go, and one of each other."""
    groups = [
        (action, [pair for pair in pairs if pair.change.action is action]) for action in (Action.ADDED, Action.REMOVED)
    ]
    groups += [(pair.change.action, [pair]) for pair in pairs if pair.change.action in {Action.CHANGED, Action.MOVED}]
    return [
        SubjectChange(
            pod=None,
            action=action,
            resources=_in_order(members),
            statements=statements(
                [pair.before.manifest for pair in members if pair.before],
                [pair.after.manifest for pair in members if pair.after],
            ),
        )
        for action, members in groups
        if members
    ]


def _engine_objects(
    before: Mapping[str, bytes], after: Mapping[str, bytes], reading: Reading
) -> tuple[ResourceChange, ...]:
    """Compare the objects below `engines/`, file by file: the same object may be in several clusters' files."""
    changes = []
    files = {path for path in (*before, *after) if path.startswith("engines/")}
    for path in sorted(path for path in files if not path.endswith(f"/{KUSTOMIZATION}")):
        sides = [
            {resource_id(manifest): manifest for manifest in reading.resources(path, side[path])}
            if path in side
            else {}
            for side in (before, after)
        ]
        for identity in sorted({*sides[0], *sides[1]}):
            if identity not in sides[0]:
                changes.append(ResourceChange(id=identity, action=Action.ADDED, unit_after=path))
            elif identity not in sides[1]:
                changes.append(ResourceChange(id=identity, action=Action.REMOVED, unit_before=path))
            elif fields := changed_fields(sides[0][identity], sides[1][identity]):
                changes.append(
                    ResourceChange(
                        id=identity, action=Action.CHANGED, fields=tuple(fields), unit_before=path, unit_after=path
                    )
                )
    return tuple(changes)
