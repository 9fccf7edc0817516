"""Ambient clusters and ingresses of Gateway API beside others: what is refused there is no business of the others."""

from __future__ import annotations

from gitops_gen.inventory.source import Source
from gitops_gen.workflows.reading import judge
from tests.inventories import PUBLIC, cluster, consumer, mesh, placed

AMBIENT = """
istio: {version: "1.31", gatewayApiVersion: "1.6", endpointDiscovery: false, dataplane: ambient}
"""
BOTH = """
istio: {version: "1.31", gatewayApiVersion: "1.6"}
ingresses:
  own:
    default: true
    namespace: istio-ingress
    hostTemplate: "{cluster}-{pod}.example.com"
  shared:
    namespace: istio-ingress
    selector: {istio: other}
    api: gateway-api
    service: other
    hostTemplate: "{cluster}-{pod}.example.net"
"""


def rules(*documents: str) -> set[str]:
    return {problem.rule for problem in judge([Source("a.yaml", "---\n".join(documents).encode())]).problems}


def test_a_cluster_with_sidecars_beside_an_ambient_one_keeps_its_ways() -> None:
    inside = "{name: http, port: 8080, protocol: HTTP}"
    own = placed(inside, "{cluster: east, replicas: 1}\n{cluster: west, replicas: 1}")
    near = consumer("cluster: east\nworkloads: [streaming/db]\nvia: east-west\nport: http")
    alone = placed(inside, "{cluster: east, replicas: 1}", name="db")
    assert rules(mesh(), cluster("east", PUBLIC), cluster("west", AMBIENT), own, alone, near) == {"GGI060"}


def test_a_gateway_per_pod_is_refused_only_where_the_ingress_that_is_used_is_of_gateway_api() -> None:
    wanted = placed("{name: http, port: 8080, protocol: HTTP, expose: {}}", more="gateways: per-pod")
    assert rules(mesh(), cluster("east", BOTH), wanted) == set()
    other = placed("{name: http, port: 8080, protocol: HTTP, expose: {ingress: shared}}", more="gateways: per-pod")
    assert rules(mesh(), cluster("east", BOTH), other) == {"GGI035"}
