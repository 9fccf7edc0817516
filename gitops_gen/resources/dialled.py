"""Dialled addresses: the `host:port` by which a Consumer reaches each single pod, wherever the pod runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import exposures
from gitops_gen.model import Via
from gitops_gen.naming import pod_fqdn
from gitops_gen.resources.endpoint_list import Autoscaled, Endpoint
from gitops_gen.resources.remote import dialled_host
from gitops_gen.resources.shapes import Backend, backend, backend_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.exposure import Exposure
    from gitops_gen.model import Cluster, Consumer, Inventory, Placement, Pod, Port, Route, Workload
    from gitops_gen.resources.surroundings import Surroundings


HTTP_PORT, HTTPS_PORT = 80, 443


class Dialled(NamedTuple):
    """The pods of one placement as one Consumer dials them; `kind` is the backend that they have at home."""

    consumer: Consumer
    workload: Workload
    placement: Placement
    port: Port
    home: Cluster
    caller: Cluster
    kind: Backend


def consumed_port(consumer: Consumer, placement: Placement) -> Port | None:
    """Return the port that a Consumer dials on the pods of a placement; None where they do not have it."""
    return next((port for port in placement.ports if port.name == consumer.port), None)


def external_route(port: Port, home: Cluster) -> Route | None:
    """Return the route by which Consumers dial a port's pods from outside: one, so that no pod is listed twice.

    It is the first that leads to the pods by the default ingress, or else the first that leads to them at all.
    """
    routes = [route for route in port.routes if route.service is None]
    by_default = (route for route in routes if home.ingress(route.ingress).default)
    return next(by_default, routes[0] if routes else None)


def originated_port(exposure: Exposure) -> int:
    """Return the port that an application dials in plain HTTP where its sidecar makes TLS for the ingress's port."""
    return HTTP_PORT if exposure.gateway_port == HTTPS_PORT else exposure.gateway_port


def own_host(dialled: Dialled, pod: Pod) -> str | None:
    """Return the name by which clients of the pod's own cluster dial it: that of its own Service where it has one.

    A ServiceEntry has the pod's own DNS name, which answers without any backend too; None where it has no such name.
    """
    workload, placement, home = dialled.workload, dialled.placement, dialled.home
    if dialled.kind in {Backend.POD_SERVICE, Backend.EXISTING}:
        return backend_host(dialled.kind, workload, placement, pod, home)
    return None if placement.service is None else pod_fqdn(pod, placement.service, workload.namespace, home)


def dialled_placements(
    consumer: Consumer, inventory: Inventory, workloads: Mapping[str, Workload], surroundings: Surroundings
) -> Iterator[Dialled]:
    """Yield the placements that have the port which a Consumer dials; the others it does not reach."""
    for workload in (workloads[key] for key in consumer.workloads):
        for placement in workload.placements:
            port = consumed_port(consumer, placement)
            if port is not None:
                home = inventory.clusters[placement.cluster]
                yield Dialled(
                    consumer=consumer,
                    workload=workload,
                    placement=placement,
                    port=port,
                    home=home,
                    caller=inventory.clusters[consumer.cluster],
                    kind=backend(workload, placement, home, surroundings),
                )


def endpoints_of(dialled: Iterable[Dialled]) -> tuple[list[Endpoint], list[Autoscaled]]:
    """Return the pods that a Consumer dials, and which of them an autoscaler scales."""
    endpoints: list[Endpoint] = []
    autoscaled: list[Autoscaled] = []
    for pods in dialled:
        endpoints.extend(Endpoint(pods.home.name, pod, address) for pod, address in addresses_of(pods))
        if pods.placement.autoscaled:
            autoscaled.append(Autoscaled(pods.home.name, pods.workload.key, len(pods.placement.pods)))
    return endpoints, autoscaled


def addresses_of(dialled: Dialled) -> Iterator[tuple[Pod, str]]:
    """Yield the pods with the `host:port` of each.

    Pods of the Consumer's own cluster are dialled in the mesh, whatever its `via` says: the way out and back in by
    the gateway would cost them their identity.
    """
    home, port = dialled.home, dialled.port
    if home.name == dialled.caller.name:
        hosts = ((pod, own_host(dialled, pod)) for pod in dialled.placement.pods)
        yield from ((pod, f"{host}:{port.number}") for pod, host in hosts if host is not None)
    elif dialled.consumer.via is Via.NORTH_SOUTH:
        wanted = external_route(port, home)
        for exposure in exposures(dialled.workload, dialled.placement, home):
            if exposure.route is wanted and exposure.port is port and exposure.pod is not None:
                originates = dialled.consumer.originate is not None and exposure.certificate is not None
                number = originated_port(exposure) if originates else exposure.gateway_port
                yield exposure.pod, f"{exposure.host}:{number}"
    else:
        for pod in dialled.placement.pods:
            yield pod, f"{dialled_host(pod, dialled.workload, home, dialled.caller)}:{port.number}"
