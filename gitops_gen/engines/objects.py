"""The objects that make an engine sync the overlays, as files of the tree.

Each cluster has one engine, and the objects of one engine never name the clusters of the other
(docs/explanation/what-engines-and-kustomize-do.md, "Two owners").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.engines.argocd import argocd_objects
from gitops_gen.engines.flux import flux_objects
from gitops_gen.engines.rights import prerequisites
from gitops_gen.engines.units import flux_folder, prerequisites_folder, units_by_engine
from gitops_gen.layout.kustomization import extended_folders, kustomization
from gitops_gen.layout.paths import COMPONENTS, KUSTOMIZATION
from gitops_gen.layout.units import namespaces_in, roots_of, units_of
from gitops_gen.manifest import dump
from gitops_gen.model import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.engines.units import Unit
    from gitops_gen.model import Inventory
    from gitops_gen.tree import Tree

ARGOCD_FILE = "engines/argocd/gitops-gen.yaml"

_OBJECTS = "gitops-gen.yaml"


def engine_files(inventory: Inventory, tree: Tree, *, moving: bool = False) -> dict[str, str]:
    """Return path -> body of the engine objects for all sync units in a tree of base and overlays, tombstones included.

    `moving` says that resources are on their way between units of Argo CD: two of its Applications then have them. A
    folder of Flux can be named by the kustomization of a cluster's own bootstrap.
    Presupposes that an inventory with an engine names a repository (rule GGI237).
    """
    found = units_by_engine(inventory, units_of(tree, inventory.mesh.gitops.sync_unit))
    extended = extended_folders(tree)
    files: dict[str, str] = {}
    if argocd := found[Engine.ARGOCD]:
        members = [unit for unit in argocd if _has_components(unit.folder, extended)]
        files[ARGOCD_FILE] = dump(argocd_objects(inventory, argocd, members, moving=moving))
    by_cluster: dict[str, list[Unit]] = {}
    for unit in found[Engine.FLUX]:
        by_cluster.setdefault(unit.cluster, []).append(unit)
    for cluster, members in by_cluster.items():
        folder = flux_folder(cluster)
        roots = roots_of(tree, cluster)
        if _has_components(f"overlays/{cluster}", extended):
            # As a whole: one may lead to another, and when a person adds that nobody would say so here.
            roots.append(COMPONENTS)
        files[f"{folder}/{_OBJECTS}"] = dump(flux_objects(inventory, cluster, members, roots))
        files[f"{folder}/{KUSTOMIZATION}"] = kustomization([_OBJECTS])
        before = prerequisites(inventory, members, namespaces_in(tree, cluster))
        if before:
            files[f"{prerequisites_folder(cluster)}/{_OBJECTS}"] = dump(before)
            files[f"{prerequisites_folder(cluster)}/{KUSTOMIZATION}"] = kustomization([_OBJECTS])
    return files


def _has_components(folder: str, extended: Iterable[str]) -> bool:
    """Tell whether a folder of overlays is, or has in it, one that has people's components on top."""
    return any(f"{one}/".startswith(f"{folder}/") for one in extended)


def flux_files(cluster: str) -> list[str]:
    """Return all paths that the Flux objects of a cluster may take."""
    places = flux_folder(cluster), prerequisites_folder(cluster)
    return [f"{place}/{name}" for place in places for name in (_OBJECTS, KUSTOMIZATION)]
