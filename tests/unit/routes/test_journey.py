"""The way of a request in words: from a gateway or a sidecar to where it ends, and why it ends before a pod."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_gen.routes.declared import Declared
from gitops_gen.routes.encryption import last_leg
from gitops_gen.routes.journey import from_outside, in_mesh, lost_outside
from gitops_gen.routes.story import why_lost
from gitops_gen.routes.table import Table, read_table
from tests.proofs import placed
from tests.unit.routes.shop import HOST, PODS, changed, made

WEB = "web-0.example.com"
TO = "route/spec/http/0/route/0/destination"
OTHER = "other.shop.svc.cluster.local"
ELSEWHERE = "theirs.shop.svc.cluster.local"


def table(manifests: list[dict[str, Any]], **more: Any) -> Table:
    declared = {"gateway_pods": (PODS,), "services": {ELSEWHERE: frozenset({80})}, **more}
    return read_table(placed(manifests), Declared(**declared))


def led(to: str, *changes: tuple[str, Any]) -> tuple[list[str], str]:
    """Follow a client outside where the route leads to a host: the steps behind the route, and what is missing."""
    (journey,) = from_outside(table(changed((TO, {"host": to, "port": {"number": 80}}), *changes)), WEB, None)
    return [step.text for step in journey.steps][2:], journey.missing


def test_a_request_ends_at_a_pod() -> None:
    assert led(HOST) == (
        [
            "ServiceEntry shop/web-0 port 80",
            "mesh mTLS to the pod: STRICT refuses anything else",
            "pod shop/web-0, container port 80",
        ],
        "",
    )


def test_a_request_ends_before_a_pod() -> None:
    assert led(OTHER) == (["Service shop/other port 80", "any of its pods"], "")
    assert led(ELSEWHERE) == ([f"Service {ELSEWHERE}, which is declared port 80"], "")
    stub = ("service/spec/selector", None)
    assert led(OTHER, stub)[0][-1] == "endpoints that istiod reads in other clusters"
    assert led("othr.shop.svc.cluster.local") == (
        [],
        f"there is no Service or ServiceEntry othr.shop.svc.cluster.local (did you mean {OTHER}?)",
    )
    assert led(HOST, ("entry/spec/exportTo", ["."])) == ([], f"{HOST} is not exported to the namespace of the caller")
    assert led(HOST, ("entry/spec/ports/0/number", 81)) == ([], f"{HOST} has no port 80")


def test_an_entry_to_addresses_outside_says_which() -> None:
    outside = [
        ("entry/spec/location", "MESH_EXTERNAL"),
        ("entry/spec/workloadSelector", None),
        ("entry/spec/endpoints", [{"address": "192.0.2.1"}]),
    ]
    assert led(HOST, *outside)[0][-1] == "endpoint 192.0.2.1"


def asked(found: Table, host: str, port: int | None, caller: str | None) -> list[tuple[str, str]]:
    """Return where each way of a client in the mesh ends, and what is missing on it."""
    return [
        (journey.steps[-1].text if journey.steps else "", journey.missing)
        for journey in in_mesh(found, host, port, caller)
    ]


def test_a_client_in_the_mesh_asks_a_host_that_it_sees() -> None:
    two = [
        {"number": number, "name": f"http-{number}", "protocol": "HTTP", "targetPort": number} for number in (80, 81)
    ]
    found = table(changed(("entry/spec/ports", two)))
    assert asked(found, HOST, None, "shop") == [
        ("pod shop/web-0, container port 80", ""),
        ("pod shop/web-0, container port 81", ""),
    ]
    assert asked(found, HOST, 81, "shop") == [("pod shop/web-0, container port 81", "")]
    assert asked(found, HOST, 82, "shop") == [("", "ServiceEntry shop/web-0 has no port 82 (there is 80, 81)")]
    assert asked(found, HOST, 80, "elsewhere") == [("", "ServiceEntry shop/web-0 is not exported to elsewhere")]
    assert asked(found, "nobody.example.com", 80, "shop") == []
    assert asked(found, ELSEWHERE, 80, "shop") == [("endpoints that istiod reads in other clusters", "")]


@pytest.mark.parametrize(
    ("family", "rule", "port", "expected"),
    [
        ("http", {}, 80, ("pod shop/web-0, container port 80", "")),
        ("tcp", {"match": [{"port": 80}]}, 80, ("pod shop/web-0, container port 80", "")),
        ("tcp", {"match": [{"port": 9}]}, 80, ("any of its pods", "")),
    ],
)
def test_a_route_for_sidecars_leads_on(family: str, rule: dict[str, Any], port: int, expected: tuple[str, str]) -> None:
    to = {"destination": {"host": HOST, "port": {"number": 80}}}
    spec = {"hosts": [OTHER], "exportTo": ["."], family: [{**rule, "route": [to]}]}
    found = table([*changed(), made("VirtualService", "to-web-0", spec)])
    assert asked(found, OTHER, port, "shop") == [expected]
    hidden = table([*changed(), made("VirtualService", "to-web-0", {**spec, "exportTo": ["elsewhere"]})])
    assert asked(hidden, OTHER, port, "shop") == [("any of its pods", "")]


def test_gateways_that_know_nothing_of_a_host_are_not_asked_why() -> None:
    found = table(changed())
    assert lost_outside(found, "nobody.example.org", None) == []
    assert [journey.start for journey in lost_outside(found, WEB, 81)] == [f"{WEB}:81 at ingress public"]


def test_why_a_request_is_lost() -> None:
    found = table(changed())
    assert why_lost(found, "elsewhere", 80, WEB).text == "there are no gateway pods elsewhere"
    # what is answered is asked about all the same: then it is none of the known reasons
    assert why_lost(found, "public", 80, WEB).text == (
        "VirtualService shop/web-0: another server or route takes the host on this port, or its rules name another host"
    )


def leg(found: Table) -> str:
    (backend,) = found.registry.backends[HOST]
    return last_leg(found, backend, backend.ports[80]).text


def test_what_the_mesh_makes_of_the_last_leg() -> None:
    assert leg(table(changed())) == "mesh mTLS to the pod: STRICT refuses anything else"
    outside = table(changed(), outside=frozenset({("shop", "web-0", 80)}))
    assert leg(outside) == "plain text to the pod: the inventory says that this port is outside the mesh"


@pytest.mark.parametrize(
    ("ports", "selector", "workload", "own"),
    [
        ({"80": {"mode": "DISABLE"}}, {"matchLabels": {"app": "web"}}, "web", True),
        ({"81": {"mode": "DISABLE"}}, {"matchLabels": {"app": "web"}}, "web", False),
        ({"80": {"mode": "DISABLE"}}, {}, "web", False),
        ({"80": {"mode": "DISABLE"}}, {"matchLabels": {"app": "web"}}, "other", False),
    ],
)
def test_a_policy_for_the_workloads_pods_takes_mesh_tls_off_a_port(
    ports: dict[str, Any], selector: dict[str, Any], workload: str, *, own: bool
) -> None:
    label = "gitops-gen.io/workload"
    policy = made("PeerAuthentication", "own", {"selector": selector, "portLevelMtls": ports}, "security.istio.io/v1")
    policy["metadata"]["labels"] = {label: workload}
    found = table([*changed(("entry/metadata/labels", {label: "web"})), policy])
    said = "PeerAuthentication shop/own: no mesh TLS on this port, it brings its own"
    assert (leg(found) == said) is own


def test_a_rule_for_other_hosts_says_nothing_of_a_pod_that_dns_names() -> None:
    by_dns = [("entry/spec/resolution", "DNS"), ("entry/spec/workloadSelector", None)]
    mutual = ("policy/spec/trafficPolicy", {"tls": {"mode": "ISTIO_MUTUAL"}})
    plain = "plain text, which STRICT refuses: nothing says that the pod speaks mesh TLS"
    assert leg(table(changed(*by_dns, mutual))) == plain
    ours = ("policy/spec/host", "*.web.shop.svc.cluster.local")
    assert leg(table(changed(*by_dns, mutual, ours))).startswith("DestinationRule shop/shop: mesh mTLS to the pod")
