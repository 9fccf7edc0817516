"""Direct mode: the tree of an inventory in a plain folder, written or compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.delivery import worktree
from gitops_gen.delivery.published import recorded_addresses
from gitops_gen.layout.paths import is_record, is_remote_pod
from gitops_gen.layout.seal import read_seal
from gitops_gen.manifest import load
from gitops_gen.resources.addresses import given_addresses
from gitops_gen.workflows.desired import Comparison, Target, compare
from gitops_gen.workflows.rendering import verify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_gen.model import Inventory
    from gitops_gen.workflows.rendering import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What `generate` did: the comparison it acted on, and how many units kustomize was asked for."""

    comparison: Comparison
    verified: int


def folder_target(folder: Path) -> Target:
    """Read what a folder holds below our top-level folders. Raises InputError when it cannot be read."""
    entries = worktree.entries(folder)
    records = worktree.read(folder, filter(is_record, entries))

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return worktree.read(folder, paths)

    return Target(
        # What is published there is the business of publish alone.
        found={path: entry for path, entry in entries.items() if not path.startswith("published/")},
        read=read,
        addresses=recorded_addresses(records),
    )


def compare_folder(inventory: Inventory, folder: Path, accepted: frozenset[str] = frozenset()) -> Comparison:
    """Hold an inventory without errors against a folder; an absent folder is an empty one.

    Where no publish has recorded which virtual addresses the hosts have, those in the folder's own files are kept.
    """
    target = folder_target(folder)
    comparison = compare(inventory, target, accepted)
    # A file that is as desired has the desired address, so only those that differ are looked at.
    written = {
        host: address
        for path, content in sorted(comparison.contents.items())
        if is_remote_pod(path) and (mark := read_seal(content)) and mark.intact and mark.mesh == inventory.mesh.name
        for host, address in given_addresses(load(content.decode())).items()
        if host not in target.addresses
    }
    given = comparison.desired.addresses
    if all(given.get(host, address) == address for host, address in written.items()):
        return comparison
    others = {host: address for host, address in given.items() if address not in written.values()}
    return compare(inventory, replace(target, addresses={**others, **written}), accepted)


def generate(
    inventory: Inventory,
    folder: Path,
    *,
    accepted: frozenset[str] = frozenset(),
    verification: Verification | None = None,
) -> Generated:
    """Write the tree of an inventory without errors into a folder.

    Files are replaced one by one, atomically, and deleted last. What is refused (a hand edit, somebody else's file)
    holds back its own sync unit only; it stands in the result. With `verification` units are rendered and compared
    before anything is written. Raises InputError when the folder cannot be read or written, ToolError when rendering
    fails or returns something else.
    """
    comparison = compare_folder(inventory, folder, accepted)
    reconciled = comparison.reconciled
    verified = verify(comparison, verification) if verification else 0
    worktree.replace(folder, reconciled.writes, reconciled.deletes)
    return Generated(comparison=comparison, verified=verified)
