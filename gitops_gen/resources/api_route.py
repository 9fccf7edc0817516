"""Routes of Gateway API: the way from a host at listeners to one pod, or to a companion Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen import gateway_api
from gitops_gen.naming import shared_gateway
from gitops_gen.resources.api_gateway import in_listener_set, listener_set_name
from gitops_gen.resources.names import virtual_service_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Literal

    from gitops_gen.model import Cluster, Port, Workload
    from gitops_gen.resources.entrances import Entrance
    from gitops_gen.resources.gateway_api_fields import ApiRoute, ParentRef, RouteHosts


class RouteName(NamedTuple):
    """Kind and name of a route, and what it is made for: a port, and all entrances that lead to it by one host."""

    kind: str
    name: str
    port: Port
    entrances: tuple[Entrance, ...]


def api_route(  # noqa: PLR0913 - one keyword for each thing that the literal says
    *,
    kind: str,
    api_version: str,
    name: str,
    namespace: str,
    labels: dict[str, str],
    host: str,
    parents: Sequence[ParentRef],
    service: str,
    port: int,
) -> ApiRoute:
    """Route that leads clients outside of the mesh from one host to one port of one Service.

    Read by istiod for the gateway pods of the listeners that it names. Every route names its listeners: without a
    section it would answer on all of them. A TCPRoute has no hosts; what clients dial is kept as an annotation.
    """
    by_port = kind == "TCPRoute"
    hosts: RouteHosts = {} if by_port else {"hostnames": [host]}
    found: ApiRoute = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
        },
        "spec": {
            "parentRefs": list(parents),
            **hosts,
            "rules": [{"backendRefs": [{"kind": "Service", "name": service, "port": port}]}],
        },
    }
    if by_port:
        found["metadata"]["annotations"] = {gateway_api.HOST: host}
    return found


def api_routes(
    mesh: str, workload: Workload, cluster: Cluster, found: Iterable[tuple[Entrance, str]], labels: dict[str, str]
) -> list[ApiRoute]:
    """Return one route for each host and port that it leads to; beside each entrance the full name of its end."""
    ends = list(found)
    services = {entrance: end.partition(".")[0] for entrance, end in ends}
    made = [
        api_route(
            kind=route.kind,
            api_version=gateway_api.api_version(route.kind, cluster.istio) or "",
            name=route.name,
            namespace=workload.namespace,
            labels=labels,
            host=route.entrances[0].exposure.host,
            parents=[_parent(mesh, entrance) for entrance in route.entrances],
            service=services[route.entrances[0]],
            port=route.port.number,
        )
        for route in api_route_names(cluster, (entrance for entrance, _ in ends))
    ]
    return sorted(made, key=lambda resource: (resource["metadata"]["name"], resource["kind"]))


def api_route_names(cluster: Cluster, found: Iterable[Entrance]) -> Iterator[RouteName]:
    """Yield the routes made for these entrances, those of Istio's own API left out.

    The port's name in each name keeps an HTTPRoute and a GRPCRoute apart: of two with one name, the second is lost
    (docs/explanation/what-istio-does.md, "Gateway API").
    """
    of_hosts: dict[tuple[str, str], list[Entrance]] = {}
    for entrance in found:
        exposure = entrance.exposure
        if gateway_api.uses(exposure.ingress):
            of_hosts.setdefault((exposure.ingress.name, exposure.host), []).append(entrance)
    for of_host in of_hosts.values():
        name = virtual_service_name(cluster.name, [entrance.exposure for entrance in of_host])
        by_end: dict[tuple[str, str | None], list[Entrance]] = {}
        for entrance in of_host:
            exposure = entrance.exposure
            by_end.setdefault((exposure.port.name, exposure.service), []).append(entrance)
        for entrances in by_end.values():
            port = entrances[0].exposure.port
            kind = gateway_api.route_kind(port.protocol, cluster.istio)
            in_order = sorted(entrances, key=lambda entrance: entrance.exposure.gateway_port)
            yield RouteName(kind, f"{name}-{port.name}", port, tuple(in_order))


def _parent(mesh: str, entrance: Entrance) -> ParentRef:
    """Return the listener at which a client comes in."""
    ingress, number = entrance.exposure.ingress, entrance.exposure.gateway_port
    certificate = entrance.exposure.certificate
    section = gateway_api.section_name(ingress, entrance.protocol.value, number, certificate and certificate.name)
    if ingress.existing_gateway is not None:
        namespace, _, name = ingress.existing_gateway.partition("/")
    else:
        namespace, name = ingress.namespace, shared_gateway(mesh, ingress)
        if in_listener_set(ingress, entrance.protocol):
            return _reference("ListenerSet", namespace, listener_set_name(mesh, ingress, number), section)
    return _reference("Gateway", namespace, name, section)


def _reference(kind: Literal["Gateway", "ListenerSet"], namespace: str, name: str, section: str) -> ParentRef:
    return {
        "group": "gateway.networking.k8s.io",
        "kind": kind,
        "name": name,
        "namespace": namespace,
        "sectionName": section,
    }
