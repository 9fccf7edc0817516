"""ServiceEntries on pods' own names that need an address of the vipPool: those whose TCP ports sidecars see.

Without an address such a port takes over every unknown connection to it in each sidecar that sees it
(docs/explanation/what-istio-does.md, "TCP").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import BackendChoice, Family
from gitops_gen.resources.demand import consumer_namespaces
from gitops_gen.resources.shapes import Backend, backend_host, entry_ports
from gitops_gen.resources.visibility import ingress_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Cluster, Inventory, Placement, Workload
    from gitops_gen.resources.surroundings import Surroundings

_BY_CHOICE = {BackendChoice.SERVICE_ENTRY, BackendChoice.DNS, BackendChoice.BLOG}


def needs_address(workload: Workload, placement: Placement, cluster: Cluster, surroundings: Surroundings) -> bool:
    """Tell whether the ServiceEntries of a placement need addresses: with TCP in them, sidecars are to see them.

    Only for a ServiceEntry by choice; `auto` takes a Service per pod there. Sidecars see it where a Consumer of this
    cluster dials the workload, and where its ingress shares a namespace with applications.
    """
    if placement.backend not in _BY_CHOICE or placement.service is None:
        return False
    if all(port.protocol.family is not Family.TCP for port in entry_ports(placement)):
        return False
    shared = surroundings.app_namespaces[cluster.name] & ingress_namespaces(placement, cluster)
    return bool(shared) or bool(consumer_namespaces(surroundings.demand, workload.key, cluster.name))


def own_hosts_with_address(inventory: Inventory, surroundings: Surroundings) -> Iterator[str]:
    """Yield the names of all pods whose ServiceEntry needs an address; pods of one name share it over clusters."""
    for workload in inventory.workloads:
        for placement in workload.placements:
            cluster = inventory.clusters[placement.cluster]
            if needs_address(workload, placement, cluster, surroundings):
                for pod in placement.pods:
                    yield backend_host(Backend.SERVICE_ENTRY, workload, placement, pod, cluster)
