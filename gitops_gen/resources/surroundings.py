"""Surroundings: what the rest of an inventory contributes to the shapes of one workload, looked up in constant time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.resources.demand import Demand, read_demand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.model import Inventory


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything about the neighbours of a workload that a shape may depend on; made once per inventory.

    `app_namespaces` goes from a cluster's name to the namespaces in which it runs a workload or a Consumer: sidecars
    are there.
    """

    demand: Demand
    app_namespaces: Mapping[str, frozenset[str]]


def read_surroundings(inventory: Inventory) -> Surroundings:
    """Collect the surroundings: one pass over placements and Consumers."""
    namespaces: dict[str, set[str]] = {cluster: set() for cluster in inventory.clusters}
    for workload in inventory.workloads:
        for placement in workload.placements:
            namespaces[placement.cluster].add(workload.namespace)
    for consumer in inventory.consumers:
        namespaces[consumer.cluster].add(consumer.namespace)
    return Surroundings(
        demand=read_demand(inventory),
        app_namespaces={cluster: frozenset(found) for cluster, found in namespaces.items()},
    )
