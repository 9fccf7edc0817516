"""The branch of the GitOps repository as a run finds it: its files, its records, and what of it has to stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_gen.delivery.states import State, read_states
from gitops_gen.layout.paths import is_record
from gitops_gen.tree import OWNED_ROOTS
from gitops_gen.workflows.desired import Comparison, Target, compare
from gitops_gen.workflows.standing import Standing, stand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.model import Inventory
    from gitops_gen.tree import Entry
    from gitops_gen.workflows.keeping import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What records are made of: the state of each cluster, what stays, and whose record the fence moves on."""

    states: Mapping[str, State]
    kept: Kept
    advances: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A branch before anything is decided: `whole` compares all of the inventory with it."""

    entries: Mapping[str, Entry]
    states: Mapping[str, State]
    target: Target
    whole: Comparison
    standing: Standing


def look(inventory: Inventory, clone: Clone, accepted: frozenset[str] = frozenset()) -> Found:
    """Read a branch and hold all of the inventory against it. Raises RefusedError for a record of somebody else."""
    entries = clone.entries(*OWNED_ROOTS)
    records = read_paths(clone, entries, [path for path in entries if is_record(path)])
    states = read_states(clone, records, inventory.mesh.name)
    addresses: dict[str, str] = {}
    for _, state in sorted(states.items()):
        # Where two clusters disagree, the first by name wins.
        addresses = {**(state.newest.addresses if state.newest else {}), **addresses}
    target = Target(
        # What was published is remembered beside the tree; it is no part of it.
        found={path: entry for path, entry in entries.items() if not path.startswith("published/")},
        read=lambda paths: read_paths(clone, entries, paths),
        addresses=addresses,
    )
    whole = compare(inventory, target, accepted)
    return Found(
        entries=entries,
        states=states,
        target=target,
        whole=whole,
        standing=stand(whole, target.found, clone.object_format),
    )


def read_paths(clone: Clone, entries: Mapping[str, Entry], paths: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of some paths, in one batch."""
    contents = clone.read([entries[path].blob for path in paths])
    return {path: contents[entries[path].blob] for path in paths}
