"""What one resource gets wrong by itself: each form that a rule refuses, and the nearest one that it lets pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gitops_gen.routes.declared import Declared, DeclaredServer, assume
from gitops_gen.routes.judge import judge, of_good_form
from gitops_gen.routes.table import read_table
from tests.proofs import placed
from tests.unit.routes.shop import HOST, POD, PODS, base, changed, made

LONG = "a" * 64


def rules(manifests: list[dict[str, Any]], declared: Declared | None = None) -> set[str]:
    known = declared or Declared(gateway_pods=(PODS,))
    return {problem.rule for problem in judge(read_table(placed(manifests), known))}


def test_nobody_has_a_word_against_the_base() -> None:
    assert rules(changed()) == set()


PORT = {"number": 80, "name": "http", "protocol": "HTTP"}
TO = {"destination": {"host": HOST, "port": {"number": 80}}}
SNI = {"match": [{"sniHosts": ["WEB-0.example.com"]}], "route": [TO]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("entry/spec/ports", []), {"GGI019", "GGI023"}),
        (("gateway/spec/servers/0/port/protocol", "SPDY"), {"GGI042"}),
        (("entry/spec/workloadSelector", None), {"GGI023"}),
        (("entry/spec/endpoints", [{"address": "192.0.2.1"}]), {"GGI037"}),
        (("entry/spec/hosts", [HOST, "*"]), {"GGI037"}),
        (("entry/spec/hosts", [HOST, "Web.example.com"]), {"GGI012"}),
        (("entry/spec/workloadSelector/labels", {**POD, "app": "*"}), {"GGI037"}),
        (("entry/spec/addresses", ["240.240.0.9"]), {"GGI013"}),
        (("entry/spec/addresses", ["240.241.0.9"]), set()),
        (("entry/spec/ports", [PORT, {**PORT, "number": 81}]), {"GGI037"}),
        (("entry/spec/exportTo", [".", "istio-ingress", "Other"]), {"GGI012"}),
        (("gateway/metadata/name", LONG), {"GGI030", "GGI019"}),
        (("gateway/spec/servers/0/hosts", ["shop/web-0.example.com", "shop/Other.example.com"]), {"GGI012"}),
        (("route/metadata/name", "web_0"), {"GGI030"}),
        (("route/metadata/labels", {"app": LONG}), {"GGI030"}),
        (("route/spec/hosts", ["web-0.example.com", "Web-1.example.com"]), {"GGI012"}),
        (("route/spec/http/0/route", [{**TO, "weight": 0}, {**TO, "weight": 0}]), {"GGI055"}),
        (("route/spec/http/0/retries", {"attempts": 0, "perTryTimeout": "1s"}), {"GGI014"}),
        (("route/spec/tls", [SNI]), {"GGI012", "GGI053"}),
        (("route/spec/http/0/route/0/destination/subset", "blue"), {"GGI019"}),
        (("policy/spec/host", "other"), {"GGI018"}),
        (("service/metadata/name", "Other"), {"GGI030"}),
    ],
)
def test_a_form_that_is_refused(change: tuple[str, Any], expected: set[str]) -> None:
    assert rules(changed(change)) == expected


def test_an_unknown_field_is_told_whatever_stands_beside_it() -> None:
    rewrite = ("route/spec/http/0/rewrite", {"uri": "/"})
    assert of_good_form(placed(changed(rewrite)))[1] == []
    (found,) = of_good_form(placed(changed(rewrite, ("route/spec/http/0/rewritten", {}))))[1]
    assert found.rule == "GGI037"
    assert "rewritten" in found.message


def test_a_subset_has_to_be_one_of_the_hosts() -> None:
    to_subset = ("route/spec/http/0/route/0/destination/subset", "blue")
    subsets = ("policy/spec/subsets", [{"name": "blue", "labels": {"color": "blue"}}])
    assert rules(changed(to_subset, subsets, ("policy/spec/host", HOST))) == {"GGI038"}
    green = ("policy/spec/subsets", [{"name": "green", "labels": {"color": "green"}}])
    assert "GGI019" in rules(changed(to_subset, green, ("policy/spec/host", HOST)))


@pytest.mark.parametrize(
    "policy",
    [
        {"outlierDetection": {"consecutive5xxErrors": 1}},
        {"portLevelSettings": [{"port": {"number": 80}, "outlierDetection": {"consecutive5xxErrors": 1}}]},
    ],
)
def test_nothing_ejects_the_one_pod_there_is(policy: dict[str, Any]) -> None:
    of_pod = ("policy/spec/host", HOST)
    assert rules(changed(of_pod, ("policy/spec/trafficPolicy", policy))) == {"GGI031", "GGI038"}
    assert rules(changed(("policy/spec/trafficPolicy", policy))) == set()


def test_a_policy_by_port_selects_pods() -> None:
    spec: dict[str, Any] = {"portLevelMtls": {"80": {"mode": "STRICT"}}}
    policy = made("PeerAuthentication", "shop", spec, "security.istio.io/v1")
    assert rules([*changed(), policy]) == {"GGI029"}
    selecting = made(
        "PeerAuthentication", "shop", {**spec, "selector": {"matchLabels": {"app": "web"}}}, "security.istio.io/v1"
    )
    assert rules([*changed(), selecting]) == set()


def test_a_redirect_takes_hosts_as_they_stand() -> None:
    server = {"port": {"number": 81, "name": "http-81", "protocol": "HTTP"}, "tls": {"httpsRedirect": True}}
    servers = base()["gateway"]["spec"]["servers"]

    def redirecting(host: str) -> set[str]:
        return rules(changed(("gateway/spec/servers", [*servers, {**server, "hosts": [host]}])))

    assert redirecting("shop/web-0.example.com") == {"GGI034"}
    assert redirecting("web-0.example.com") == set()


def test_two_servers_do_not_share_a_certificate() -> None:
    tls = {"mode": "SIMPLE", "credentialName": "wildcard"}
    servers = [
        {
            "port": {"number": 443, "name": f"https-{n}", "protocol": "HTTPS"},
            "hosts": [f"shop/web-{n}.example.com"],
            "tls": tls,
        }
        for n in range(2)
    ]
    assert "GGI010" in rules(changed(("gateway/spec/servers", servers)))
    servers[1]["tls"] = {"mode": "SIMPLE", "credentialName": "another"}
    assert "GGI010" not in rules(changed(("gateway/spec/servers", servers)))


def test_two_entries_of_a_host_meet_where_somebody_sees_both() -> None:
    other = copy.deepcopy(base()["entry"])
    other["metadata"] = {"name": "web-0-too", "namespace": "shop"}
    assert rules([*changed(), other]) == {"GGI022"}
    other["spec"]["exportTo"] = ["elsewhere"]
    assert "GGI022" not in rules([*changed(), other])


def test_a_raw_port_for_gateways_alone_is_worth_a_warning_where_nobody_says_who_else_runs_there() -> None:
    raw = [
        ("entry/spec/ports", [{"number": 80, "name": "tcp", "protocol": "TCP", "targetPort": 80}]),
        ("entry/spec/exportTo", ["istio-ingress"]),
    ]
    manifests = changed(*raw)
    assert "GGI002" not in rules(manifests)
    assumed = assume(placed(manifests), namespaces={"": "istio-ingress"})
    found = [problem for problem in judge(read_table(placed(manifests), assumed)) if problem.rule == "GGI002"]
    assert [str(problem.severity) for problem in found] == ["warning"]


def test_a_redirect_binds_no_route_and_a_server_binds_it_once() -> None:
    servers = base()["gateway"]["spec"]["servers"]
    twice = [{**servers[0], "hosts": ["*/web-0.example.com", "shop/web-0.example.com"]}]
    assert len(rows(changed(("gateway/spec/servers", twice)))) == 1
    redirecting = [{**servers[0], "hosts": ["web-0.example.com"], "tls": {"httpsRedirect": True}}]
    assert rows(changed(("gateway/spec/servers", redirecting))) == []


def rows(manifests: list[dict[str, Any]]) -> list[Any]:
    table = read_table(placed(manifests), Declared(gateway_pods=(PODS,)))
    return [row for found in table.rows.values() for row in found]


def declaring(reference: str, *servers: DeclaredServer) -> Declared:
    return Declared(gateway_pods=(PODS,), gateways={reference: tuple((PODS, server) for server in servers)})


def test_a_declared_gateway_that_is_rendered_counts_once() -> None:
    http = DeclaredServer(80, "HTTP", None, (("shop", "web-0.example.com"),))
    known = read_table(placed(changed()), declaring("shop/web-0", http))
    assert [str(server) for listening in known.listening for server in listening.servers] == [
        "Gateway shop/web-0 spec.servers[0]"
    ]


def test_what_is_declared_and_rendered_is_the_rendered_one() -> None:
    declared = Declared(gateway_pods=(PODS,), services={"other.shop.svc.cluster.local": frozenset({81})})
    table = read_table(placed(changed()), declared)
    (service,) = table.registry.backends["other.shop.svc.cluster.local"]
    assert list(service.ports) == [80]
    assert service.ports[80].protocol == "HTTP"
