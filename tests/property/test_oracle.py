"""Whatever an inventory without errors asks for: the oracle finds no fault, and every request reaches its one pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_gen.exposure import exposures
from gitops_gen.model import BackendChoice, EndpointFormat, EndpointList, Family, GatewayChoice, Protocol, Via
from gitops_gen.problems import has_errors
from gitops_gen.resources.check import check_shapes
from gitops_gen.resources.dialled import dialled_placements, endpoints_of
from gitops_gen.resources.surroundings import read_surroundings
from tests.factories import a_cluster, a_consumer, a_placement, a_port, a_route, a_workload, an_east_west, an_inventory
from tests.held import expected, held
from tests.oracle.dialling import dial
from tests.oracle.mesh import Request, cross_faults, errors, routes
from tests.property.inventories import inventories

if TYPE_CHECKING:
    from gitops_gen.model import Cluster, Consumer, Inventory, Placement, Workload
    from gitops_gen.resources.endpoint_list import Endpoint
    from tests.oracle.dialling import Meshes


def sound(inventory: Inventory) -> bool:
    """Leave out what the rules on whole inventories and on shapes refuse."""
    return not has_errors(check_shapes(inventory)) and gateway_ports_are_apart(inventory)


def gateway_ports_are_apart(inventory: Inventory) -> bool:
    """Tell whether each gateway port speaks one thing, and each TCP port leads to one end."""
    spoken: dict[tuple[str, str, int], str] = {}
    for workload in inventory.workloads:
        for placement in workload.placements:
            for exposure in exposures(workload, placement, inventory.clusters[placement.cluster]):
                family = exposure.port.protocol.family
                what = "TLS" if family is Family.TLS or exposure.ingress.credential_name else "HTTP"
                if family is Family.TCP:
                    what = f"{workload.key} {exposure.service or exposure.pod} {exposure.host}"
                door = (placement.cluster, exposure.ingress.name, exposure.gateway_port)
                if spoken.setdefault(door, what) != what:
                    return False
    return True


def assert_routes_are_exact(inventory: Inventory, meshes: Meshes) -> None:
    for name, mesh in meshes.clusters.items():
        assert errors(mesh) == []
        found = {
            request: (answer.namespace, answer.pod or answer.service, answer.port)
            for request, answer in routes(mesh).items()
            if answer.namespace  # a wildcard server answers 404, or resets, where a host has no rule for its port
        }
        assert found == expected(inventory, name)
    assert cross_faults(meshes.clusters, meshes.discovery) == []


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(inventories().filter(sound))
def test_every_request_at_a_gateway_reaches_its_pod_and_nothing_else_does(inventory: Inventory) -> None:
    assert_routes_are_exact(inventory, held(inventory))


# --- Consumers -------------------------------------------------------------------------------------------------------


@st.composite
def clusters(draw: st.DrawFn, name: str, *, discovery: bool) -> Cluster:
    by_address = tuple(f"192.0.2.{ord(name[-1]) + place}" for place in (0, 100))
    east_west = an_east_west(
        addresses=draw(st.sampled_from([by_address, (f"eastwest.{name}.example.net",)])),
        generated=draw(st.booleans()),
        port=draw(st.sampled_from([15443, 443])),
    )
    return a_cluster(
        name=name,
        istio={"endpoint_discovery": discovery, "dns_capture": draw(st.booleans())},
        network=draw(st.sampled_from(["", "n"])),
        east_west=draw(st.sampled_from([east_west, east_west, None])),
    )


@st.composite
def placements(draw: st.DrawFn, workload: str, cluster: Cluster, protocols: list[Protocol]) -> Placement:
    ports = tuple(
        a_port(
            name=f"port-{place}",
            number=7000 + place,
            target=draw(st.sampled_from([7000 + place, 17000 + place])),
            protocol=protocol,
            routes=(a_route(host="{cluster}-{namespace}-{pod}.example.com", own_host=False, port=8000 + place),)
            if protocol is Protocol.HTTP
            else (),
        )
        for place, protocol in enumerate(protocols)
    )
    return a_placement(
        cluster=cluster.name,
        stateful_set=workload,
        replicas=draw(st.integers(0, 2)),
        start=draw(st.integers(0, 1)),
        service=draw(st.sampled_from([workload, workload, None])),
        ports=ports,
        backend=draw(st.sampled_from([BackendChoice.AUTO, BackendChoice.AUTO, BackendChoice.POD_SERVICE])),
        gateways=draw(st.sampled_from([GatewayChoice.AUTO, GatewayChoice.SHARED])),
    )


@st.composite
def consumed(draw: st.DrawFn) -> Inventory:
    """Draw clusters that dial each other's pods in every way."""
    discovery = draw(st.booleans())
    homes = [draw(clusters(f"cluster-{letter}", discovery=discovery)) for letter in "abc"[: draw(st.integers(2, 3))]]
    workloads = []
    for place in range(draw(st.integers(1, 2))):
        name = f"w{place}"
        protocols = draw(
            st.lists(st.sampled_from([Protocol.HTTP, Protocol.HTTP, Protocol.TCP]), min_size=1, max_size=2)
        )
        placed = tuple(draw(placements(name, cluster, protocols)) for cluster in homes if draw(st.booleans()))
        workloads.append(a_workload(namespace=f"ns-{place % 2}", name=name, placements=placed))
    consumers = [
        a_consumer(
            name=f"c{place}",
            namespace=draw(st.sampled_from(["ns-0", "ns-2", "ns-3"])),
            cluster=draw(st.sampled_from(homes)).name,
            workloads=tuple(
                sorted(draw(st.sets(st.sampled_from([workload.key for workload in workloads]), min_size=1)))
            ),
            via=draw(st.sampled_from([Via.EAST_WEST, Via.EAST_WEST, Via.NORTH_SOUTH])),
            port=draw(st.sampled_from(["port-0", "port-0", "port-1"])),
            endpoints=EndpointList(config_map=f"c{place}", format=draw(st.sampled_from(list(EndpointFormat)))),
        )
        for place in range(draw(st.integers(1, 3)))
    ]
    return an_inventory(clusters=homes, workloads=workloads, consumers=consumers)


