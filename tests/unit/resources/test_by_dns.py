"""Backends that go by DNS: what is written, what is refused, and what the proof and a trace make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import BackendChoice, Protocol
from gitops_gen.problems import Location
from gitops_gen.resources.check import check_shapes
from gitops_gen.routes.journey import in_mesh
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_inventory
from tests.proofs import rendered, table_of
from tests.unit.resources.rendered import manifests

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory
    from gitops_gen.problems import Problem

WEB = a_port(routes=(a_route(),))
OWN = a_port(name="tls-api", number=8200, protocol=Protocol.TLS, own_mtls=True, routes=(a_route(port=8200),))
HOST = "prometheus-0.prometheus.monitoring.svc.cluster.local"


def by_dns(choice: BackendChoice, mtls: str = "strict", **changes: Any) -> Inventory:
    placement = a_placement(backend=choice, replicas=1, **{"ports": (WEB,), **changes})
    workload = a_workload(selector=(("app", "prometheus"),), placements=(placement,))
    return an_inventory(clusters=[a_cluster(istio={"mtls": mtls})], workloads=[workload])


def specs(inventory: Inventory, kind: str) -> list[Any]:
    return [one["spec"] for one in manifests(inventory) if one["kind"] == kind]


def problems(inventory: Inventory) -> list[Problem]:
    return [problem for problem in check_shapes(inventory) if problem.rule != "GGI057"]


@pytest.mark.parametrize(
    ("choice", "mtls", "endpoints"),
    [
        (BackendChoice.DNS, "strict", [{"address": HOST, "serviceAccount": "prometheus"}]),
        (BackendChoice.DNS, "disabled", [{"address": HOST}]),
        (BackendChoice.BLOG, "strict", None),
    ],
)
def test_the_entry_asks_dns_for_the_pods_own_name(choice: BackendChoice, mtls: str, endpoints: object) -> None:
    (entry,) = specs(by_dns(choice, mtls), "ServiceEntry")
    assert (entry["hosts"], entry["resolution"], entry.get("endpoints")) == ([HOST], "DNS", endpoints)
    assert "workloadSelector" not in entry


@pytest.mark.parametrize(
    ("choice", "mtls", "ports", "expected"),
    [
        (BackendChoice.DNS, "strict", (WEB,), []),
        (BackendChoice.BLOG, "strict", (WEB,), [{"tls": {"mode": "ISTIO_MUTUAL"}}]),
        (BackendChoice.BLOG, "permissive", (WEB,), [{"tls": {"mode": "ISTIO_MUTUAL"}}]),
        (BackendChoice.BLOG, "disabled", (WEB,), []),
        (
            BackendChoice.BLOG,
            "strict",
            (WEB, OWN),
            [
                {
                    "tls": {"mode": "ISTIO_MUTUAL"},
                    "portLevelSettings": [{"port": {"number": 8200}, "tls": {"mode": "DISABLE"}}],
                }
            ],
        ),
    ],
)
def test_callers_of_all_pods_are_told_where_mesh_tls_is(
    choice: BackendChoice, mtls: str, ports: Any, expected: object
) -> None:
    rules = specs(by_dns(choice, mtls, ports=ports), "DestinationRule")
    assert [one["trafficPolicy"] for one in rules if one["host"].startswith("*.prometheus.")] == expected


@pytest.mark.parametrize("choice", [BackendChoice.DNS, BackendChoice.BLOG])
@pytest.mark.parametrize("mtls", ["strict", "permissive", "disabled"])
def test_what_is_written_is_proven(choice: BackendChoice, mtls: str) -> None:
    inventory = by_dns(choice, mtls, ports=(WEB, OWN))
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(("mtls", "severity"), [("strict", "error"), ("permissive", "warning"), ("disabled", None)])
def test_a_pod_that_dns_names_is_known_by_its_account_alone(mtls: str, severity: str | None) -> None:
    found = problems(by_dns(BackendChoice.DNS, mtls, service_account=None))
    assert [(problem.rule, problem.severity.value) for problem in found] == ([("GGI001", severity)] if severity else [])
    assert problems(by_dns(BackendChoice.BLOG, mtls, service_account=None)) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"service": None}, "GGI028"),
        ({"ports": (a_port(before_ready=True, routes=(a_route(),)),)}, "GGI028"),
        ({"ports": (a_port(target="web", routes=(a_route(),)),)}, "GGI004"),
        ({"ports": (a_port(name="tcp", protocol=Protocol.TCP),)}, "GGI023"),
    ],
)
@pytest.mark.parametrize("choice", [BackendChoice.DNS, BackendChoice.BLOG])
def test_what_an_entry_on_the_pods_name_cannot_do_is_refused(choice: BackendChoice, changes: Any, rule: str) -> None:
    (problem,) = problems(by_dns(choice, **changes))
    assert problem.rule == rule
    if rule == "GGI004":
        assert "goes by DNS" in problem.message


def test_everybody_hears_that_a_pod_is_missed_for_a_while_after_it_is_back() -> None:
    (problem,) = check_shapes(by_dns(BackendChoice.BLOG))
    assert (problem.rule, problem.severity.value) == ("GGI057", "warning")
    assert problem.message.startswith("`backend: {compat: blog}` goes by DNS")


def _account(manifest: Manifest) -> None:
    manifest["spec"]["endpoints"][0]["serviceAccount"] = "somebody"


def _elsewhere(manifest: Manifest) -> None:
    manifest["spec"]["endpoints"][0]["address"] = "prometheus-1.prometheus.monitoring.svc.cluster.local"


def _another_name(manifest: Manifest) -> None:
    name = "prometheus-0.other.monitoring.svc.cluster.local"
    manifest["spec"]["hosts"] = [name]
    manifest["spec"]["endpoints"][0]["address"] = name


def _off_nowhere(manifest: Manifest) -> None:
    manifest["spec"]["trafficPolicy"]["portLevelSettings"][0]["port"]["number"] = 9090


def _plain(manifest: Manifest) -> None:
    manifest["spec"]["trafficPolicy"]["tls"]["mode"] = "DISABLE"


@pytest.mark.parametrize(
    ("choice", "kind", "name", "change", "rules"),
    [
        (BackendChoice.DNS, "ServiceEntry", "cluster-a-prometheus-0", _account, {"GGI008"}),
        (BackendChoice.DNS, "ServiceEntry", "cluster-a-prometheus-0", _elsewhere, {"GGI008"}),
        (BackendChoice.DNS, "ServiceEntry", "cluster-a-prometheus-0", _another_name, {"GGI008", "GGI019"}),
        (BackendChoice.DNS, "DestinationRule", "prometheus-pods", _off_nowhere, {"GGI029"}),
        (BackendChoice.BLOG, "DestinationRule", "prometheus-pods", _plain, {"GGI029", "GGI001"}),
        (BackendChoice.BLOG, "DestinationRule", "prometheus-pods", None, {"GGI029", "GGI001"}),
    ],
)
def test_the_proof_notices_what_is_not_as_it_is_asked_for(
    choice: BackendChoice, kind: str, name: str, change: Callable[[Manifest], None] | None, rules: set[str]
) -> None:
    inventory = by_dns(choice, ports=(WEB, OWN))
    altered = []
    for manifest in manifests(inventory):
        if (manifest["kind"], manifest["metadata"]["name"]) == (kind, name):
            if change is None:
                continue
            change(manifest)
        altered.append(read_resource(manifest, Location("altered.yaml", 1, 1)))
    assert {problem.rule for problem in prove_mesh(inventory, {"cluster-a": altered})} == rules


@pytest.mark.parametrize(
    ("choice", "mtls", "expected"),
    [
        (BackendChoice.DNS, "strict", "mesh mTLS to the pod, whose service account has to be prometheus"),
        (BackendChoice.DNS, "disabled", "plain text to the pod: the mesh's TLS is off"),
        (
            BackendChoice.BLOG,
            "permissive",
            "DestinationRule monitoring/prometheus-pods: mesh mTLS to the pod, whatever its service account",
        ),
    ],
)
def test_a_trace_tells_what_travels_to_the_pod(choice: BackendChoice, mtls: str, expected: str) -> None:
    inventory = by_dns(choice, mtls)
    table = table_of(inventory, "cluster-a", rendered(inventory)["cluster-a"])
    (journey,) = in_mesh(table, HOST, None, None)
    assert [step.text for step in journey.steps][1] == expected


@pytest.mark.parametrize(
    ("mtls", "expected"),
    [
        ("strict", "plain text, which STRICT refuses: nothing says that the pod speaks mesh TLS"),
        ("permissive", "plain text, which PERMISSIVE takes: nothing says that the pod speaks mesh TLS"),
    ],
)
def test_a_trace_tells_of_plain_text_where_nobody_asks_for_mesh_tls(mtls: str, expected: str) -> None:
    inventory = by_dns(BackendChoice.BLOG, mtls)
    entries = [one for one in rendered(inventory)["cluster-a"] if one.kind == "ServiceEntry"]
    (journey,) = in_mesh(table_of(inventory, "cluster-a", entries), HOST, None, None)
    assert [step.text for step in journey.steps][1] == expected
