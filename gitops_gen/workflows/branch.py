"""The branch of the GitOps repository as a run finds it: its files, its records, and what of it has to stay."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.delivery.states import State, read_states
from gitops_gen.engines.units import engine_of
from gitops_gen.layout.paths import COMPONENTS, is_record
from gitops_gen.model import Engine
from gitops_gen.tree import OWNED_ROOTS
from gitops_gen.workflows.desired import Comparison, Target, compare
from gitops_gen.workflows.extending import People
from gitops_gen.workflows.standing import Standing, stand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.moves import Move
    from gitops_gen.delivery.published import Published
    from gitops_gen.model import Inventory
    from gitops_gen.tree import Entry
    from gitops_gen.workflows.keeping import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What records are made of: the state of each cluster, what stays, and whose record the fence moves on.

    `moves` are those clusters of which this very run does a step of a move, None where it ends.
    """

    states: Mapping[str, State]
    kept: Kept
    advances: frozenset[str] = field(default_factory=frozenset)
    moves: Mapping[str, Move | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A branch before anything is decided: `whole` compares all of the inventory with it.

    `inventory` is the given one, but for clusters with a move under way: those are synced as their records say.
    """

    inventory: Inventory
    entries: Mapping[str, Entry]
    states: Mapping[str, State]
    target: Target
    whole: Comparison
    standing: Standing


def look(inventory: Inventory, clone: Clone, accepted: frozenset[str] = frozenset()) -> Found:
    """Read a branch and hold all of the inventory against it. Raises RefusedError for a record of somebody else."""
    entries = clone.entries(*OWNED_ROOTS)
    states = _states(inventory, clone, entries)

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return read_paths(clone, entries, paths)

    sides = hold_against(inventory, entries, states, read, accepted)
    return Found(
        inventory=sides.inventory,
        entries=entries,
        states=states,
        target=sides.target,
        whole=sides.whole,
        standing=stand(sides.whole, sides.target.found, clone.object_format),
    )


def people_of(clone: Clone) -> People:
    """Return what people have on the branch as it stands now, listed once, when it is asked for."""

    @functools.cache
    def entries() -> Mapping[str, Entry]:
        return clone.entries(COMPONENTS)

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return read_paths(clone, entries(), paths)

    return People(entries=entries, read=read)


class Sides(NamedTuple):
    """An inventory, what it was held against, and what came of it; see `Found`."""

    inventory: Inventory
    target: Target
    whole: Comparison


def hold_against(  # noqa: PLR0913 - what stands somewhere, and how to read it
    inventory: Inventory,
    entries: Mapping[str, Entry],
    states: Mapping[str, State],
    read: Callable[[Sequence[str]], dict[str, bytes]],
    accepted: frozenset[str] = frozenset(),
    *,
    written: Mapping[str, str] | None = None,
) -> Sides:
    """Hold all of an inventory against what stands on a branch or in a folder; `read` returns the content of files.

    `written` are virtual addresses, host -> address, that hosts have beside those that are recorded.
    """
    known = {cluster: state.record for cluster, state in states.items() if state.record}
    gone = {cluster: record.engine for cluster, record in known.items() if cluster not in inventory.clusters}
    inventory = replace(inventory, left=gone)
    moving = {cluster: record for cluster, record in known.items() if record.move}
    shares = moves_in_argocd(inventory, moving)
    inventory = synced_as_recorded(inventory, moving)
    addresses = dict(written or {})
    for _, state in sorted(states.items()):
        # Where two clusters disagree, the first by name wins.
        addresses = {**(state.newest.addresses if state.newest else {}), **addresses}
    target = Target(
        # What was published is remembered beside the tree; it is no part of it.
        found={path: entry for path, entry in entries.items() if not path.startswith("published/")},
        read=read,
        addresses=addresses,
        moving=shares,
    )
    return Sides(inventory, target, compare(inventory, target, accepted))


def _states(inventory: Inventory, clone: Clone, entries: Mapping[str, Entry]) -> dict[str, State]:
    records = read_paths(clone, entries, [path for path in entries if is_record(path)])
    return read_states(clone, records, inventory.mesh.name)


def synced_now(inventory: Inventory, clone: Clone) -> Inventory:
    """Return an inventory in which clusters with a move under way are synced as they are published, not as wanted."""
    states = _states(inventory, clone, clone.entries("published"))
    moving = {cluster: state.record for cluster, state in states.items() if state.record and state.record.move}
    return synced_as_recorded(inventory, moving)


def synced_as_recorded(inventory: Inventory, records: Mapping[str, Published]) -> Inventory:
    """Return an inventory in which the clusters with these records are synced as the records say.

    Records that disagree about the sync unit come from a publish that left some clusters out; the first by name counts.
    """
    if not records:
        return inventory
    known = {
        name: replace(cluster, engine=records[name].engine) if name in records else cluster
        for name, cluster in inventory.clusters.items()
    }
    gitops = replace(inventory.mesh.gitops, sync_unit=records[min(records)].sync_unit)
    return replace(inventory, clusters=known, mesh=replace(inventory.mesh, gitops=gitops))


def moves_in_argocd(inventory: Inventory, records: Mapping[str, Published]) -> bool:
    """Tell whether Argo CD syncs any of the clusters with these records before or after their move."""
    return any(Engine.ARGOCD in {record.engine, engine_of(inventory, cluster)} for cluster, record in records.items())


def read_paths(clone: Clone, entries: Mapping[str, Entry], paths: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of some paths, in one batch."""
    contents = clone.read([entries[path].blob for path in paths])
    return {path: contents[entries[path].blob] for path in paths}
