"""Homes: where each workload runs, with what is worked out about it once for all rules."""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.resources.entrances import Entrance, Entrances, read_entrances
from gitops_gen.resources.shapes import Backend, backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Cluster, Inventory, Placement, Workload
    from gitops_gen.resources.surroundings import Surroundings


class Home(NamedTuple):
    """A set of pods: their workload, one placement of it, its cluster, and how routes name its pods."""

    workload: Workload
    placement: Placement
    cluster: Cluster
    backend: Backend

    @property
    def subject(self) -> str:
        """Whose problem it is, as people would say it."""
        return f"Workload {self.workload.key}, cluster {self.cluster.name}"


class Presence(NamedTuple):
    """A workload in one cluster: all its sets of pods there, and all ways in."""

    workload: Workload
    cluster: Cluster
    homes: list[Home]
    entrances: Entrances

    @property
    def subject(self) -> str:
        """Whose problem it is, as people would say it."""
        return self.homes[0].subject

    def ways_in(self) -> Iterator[Entrance]:
        """Yield every entrance, to pods and to companion Services."""
        return chain(*self.entrances.pods.values(), self.entrances.companions)


def read_presences(inventory: Inventory, surroundings: Surroundings) -> list[Presence]:
    """Return every workload in every cluster that it is placed in, in order."""
    found = []
    for workload in inventory.workloads:
        for name, group in groupby(workload.placements, key=lambda placement: placement.cluster):
            cluster, placements = inventory.clusters[name], list(group)
            found.append(
                Presence(
                    workload=workload,
                    cluster=cluster,
                    homes=[
                        Home(workload, placement, cluster, backend(workload, placement, cluster, surroundings))
                        for placement in placements
                    ],
                    entrances=read_entrances(inventory.mesh.name, workload, placements, cluster),
                )
            )
    return found
