"""What gateway pods make of Gateway API: sections, namespaces, kinds, hosts, ListenerSets, and what the rules say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitops_gen.manifest import load
from gitops_gen.routes.declared import Declared, GatewayPods, assume
from gitops_gen.routes.journey import from_outside, known_hosts, lost_outside
from gitops_gen.routes.judge import judge, of_good_form
from gitops_gen.routes.proof import prove
from gitops_gen.routes.story import why_lost
from gitops_gen.routes.table import answering, read_table
from gitops_gen.workflows.reading import load_inventory
from tests.command import ROOT
from tests.proofs import placed, rendered

if TYPE_CHECKING:
    from gitops_gen.routes.table import Table

PODS = GatewayPods("public", "istio-ingress", frozenset({("istio", "ingressgateway")}))
SERVICE = "gw.istio-ingress.svc.cluster.local"
DECLARED = Declared(gateway_pods=(PODS,), gateway_services={SERVICE: PODS})
ALL = "allowedRoutes: {namespaces: {from: All}}"


def gateway(*listeners: str, name: str = "g", more: str = "", of: str = "istio", address: str = "gw") -> str:
    listed = "\n".join(f"  - {listener}" for listener in listeners)
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: istio-ingress}}
spec:
  gatewayClassName: {of}
  addresses: [{{type: Hostname, value: {address}}}]
{more}
  listeners:
{listed}
"""


def listener(name: str = "web", port: int = 80, protocol: str = "HTTP", more: str = ALL) -> str:
    return f"{{name: {name}, port: {port}, protocol: {protocol}, {more}}}"


def listener_set(*listeners: str, parent: str = "{name: g}") -> str:
    listed = "\n".join(f"  - {listener}" for listener in listeners)
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: s, namespace: istio-ingress}}
spec:
  parentRef: {parent}
  listeners:
{listed}
"""


def route(
    kind: str = "HTTPRoute",
    *,
    name: str = "r",
    parent: str = "{name: g, namespace: istio-ingress, sectionName: web}",
    hosts: str = "hostnames: [a.x.org]",
    rules: str = "[{backendRefs: [{name: p-0, port: 80}]}]",
    annotations: str = "",
) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: ns, annotations: {{{annotations}}}}}
spec:
  parentRefs: [{parent}]
  {hosts}
  rules: {rules}
"""


def service(name: str = "p-0", number: int = 80, *, namespace: str = "ns", seen: str = "*") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}, annotations: {{networking.istio.io/exportTo: "{seen}"}}}}
spec:
  selector: {{statefulset.kubernetes.io/pod-name: {name}}}
  ports: [{{name: web, port: {number}, appProtocol: http}}]
