"""Routes: the Gateways and VirtualServices that lead to one pod, or to the companion Services of a workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen import gateway_api
from gitops_gen.compiled import INGRESS_GATEWAYS, Place
from gitops_gen.resources.api_route import api_route_names
from gitops_gen.resources.entrances import serve
from gitops_gen.resources.gateway import gateway, servers
from gitops_gen.resources.names import end_of, own_gateway, virtual_service_name
from gitops_gen.resources.records import dns_endpoint_names
from gitops_gen.resources.shapes import GatewayLayout
from gitops_gen.resources.virtual_service import Way, virtual_service
from gitops_gen.resources.visibility import export_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.model import Cluster, Ingress, Port, Workload
    from gitops_gen.resources.entrances import Entrance, ServedHosts
    from gitops_gen.resources.fields import Gateway, VirtualService


def own_gateways(
    workload: Workload, cluster: Cluster, found: Iterable[Entrance], labels: dict[str, str]
) -> list[Gateway]:
    """Return the Gateways that a pod or companion Service has of its own: one for each ingress that leads to it."""
    gateways: dict[tuple[str, str], tuple[Ingress, ServedHosts]] = {}
    for entrance in found:
        if entrance.layout is GatewayLayout.PER_POD:
            ingress = entrance.exposure.ingress
            where = own_gateway(cluster.name, workload, end_of(entrance.exposure), ingress)
            serve(gateways.setdefault(where, (ingress, {}))[1], workload.namespace, entrance)
    return [
        gateway(
            name=name,
            namespace=namespace,
            labels=labels,
            ingress=ingress,
            servers=servers(hosts),
        )
        for (namespace, name), (ingress, hosts) in sorted(gateways.items(), key=lambda made: made[0][1])
    ]


def gateway_place(gateway: Gateway, place: Place) -> Place:
    """Return where a Gateway of a pod or companion stands: with it at `place`, or beside its ingress."""
    namespace, name = gateway["metadata"]["namespace"], gateway["metadata"]["name"]
    if namespace == place.namespace:
        return place
    return Place(namespace=namespace, folder=INGRESS_GATEWAYS, file=name, source=place.source)


def virtual_services(
    workload: Workload, cluster: Cluster, found: Iterable[tuple[Entrance, str]], labels: dict[str, str]
) -> list[VirtualService]:
    """Return one VirtualService for each host at each ingress; beside each entrance the full name it leads to."""
    of_hosts: dict[tuple[str, str], list[tuple[Entrance, str]]] = {}
    for entrance, destination in found:
        if gateway_api.uses(entrance.exposure.ingress):
            continue
        of_hosts.setdefault(_host_at_ingress(entrance), []).append((entrance, destination))
    made = [
        virtual_service(
            name=virtual_service_name(cluster.name, [entrance.exposure for entrance, _ in of_host]),
            namespace=workload.namespace,
            labels=labels,
            host=host,
            gateways=sorted({entrance.gateway for entrance, _ in of_host}),
            export_to=export_to(workload.namespace, (of_host[0][0].exposure.ingress.namespace,)),
            ways=_ways(of_host),
        )
        for (_, host), of_host in of_hosts.items()
    ]
    return sorted(made, key=lambda resource: resource["metadata"]["name"])


def route_names(workload: Workload, cluster: Cluster, found: Iterable[Entrance]) -> Iterator[tuple[str, str, Entrance]]:
    """Yield kind and `namespace/name` of every Gateway and route made for these, with the first behind it."""
    found = tuple(found)
    gateways: dict[str, Entrance] = {}
    of_hosts: dict[tuple[str, str], list[Entrance]] = {}
    for entrance in found:
        if entrance.layout is GatewayLayout.PER_POD:
            gateways.setdefault(entrance.gateway, entrance)
        if not gateway_api.uses(entrance.exposure.ingress):
            of_hosts.setdefault(_host_at_ingress(entrance), []).append(entrance)
    for reference, entrance in gateways.items():
        yield "Gateway", reference, entrance
    for of_host in of_hosts.values():
        name = virtual_service_name(cluster.name, [entrance.exposure for entrance in of_host])
        yield "VirtualService", f"{workload.namespace}/{name}", of_host[0]
    for route in api_route_names(cluster, found):
        yield route.kind, f"{workload.namespace}/{route.name}", route.entrances[0]
    for name, entrance in dict(dns_endpoint_names(cluster, found)).items():
        yield "DNSEndpoint", f"{workload.namespace}/{name}", entrance


def _host_at_ingress(entrance: Entrance) -> tuple[str, str]:
    """Return what makes a VirtualService of its own."""
    return entrance.exposure.ingress.name, entrance.exposure.host


def _ways(found: Iterable[tuple[Entrance, str]]) -> list[Way]:
    """Bring together the gateway ports that lead to the same port of the same destination: one rule each."""
    ports: dict[tuple[str, str], Port] = {}
    doors: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for entrance, destination in found:
        key = (entrance.exposure.port.name, destination)
        ports.setdefault(key, entrance.exposure.port)
        doors.setdefault(key, set()).add((entrance.exposure.gateway_port, entrance.gateway))
    return [Way(port=port, destination=key[1], entrances=tuple(sorted(doors[key]))) for key, port in ports.items()]
