"""What a real kustomize makes of the units that change is held against what was compiled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_gen.errors import ToolError
from gitops_gen.layout.ownership import Reconciled
from gitops_gen.layout.units import units_of
from gitops_gen.model import SyncUnit
from gitops_gen.workflows import rendering
from gitops_gen.workflows.desired import Comparison, compile_desired
from gitops_gen.workflows.reading import load_inventory
from gitops_gen.workflows.rendering import Verification, verify

if TYPE_CHECKING:
    from gitops_gen.kustomize import Kustomize

MIXED = Path(__file__).parent.parent.parent / "examples/mixed"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    inventory = load_inventory(str(MIXED)).inventory
    assert inventory is not None
    desired = compile_desired(inventory)
    return Comparison(desired=desired, contents={}, reconciled=Reconciled(writes=desired.tree, deletes=(), refusals=()))


@pytest.mark.parametrize("sync_unit", list(SyncUnit))
def test_each_unit_is_built_from_its_own_files_and_its_bases_alone(
    comparison: Comparison, kustomize: Kustomize, sync_unit: SyncUnit
) -> None:
    mesh = comparison.desired.inventory.mesh
    inventory = replace(
        comparison.desired.inventory, mesh=replace(mesh, gitops=replace(mesh.gitops, sync_unit=sync_unit))
    )
    here = replace(comparison, desired=compile_desired(inventory))
    units = units_of(here.desired.tree, sync_unit)
    files = {unit: rendering._needed(here.desired.tree, [unit], sync_unit) for unit in units}
    based = [unit for unit in units if any(path.startswith("base/") for path in files[unit])]
    alone = [unit for unit in units if unit not in based]
    assert based
    for unit in [*based[:2], *alone[:1]]:
        assert all(path.startswith((f"{unit}/", "base/")) for path in files[unit])
        changed = {path: content for path, content in files[unit].items() if path.startswith(f"{unit}/")}
        comparison_of_one = replace(here, reconciled=replace(here.reconciled, writes=changed))
        assert verify(comparison_of_one, Verification(kustomize=kustomize, jobs=2)) == 1


def test_nothing_changed_is_nothing_rendered(comparison: Comparison, kustomize: Kustomize) -> None:
    still = replace(comparison, reconciled=replace(comparison.reconciled, writes={}))
    assert verify(still, Verification(kustomize=kustomize, jobs=2)) == 0
    units = units_of(comparison.desired.tree, SyncUnit.NAMESPACE)
    assert verify(still, Verification(kustomize=kustomize, jobs=2, every_unit=True)) == len(units)


def test_a_unit_that_renders_otherwise_is_told(comparison: Comparison, kustomize: Kustomize) -> None:
    desired = comparison.desired
    path = next(
        path for path, content in desired.tree.items() if path.startswith("overlays/") and b"attempts: 0" in content
    )
    tree = {**desired.tree, path: desired.tree[path].replace(b"attempts: 0", b"attempts: 1")}
    wrong = replace(comparison, desired=replace(desired, tree=tree))
    with pytest.raises(ToolError) as caught:
        verify(wrong, Verification(kustomize=kustomize, jobs=2))
    unit = "/".join(path.split("/")[:3])
    assert caught.value.message == f"kustomize does not return what was compiled for {unit}"
    assert caught.value.details.startswith("different: VirtualService ")
