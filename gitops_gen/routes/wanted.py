"""What an inventory wants of one cluster: each request with the one end that it has to reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import exposures
from gitops_gen.model import BackendChoice, Family
from gitops_gen.naming import service_fqdn
from gitops_gen.routes.bindings import ANY_HOST
from gitops_gen.routes.declared import existing_backend, gateway_pods, placed, speaks
from gitops_gen.routes.table import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.exposure import Certificate, Exposure
    from gitops_gen.model import Cluster, Inventory, Placement, Port, Workload


class Wanted(NamedTuple):
    """A request and its end: `pod` where the backend has to select it, else `host`, the full name of a Service."""

    exposure: Exposure
    workload: Workload
    placement: Placement
    speaks: str
    certificate: Certificate | None
    pod: str | None
    host: str | None

    @property
    def end(self) -> str:
        """Name the end for people."""
        port = f"port {self.exposure.port.number}"
        named = f"Service {self.host}" if self.pod is None else f"pod {self.workload.namespace}/{self.pod}"
        return f"{named}, {port}"

    @property
    def asked(self) -> str:
        """Name the request for people."""
        exposure = self.exposure
        return f"{exposure.host}:{exposure.gateway_port} at ingress {exposure.ingress.name}"

    @property
    def subject(self) -> str:
        """Name whose route it is."""
        return f"Workload {self.workload.key}, cluster {self.placement.cluster}"


def wanted_requests(inventory: Inventory, cluster: Cluster) -> dict[Request, list[Wanted]]:
    """Return what each request has to reach; more than one end for a request is a clash of the inventory's own."""
    pods = gateway_pods(cluster)
    found: dict[Request, list[Wanted]] = {}
    for workload, placement in placed(inventory, cluster.name):
        for exposure in exposures(workload, placement, cluster):
            host = ANY_HOST if exposure.port.protocol.family is Family.TCP else exposure.host
            request = Request(pods[exposure.ingress.name].name, exposure.gateway_port, host)
            want = _wanted(workload, placement, cluster, exposure)
            others = found.setdefault(request, [])
            if not any(_same_end(want, other) for other in others):
                others.append(want)
    return found


def _wanted(workload: Workload, placement: Placement, cluster: Cluster, exposure: Exposure) -> Wanted:
    service, pod = exposure.service, None
    if exposure.pod is not None:
        if placement.backend is BackendChoice.EXISTING:
            service = existing_backend(workload, placement, exposure.pod)
        else:
            pod = exposure.pod.name
    host = service_fqdn(service, workload.namespace, cluster) if service is not None else None
    return Wanted(exposure, workload, placement, *speaks(exposure), pod, host)


def _same_end(one: Wanted, other: Wanted) -> bool:
    return (one.workload.namespace, one.pod, one.host, one.exposure.port.number, one.speaks) == (
        other.workload.namespace,
        other.pod,
        other.host,
        other.exposure.port.number,
        other.speaks,
    )


def backend_ports(placement: Placement) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Return the ports that a pod's own backend may have, and those that it has to have.

    A ServiceEntry leaves out TCP ports to which no route leads: callers in the mesh have the governing Service.
    """
    may = tuple(port for port in placement.ports if port.carried and port.protocol.family is not Family.NONE)
    must = tuple(
        port
        for port in may
        if port.protocol.family is not Family.TCP or any(route.service is None for route in port.routes)
    )
    return may, must


def wanted_pods(inventory: Inventory, cluster: Cluster) -> Mapping[tuple[str, str], tuple[Workload, Placement]]:
    """Return every pod of a cluster by namespace and name, with what it is a pod of."""
    return {
        (workload.namespace, pod.name): (workload, placement)
        for workload, placement in placed(inventory, cluster.name)
        for pod in placement.pods
    }