def dialled(inventory: Inventory, consumer: Consumer) -> list[tuple[Workload, Endpoint]]:
    workloads = {workload.key: workload for workload in inventory.workloads}
    return [
        (pods.workload, endpoint)
        for pods in dialled_placements(consumer, inventory, workloads, read_surroundings(inventory))
        for endpoint in endpoints_of([pods])[0]
    ]


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(consumed().filter(sound))
def test_every_address_of_an_endpoint_list_reaches_the_pod_that_it_stands_for(inventory: Inventory) -> None:
    meshes = held(inventory)
    assert_routes_are_exact(inventory, meshes)
    tables = {name: routes(mesh) for name, mesh in meshes.clusters.items()}
    for consumer in inventory.consumers:
        (text,) = (
            resource["data"]["endpoints.yaml"]
            for resource in meshes.clusters[consumer.cluster].of_kind("ConfigMap")
            if resource["metadata"]["name"] == consumer.name
        )
        for workload, endpoint in dialled(inventory, consumer):
            assert text.count(f'"{endpoint.address}"\n') == 1
            host, _, port = endpoint.address.partition(":")
            if consumer.via is Via.NORTH_SOUTH and endpoint.cluster != consumer.cluster:
                answer = tables[endpoint.cluster][Request("public", int(port), host)]
                assert (answer.namespace, answer.pod) == (workload.namespace, endpoint.pod.name)
            else:
                reached = dial(meshes, consumer.cluster, consumer.namespace, host, int(port))
                assert {(pod.cluster, pod.namespace, pod.pod) for pod in reached} == {
                    (endpoint.cluster, workload.namespace, endpoint.pod.name)
                }
