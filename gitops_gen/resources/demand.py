"""Demand: what the Consumers of an inventory ask of each workload, looked up in constant time.

Made once per inventory: asking every Consumer again for each workload and cluster would make a large mesh slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.model import Via

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.model import Inventory

_NOWHERE: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Demand:
    """Who consumes which workload from where; read it through the functions of this module.

    Both fields go from a workload's key to a consumer's cluster to something: `namespaces` to the namespaces of all
    Consumers there, `remote_ports` to the names of the ports that its east-west Consumers dial.
    """

    namespaces: Mapping[str, Mapping[str, frozenset[str]]]
    remote_ports: Mapping[str, Mapping[str, frozenset[str]]]


def read_demand(inventory: Inventory) -> Demand:
    """Collect what all Consumers ask for: one pass over the Consumers and the workloads that they name."""
    namespaces: dict[str, dict[str, set[str]]] = {}
    remote_ports: dict[str, dict[str, set[str]]] = {}
    for consumer in inventory.consumers:
        for workload in consumer.workloads:
            namespaces.setdefault(workload, {}).setdefault(consumer.cluster, set()).add(consumer.namespace)
            if consumer.via is Via.EAST_WEST:
                remote_ports.setdefault(workload, {}).setdefault(consumer.cluster, set()).add(consumer.port)
    return Demand(namespaces=_frozen(namespaces), remote_ports=_frozen(remote_ports))


def _frozen(found: dict[str, dict[str, set[str]]]) -> dict[str, dict[str, frozenset[str]]]:
    return {
        workload: {cluster: frozenset(names) for cluster, names in clusters.items()}
        for workload, clusters in found.items()
    }


def needs_pod_service(demand: Demand, workload: str, cluster: str) -> bool:
    """Tell whether another cluster dials the pods that `workload` (`namespace/name`) has in `cluster` east-west.

    Such pods need a Service per pod: with discovery it is what the other istiod finds, without it is what the
    east-west gateway builds its SNI chain from (docs/explanation/what-istio-does.md, "Across clusters").
    """
    clusters = demand.remote_ports.get(workload, _NOWHERE)
    return len(clusters) > 1 or (len(clusters) == 1 and cluster not in clusters)


def consumer_namespaces(demand: Demand, workload: str, cluster: str) -> tuple[str, ...]:
    """Return the namespaces of `cluster` from which Consumers dial `workload` in the mesh, sorted.

    They are what `exportTo` needs beside `.` and the ingresses: for the pods of that same cluster, and for the
    stand-ins of pods elsewhere. North-south Consumers count too: pods of their own cluster they dial in the mesh.
    """
    return tuple(sorted(demand.namespaces.get(workload, _NOWHERE).get(cluster, ())))


def remote_consumer_clusters(demand: Demand, workload: str) -> tuple[str, ...]:
    """Return the clusters that have an east-west Consumer of `workload`, sorted."""
    return tuple(sorted(demand.remote_ports.get(workload, _NOWHERE)))


def remote_ports(demand: Demand, workload: str, cluster: str) -> frozenset[str]:
    """Return the names of the ports that the east-west Consumers in `cluster` dial on pods of `workload`."""
    return demand.remote_ports.get(workload, _NOWHERE).get(cluster, frozenset())
