"""Routes of Gateway API as whole YAML, and what an ingress asks of it that is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen import gateway_api
from gitops_gen.model import Api, BackendChoice, GatewayChoice, Istio, Policy, Protocol
from gitops_gen.resources.check import check_shapes
from gitops_gen.resources.shapes import GatewayLayout, Obstacle, entry_obstacles, gateway_layout
from gitops_gen.resources.surroundings import read_surroundings
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_ingress, an_inventory
from tests.unit.resources.rendered import files, kinds

if TYPE_CHECKING:
    from gitops_gen.model import Inventory, Port

NEW = Istio(version="1.31", gateway_api_version="1.6", endpoint_discovery=False)
WEB = a_port(routes=(a_route(),))
GRPC = a_port(name="grpc", number=10901, protocol=Protocol.GRPC, routes=(a_route(port=10901),))
TLS = a_port(name="tls", number=9094, protocol=Protocol.TLS, routes=(a_route(port=9094),))
TCP = a_port(name="tcp", number=6379, protocol=Protocol.TCP, routes=(a_route(start_port=16379),))


def an_api_ingress(**changes: Any) -> Any:
    return an_ingress(**{"api": Api.GATEWAY_API, "service": "ingressgateway", **changes})


def inventory(*ports: Port, istio: Istio = NEW, placement: dict[str, Any] | None = None, **changes: Any) -> Inventory:
    cluster = a_cluster(istio=istio, ingresses=(an_api_ingress(**changes),))
    here = a_placement(**{"ports": ports or (WEB,), "replicas": 1, **(placement or {})})
    return an_inventory(clusters=[cluster], workloads=[a_workload(placements=(here,))])


def route(kind: str, name: str, parents: str, *, host: bool = True, version: str = "v1", port: int = 9090) -> str:
    dialled = "cluster-a-prometheus-0.example.com"
    return f"""\
apiVersion: gateway.networking.k8s.io/{version}
kind: {kind}
metadata:
  name: cluster-a-prometheus-0-{name}
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
{"" if host else f"  annotations:{chr(10)}    gitops-gen.io/host: {dialled}{chr(10)}"}\
spec:
  parentRefs:
{parents}\
{f"  hostnames:{chr(10)}  - {dialled}{chr(10)}" if host else ""}\
  rules:
  - backendRefs:
    - kind: Service
      name: cluster-a-prometheus-0
      port: {port}
"""


def parent(section: str, kind: str = "Gateway", name: str = "example-public") -> str:
    return f"""\
  - group: gateway.networking.k8s.io
    kind: {kind}
    name: {name}
    namespace: istio-ingress
    sectionName: {section}
"""


def listener(name: str, number: int, protocol: str, more: str = "", hostname: str = "*.example.com") -> str:
    return f"""\
  - name: {name}
{f'    hostname: "{hostname}"{chr(10)}' if hostname else ""}\
    port: {number}
    protocol: {protocol}
{more}\
    allowedRoutes:
      namespaces:
        from: Selector
        selector:
          matchExpressions:
          - key: kubernetes.io/metadata.name
            operator: In
            values:
            - monitoring
"""


def pod_file(of: Inventory) -> list[str]:
    return files(of)["prometheus/prometheus-0"].split("---\n")


def gateway_file(of: Inventory) -> str:
    return files(of)["gateways.ingress/example-public"]


GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: example-public
  namespace: istio-ingress
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  gatewayClassName: istio
  addresses:
  - type: Hostname
    value: ingressgateway.istio-ingress.svc.cluster.local
"""


def test_each_protocol_has_its_route_and_each_names_its_listener() -> None:
    service, *routes = pod_file(inventory(WEB, GRPC, TLS, TCP))
    assert kinds(service) == ["Service"]
    assert routes == [
        route("GRPCRoute", "grpc", parent("http-10901"), port=10901),
        route("HTTPRoute", "http-web", parent("http-80")),
        route("TCPRoute", "tcp", parent("tcp-16379"), host=False, port=6379),
        route("TLSRoute", "tls", parent("tls-9094"), port=9094),
    ]


def test_a_gateway_has_a_listener_for_each_port_and_certificate() -> None:
    ends = "    tls:\n      mode: Terminate\n      certificateRefs:\n      - kind: Secret\n        name: wildcard\n"
    passes = "    tls:\n      mode: Passthrough\n"
    assert gateway_file(inventory(WEB, TLS, TCP, credential_name="wildcard")) == (
        GATEWAY
        + "  listeners:\n"
        + listener("https-80", 80, "HTTPS", ends)
        + listener("tls-9094", 9094, "TLS", passes)
        + listener("tcp-16379", 16379, "TCP", hostname="")
    )


