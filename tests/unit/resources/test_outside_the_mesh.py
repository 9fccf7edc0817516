"""Pods and ports outside the mesh: nobody speaks its TLS to them, and what would is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import BackendChoice, Protocol, Via
from gitops_gen.resources.check import check_shapes
from gitops_gen.routes.journey import in_mesh
from gitops_gen.routes.proof import prove_mesh
from tests.factories import a_cluster, a_consumer, a_placement, a_port, a_route, a_workload, an_east_west, an_inventory
from tests.proofs import rendered, table_of
from tests.unit.resources.rendered import manifests

if TYPE_CHECKING:
    from gitops_gen.model import Inventory

WEB = a_port(routes=(a_route(),), in_mesh=False)
IN_MESH = a_port(routes=(a_route(),))
GOSSIP = a_port(name="tcp-gossip", number=7000, target=17000, protocol=Protocol.TCP, in_mesh=False)


def outside(**changes: Any) -> Inventory:
    placement = a_placement(**{"replicas": 1, "in_mesh": False, "ports": (WEB,), **changes})
    return an_inventory(workloads=[a_workload(selector=(("app", "prometheus"),), placements=(placement,))])


def errors(inventory: Inventory) -> list[str]:
    return [problem.rule for problem in check_shapes(inventory) if problem.severity.value == "error"]


def kinds(inventory: Inventory) -> set[str]:
    return {one["kind"] for one in manifests(inventory)}


def test_pods_without_a_sidecar_need_no_exception_from_the_meshs_tls() -> None:
    bare = a_port(name="tls", number=8443, protocol=Protocol.TLS, own_mtls=True, in_mesh=False)
    inventory = outside(ports=(WEB, bare))
    assert kinds(inventory) == {"Service", "Gateway", "VirtualService"}
    assert prove_mesh(inventory, rendered(inventory)) == []


def test_a_port_that_the_sidecar_leaves_alone_is_told_to_callers_and_pods() -> None:
    inventory = outside(in_mesh=True, ports=(IN_MESH, GOSSIP))
    found = {one["kind"]: one["spec"] for one in manifests(inventory)}
    assert found["PeerAuthentication"]["portLevelMtls"] == {"17000": {"mode": "DISABLE"}}
    assert found["DestinationRule"]["trafficPolicy"]["portLevelSettings"] == [
        {"port": {"number": 7000}, "tls": {"mode": "DISABLE"}}
    ]
    assert prove_mesh(inventory, rendered(inventory)) == []
    without = {"cluster-a": [one for one in rendered(inventory)["cluster-a"] if one.kind != "DestinationRule"]}
    assert {problem.rule for problem in prove_mesh(inventory, without)} == {"GGI029"}


def test_dns_asks_pods_without_a_sidecar_for_no_identity() -> None:
    inventory = outside(backend=BackendChoice.DNS, service_account="prometheus")
    (entry,) = (one["spec"] for one in manifests(inventory) if one["kind"] == "ServiceEntry")
    assert entry["endpoints"] == [{"address": entry["hosts"][0]}]
    assert prove_mesh(inventory, rendered(inventory)) == []
    assert errors(inventory) == []
    assert errors(outside(backend=BackendChoice.DNS, service_account=None)) == []


def test_the_old_recipe_asks_for_mesh_tls_that_is_not_there() -> None:
    assert errors(outside(backend=BackendChoice.BLOG)) == ["GGI033"]
    assert "DestinationRule" not in kinds(outside(backend=BackendChoice.BLOG))


@pytest.mark.parametrize(
    ("placement", "discovery", "network", "expected"),
    [
        ({}, False, "", ["GGI033"]),
        ({"service_account": None}, False, "", ["GGI033"]),
        ({}, True, "", []),
        ({}, True, "far", ["GGI033"]),
        ({"in_mesh": True, "ports": (IN_MESH,)}, False, "", []),
    ],
)
def test_an_east_west_gateway_does_not_lead_outside_the_mesh(
    placement: Any, *, discovery: bool, network: str, expected: list[str]
) -> None:
    home = a_cluster(istio={"endpoint_discovery": discovery}, east_west=an_east_west())
    caller = a_cluster(name="observer", istio={"endpoint_discovery": discovery}, network=network)
    workloads = outside(**placement).workloads
    consumer = a_consumer(via=Via.EAST_WEST)
    assert errors(an_inventory(clusters=[home, caller], workloads=workloads, consumers=[consumer])) == expected


def test_a_trace_says_that_plain_text_goes_outside_the_mesh() -> None:
    inventory = outside()
    table = table_of(inventory, "cluster-a", rendered(inventory)["cluster-a"])
    (journey,) = in_mesh(table, "cluster-a-prometheus-0.monitoring.svc.cluster.local", None, None)
    assert journey.steps[1].text == "plain text to the pod: the inventory says that this port is outside the mesh"
