"""Direct mode: the tree of an inventory in a plain folder, written or compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_gen.delivery import worktree
from gitops_gen.delivery.fence import Fence
from gitops_gen.delivery.states import present_states
from gitops_gen.layout.paths import COMPONENTS, is_record, is_remote_pod
from gitops_gen.layout.seal import read_seal
from gitops_gen.manifest import load
from gitops_gen.resources.addresses import given_addresses
from gitops_gen.workflows.branch import hold_against
from gitops_gen.workflows.desired import Comparison, compare
from gitops_gen.workflows.extending import People, extend
from gitops_gen.workflows.keeping import Kept, check_mixture, settle
from gitops_gen.workflows.publishing import plan_of
from gitops_gen.workflows.rendering import verify
from gitops_gen.workflows.selecting import Selection, choose
from gitops_gen.workflows.standing import stand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitops_gen.model import Inventory
    from gitops_gen.workflows.branch import Sides
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.rendering import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """An inventory held against a folder, and what stays there as it is by the records of a publish."""

    comparison: Comparison
    kept: Kept = field(default_factory=Kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What `generate` did: what it acted on, and how many units kustomize was asked for."""

    compared: Compared
    verified: int


def compare_folder(
    inventory: Inventory,
    folder: Path,
    accepted: frozenset[str] = frozenset(),
    *,
    rendering: Rendering | None = None,
) -> Compared:
    """Hold an inventory without errors against a folder; an absent folder is an empty one.

    `rendering` finds what renders, where people's components take part.

    Where the folder has the records of a publish, what they hold, and what is on its way to another sync unit, stays
    as it is, so that the folder becomes what a publish would leave there. Raises InputError when the folder cannot be
    read, RefusedError for a record of somebody else and for what stays and does not fit together.
    """
    entries = worktree.entries(folder)
    states = present_states(worktree.read(folder, filter(is_record, entries)), inventory.mesh.name)

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return worktree.read(folder, paths)

    people = People(entries=lambda: worktree.entries(folder, (COMPONENTS,)), read=read)
    sides = hold_against(inventory, entries, states, read, accepted)
    written = _other_addresses(sides)
    if written is not None:
        sides = hold_against(inventory, entries, states, read, accepted, written=written)
    if not any(
        state.unreadable or (state.record and (state.record.holds or state.record.move)) for state in states.values()
    ):
        return Compared(comparison=extend(sides.whole, people, rendering))
    standing = stand(sides.whole, sides.target.found, "sha1")
    everything = choose(Selection(), sides.inventory, published={*standing.clusters(), *states}, standing=())
    kept = settle(sides.inventory, standing, None, states, Fence(), everything)
    if kept.mixture is None:
        return Compared(comparison=extend(sides.whole, people, rendering), kept=kept)
    comparison = compare(sides.inventory, sides.target, accepted, kept.mixture)
    comparison = extend(comparison, people, rendering, stays=kept.parts, mixed=True)
    check_mixture(plan_of(comparison, entries), kept.parts)
    return Compared(comparison=comparison, kept=kept)


def _other_addresses(sides: Sides) -> Mapping[str, str] | None:
    """Return the virtual addresses of hosts as the folder's own files have them; None where the inventory agrees.

    They count where no publish has recorded any.
    """
    comparison, mesh = sides.whole, sides.inventory.mesh.name
    # A file that is as desired has the desired address, so only those that differ are looked at.
    written = {
        host: address
        for path, content in sorted(comparison.contents.items())
        if is_remote_pod(path) and (mark := read_seal(content)) and mark.intact and mark.mesh == mesh
        for host, address in given_addresses(load(content.decode())).items()
        if host not in sides.target.addresses
    }
    given = comparison.desired.addresses
    if all(given.get(host, address) == address for host, address in written.items()):
        return None
    return {**{host: address for host, address in given.items() if address not in written.values()}, **written}


def generate(
    inventory: Inventory,
    folder: Path,
    *,
    accepted: frozenset[str] = frozenset(),
    verification: Verification | None = None,
    rendering: Rendering | None = None,
) -> Generated:
    """Write the tree of an inventory without errors into a folder.

    Files are replaced one by one, atomically, and deleted last. What is refused (a hand edit, somebody else's file)
    holds back its own sync unit only; it stands in the result. With `verification` units are rendered and compared
    before anything is written. Raises as `compare_folder` does, and ToolError when the folder cannot be written, or
    when rendering fails or returns something else.
    """
    compared = compare_folder(inventory, folder, accepted, rendering=rendering)
    reconciled = compared.comparison.reconciled
    verified = verify(compared.comparison, verification) if verification else 0
    worktree.replace(folder, reconciled.writes, reconciled.deletes)
    return Generated(compared=compared, verified=verified)
