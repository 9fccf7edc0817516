"""The tables that decide which objects a pod gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import BackendChoice, GatewayChoice, Protocol, Via
from gitops_gen.resources.shapes import (
    Backend,
    GatewayLayout,
    Obstacle,
    ServerProtocol,
    backend,
    backend_host,
    entry_obstacles,
    entry_ports,
    gateway_layout,
    served_host,
    server_protocol,
)
from gitops_gen.resources.surroundings import read_surroundings
from tests.factories import (
    a_cluster,
    a_consumer,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_ingress,
    an_inventory,
)

if TYPE_CHECKING:
    from gitops_gen.model import Consumer, Placement

WEB = a_port(routes=(a_route(),))
TCP_IN_MESH = a_port(name="tcp", number=6379, protocol=Protocol.TCP)
TCP_EXPOSED = a_port(name="tcp", number=6379, protocol=Protocol.MYSQL, routes=(a_route(start_port=31000),))
COMPANION = a_port(
    name="tcp", number=6379, protocol=Protocol.TCP, routes=(a_route(service="any", host="a.example.com"),)
)


def obstacles(
    placement: Placement,
    *consumers: Consumer,
    discovery: bool | None = False,
    ingress_namespace: str = "istio-ingress",
) -> tuple[Obstacle, ...]:
    cluster = a_cluster(istio={"endpoint_discovery": discovery}, ingresses=(an_ingress(namespace=ingress_namespace),))
    workload = a_workload(placements=(placement,))
    inventory = an_inventory(clusters=[cluster, a_cluster(name="observer")], workloads=[workload], consumers=consumers)
    return entry_obstacles(workload, placement, cluster, read_surroundings(inventory))


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        (a_placement(ports=(WEB,)), ()),
        (a_placement(ports=(WEB, TCP_EXPOSED)), ()),
        (a_placement(ports=(WEB, TCP_IN_MESH)), ()),
        (a_placement(ports=(TCP_IN_MESH,)), (Obstacle.NO_PORTS,)),
        (a_placement(ports=(COMPANION,)), (Obstacle.NO_PORTS,)),
        (a_placement(service=None), (Obstacle.NO_SERVICE,)),
        (a_placement(ports=(WEB, a_port(name="peer", number=1, before_ready=True))), (Obstacle.BEFORE_READY,)),
        (a_placement(ports=(WEB, a_port(name="other", number=1, target="web"))), (Obstacle.NAMED_TARGET,)),
        (
            a_placement(ports=(WEB, a_port(name="other", number=1, target="web", carried=False))),
            (),
        ),
    ],
    ids=[
        "HTTP",
        "TCP exposed",
        "TCP in the mesh beside HTTP",
        "TCP in the mesh only",
        "TCP to a companion only",
        "no Service",
        "before Ready",
        "named target",
        "not carried",
    ],
)
def test_what_speaks_against_a_service_entry(placement: Placement, expected: tuple[Obstacle, ...]) -> None:
    assert obstacles(placement) == expected


@pytest.mark.parametrize("declared", [True, None])
def test_discovery_that_is_on_or_not_declared_speaks_against_it(*, declared: bool | None) -> None:
    assert obstacles(a_placement(), discovery=declared) == (Obstacle.DISCOVERY,)


def test_tcp_speaks_against_it_where_applications_would_see_it() -> None:
    tcp = a_placement(ports=(TCP_EXPOSED,))
    assert obstacles(tcp, ingress_namespace="monitoring") == (Obstacle.TCP_VISIBLE,)
    near = a_consumer(cluster="cluster-a", via=Via.EAST_WEST)
    assert obstacles(tcp, near) == (Obstacle.TCP_VISIBLE,)
    assert obstacles(a_placement(), near, ingress_namespace="monitoring") == ()
    assert obstacles(tcp, a_consumer(cluster="observer", namespace="elsewhere")) == ()


def test_callers_from_other_clusters_speak_against_it() -> None:
    assert obstacles(a_placement(), a_consumer(cluster="observer", via=Via.EAST_WEST)) == (Obstacle.EAST_WEST,)
    assert obstacles(a_placement(), a_consumer(cluster="observer", via=Via.NORTH_SOUTH)) == ()


@pytest.mark.parametrize(
    ("choice", "alone", "expected"),
    [
        (BackendChoice.AUTO, False, Backend.SERVICE_ENTRY),
        (BackendChoice.AUTO, None, Backend.POD_SERVICE),
        (BackendChoice.SERVICE_ENTRY, None, Backend.SERVICE_ENTRY),
        (BackendChoice.POD_SERVICE, False, Backend.POD_SERVICE),
        (BackendChoice.EXISTING, False, Backend.EXISTING),
        (BackendChoice.NONE, False, Backend.NONE),
    ],
)
def test_a_choice_stands_and_auto_follows_the_cluster(
    *, choice: BackendChoice, alone: bool | None, expected: Backend
) -> None:
    cluster = a_cluster(istio={"endpoint_discovery": alone})
    placement = a_placement(backend=choice)
    workload = a_workload(placements=(placement,))
    surroundings = read_surroundings(an_inventory(clusters=[cluster], workloads=[workload]))
    assert backend(workload, placement, cluster, surroundings) is expected


def test_tcp_ports_are_in_a_service_entry_only_where_a_route_leads_to_the_pods() -> None:
    udp = a_port(name="udp", number=53, protocol=Protocol.UDP)
    placement = a_placement(ports=(WEB, TCP_IN_MESH, COMPANION, udp, TCP_EXPOSED, a_port(name="no", carried=False)))
    assert entry_ports(placement) == (WEB, TCP_EXPOSED)


def test_a_backend_that_is_not_there_has_no_host() -> None:
    for kind in (Backend.NONE, Backend.EXISTING, Backend.SERVICE_ENTRY):
        placement = a_placement(service=None)
        with pytest.raises(ValueError, match="has no backend"):
            backend_host(kind, a_workload(), placement, placement.pods[0], a_cluster())


PLAIN, CERTIFIED = an_ingress(), an_ingress(credential_name="wildcard")
THEIRS = an_ingress(existing_gateway="edge/shared", credential_name="wildcard")


@pytest.mark.parametrize(
    ("choice", "ingress", "protocol", "expected"),
    [
        (GatewayChoice.AUTO, PLAIN, "HTTP", GatewayLayout.PER_POD),
        (GatewayChoice.AUTO, CERTIFIED, "HTTP", GatewayLayout.SHARED),
        (GatewayChoice.AUTO, CERTIFIED, "HTTP2", GatewayLayout.SHARED),
        (GatewayChoice.AUTO, CERTIFIED, "GRPC", GatewayLayout.SHARED),
        (GatewayChoice.AUTO, CERTIFIED, "TLS", GatewayLayout.PER_POD),
        (GatewayChoice.AUTO, CERTIFIED, "HTTPS", GatewayLayout.PER_POD),
        (GatewayChoice.AUTO, CERTIFIED, "TCP", GatewayLayout.PER_POD),
        (GatewayChoice.SHARED, PLAIN, "TCP", GatewayLayout.SHARED),
        (GatewayChoice.PER_POD, CERTIFIED, "HTTP", GatewayLayout.PER_POD),
        (GatewayChoice.PER_POD, THEIRS, "HTTP", GatewayLayout.EXISTING),
        (GatewayChoice.SHARED, THEIRS, "TCP", GatewayLayout.EXISTING),
    ],
)
def test_which_gateway_a_route_gets(
    choice: GatewayChoice, ingress: Any, protocol: str, expected: GatewayLayout
) -> None:
    assert gateway_layout(choice, ingress, a_port(protocol=Protocol(protocol))) is expected


@pytest.mark.parametrize(
    ("protocol", "plain", "certified"),
    [
        ("HTTP", ServerProtocol.HTTP, ServerProtocol.HTTPS),
        ("HTTP2", ServerProtocol.HTTP, ServerProtocol.HTTPS),
        ("GRPC", ServerProtocol.HTTP, ServerProtocol.HTTPS),
        ("HTTPS", ServerProtocol.TLS, ServerProtocol.TLS),
        ("TLS", ServerProtocol.TLS, ServerProtocol.TLS),
        ("TCP", ServerProtocol.TCP, ServerProtocol.TCP),
        ("MONGO", ServerProtocol.TCP, ServerProtocol.TCP),
        ("MYSQL", ServerProtocol.TCP, ServerProtocol.TCP),
        ("REDIS", ServerProtocol.TCP, ServerProtocol.TCP),
    ],
)
def test_what_a_gateway_speaks(protocol: str, plain: ServerProtocol, certified: ServerProtocol) -> None:
    port = a_port(protocol=Protocol(protocol))
    assert (server_protocol(PLAIN, port), server_protocol(CERTIFIED, port)) == (plain, certified)


def test_no_gateway_speaks_udp() -> None:
    with pytest.raises(ValueError, match="UDP"):
        server_protocol(PLAIN, a_port(protocol=Protocol.UDP))


@pytest.mark.parametrize(
    ("layout", "protocol", "host", "expected"),
    [
        (GatewayLayout.SHARED, ServerProtocol.HTTPS, "a.b.example.com", "*.b.example.com"),
        (GatewayLayout.SHARED, ServerProtocol.TLS, "a.example.com", "*.example.com"),
        (GatewayLayout.SHARED, ServerProtocol.TCP, "a.example.com", "a.example.com"),
        (GatewayLayout.SHARED, ServerProtocol.HTTP, "example.com", "example.com"),
        (GatewayLayout.PER_POD, ServerProtocol.HTTP, "a.example.com", "a.example.com"),
    ],
)
def test_what_a_server_lists(layout: GatewayLayout, protocol: ServerProtocol, host: str, expected: str) -> None:
    assert served_host(layout, protocol, CERTIFIED, host) == expected


def test_where_a_port_has_several_certificates_each_is_for_the_hosts_that_it_is_named_for() -> None:
    several = an_ingress(credential_name="{workload}-tls")
    host = "a.example.com"
    assert served_host(GatewayLayout.SHARED, ServerProtocol.HTTPS, several, host) == host
    assert served_host(GatewayLayout.SHARED, ServerProtocol.TLS, several, host) == "*.example.com"
    assert gateway_layout(GatewayChoice.AUTO, several, a_port()) is GatewayLayout.SHARED
    of_pods = an_ingress(credential_name="{workload}-{ordinal}-tls")
    assert gateway_layout(GatewayChoice.AUTO, of_pods, a_port()) is GatewayLayout.PER_POD
