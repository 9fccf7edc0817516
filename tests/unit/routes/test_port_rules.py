"""Ports that two backends share, and pods' names that a ServiceEntry and the headless Service share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.routes.declared import Declared, GatewayPods
from gitops_gen.routes.port_rules import governed, protocols
from gitops_gen.routes.table import read_table
from tests.proofs import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

INGRESS = GatewayPods("public", "istio-ingress", frozenset({("istio", "ingressgateway")}))


def service(name: str, port: int, protocol: str | None, seen: str = "", namespace: str = "shop") -> dict[str, Any]:
    spoken = {} if protocol is None else {"appProtocol": protocol}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "annotations": {"networking.istio.io/exportTo": seen}},
        "spec": {"selector": {"app": name}, "ports": [{"name": "main", "port": port, "targetPort": port, **spoken}]},
    }


def entry(protocol: str = "HTTP", pod: str = "web-0") -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": pod, "namespace": "shop"},
        "spec": {
            "hosts": ["web-0.web.shop.svc.cluster.local"],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "workloadSelector": {"labels": {"statefulset.kubernetes.io/pod-name": pod}},
            "ports": [{"number": 8080, "name": "main", "protocol": protocol}],
        },
    }


def policy(host: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"host": host},
    }


def judged(*manifests: dict[str, Any]) -> list[tuple[str, str]]:
    listening = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "g", "namespace": "istio-ingress"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
        },
    }
    table = read_table(placed([listening, *manifests]), Declared(gateway_pods=(INGRESS,)))
    return [(problem.rule, problem.subject) for rule in (protocols, governed) for problem in rule(table)]


@pytest.mark.parametrize(
    ("http", "tcp", "meets"),
    [
        (".", ".", False),
        ("", ".", True),
        (".", "", True),
        ("*", "tools", True),
        (".,tools", ".,tools", True),
        (".,istio-ingress", ".,istio-ingress", False),
        (".,tools", ".,other", False),
    ],
)
def test_two_protocols_on_a_number_count_where_sidecars_see_both(http: str, tcp: str, *, meets: bool) -> None:
    found = judged(service("web", 80, "http", http), service("cache", 80, "tcp", tcp, "stores"))
    assert found == ([("GGI003", "Service stores/cache")] if meets else [])


def test_a_number_is_told_once_and_others_do_not_count() -> None:
    found = judged(
        service("web", 80, "grpc"),
        service("one", 80, "redis"),
        service("two", 80, "tcp"),
        service("three", 81, "tcp"),
        service("four", 80, "tls"),
        service("five", 80, None),
    )
    assert found == [("GGI003", "Service shop/one")]


def test_the_first_of_several_http_backends_is_named() -> None:
    assert judged(service("a", 80, "http", "tools"), service("b", 80, "http", "tools"), service("c", 80, "tcp")) == [
        ("GGI003", "Service shop/c")
    ]


@pytest.mark.parametrize(
    ("governing", "found"),
    [
        ([service("web", 8080, "http")], []),
        ([service("web", 8080, None)], []),
        ([service("web", 9090, "http")], ["GGI039"]),
        ([service("web", 8080, "tls")], ["GGI039"]),
        ([], []),
    ],
)
def test_the_headless_service_has_the_ports_of_the_entry(
    governing: Sequence[dict[str, Any]], found: Sequence[str]
) -> None:
    assert [rule for rule, _ in judged(entry(), *governing)] == found


def test_an_entry_under_another_name_than_its_pods_is_not_held_against_the_headless_service() -> None:
    assert judged(entry(pod="web-1"), service("web", 9090, "http")) == []


def test_a_policy_for_one_pod_is_passed_by_and_one_for_all_is_not() -> None:
    right = service("web", 8080, "http")
    assert judged(entry(), right, policy("web-0.web.shop.svc.cluster.local")) == [
        ("GGI038", "DestinationRule shop/web")
    ]
    assert judged(entry(), right, policy("web.shop.svc.cluster.local")) == []


def test_a_service_that_is_only_declared_has_no_ports_to_compare() -> None:
    declared = Declared(
        gateway_pods=(INGRESS,), services={"web.shop.svc.cluster.local": frozenset({1}), "x.y.svc.z": frozenset({8080})}
    )
    table = read_table(placed([entry()]), declared)
    assert [*protocols(table), *governed(table)] == []
