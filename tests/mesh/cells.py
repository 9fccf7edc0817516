"""Cells: one inventory each, of a shape in a mode, in `tests/mesh/cells/<name>/`.

`cell.toml` says what it shows, whether the short form has it, which pods are not Ready, with which switches istiod runs
beside the usual ones, and whether the client outside has a hosts file instead of a name server. The rest of the folder
is an inventory, unless `inventory` names another folder that has it; `pods` cuts each of its sets to so many.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_gen.manifest import load
from gitops_gen.problems import Location, has_errors
from gitops_gen.routes.declared import read_declared
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from gitops_gen.routes.table import read_table
from gitops_gen.workflows.desired import compile_desired
from gitops_gen.workflows.reading import load_inventory
from tests.mesh.predict import predict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory, Workload
    from gitops_gen.tree import Tree
    from tests.mesh.predict import Asked

CELLS = Path(__file__).parent / "cells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell: its inventory, what that makes, and what the proof predicts."""

    name: str
    shows: str
    gate: bool
    not_ready: tuple[tuple[str, str], ...]
    """Namespace and name of pods, in every cluster, that are not Ready while it is played."""
    istiod: Mapping[str, str]
    hosts_file: bool
    inventory: Inventory
    tree: Tree
    manifests: Mapping[str, list[Manifest]]
    """Cluster -> what was compiled for it."""
    asked: list[Asked]

    @property
    def slots(self) -> dict[str, int]:
        """Return the number of each cluster."""
        return {name: slot for slot, name in enumerate(self.inventory.clusters)}


def names() -> list[str]:
    """Return the names of all cells, in order."""
    return sorted(path.parent.name for path in CELLS.glob("*/cell.toml"))


def read_cell(name: str) -> Cell:
    """Read a cell and predict what it does. Raises ValueError for one that the rules or the proof refuse."""
    said = tomllib.loads((CELLS / name / "cell.toml").read_text())
    judged = load_inventory(str(CELLS.parents[2] / said["inventory"] if "inventory" in said else CELLS / name))
    if judged.inventory is None or has_errors(judged.problems):
        raise ValueError(f"cell {name}: {[f'{problem.location}: {problem.message}' for problem in judged.problems]}")
    inventory = _cut(judged.inventory, said["pods"]) if "pods" in said else judged.inventory
    desired = compile_desired(inventory)
    manifests = {cluster: [piece.manifest for piece in found] for cluster, found in desired.compiled.items()}
    nowhere = Location(name, 1, 1)
    resources = {
        cluster: [read_resource(manifest, nowhere) for manifest in found] for cluster, found in manifests.items()
    }
    if has_errors(problems := prove_mesh(inventory, resources)):
        raise ValueError(f"cell {name} is not proven: {[problem.message for problem in problems]}")
    tables = {
        cluster: read_table(found, read_declared(inventory, inventory.clusters[cluster]))
        for cluster, found in resources.items()
    }
    return Cell(
        name=name,
        shows=said["shows"],
        gate=said.get("gate", False),
        not_ready=tuple((pod.partition("/")[0], pod.partition("/")[2]) for pod in said.get("not_ready", ())),
        istiod=said.get("istiod", {}),
        hosts_file=said.get("hosts_file", False),
        inventory=inventory,
        tree=desired.tree,
        manifests=manifests,
        asked=predict(inventory, tables),
    )


def _cut(inventory: Inventory, pods: int) -> Inventory:
    """Return an inventory with so many pods of each set at most: one machine holds no more proxies."""

    def cut(workload: Workload) -> Workload:
        placements = (replace(placement, pods=placement.pods[:pods]) for placement in workload.placements)
        return replace(workload, placements=tuple(placements))

    return replace(inventory, workloads=tuple(map(cut, inventory.workloads)))


def rendered(text: str) -> list[dict[str, Any]]:
    """Return the resources that kustomize printed."""
    return [dict(manifest) for manifest in load(text) if manifest]
