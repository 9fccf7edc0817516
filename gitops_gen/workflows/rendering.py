"""Ask kustomize for the sync units of a tree, and hold what it returns against what was compiled.

kustomize is silent about a patch that matches nothing and knows no references inside Istio kinds; the only
proof that a unit renders as meant is that exactly the compiled resources come back.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.errors import ToolError
from gitops_gen.kustomize import build_all
from gitops_gen.layout.paths import Folder, base_for, base_of, overlay_folder
from gitops_gen.layout.units import changed_units, tombstone, unit_of, units_of
from gitops_gen.manifest import load, resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.kustomize import Kustomize
    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.model import SyncUnit
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.desired import Comparison, Desired, Extension

BUILD_TIMEOUT_S = 300.0
"""How long kustomize may take for one unit; the largest unit allowed takes a few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Which program renders, how many side by side, and whether every unit is asked for or only what changes."""

    kustomize: Kustomize
    jobs: int
    every_unit: bool = False


def verify(comparison: Comparison, how: Verification) -> int:
    """Render the units that a comparison would change, or all, and return how many were compared.

    Raises ToolError when kustomize fails, and when a unit does not return exactly the resources that were compiled:
    then the tree must not leave this machine.
    """
    desired, reconciled = comparison.desired, comparison.reconciled
    sync_unit = desired.inventory.mesh.gitops.sync_unit
    if how.every_unit:
        folders = units_of(desired.tree, sync_unit)
    else:
        folders = changed_units(desired.tree, (*reconciled.writes, *reconciled.deletes), sync_unit)
    if not folders:
        return 0
    with tempfile.TemporaryDirectory(prefix="gitops-gen-render-") as scratch:
        root = Path(scratch).resolve()
        spread({**_needed(desired.tree, folders, sync_unit), **comparison.extension.files}, root)
        rendered = build_all(how.kustomize, [root / folder for folder in folders], how.jobs, BUILD_TIMEOUT_S)
        compiled = _compiled_by_unit(desired, comparison.extension, sync_unit)
        for folder in folders:
            difference = _difference(folder, compiled.get(folder, {}), load(rendered[root / folder]))
            if difference:
                message = f"kustomize does not return what was compiled for {folder}"
                raise ToolError(
                    message,
                    details="\n".join(difference),
                    help=f"nothing was written; please report this, with kustomize {how.kustomize.version}",
                )
    return len(folders)


def _needed(tree: Tree, units: Iterable[str], sync_unit: SyncUnit) -> Tree:
    """Return what some units are built from: their own files, and the bases of their workloads."""
    wanted = set(units)
    inside = {path for path in tree if unit_of(path, sync_unit) in wanted}
    bases = {base for path in inside if (base := base_for(path)) is not None}
    return {path: content for path, content in tree.items() if path in inside or base_of(path) in bases}


def spread(tree: Tree, root: Path) -> None:
    """Write a tree into an empty private folder."""
    for folder in {path.rpartition("/")[0] for path in tree}:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path, content in tree.items():
        (root / path).write_bytes(content)


def _compiled_by_unit(
    desired: Desired, extension: Extension, sync_unit: SyncUnit
) -> dict[str, dict[ResourceId, Manifest]]:
    """Return unit -> its resources by id: as compiled, and where people have components on top, as those make them."""
    units: dict[str, dict[ResourceId, Manifest]] = {}
    for cluster, pieces in desired.compiled.items():
        for piece in pieces:
            folder = Folder(piece.place.namespace, piece.place.folder)
            unit = unit_of(f"{overlay_folder(cluster, folder)}/", sync_unit)
            if unit is not None and (cluster, folder) not in extension.rendered:
                units.setdefault(unit, {})[resource_id(piece.manifest)] = piece.manifest
    for (cluster, folder), manifests in extension.rendered.items():
        unit = unit_of(f"{overlay_folder(cluster, folder)}/", sync_unit)
        if unit is not None:
            units.setdefault(unit, {}).update(manifests)
    return units


def _difference(unit: str, compiled: Mapping[ResourceId, Manifest], rendered: Iterable[Manifest]) -> list[str]:
    """Say in which resources a rendered unit differs from the compiled one; empty when they are the same."""
    came: dict[ResourceId, Manifest] = {resource_id(manifest): manifest for manifest in rendered}
    if not compiled:
        # A unit without resources holds its tombstone and nothing else.
        wanted = resource_id(tombstone(unit))
        return [] if list(came) == [wanted] else [f"expected nothing but {wanted}"]
    lines = [f"missing: {wanted}" for wanted in compiled if wanted not in came]
    lines += [f"unexpected: {found}" for found in came if found not in compiled]
    lines += [f"different: {same}" for same in compiled if same in came and compiled[same] != came[same]]
    return lines
