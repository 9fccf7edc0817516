"""Visibility: which namespaces see a resource. Written on everything, never left to a mesh-wide default.

A gateway that does not see a backend answers 503, one that does not see a VirtualService 404; both were seen, and
`istioctl analyze` says nothing (docs/explanation/what-istio-does.md, "Visibility").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import Family
from gitops_gen.resources.demand import consumer_namespaces, needs_pod_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_gen.model import Cluster, Placement, Port, Workload
    from gitops_gen.resources.surroundings import Surroundings

ANNOTATION = "networking.istio.io/exportTo"
"""Where a Service, which has no such field, says who sees it."""

EVERYWHERE = "*"


def export_to(namespace: str, others: Iterable[str] = ()) -> list[str]:
    """Return the `exportTo` of a resource in `namespace` that `others` need too: `.` first, nothing twice."""
    return [".", *sorted(set(others) - {namespace})]


def as_annotation(namespaces: Iterable[str]) -> dict[str, str]:
    """Write an `exportTo` as the annotation of a Service."""
    return {ANNOTATION: ",".join(namespaces)}


def ingress_namespaces(placement: Placement, cluster: Cluster) -> set[str]:
    """Return the namespaces of the ingresses through which the pods of a placement are reached."""
    return {
        cluster.ingress(route.ingress).namespace
        for port in placement.ports
        if port.carried
        for route in port.routes
        if route.service is None
    }


def pod_service_visibility(
    workload: Workload, placement: Placement, cluster: Cluster, surroundings: Surroundings
) -> list[str]:
    """Tell who sees a Service per pod: its namespace, the ingresses, the Consumers that dial it in the mesh.

    With discovery, Consumers of other clusters read this very Service; without it, the east-west gateway builds its
    SNI chain from what its own namespace sees (docs/explanation/what-istio-does.md, "Across clusters"). So both are in
    the list.
    """
    demand = surroundings.demand
    namespaces = ingress_namespaces(placement, cluster)
    namespaces.update(consumer_namespaces(demand, workload.key, cluster.name))
    for other in demand.remote_ports.get(workload.key, ()):
        namespaces.update(consumer_namespaces(demand, workload.key, other))
    if cluster.east_west is not None and needs_pod_service(demand, workload.key, cluster.name):
        namespaces.add(cluster.east_west.namespace)
    return export_to(workload.namespace, namespaces)


def service_entry_visibility(
    workload: Workload,
    placement: Placement,
    cluster: Cluster,
    surroundings: Surroundings,
    ports: Sequence[Port],
) -> list[str]:
    """Tell who sees a ServiceEntry with these ports (none: it has an address): as a Service per pod, but for TCP.

    A TCP port without addresses takes over `0.0.0.0:port` in every sidecar that sees it, so then only the ingress
    namespaces do; callers in the mesh have the pod's own name all the same
    (docs/explanation/what-istio-does.md, "TCP").
    """
    namespaces = ingress_namespaces(placement, cluster)
    if any(port.protocol.family is Family.TCP for port in ports):
        return sorted(namespaces)
    namespaces.update(consumer_namespaces(surroundings.demand, workload.key, cluster.name))
    return export_to(workload.namespace, namespaces)


def governing_visibility(workload: Workload, cluster: Cluster) -> list[str]:
    """Tell who sees the governing Service and what goes with it.

    It gives the pods their names: hiding it would cut off callers that nobody had to declare, in plain text under
    STRICT. So everybody sees it, unless the workload says who may consume it (`allowConsumers`).
    """
    if workload.allow_consumers is None:
        return [EVERYWHERE]
    namespaces = {allowed.partition("/")[0] for allowed in workload.allow_consumers}
    for placement in workload.placements:
        if placement.cluster == cluster.name:
            for port in placement.ports:
                namespaces.update(cluster.ingress(route.ingress).namespace for route in port.routes)
    return export_to(workload.namespace, namespaces)
