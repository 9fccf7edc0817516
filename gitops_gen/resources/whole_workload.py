"""Whole workload: what all pods of a workload in one cluster share. Equal in every cluster, it goes to base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.compiled import Compiled, Place
from gitops_gen.naming import service_fqdn
from gitops_gen.resources.api_route import api_routes
from gitops_gen.resources.destination_rule import dialled_by_dns, own_tls_destination_rule, pods_destination_rule
from gitops_gen.resources.labels import workload_labels
from gitops_gen.resources.peer_authentication import own_tls_peer_authentication
from gitops_gen.resources.records import dns_endpoints
from gitops_gen.resources.routes import gateway_place, own_gateways, virtual_services
from gitops_gen.resources.service import governing_service
from gitops_gen.resources.shapes import service_ports
from gitops_gen.resources.visibility import governing_visibility

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.model import Cluster, Placement, Port, Workload
    from gitops_gen.resources.entrances import Entrance

SERVICE = "service"
DESTINATION_RULE = "destination-rule"
PEER_AUTHENTICATION = "peer-authentication"
GATEWAY = "gateway"
VIRTUAL_SERVICE = "virtual-service"
ROUTE = "route"
DNS_ENDPOINT = "dns-endpoint"

FILES = frozenset({SERVICE, DESTINATION_RULE, PEER_AUTHENTICATION, GATEWAY, VIRTUAL_SERVICE, ROUTE, DNS_ENDPOINT})
"""Files of a workload's folder that are not a pod's; no pod may be called so."""


def compile_whole_workload(
    mesh: str, workload: Workload, placements: Sequence[Placement], cluster: Cluster, companions: Sequence[Entrance]
) -> Iterator[Compiled]:
    """Yield what the pods of `placements`, all those in one cluster, share, and the ways to companion Services."""
    seen_by = governing_visibility(workload, cluster)
    by_service = _ports_by_service(placements)
    if workload.create_service:
        for service, ports in by_service.items():
            yield Compiled(governing_service(workload, service, ports, seen_by), _place(workload, SERVICE))

    own: dict[str, set[Port]] = {}
    for placement in placements:
        if placement.service is not None and placement.without_mesh_tls:
            own.setdefault(placement.service, set()).update(placement.without_mesh_tls)
    for service, bare in sorted(own.items()):
        numbers = sorted({port.number for port in bare})
        yield Compiled(
            own_tls_destination_rule(workload, service, cluster, numbers, seen_by), _place(workload, DESTINATION_RULE)
        )
    for service, numbers, mutual in dialled_by_dns(placements, cluster):
        yield Compiled(
            pods_destination_rule(workload, service, cluster, numbers, seen_by, mutual=mutual),
            _place(workload, DESTINATION_RULE),
        )
    targets = {port.target for bare in own.values() for port in bare}
    container_ports = sorted(target for target in targets if isinstance(target, int))
    if container_ports:
        yield Compiled(
            own_tls_peer_authentication(workload, cluster, container_ports), _place(workload, PEER_AUTHENTICATION)
        )
    yield from _companions(mesh, workload, cluster, companions)


def _companions(mesh: str, workload: Workload, cluster: Cluster, found: Sequence[Entrance]) -> Iterator[Compiled]:
    """Yield the ways to companion Services, which somebody else owns."""
    labels = workload_labels(workload.name)
    for gateway in own_gateways(workload, cluster, found, labels):
        yield Compiled(gateway, gateway_place(gateway, _place(workload, GATEWAY)))
    led = [(entrance, service_fqdn(entrance.exposure.service or "", workload.namespace, cluster)) for entrance in found]
    for route in virtual_services(workload, cluster, led, labels):
        yield Compiled(route, _place(workload, VIRTUAL_SERVICE))
    for api_route in api_routes(mesh, workload, cluster, led, labels):
        yield Compiled(api_route, _place(workload, ROUTE))
    for record in dns_endpoints(workload.namespace, cluster, found, labels):
        yield Compiled(record, _place(workload, DNS_ENDPOINT))


def _ports_by_service(placements: Sequence[Placement]) -> dict[str, list[Port]]:
    """Return the ports of each governing Service: those of all sets of pods that it governs, by name, once."""
    found: dict[str, dict[str, Port]] = {}
    for placement in placements:
        if placement.service is not None:
            ports = found.setdefault(placement.service, {})
            for port in service_ports(placement):
                ports.setdefault(port.name, port)
    return {service: list(ports.values()) for service, ports in sorted(found.items())}


def _place(workload: Workload, file: str) -> Place:
    return Place(
        namespace=workload.namespace, folder=workload.name, file=file, source=f"Workload {workload.key}", shared=True
    )
