"""What an inventory exposes, for the rules: only routes whose host and gateway port can be worked out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_gen.exposure import Exposure, exposures
from gitops_gen.inventory.templates import route_is_sound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Cluster, Inventory, Placement, Workload


def each_placement(inventory: Inventory) -> Iterator[tuple[Workload, Placement, Cluster]]:
    """Yield every placement with its workload and cluster."""
    for workload in inventory.workloads:
        for placement in workload.placements:
            yield workload, placement, inventory.clusters[placement.cluster]


def sound_exposures(workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[Exposure]:
    """Yield the exposures of a placement, without the routes that other rules have found fault with."""
    if not all(route_is_sound(route, placement) for port in placement.ports for route in port.routes):
        ports = tuple(
            replace(port, routes=tuple(route for route in port.routes if route_is_sound(route, placement)))
            for port in placement.ports
        )
        placement = replace(placement, ports=ports)
    return exposures(workload, placement, cluster)


def subject_of(workload: Workload, placement: Placement) -> str:
    """Name a placement as people would: `Workload monitoring/prometheus, cluster east`."""
    return f"Workload {workload.key}, cluster {placement.cluster}"