"""


def table(*texts: str, declared: Declared = DECLARED) -> Table:
    return read_table(placed(load("---".join(texts))), declared)


def pods(read: Table, host: str = "a.x.org", port: int = 80) -> list[str | None]:
    rows = answering(read, "public", port, host)
    return [end.backend.pod if end.backend is not None and not end.why else None for row in rows for end in row.ends]


def rules(read: Table) -> list[str]:
    return [problem.rule for problem in judge(read)]


def test_a_route_answers_at_the_listener_that_it_names() -> None:
    read = table(gateway(listener(), listener("other", 81)), route(), service())
    assert (pods(read), pods(read, port=81), pods(read, "b.x.org")) == (["p-0"], [], [])
    assert rules(read) == []


def test_a_route_without_a_section_answers_at_all_of_them_and_that_is_an_error() -> None:
    two = gateway(listener(), listener("other", 81), listener("tcp", 82, "TCP"))
    read = table(two, route(parent="{name: g, namespace: istio-ingress}"), service())
    assert (pods(read), pods(read, port=81), pods(read, port=82)) == (["p-0"], ["p-0"], [])
    assert rules(read) == ["GGI035"]
    by_port = table(two, route(parent="{name: g, namespace: istio-ingress, port: 81}"), service())
    assert (pods(by_port), pods(by_port, port=81)) == ([], ["p-0"])


@pytest.mark.parametrize(
    ("allowed", "answers"),
    [
        ("{from: All}", True),
        ("{from: Same}", False),
        ("{}", False),
        ("{from: None}", False),
        ("{from: Selector}", False),
        ("{from: Selector, selector: {}}", True),
        ("{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: ns}}}", True),
        ("{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}}", False),
        (
            (
                "{from: Selector, selector: {matchExpressions: "
                "[{key: kubernetes.io/metadata.name, operator: In, values: [a, ns]}]}}"
            ),
            True,
        ),
        ("{from: Selector, selector: {matchExpressions: [{key: team, operator: Exists}]}}", False),
    ],
)
def test_a_listener_takes_routes_of_some_namespaces(allowed: str, answers: bool) -> None:  # noqa: FBT001
    read = table(gateway(listener(more=f"allowedRoutes: {{namespaces: {allowed}}}")), route(), service())
    assert pods(read) == (["p-0"] if answers else [])
    assert ("GGI035" in rules(read)) is not answers


def test_a_label_that_a_file_does_not_tell_is_believed_unless_the_namespace_is_there() -> None:
    asks = "allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {expose: 'true'}}}}"
    foreign = replace(DECLARED, complete=False)
    namespace = "\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {expose: 'LABEL'}}\n"
    texts = gateway(listener(more=asks)), route(), service()
    assert pods(table(*texts, declared=foreign)) == ["p-0"]
    assert rules(table(*texts, namespace.replace("LABEL", "true"), declared=foreign)) == []
    assert rules(table(*texts, namespace.replace("LABEL", "no"), declared=foreign)) == ["GGI035"]


@pytest.mark.parametrize(
    ("kind", "protocol", "more", "answers"),
    [
        ("HTTPRoute", "HTTPS", "tls: {certificateRefs: [{name: c}]}", True),
        ("GRPCRoute", "HTTPS", "tls: {certificateRefs: [{name: c}]}", True),
        ("TLSRoute", "TLS", "tls: {mode: Passthrough}", True),
        ("TLSRoute", "HTTPS", "tls: {certificateRefs: [{name: c}]}", False),
        ("TCPRoute", "TLS", "tls: {mode: Terminate, certificateRefs: [{name: c}]}", True),
        ("TCPRoute", "TCP", "", True),
        ("HTTPRoute", "TCP", "", False),
    ],
)
def test_each_kind_of_route_is_for_some_protocols(
    kind: str,
    protocol: str,
    more: str,
    answers: bool,  # noqa: FBT001
) -> None:
    hosts = "" if kind == "TCPRoute" else "hostnames: [a.x.org]"
    named = listener("web", 443, protocol, f"{ALL}, {more}" if more else ALL)
    read = table(gateway(named), route(kind, hosts=hosts), service())
    assert bool(read.rows) is answers
    assert rules(read) == ([] if answers else ["GGI035"])


def test_hosts_of_route_and_listener_have_to_meet() -> None:
    narrow = gateway(listener(more=f"{ALL}, hostname: '*.x.org'"))
    assert pods(table(narrow, route(), service())) == ["p-0"]
    apart = table(narrow, route(hosts="hostnames: [a.y.org]"), service())
    assert (pods(apart, "a.y.org"), rules(apart)) == ([], ["GGI035"])
    anything = table(narrow, route(hosts="hostnames: []"), service())
    assert (pods(anything), rules(anything)) == (["p-0"], [])


def test_listeners_of_a_set_count_where_the_gateway_takes_it() -> None:
    parent = "{kind: ListenerSet, name: s, namespace: istio-ingress, sectionName: more}"
    texts = listener_set(listener("more", 81)), route(parent=parent), service()
    takes = gateway(listener(), more="  allowedListeners: {namespaces: {from: Same}}")
    read = table(takes, *texts)
    assert (pods(read, port=81), rules(read)) == (["p-0"], [])
    closed = table(gateway(listener()), *texts)
    assert (pods(closed, port=81), set(rules(closed))) == ([], {"GGI035", "GGI019"})
    other = table(takes, listener_set(listener("more", 81), parent="{kind: Service, name: g}"), *texts[1:])
    assert pods(other, port=81) == []


def test_rules_with_conditions_and_rules_behind_a_catch_all() -> None:
    first = "{matches: [{path: {type: PathPrefix, value: /}}, {}], backendRefs: [{name: p-0, port: 80}]}"
    read = table(gateway(listener()), route(rules=f"[{first}, {{backendRefs: [{{name: p-0, port: 80}}]}}]"), service())
    assert (pods(read), rules(read)) == (["p-0"], ["GGI024"])
    some = table(
        gateway(listener()),
        route(rules="[{matches: [{headers: [{name: a, value: b}]}], backendRefs: [{name: p-0, port: 80}]}]"),
        service(),
    )
    assert [row.bound.conditional for row in answering(some, "public", 80, "a.x.org")] == [True]


def test_two_routes_for_a_host_are_a_clash() -> None:
    read = table(gateway(listener()), route(), route("GRPCRoute", name="other"), service())
    assert rules(read) == ["GGI022"]


@pytest.mark.parametrize(
    ("backend", "rule"),
    [
        ("{name: gone, port: 80}", "GGI019"),
        ("{name: p-0, port: 81}", "GGI019"),
        ("{name: p-0}", "GGI019"),
        ("{name: p-0, port: 80, kind: Pod}", "GGI019"),
        ("{name: p-0.ns.svc.cluster.local, port: 80, kind: Hostname, group: networking.istio.io}", None),
        ("{name: p-1, port: 80, namespace: other}", "GGI019"),
        ("{name: hidden, port: 80}", "GGI015"),
    ],
)
def test_backends_have_to_be_there_seen_and_permitted(backend: str, rule: str | None) -> None:
    services = service(), service("p-1", namespace="other"), service("hidden", seen=".")
    read = table(gateway(listener()), route(rules=f"[{{backendRefs: [{backend}]}}]"), *services)
    assert rules(read) == ([rule] if rule else [])


def test_a_grant_permits_another_namespace() -> None:
    grant = """
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ns}]
  to: [{group: "", kind: Service}]