def test_a_certificate_of_its_own_is_a_listener_of_its_own() -> None:
    of = inventory(a_port(routes=(a_route(port=443),)), credential_name="{pod}-tls", placement={"replicas": 2})
    assert gateway_file(of) == GATEWAY + "  listeners:\n" + "".join(
        listener(
            f"https-443-prometheus-{pod}-tls",
            443,
            "HTTPS",
            "    tls:\n      mode: Terminate\n      certificateRefs:\n      - kind: Secret\n"
            f"        name: prometheus-{pod}-tls\n",
            f"cluster-a-prometheus-{pod}.example.com",
        ).replace(f'"cluster-a-prometheus-{pod}.example.com"', f"cluster-a-prometheus-{pod}.example.com")
        for pod in (0, 1)
    )
    assert pod_file(of)[1:] == [route("HTTPRoute", "http-web", parent("https-443-prometheus-0-tls"))]
    assert found(of) == []


def test_a_listener_has_no_host_where_its_hosts_share_no_wildcard() -> None:
    other = a_port(name="other", number=1, routes=(a_route(host="{pod}.example.org", own_host=True),))
    assert gateway_file(inventory(WEB, other)) == GATEWAY + "  listeners:\n" + listener("http-80", 80, "HTTP", "", "")


def test_tcp_goes_into_sets_of_64_ports_where_the_ingress_says_so() -> None:
    of = inventory(WEB, TCP, listener_sets=True, placement={"replicas": 6})
    gateway, first, second = gateway_file(of).split("---\n")
    allowed = "  allowedListeners:\n    namespaces:\n      from: Same\n"
    assert gateway == GATEWAY + allowed + "  listeners:\n" + listener("http-80", 80, "HTTP")
    assert first == (
        """\
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata:
  name: example-public-16320
  namespace: istio-ingress
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  parentRef:
    group: gateway.networking.k8s.io
    kind: Gateway
    name: example-public
  listeners:
"""
        + "".join(listener(f"tcp-{port}", port, "TCP", hostname="") for port in range(16379, 16384))
    )
    assert "name: example-public-16384\n" in second
    set_parent = parent("tcp-16384", "ListenerSet", "example-public-16384")
    assert set_parent in files(of)["prometheus/prometheus-5"]


def test_routes_attach_to_a_gateway_of_somebody_elses_by_its_own_names() -> None:
    of = inventory(
        a_port(routes=(a_route(), a_route(port=8080))), existing_gateway="istio-ingress/own", listeners=((80, "web"),)
    )
    parents = parent("web", name="own") + parent("http-8080", name="own")
    assert pod_file(of)[1:] == [route("HTTPRoute", "http-web", parents)]
    assert [name for name in files(of) if name.startswith("gateways.")] == []


def test_a_companion_has_a_route_in_a_file_of_its_own() -> None:
    port = a_port(routes=(a_route(service="any", host="any.example.com", own_host=True),))
    found = files(inventory(port))
    assert kinds(found["prometheus/route"]) == ["HTTPRoute"]
    assert "      name: any\n" in found["prometheus/route"]
    assert "name: any.example.com-http-web\n" in found["prometheus/route"]


def test_an_older_gateway_api_carries_grpc_by_an_http_route_and_tcp_by_an_alpha_one() -> None:
    old = replace(NEW, version="1.24", gateway_api_version="1.0", gateway_api_alpha=True)
    _, *routes = pod_file(inventory(GRPC, TCP, istio=old))
    assert routes == [
        route("HTTPRoute", "grpc", parent("http-10901"), port=10901),
        route("TCPRoute", "tcp", parent("tcp-16379"), host=False, version="v1alpha2", port=6379),
    ]


@pytest.mark.parametrize(
    ("kind", "istio", "api", "alpha", "version"),
    [
        ("TLSRoute", "1.30", "1.5", False, "v1"),
        ("TLSRoute", "1.29", "1.5", False, None),
        ("TLSRoute", "1.30.2", "1.4", False, None),
        ("TLSRoute", "1.29", "1.4", True, "v1alpha2"),
        ("TCPRoute", "1.31", "1.6", True, "v1"),
        ("TCPRoute", "1.30", "1.6", False, None),
        ("ListenerSet", "1.30", "1.5", False, "v1"),
        ("ListenerSet", "1.29", "1.5", True, None),
        ("GRPCRoute", "1.24", "1.1", False, "v1"),
        ("GRPCRoute", "1.24", "1.0", True, None),
        ("HTTPRoute", "x", "1.0", False, None),
    ],
)
def test_versions_decide_which_kinds_there_are(
    kind: str, istio: str, api: str, version: str | None, *, alpha: bool
) -> None:
    found = gateway_api.api_version(kind, Istio(version=istio, gateway_api_version=api, gateway_api_alpha=alpha))
    assert found == (version and f"gateway.networking.k8s.io/{version}")


