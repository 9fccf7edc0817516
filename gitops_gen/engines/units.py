"""Sync units as the engines see them: where each stands in the repository, and how its engine object is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.model import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.model import Inventory

NAME = "gitops-gen"
"""Name of the objects that there are once for each engine."""

LABELS = {"app.kubernetes.io/managed-by": "gitops-gen"}


class Unit(NamedTuple):
    """A sync unit: its cluster, and what stands below the cluster's folder (namespace, workload), if anything."""

    cluster: str
    below: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The unit's folder in the tree."""
        return "/".join(("overlays", self.cluster, *self.below))

    @property
    def name(self) -> str:
        """The unit's name in its cluster, for ever: `data`, `data.kafka`.

        Joined by dots, which neither namespaces nor workloads have, so that no two units share a name.
        """
        return ".".join(self.below) or self.cluster

    @property
    def full_name(self) -> str:
        """The unit's name among those of all clusters."""
        return ".".join((self.cluster, *self.below))


def units_by_engine(inventory: Inventory, folders: Iterable[str]) -> dict[Engine, list[Unit]]:
    """Sort the folders of sync units by the engine of their cluster.

    A cluster that has left the inventory keeps its engine, so that its last objects are pruned.
    """
    found: dict[Engine, list[Unit]] = {engine: [] for engine in Engine}
    for folder in sorted(set(folders)):
        unit = unit_at(folder)
        found[engine_of(inventory, unit.cluster)].append(unit)
    return found


def unit_at(folder: str) -> Unit:
    """Return the unit of a folder of the tree."""
    _overlays, cluster, *below = folder.split("/")
    return Unit(cluster, tuple(below))


def engine_of(inventory: Inventory, cluster: str) -> Engine:
    """Return what syncs a cluster; one that has left the inventory and of which nothing is known has the Mesh's."""
    known = inventory.clusters.get(cluster)
    return known.engine if known else inventory.left.get(cluster, inventory.mesh.gitops.engine)


def flux_folder(cluster: str) -> str:
    """Return the folder of all that Flux needs in a cluster."""
    return f"engines/flux/{cluster}"


def prerequisites_folder(cluster: str) -> str:
    """Return the folder of what Flux applies in a cluster before any unit."""
    return f"{flux_folder(cluster)}/prerequisites"


def in_repository(inventory: Inventory, folder: str) -> str:
    """Return where a folder of the tree stands in the repository."""
    return "/".join([*path_parts(inventory), folder])


def path_parts(inventory: Inventory) -> list[str]:
    """Return the folders between the top of the repository and those of this Mesh."""
    return [part for part in inventory.mesh.gitops.path.split("/") if part not in {"", "."}]
