"""What gateway pods make of Gateways and VirtualServices: merges, the most specific host, visibility, namespaces."""

from __future__ import annotations

from gitops_gen.manifest import load
from gitops_gen.routes.declared import Declared, GatewayPods
from gitops_gen.routes.judge import judge
from gitops_gen.routes.resource import covers, meeting, wildcards_over
from gitops_gen.routes.story import why_lost
from gitops_gen.routes.table import Table, answering, read_table
from tests.proofs import placed

PODS = GatewayPods("public", "istio-ingress", frozenset({("istio", "ingressgateway")}))


def gateway(name: str, *servers: str, namespace: str = "ns", selector: str = "istio: ingressgateway") -> str:
    listed = "\n".join(f"    - {server}" for server in servers)
    return f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{{selector}}}
  servers:
{listed}
"""


def route(name: str, host: str, gateways: str, rules: str, *, namespace: str = "ns", seen: str = '["*"]') -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: ["{host}"]
  gateways: [{gateways}]
  exportTo: {seen}
{rules}
"""


def service(name: str, number: int = 80, *, namespace: str = "ns", seen: str = "*") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}, annotations: {{networking.istio.io/exportTo: "{seen}"}}}}
spec:
  selector: {{statefulset.kubernetes.io/pod-name: {name}}}
  ports: [{{name: web, port: {number}, appProtocol: http}}]
