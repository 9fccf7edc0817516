"""Ask kustomize for the sync units of a tree, and hold what it returns against what was compiled.

kustomize is silent about a patch that matches nothing and knows no references inside Istio kinds; the only
proof that a unit renders as meant is that exactly the compiled resources come back.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.errors import ToolError
from gitops_gen.kustomize import build_all
from gitops_gen.layout.units import RETIRED_PREFIX, unit_of
from gitops_gen.manifest import load, resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.kustomize import Kustomize
    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.desired import Desired

BUILD_TIMEOUT_S = 300.0
"""How long kustomize may take for one unit; the largest unit allowed takes a few seconds."""


def all_units(desired: Desired) -> set[str]:
    """Return the folder of every sync unit in the desired tree."""
    sync_unit = desired.inventory.mesh.gitops.sync_unit
    return {unit for path in desired.tree if (unit := unit_of(path, sync_unit)) is not None}


def changed_units(desired: Desired, changed: Iterable[str]) -> set[str]:
    """Return the sync units that render something else once these paths have changed.

    A path below `base/<namespace>/<workload>/` changes the unit of that workload in every cluster that has it.
    """
    sync_unit = desired.inventory.mesh.gitops.sync_unit
    units = all_units(desired)
    found = set()
    for path in changed:
        unit = unit_of(path, sync_unit)
        if unit is not None:
            found.add(unit)
            continue
        root, _, rest = path.partition("/")
        folder = rest.rpartition("/")[0]
        if root == "base":
            for cluster in desired.inventory.clusters:
                member = unit_of(f"overlays/{cluster}/{folder}/kustomization.yaml", sync_unit)
                if f"overlays/{cluster}/{folder}/kustomization.yaml" in desired.tree and member is not None:
                    found.add(member)
    return found & units


def verify_units(desired: Desired, units: Iterable[str], kustomize: Kustomize, *, jobs: int) -> int:
    """Build these units with kustomize, side by side, and return how many were compared.

    Raises ToolError when kustomize fails, and when a unit does not return exactly the resources that were compiled:
    then the tree must not leave this machine.
    """
    folders = sorted(units)
    if not folders:
        return 0
    with tempfile.TemporaryDirectory(prefix="gitops-gen-render-") as scratch:
        root = Path(scratch).resolve()
        _spread(desired.tree, root)
        rendered = build_all(kustomize, [root / folder for folder in folders], jobs=jobs, timeout_s=BUILD_TIMEOUT_S)
        for folder in folders:
            difference = _difference(_compiled_in(desired, folder), load(rendered[root / folder]))
            if difference:
                message = f"kustomize does not return what was compiled for {folder}"
                raise ToolError(
                    message,
                    details="\n".join(difference),
                    help="nothing was written; please report this with your kustomize version",
                )
    return len(folders)


def _spread(tree: Tree, root: Path) -> None:
    """Write a tree into an empty private folder."""
    for folder in {path.rpartition("/")[0] for path in tree}:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path, content in tree.items():
        (root / path).write_bytes(content)


def _compiled_in(desired: Desired, unit: str) -> dict[ResourceId, Manifest]:
    """Return the compiled resources of one unit by id."""
    cluster = unit.split("/")[1]
    return {
        resource_id(piece.manifest): piece.manifest
        for piece in desired.compiled.get(cluster, ())
        if f"overlays/{cluster}/{piece.place.namespace}/{piece.place.folder}/".startswith(f"{unit}/")
    }


def _difference(compiled: Mapping[ResourceId, Manifest], rendered: Iterable[Manifest]) -> list[str]:
    """Say in which resources a rendered unit differs from the compiled one; empty when they are the same."""
    came: dict[ResourceId, Manifest] = {resource_id(manifest): manifest for manifest in rendered}
    if not compiled:
        # A unit without resources holds its tombstone and nothing else.
        return [str(found) for found in came if not found.name.startswith(RETIRED_PREFIX)]
    lines = [f"missing: {wanted}" for wanted in compiled if wanted not in came]
    lines += [f"unexpected: {found}" for found in came if found not in compiled]
    lines += [f"different: {same}" for same in compiled if same in came and compiled[same] != came[same]]
    return lines