"""
    to = route(rules="[{backendRefs: [{name: p-1, port: 80, namespace: other}]}]")
    assert rules(table(gateway(listener()), to, service("p-1", namespace="other"), grant)) == []


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((gateway(*(listener(f"l{number}", number) for number in range(1, 66))),), ["GGI035"]),
        ((gateway(listener(), listener(port=81)),), ["GGI051"]),
        ((gateway(listener(port=443, protocol="HTTPS")),), ["GGI048"]),
        ((gateway(listener(port=443, protocol="TLS", more=f"{ALL}, tls: {{mode: Terminate}}")),), ["GGI049"]),
        ((gateway(listener(more=f"{ALL}, hostname: A.x.org")),), ["GGI012"]),
        ((gateway(listener()), route(hosts="hostnames: [A.x.org]"), service()), ["GGI012"]),
        ((gateway(listener("udp", 53, "UDP")),), []),
        ((route(), service()), ["GGI019"]),
        ((gateway(listener("other")), route(), service()), ["GGI019"]),
        ((gateway(listener(), of="nginx"), route(), service()), ["GGI019"]),
        ((route(parent="{kind: Service, name: p-0}"), service()), []),
    ],
)
def test_what_is_wrong_is_named_by_its_rule(texts: tuple[str, ...], found: list[str]) -> None:
    assert rules(table(*texts)) == found


def test_a_resource_has_the_fields_of_its_kind() -> None:
    wrong = gateway(listener(more="host: a")), route(rules="[{backendRefs: [{port: 80}]}]"), listener_set(listener())
    _, problems = of_good_form(placed(load("---".join(wrong))))
    assert [problem.message.partition(": ")[2] for problem in problems] == [
        "spec.listeners[0].host is no field of it",
        "spec.rules[0].backendRefs[0].name is missing",
    ]


def test_pods_are_read_off_addresses_where_nobody_declared_them() -> None:
    own = gateway(listener(), name="own").replace("  addresses: [{type: Hostname, value: gw}]\n", "")
    found = assume(placed(load("---".join((gateway(listener()), own)))))
    assert [(pods.name, pods.namespace) for pods in found.gateway_pods] == [
        (SERVICE, "istio-ingress"),
        ("istio-ingress/own", "istio-ingress"),
    ]
    assert len(read_table(placed(load(own)), found).listening[1].servers) == 1


@pytest.mark.parametrize(
    ("texts", "port", "said"),
    [
        ((gateway(listener("other")), route(), service()), 80, "it names Gateway istio-ingress/g#web, not Gateway"),
        (
            (gateway(listener(protocol="TCP")), route(), service()),
            80,
            "spec.listeners[0] speaks TCP, which no HTTPRoute carries",
        ),
        (
            (
                gateway(
                    listener(
                        more="allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: "
                        "{kubernetes.io/metadata.name: a}}}}"
                    )
                ),
                route(),
                service(),
            ),
            80,
            "takes only routes of other namespaces",
        ),
        ((gateway(listener()), route(rules="[]"), service()), 80, "or it has no rules"),
    ],
)
def test_a_lost_request_is_told_to_the_step(texts: tuple[str, ...], port: int, said: str) -> None:
    assert said in why_lost(table(*texts), "public", port, "a.x.org").text


def test_the_host_of_a_tcp_route_is_beside_it() -> None:
    tcp = route("TCPRoute", hosts="", annotations="gitops-gen.io/host: a.x.org")
    read = table(gateway(listener(port=9000, protocol="TCP")), tcp, service())
    (journey,) = from_outside(read, "a.x.org", 9000)
    assert journey.steps[1].text == "TCPRoute ns/r spec.rules[0]"
    assert from_outside(read, "b.x.org", 9000) == []
    assert "a.x.org" in known_hosts(read)
    assert lost_outside(read, "a.x.org", 9001)[0].missing.startswith("no server listens on port 9001")


def test_the_proof_finds_what_nobody_serves_and_what_is_annotated_otherwise() -> None:
    inventory = load_inventory(str(ROOT / "examples" / "gateway-api")).inventory
    assert inventory is not None
    resources = rendered(inventory)["cluster-a"]
    stray = placed(load("---".join((gateway(listener(), address="stray"), listener_set(listener("more"))))))
    said = " ".join(problem.message for problem in prove(inventory, "cluster-a", [*resources, *stray]))
    assert "Gateway istio-ingress/g is served by the pods of no ingress" in said
    assert "ListenerSet istio-ingress/s is served by the pods of no ingress" in said
