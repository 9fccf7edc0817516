"""What stays as it is published: what is held, superseded or not chosen, and what was taken back by hand.

The answer is worked out before anything is compared for good, so that the rest of a publish sees one desired tree:
the mixture of what goes on and what stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gitops_gen.delivery.history import changed_paths, last_change
from gitops_gen.delivery.holds import Cause, Hold, moment, one_line, with_hold
from gitops_gen.errors import RefusedError
from gitops_gen.layout.mixture import (
    Parts,
    differing_folders,
    folder_of_resource,
    lost_gateways,
    mix,
    same_resources,
)
from gitops_gen.layout.paths import Folder, base_of
from gitops_gen.layout.standing import folder_of, folders_in, paths_of, read_standing
from gitops_gen.workflows.desired import Mixture
from gitops_gen.workflows.underway import moves_under_way, recorded_moves, without_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.fence import Fence
    from gitops_gen.delivery.history import Version
    from gitops_gen.delivery.states import State
    from gitops_gen.model import Inventory
    from gitops_gen.plan.changes import Plan
    from gitops_gen.workflows.selecting import Chosen
    from gitops_gen.workflows.standing import Standing
    from gitops_gen.workflows.underway import Moving

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A hold that is in force. `changes`: without it, this run would change what it holds.

    `because` says why the whole cluster stays for the sake of one workload, "" where it does not.
    """

    cluster: str
    hold: Hold
    changes: bool
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that stays, and why.

    `holds` are those that each cluster's record is to have; `settled` the clusters whose record has to be written even
    if nothing else changes. `lost` maps clusters whose record cannot be used to the reason; `superseded` to the newer
    commit; `unchosen` are those that the run is not about. `ended` are holds that the inventory has come to agree with,
    `moving` the moves under way.
    """

    parts: Parts = field(default_factory=Parts)
    mixture: Mixture | None = None
    holds: Mapping[str, tuple[Hold, ...]] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    ended: tuple[tuple[str, Hold], ...] = ()
    settled: frozenset[str] = frozenset()
    lost: Mapping[str, str] = field(default_factory=dict)
    superseded: Mapping[str, str] = field(default_factory=dict)
    unchosen: frozenset[str] = frozenset()
    moving: tuple[Moving, ...] = ()

    def told(self, report: Callable[..., R]) -> R:
        """Hand all that stays to a report."""
        held = [(one.cluster, one.hold, one.changes, one.because) for one in self.held]
        moving = [(one.cluster, one.move, one.changes) for one in self.moving]
        return report(held, self.ended, self.superseded, self.lost, moving)

    @property
    def refuses(self) -> bool:
        """Whether something was held back that would have changed, so that a person should know."""
        return bool(self.lost) or any(one.changes for one in self.held) or any(one.changes for one in self.moving)


def settle(  # noqa: PLR0913, PLR0917 - what is known of the branch, and what is asked of the run
    inventory: Inventory,
    standing: Standing,
    clone: Clone | None,
    states: Mapping[str, State],
    fence: Fence,
    chosen: Chosen,
) -> Kept:
    """Work out what stays. Without a clone there is no history to tell what was taken back.

    Raises RefusedError when a chosen workload needs what is shared with others and not chosen, and when what stays
    does not fit together.
    """
    live = standing.live
    clusters = sorted({*live, *standing.clusters(), *states})
    lost = {cluster: state.unreadable for cluster, state in states.items() if state.unreadable}
    unchosen = frozenset(clusters) - chosen.clusters
    whole = {*unchosen, *fence.superseded, *lost}
    signals = {
        cluster: signal
        for cluster, state in states.items()
        if (signal := _taken_back(standing, clone, state)) is not None
    }
    has_holds = {cluster for cluster, state in states.items() if state.record and state.record.holds}
    moves = recorded_moves(states)
    asked = {*whole, *signals, *has_holds, *moves, *(chosen.clusters if chosen.workloads is not None else ())}
    there = standing.resources(cluster for cluster in clusters if cluster in asked)
    folders: set[tuple[str, Folder]] = set()
    holds: dict[str, tuple[Hold, ...]] = {}
    held: list[Held] = []
    ended: list[tuple[str, Hold]] = []
    for cluster in sorted({*signals, *has_holds}):
        record = states[cluster].record
        found = record.holds if record else ()
        for hold in signals.get(cluster, ()):
            found = with_hold(found, hold)
        # A run that is not about this cluster, or too late for it, does not judge whether a hold has served.
        judged = cluster not in whole
        kept = []
        for hold in found:
            mine = _scope(live.get(cluster, ()), hold), _scope(there[cluster], hold)
            changes = not same_resources(mine[0], without_marks(mine[1]))
            if judged and not changes:
                if record and hold in record.holds:
                    ended.append((cluster, hold))
                continue
            kept.append(hold)
            because = _widens(inventory, cluster, hold, mine[1], live.get(cluster, ()), there[cluster])
            if judged:
                held.append(Held(cluster=cluster, hold=hold, changes=changes, because=because))
            if because or not hold.workload:
                whole.add(cluster)
            else:
                folders.add((cluster, _folder(hold.workload)))
        holds[cluster] = tuple(kept)
    moving, on_its_way = moves_under_way(moves, live, there, judged=moves.keys() - whole)
    whole |= on_its_way.clusters
    folders |= on_its_way.folders
    if chosen.workloads is not None:
        for cluster in sorted(chosen.clusters - whole):
            folders |= _not_chosen(cluster, chosen.workloads, live.get(cluster, ()), there.get(cluster, []))
    parts = Parts(clusters=frozenset(whole), folders=frozenset(folders))
    return Kept(
        parts=parts,
        mixture=mixture_of(standing, parts, engines=not fence.superseded) if parts else None,
        holds=holds,
        held=tuple(held),
        ended=tuple(ended),
        settled=frozenset(signals) | {cluster for cluster, _ in ended},
        lost=lost,
        superseded={cluster: newer for cluster, newer in fence.superseded.items() if cluster not in unchosen},
        unchosen=unchosen,
        moving=moving,
    )


def mixture_of(standing: Standing, parts: Parts, *, engines: bool) -> Mixture:
    """Return the mesh in which some parts stay as the branch has them.

    With `engines` the objects that make an engine sync a cluster follow the inventory, but for clusters that stay;
    without, none of them changes.
    """
    clusters = {*parts.clusters, *(cluster for cluster, _ in parts.folders)}
    check_whole(standing, parts, clusters)
    compiled = mix(standing.live, standing.resources(sorted(clusters)), parts)
    return Mixture(compiled=compiled, untouched=untouched(standing, parts, engines=engines))


def check_whole(standing: Standing, parts: Parts, clusters: Iterable[str]) -> None:
    """Raise RefusedError where something that has to stay does not fit together: nobody knows what it renders."""
    for cluster in sorted(clusters):
        for folder in sorted(standing.differing_in(cluster)):
            missing = standing.torn(cluster, folder) if (cluster, folder) in parts else ""
            if missing:
                raise RefusedError(
                    f"{folder.namespace}/{folder.name} in {cluster} has to stay as it is, but lacks {missing}",
                    help="restore the file from the branch's history; if it is held, gitops-gen release lets it go on",
                )


def untouched(standing: Standing, parts: Parts, *, engines: bool) -> dict[str, bytes | None]:
    """Return the files that stay byte for byte, whatever is laid out: see `Mixture`."""
    from gitops_gen.engines.objects import ARGOCD_FILE, flux_files

    known = {path for cluster in parts.clusters for path in flux_files(cluster)}
    if not engines:
        known |= {ARGOCD_FILE}
        known |= {path for cluster in {*standing.live, *standing.clusters()} for path in flux_files(cluster)}
        known |= {path for path in standing.tree if path.startswith("engines/")}
    files: dict[str, bytes | None] = {path: standing.tree.get(path) for path in known}
    for path, content in standing.tree.items():
        place = folder_of(path)
        differs = place is not None and place in parts and place[1] in standing.differing.get(place[0], ())
        if differs and standing.is_edited(path):
            files[path] = content
    return files


def check_mixture(plan: Plan, stays: Parts) -> None:
    """Hold a plan, which is read from files, against what was to stay. Raises RefusedError when any of it changes."""
    for cluster in plan.clusters:
        for change in cluster.workloads:
            if change.folder and (cluster.name, Folder(change.namespace, change.folder)) in stays:
                raise RefusedError(
                    f"{change.namespace}/{change.folder} in {cluster.name} was to stay as it is, but would change",
                    help="nothing was published; please report this",
                )


def _scope(resources: Iterable[Compiled], hold: Hold) -> list[Compiled]:
    """Return those resources of a cluster that a hold holds."""
    if not hold.workload:
        return list(resources)
    folder = _folder(hold.workload)
    return [one for one in resources if folder_of_resource(one) == folder]


def _folder(workload: str) -> Folder:
    return Folder(*workload.split("/"))


def _widens(  # noqa: PLR0913, PLR0917 - both sides of the cluster, and the part
    inventory: Inventory,
    cluster: str,
    hold: Hold,
    mine: Sequence[Compiled],
    live: Sequence[Compiled],
    there: Sequence[Compiled],
) -> str:
    """Say which file, shared with the rest of the cluster, would change under a held workload; "" for none."""
    if not hold.workload:
        return ""
    for folder in lost_gateways(mine, there, live):
        return f"its routes need {folder.namespace}/{folder.name} as it is"
    reading = {
        Folder(one.namespace, f"consumer.{one.name}")
        for one in inventory.consumers
        if one.cluster == cluster and hold.workload in one.workloads
    }
    changed = reading & set(differing_folders(live, there)) if reading else set()
    return f"{min(changed).namespace}/{min(changed).name} lists its pods" if changed else ""


def _not_chosen(
    cluster: str, workloads: frozenset[str], live: Sequence[Compiled], there: Sequence[Compiled]
) -> set[tuple[str, Folder]]:
    """Return the folders of a chosen cluster that belong to no chosen workload."""
    chosen = {_folder(workload) for workload in workloads}
    routes = [one for one in live if folder_of_resource(one) in chosen]
    for folder in lost_gateways(routes, live, there):
        raise RefusedError(
            f"{', '.join(sorted(workloads))} in {cluster} needs a change in {folder.namespace}/{folder.name}, "
            "which is shared with other workloads",
            help=f"nothing was published; publish the whole cluster: --cluster {cluster}",
        )
    return {(cluster, folder_of_resource(one)) for one in (*live, *there)} - {(cluster, one) for one in chosen}


def _taken_back(standing: Standing, clone: Clone | None, state: State) -> tuple[Hold, ...] | None:
    """Return the holds for what a person took back in a cluster; None where nobody did, or the record is no help.

    It may be none at all: when only the record went back, or nothing that is rendered.
    """
    base = clone.base if clone else None
    if clone is None or base is None or state.unreadable or not state.versions:
        return None
    differs = state.record is not None and standing.tree_id(state.cluster, clone.object_format) != state.record.tree
    if not state.went_back and not differs:
        return None
    before = state.before or state.versions[0].commit
    roots = (f"overlays/{state.cluster}", "base")
    changed = [path for path in changed_paths(clone, before, base, *roots) if not standing.is_edited(path)]
    if not changed and not state.went_back:
        # Record and files came in one commit and do not agree: somebody edited a file, or mended a merge.
        return None if standing.edited(state.cluster) else (_hold("", state.versions[0]),)
    # What does not fit together was not taken back but damaged, and is mended as ever.
    folders = _changed_folders(standing, clone, state.cluster, before, changed)
    whole = [folder for folder in folders if not standing.torn(state.cluster, folder)]
    if whole != folders and not state.went_back:
        return None
    by = state.versions[0] if state.went_back else last_change(clone, *roots)
    if any(not folder.has_base for folder in whole):
        return (_hold("", by),)
    return tuple(_hold(f"{folder.namespace}/{folder.name}", by) for folder in whole)


def _changed_folders(
    standing: Standing, clone: Clone, cluster: str, before: str, changed: Sequence[str]
) -> list[Folder]:
    """Return the folders of a cluster that render otherwise than at an earlier commit, of those with changed paths."""
    entries = clone.entries("base", f"overlays/{cluster}", commit=before)
    there = folders_in([*entries, *standing.tree]).get(cluster, set())
    bases = {base for path in changed if (base := base_of(path)) is not None}
    folders = {place[1] for path in changed if (place := folder_of(path)) is not None}
    folders |= {folder for folder in there if f"base/{folder.namespace}/{folder.name}" in bases}
    wanted = {cluster: folders}
    paths = paths_of(entries, wanted)
    contents = clone.read([entries[path].blob for path in paths])
    old = read_standing({path: contents[entries[path].blob] for path in paths}, wanted, standing.mesh)
    now = [one for one in standing.resources([cluster])[cluster] if folder_of_resource(one) in folders]
    return differing_folders(old.get(cluster, ()), now)


def _hold(workload: str, by: Version) -> Hold:
    """Return the hold for something taken back: by whom and when says the commit that did it."""
    return Hold(
        workload=workload,
        cause=Cause.REVERT,
        revision=by.commit,
        since=moment(by.date),
        by=by.by,
        reason=one_line(by.subject),
    )
