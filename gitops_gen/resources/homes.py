"""Homes: where each set of pods runs, with what is worked out about it once for all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.resources.entrances import Entrance, entrances
from gitops_gen.resources.shapes import Backend, backend

if TYPE_CHECKING:
    from gitops_gen.model import Cluster, Inventory, Placement, Workload
    from gitops_gen.resources.surroundings import Surroundings


class Home(NamedTuple):
    """A set of pods: their workload, one placement of it, and its cluster; how routes name them, and come in."""

    workload: Workload
    placement: Placement
    cluster: Cluster
    backend: Backend
    entrances: list[Entrance]

    @property
    def subject(self) -> str:
        """Whose problem it is, as people would say it."""
        return f"Workload {self.workload.key}, cluster {self.cluster.name}"


def read_homes(inventory: Inventory, surroundings: Surroundings) -> list[Home]:
    """Return every placement of an inventory, in order."""
    homes = []
    for workload in inventory.workloads:
        for placement in workload.placements:
            cluster = inventory.clusters[placement.cluster]
            homes.append(
                Home(
                    workload=workload,
                    placement=placement,
                    cluster=cluster,
                    backend=backend(workload, placement, cluster, surroundings),
                    entrances=entrances(inventory.mesh.name, workload, placement, cluster),
                )
            )
    return homes
