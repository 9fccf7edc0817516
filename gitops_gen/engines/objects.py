"""The objects that make an engine sync the overlays, as files of the tree.

Each cluster has one engine, and the objects of one engine never name the clusters of the other
(docs/explanation/what-engines-and-kustomize-do.md, "Two owners").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.engines.argocd import app_project, application_set
from gitops_gen.engines.flux import flux_kustomization, git_repository
from gitops_gen.engines.units import units_by_engine
from gitops_gen.model import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

ARGOCD_FILE = "engines/argocd/gitops-gen.yaml"


def engine_files(inventory: Inventory, units: Iterable[str], *, moving: bool = False) -> dict[str, list[Manifest]]:
    """Return path -> engine objects for the folders of all sync units, those of tombstones included.

    `moving` says that resources are on their way between units of Argo CD: two of its Applications then have them.
    Presupposes that an inventory with an engine names a repository (rule GGI237).
    """
    found = units_by_engine(inventory, units)
    files: dict[str, list[Manifest]] = {}
    if argocd := found[Engine.ARGOCD]:
        files[ARGOCD_FILE] = [app_project(inventory, argocd), application_set(inventory, argocd, moving=moving)]
    by_cluster: dict[str, list[Unit]] = {}
    for unit in found[Engine.FLUX]:
        by_cluster.setdefault(unit.cluster, []).append(unit)
    for cluster, members in by_cluster.items():
        kustomizations = [flux_kustomization(inventory, unit) for unit in members]
        files[flux_file(cluster)] = [git_repository(inventory), *kustomizations]
    return files


def flux_file(cluster: str) -> str:
    """Return where the Flux objects of a cluster stand."""
    return f"engines/flux/{cluster}/gitops-gen.yaml"