def test_a_route_of_gateway_api_speaks_against_a_service_entry() -> None:
    def obstacles(of: Inventory) -> tuple[Obstacle, ...]:
        workload = of.workloads[0]
        return entry_obstacles(workload, workload.placements[0], of.clusters["cluster-a"], read_surroundings(of))

    companion = a_port(routes=(a_route(service="any", host="any.example.com", own_host=True),))
    assert obstacles(inventory(WEB)) == (Obstacle.GATEWAY_API,)
    assert obstacles(inventory(companion)) == ()
    assert gateway_layout(GatewayChoice.AUTO, an_api_ingress(), WEB) is GatewayLayout.SHARED


def found(of: Inventory) -> list[tuple[str, str]]:
    problems = check_shapes(of)
    assert all(problem.help for problem in problems)
    return [(problem.rule, problem.message) for problem in problems]


TLS_443 = replace(TLS, routes=(a_route(port=443),))
MANY = tuple(
    a_port(name=f"web-{number}", number=number, routes=(a_route(port=number),)) for number in range(8000, 8066)
)


@pytest.mark.parametrize(
    ("of", "rule", "said"),
    [
        (
            inventory(TLS, istio=Istio(version="1.26", gateway_api_version="1.2")),
            "GGI035",
            'port "tls" needs a TLSRoute, and Istio 1.26 with Gateway API 1.2 read none',
        ),
        (inventory(replace(WEB, policy=Policy(timeout="1s"))), "GGI035", "has a policy of timeouts or retries"),
        (inventory(credential_name="c", client_ca="ca"), "GGI035", "asks clients for certificates"),
        (inventory(service=None), "GGI035", "nobody says by which Service its pods are found"),
        (
            inventory(placement={"gateways": GatewayChoice.PER_POD}),
            "GGI035",
            "`gateways: per-pod`, and the Gateway of ingress public is one of Gateway API",
        ),
        (inventory(listener_sets=True, istio=Istio(version="1.26")), "GGI035", "wants ListenerSets"),
        (inventory(TCP, placement={"replicas": 65}), "GGI035", "would have 65 listeners, and a Gateway holds 64"),
        (inventory(*MANY[:65]), "GGI035", "would have 65 listeners"),
        (inventory(TCP, listener_sets=True), "GGI035", "all listeners of ingress public would be in ListenerSets"),
        (
            inventory(a_port(routes=(a_route(port=443),)), TLS_443, credential_name="wildcard"),
            "GGI020",
            'would serve "*.example.com", TLS that ends and TLS that passes',
        ),
        (
            inventory(placement={"backend": BackendChoice.SERVICE_ENTRY}),
            "GGI028",
            "routes of Gateway API lead to Services",
        ),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_written(of: Inventory, rule: str, said: str) -> None:
    problems = [(one, message) for one, message in found(of) if said in message]
    assert [one for one, _ in problems] == [rule]


def test_what_fits_has_no_problem() -> None:
    assert found(inventory(WEB, GRPC, TLS, TCP)) == []
    assert found(inventory(*MANY[:64])) == []
    assert found(inventory(TCP, placement={"replicas": 64})) == []
    assert found(inventory(WEB, TCP, listener_sets=True, placement={"replicas": 200})) == []
    ports = a_port(routes=(a_route(port=443),)), TLS
    assert found(inventory(*ports, credential_name="wildcard")) == []
    assert found(inventory(service=None, existing_gateway="istio-ingress/own")) == []


def test_help_names_the_sets_only_where_they_are_known() -> None:
    def help_of(of: Inventory) -> str:
        return next(problem.help for problem in check_shapes(of) if "listeners" in problem.message)

    many = {"replicas": 65}
    assert help_of(inventory(TCP, placement=many)) == "write `listenerSets: true`"
    old = Istio(version="1.26", gateway_api_version="1.1", gateway_api_alpha=True)
    assert "several ingresses" in help_of(inventory(TCP, placement=many, istio=old))