"""


def http(destination: str, number: int = 80, match: str = "") -> str:
    to = f"{{destination: {{host: {destination}.ns.svc.cluster.local, port: {{number: {number}}}}}}}"
    return f"  http: [{{{match}route: [{to}], retries: {{attempts: 0}}}}]"


def tls(destination: str, name: str) -> str:
    to = f"{{destination: {{host: {destination}.ns.svc.cluster.local, port: {{number: 80}}}}}}"
    return f"  tls: [{{match: [{{sniHosts: [{name}]}}], route: [{to}]}}]"


def table(*texts: str) -> Table:
    return read_table(placed(load("---".join(texts))), Declared(gateway_pods=(PODS,)))


def pods(read: Table, host: str, port: int = 80) -> list[str | None]:
    rows = answering(read, "public", port, host)
    return [end.backend.pod if end.backend is not None and not end.why else None for row in rows for end in row.ends]


def rules(read: Table) -> list[str]:
    return [problem.rule for problem in judge(read)]


HTTP_80 = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.x.org']}"


def test_the_most_specific_host_answers() -> None:
    read = table(
        gateway("g", HTTP_80),
        route("all", "*.x.org", "g", http("p-0")),
        route("one", "a.x.org", "g", http("p-1")),
        service("p-0"),
        service("p-1"),
    )
    assert (pods(read, "a.x.org"), pods(read, "b.x.org"), pods(read, "x.org")) == (["p-1"], ["p-0"], [])
    assert rules(read) == []


def test_plain_http_servers_merge_and_tls_beside_them_is_dropped() -> None:
    read = table(
        gateway("a", HTTP_80),
        gateway("b", "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['b.y.org']}"),
        gateway("c", "{port: {number: 80, name: tls, protocol: TLS}, hosts: ['c.y.org'], tls: {mode: PASSTHROUGH}}"),
        route("a", "a.x.org", "a", http("p-0")),
        route("b", "b.y.org", "b", http("p-1")),
        service("p-0"),
        service("p-1"),
    )
    assert (pods(read, "a.x.org"), pods(read, "b.y.org")) == (["p-0"], ["p-1"])
    assert rules(read) == ["GGI021"]


def test_the_second_tcp_server_of_a_port_and_the_second_tls_server_of_a_host_are_dropped() -> None:
    tcp = "{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['a.x.org']}"
    through = "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['other/a.x.org'], tls: {mode: PASSTHROUGH}}"
    read = table(gateway("a", tcp, through), gateway("b", tcp, through.replace("other/", "")))
    assert sorted(rules(read)) == ["GGI009", "GGI020"]


def test_a_server_that_ends_tls_for_a_host_takes_it_from_the_wildcard() -> None:
    ends = (
        "{{port: {{number: 443, name: {0}, protocol: HTTPS}}, hosts: ['{1}'], "
        "tls: {{mode: SIMPLE, credentialName: {0}}}}}"
    )
    read = table(
        gateway("wide", ends.format("wide", "*.x.org")),
        gateway("narrow", ends.format("narrow", "a.x.org")),
        route("a", "a.x.org", "wide", http("p-0")),
        route("b", "b.x.org", "wide", http("p-1")),
        service("p-0"),
        service("p-1"),
    )
    assert (pods(read, "a.x.org", 443), pods(read, "b.x.org", 443)) == ([], ["p-1"])
    assert rules(read) == ["GGI020"]


def test_what_passes_through_goes_by_server_name_and_the_second_route_is_lost() -> None:
    through = "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.x.org'], tls: {mode: PASSTHROUGH}}"
    read = table(
        gateway("g", through),
        route("a", "a.x.org", "g", tls("p-0", "a.x.org")),
        route("b", "a.x.org", "g", tls("p-1", "a.x.org")),
        service("p-0"),
        service("p-1"),
    )
    assert pods(read, "a.x.org", 443) == ["p-0"]
    assert rules(read) == ["GGI022"]


def test_two_routes_with_one_host_are_a_clash() -> None:
    read = table(
        gateway("g", HTTP_80),
        route("a", "a.x.org", "g", http("p-0")),
        route("b", "a.x.org", "g", http("p-0")),
        service("p-0"),
    )
    assert rules(read) == ["GGI022"]


def test_only_the_namespace_that_a_server_names_may_bind() -> None:
    server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['theirs/a.x.org']}"
    read = table(gateway("g", server), route("a", "a.x.org", "g", http("p-0")), service("p-0"))
    assert pods(read, "a.x.org") == []
    assert "other namespaces" in why_lost(read, "public", 80, "a.x.org").text


def test_a_route_and_a_backend_have_to_be_exported_to_the_gateway() -> None:
    hidden = table(gateway("g", HTTP_80), route("a", "a.x.org", "g", http("p-0"), seen='["."]'), service("p-0"))
    assert pods(hidden, "a.x.org") == []
    assert rules(hidden) == ["GGI015"]
    assert "not exported to istio-ingress" in why_lost(hidden, "public", 80, "a.x.org").text
    backend = table(gateway("g", HTTP_80), route("a", "a.x.org", "g", http("p-0")), service("p-0", seen="."))
    assert pods(backend, "a.x.org") == [None]
    assert rules(backend) == ["GGI015"]


def test_a_destination_has_to_be_there_with_its_port() -> None:
    for found in (service("p-1"), service("p-0", 81)):
        read = table(gateway("g", HTTP_80), route("a", "a.x.org", "g", http("p-0")), found)
        assert rules(read) == ["GGI019"]


def test_it_says_where_a_request_is_lost() -> None:
    read = table(
        gateway("g", HTTP_80),
        route("a", "a.x.org", "g", http("p-0", match="match: [{port: 81}], ")),
        route("b", "b.x.org", "elsewhere/g", http("p-0")),
        service("p-0"),
    )
    assert why_lost(read, "public", 80, "a.x.org").text.endswith("no http rule of it matches port 80")
    assert "it names elsewhere/g, not ns/g" in why_lost(read, "public", 80, "b.x.org").text
    assert why_lost(read, "public", 81, "a.x.org").text == "no server listens on port 81 (there is 80)"
    assert why_lost(read, "public", 80, "a.x.com").text == "no server of port 80 has this host"
    assert why_lost(read, "public", 80, "aa.x.org").text == "no route has this host (did you mean a.x.org?)"


def test_hosts_and_wildcards() -> None:
    assert covers("*.x.org", "a.b.x.org")
    assert covers("*", "x")
    assert not covers("*.x.org", "x.org")
    assert not covers("*.x.org", "ax.org")
    assert meeting("*.x.org", "*.b.x.org") == "*.b.x.org"
    assert meeting("a.x.org", "b.x.org") is None
    assert wildcards_over("a.b.c") == ["*.b.c", "*.c", "*"]
    assert wildcards_over("*.b.c") == ["*.c", "*"]
