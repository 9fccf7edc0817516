"""What stands in a Consumer's cluster for pods of another: each field that carries a request is proven."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from gitops_gen.model import Via
from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from tests.factories import a_cluster, a_consumer, a_placement, a_port, a_workload, an_east_west, an_inventory
from tests.proofs import rendered

HERE = Location("altered.yaml", 1, 1)

STATIC: dict[str, Any] = {"discovery": False, "capture": False, "addresses": ("192.0.2.10",)}
NAMED: dict[str, Any] = {"discovery": False, "capture": False, "addresses": ("eastwest.example.net",)}
CAPTURED: dict[str, Any] = {"discovery": False, "capture": True, "addresses": ("eastwest.example.net",)}
DISCOVERED: dict[str, Any] = {"discovery": True, "capture": False, "addresses": ("192.0.2.10",)}

HIDDEN = ("metadata/annotations", {"networking.istio.io/exportTo": "."})


def dialled(*, discovery: bool, capture: bool, addresses: tuple[str, ...]) -> Any:
    istio = {"endpoint_discovery": discovery, "dns_capture": capture}
    home = a_cluster(name="home", istio=istio, east_west=an_east_west(addresses=addresses, generated=True))
    port = a_port(routes=())
    return an_inventory(
        clusters=[a_cluster(name="caller", istio=istio), home],
        workloads=[a_workload(placements=(a_placement(cluster="home", ports=(port,)),))],
        consumers=[
            a_consumer(
                via=Via.EAST_WEST,
                cluster="caller",
                namespace="thanos",
                workloads=("monitoring/prometheus",),
                port=port.name,
            )
        ],
    )


def rules(inventory: Any, cluster: str, kind: str, name: str | None, *changes: tuple[str, Any]) -> set[str]:
    """Prove with the first resource of a kind changed, or without it where nothing is to change."""
    resources = rendered(inventory)
    here = resources[cluster]
    chosen = next(one for one in here if one.kind == kind and (name is None or one.name == name))
    here.remove(chosen)
    if changes:
        manifest = copy.deepcopy(dict(chosen.manifest))
        for path, value in changes:
            inside: Any = manifest
            *parents, last = path.split("/")
            for part in parents:
                inside = inside[int(part) if part.isdigit() else part]
            inside[int(last) if last.isdigit() else last] = value
        here.append(read_resource(manifest, HERE))
    return {problem.rule for problem in prove_mesh(inventory, resources)}


@pytest.mark.parametrize("shape", [STATIC, NAMED, CAPTURED, DISCOVERED, {**DISCOVERED, "capture": True}])
def test_every_shape_is_proven(shape: Any) -> None:
    inventory = dialled(**shape)
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("spec/endpoints/0/address", "192.0.2.99"), "GGI006"),
        (("spec/endpoints/0/ports", {"http-web": 15444}), "GGI006"),
        (("spec/endpoints/0/labels", {}), "GGI032"),
        (("spec/subjectAltNames", ["spiffe://cluster.local/ns/monitoring/sa/other"]), "GGI032"),
        (("spec/subjectAltNames", []), "GGI032"),
        (("spec/addresses", ["10.0.0.1"]), "GGI013"),
        (("spec/exportTo", ["."]), "GGI015"),
        (("spec/ports/0/number", 9091), "GGI036"),
        (("spec/ports/0/protocol", "TCP"), "GGI036"),
        (("spec/hosts", ["home-prometheus-9.monitoring.svc.cluster.local"]), "GGI036"),
    ],
)
def test_an_entry_to_another_cluster_is_proven_field_by_field(change: tuple[str, Any], rule: str) -> None:
    assert rule in rules(dialled(**STATIC), "caller", "ServiceEntry", None, change)


@pytest.mark.parametrize(
    ("shape", "cluster", "kind", "name", "rule"),
    [
        (STATIC, "caller", "ServiceEntry", "home-prometheus-0", "GGI036"),
        (STATIC, "caller", "Service", "home-prometheus-0", "GGI036"),
        (NAMED, "caller", "VirtualService", "to-home-prometheus-0", "GGI036"),
        (NAMED, "caller", "Service", "to-home-prometheus-0", "GGI036"),
        (DISCOVERED, "caller", "Service", "home-prometheus-0", "GGI036"),
        (DISCOVERED, "home", "Service", "home-prometheus-0", "GGI036"),
        (STATIC, "home", "Gateway", "cross-network-gateway", "GGI006"),
    ],
)
def test_nothing_of_it_can_be_left_out(shape: Any, cluster: str, kind: str, name: str, rule: str) -> None:
    assert rule in rules(dialled(**shape), cluster, kind, name)


def test_a_stub_has_no_pods_and_the_ports_of_its_service() -> None:
    inventory = dialled(**DISCOVERED)
    selects = ("spec/selector", {"app": "prometheus"})
    assert "GGI027" in rules(inventory, "caller", "Service", "home-prometheus-0", selects)
    assert "GGI027" in rules(inventory, "caller", "Service", "home-prometheus-0", ("spec/ports/0/port", 9091))


@pytest.mark.parametrize(
    ("shape", "kind", "name", "change", "rule"),
    [
        (STATIC, "Service", "home-prometheus-0", HIDDEN, "GGI036"),
        (STATIC, "Service", "home-prometheus-0", ("spec/ports/0/port", 9091), "GGI036"),
        (DISCOVERED, "Service", "home-prometheus-0", HIDDEN, "GGI015"),
        (NAMED, "VirtualService", "to-home-prometheus-0", ("spec/exportTo", ["elsewhere"]), "GGI036"),
        (NAMED, "VirtualService", "to-home-prometheus-0", ("spec/http/0/match", [{"port": 1}]), "GGI036"),
    ],
)
def test_what_stands_in_for_a_pod_is_seen_and_leads_on(
    shape: Any, kind: str, name: str, change: tuple[str, Any], rule: str
) -> None:
    assert rule in rules(dialled(**shape), "caller", kind, name, change)


def test_an_entry_needs_a_gateway_to_lead_to() -> None:
    inventory = dialled(**STATIC)
    resources = rendered(inventory)
    without = {**inventory.clusters, "home": replace(inventory.clusters["home"], east_west=None)}
    assert "GGI006" in {problem.rule for problem in prove_mesh(replace(inventory, clusters=without), resources)}


def test_the_service_at_home_is_seen_by_the_gateway_and_by_discovered_callers() -> None:
    for shape in (STATIC, DISCOVERED):
        assert "GGI015" in rules(dialled(**shape), "home", "Service", "home-prometheus-0", HIDDEN)


def test_what_stands_for_no_pod_is_noticed() -> None:
    name = ("metadata/name", "home-prometheus-9")
    assert "GGI008" in rules(dialled(**DISCOVERED), "caller", "Service", "home-prometheus-0", name)
