"""Records for DNS and certificates as whole YAML; ambient clusters, and what is not written for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import Api, BackendChoice, Issuer, Istio, Protocol, Via
from gitops_gen.problems import Severity
from gitops_gen.resources.check import check_shapes
from gitops_gen.resources.shapes import Obstacle, entry_obstacles
from gitops_gen.resources.surroundings import read_surroundings
from gitops_gen.routes.proof import prove
from tests.factories import (
    a_cluster,
    a_consumer,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_ingress,
    an_inventory,
)
from tests.proofs import rendered
from tests.unit.resources.rendered import files

if TYPE_CHECKING:
    from gitops_gen.model import Inventory, Port

ADDRESSES: dict[str, Any] = {"dns_endpoint": True, "addresses": ("203.0.113.10", "203.0.113.11")}
SIGNED: dict[str, Any] = {"credential_name": "wildcard", "issuer": Issuer(name="letsencrypt")}
WEB = a_port(routes=(a_route(),))


def inventory(*ports: Port, istio: Any = None, placement: dict[str, Any] | None = None, **changes: Any) -> Inventory:
    cluster = a_cluster(istio=istio or {}, ingresses=(an_ingress(**changes),))
    here = a_placement(**{"ports": ports or (WEB,), "replicas": 1, **(placement or {})})
    return an_inventory(clusters=[cluster], workloads=[a_workload(placements=(here,))])


def test_a_pod_has_a_record_for_each_of_its_hosts() -> None:
    second = a_port(name="grpc", number=2, routes=(a_route(port=81), a_route(host="b.example.com", own_host=True)))
    assert files(inventory(WEB, second, **ADDRESSES))["prometheus/prometheus-0"].endswith(
        """---
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  endpoints:
  - dnsName: b.example.com
    recordType: A
    targets:
    - "203.0.113.10"
    - "203.0.113.11"
  - dnsName: cluster-a-prometheus-0.example.com
    recordType: A
    targets:
    - "203.0.113.10"
    - "203.0.113.11"
"""
    )


@pytest.mark.parametrize(
    ("addresses", "record"),
    [(("2001:db8::1",), "AAAA"), (("gateway.example.net",), "CNAME")],
)
def test_the_type_of_a_record_is_that_of_its_target(addresses: tuple[str, ...], record: str) -> None:
    found = files(inventory(default=False, dns_endpoint=True, addresses=addresses))["prometheus/prometheus-0"]
    assert f"recordType: {record}\n" in found
    assert "kind: DNSEndpoint\nmetadata:\n  name: cluster-a-prometheus-0-public\n" in found


def test_a_companion_has_its_records_in_a_file_of_its_own() -> None:
    port = a_port(routes=(a_route(service="any", host="any.example.com", own_host=True),))
    assert "- dnsName: any.example.com\n" in files(inventory(port, **ADDRESSES))["prometheus/dns-endpoint"]


def test_a_shared_certificate_is_for_the_wildcard_and_one_of_a_pod_for_its_hosts() -> None:
    certificate = """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {0}
  namespace: istio-ingress
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  secretName: {0}
  dnsNames:
  - {1}
  issuerRef:
    name: letsencrypt
    kind: ClusterIssuer
    group: cert-manager.io
"""
    shared = files(inventory(placement={"replicas": 2}, **SIGNED))
    assert shared["gateways.ingress/certificate.wildcard"] == certificate.format("wildcard", '"*.example.com"')
    own = files(inventory(**{**SIGNED, "credential_name": "{pod}-tls"}))
    assert own["gateways.ingress/certificate.prometheus-0-tls"] == certificate.format(
        "prometheus-0-tls", "cluster-a-prometheus-0.example.com"
    )
    assert [name for name in files(inventory(credential_name="wildcard")) if "certificate." in name] == []


def proven(of: Inventory, *changes: tuple[str, Any]) -> list[str]:
    """Prove an inventory after its resources of some kinds were changed; None leaves them out."""
    resources = []
    for resource in rendered(of)["cluster-a"]:
        change = dict(changes).get(resource.kind, resource.spec)
        if change is not None:
            resources.append(resource._replace(spec=change, manifest={**resource.manifest, "spec": change}))
    return [problem.message for problem in prove(of, "cluster-a", resources)]


def test_the_proof_misses_records_and_certificates_and_finds_those_that_nobody_asked_for() -> None:
    of = inventory(**ADDRESSES, **SIGNED)
    assert proven(of) == []
    assert proven(of, ("DNSEndpoint", None), ("Certificate", None)) == [
        "no Certificate is for cluster-a-prometheus-0.example.com in Secret istio-ingress/wildcard",
        "no DNSEndpoint leads cluster-a-prometheus-0.example.com to 203.0.113.10, 203.0.113.11",
    ]
    elsewhere = {"endpoints": [{"dnsName": "x.example.com", "recordType": "A", "targets": ["203.0.113.1"]}]}
    assert any(
        "leads x.example.com to 203.0.113.1 (A), which nobody asks for" in one
        for one in proven(of, ("DNSEndpoint", elsewhere))
    )
    other = {"secretName": "other", "issuerRef": {"name": "letsencrypt"}}
    assert any("is for no host of the inventory" in one for one in proven(of, ("Certificate", other)))
    signed = {"secretName": "wildcard", "dnsNames": ["*.example.com"], "issuerRef": {"name": "nobody"}}
    assert any("no Certificate is for" in one for one in proven(of, ("Certificate", signed)))


AMBIENT = Istio(version="1.31", gateway_api_version="1.6", endpoint_discovery=False, ambient=True)


def ambient(*ports: Port, istio: Istio = AMBIENT, **changes: Any) -> Inventory:
    return inventory(*ports, istio=istio, **{"api": Api.GATEWAY_API, "service": "gw", **changes})


def test_in_ambient_every_pod_has_a_service_and_a_waypoint_where_there_is_one() -> None:
    inside = a_port()
    of = ambient(inside)
    workload = of.workloads[0]
    found = entry_obstacles(workload, workload.placements[0], of.clusters["cluster-a"], read_surroundings(of))
    assert found == (Obstacle.AMBIENT,)
    assert "istio.io/use-waypoint" not in files(of)["prometheus/prometheus-0"]
    with_waypoint = ambient(inside, istio=replace(AMBIENT, waypoint="way"))
    assert "    istio.io/use-waypoint: way\n" in files(with_waypoint)["prometheus/prometheus-0"]


def test_ambient_is_said_not_to_have_been_tried() -> None:
    (problem,) = check_shapes(ambient())
    assert (problem.rule, problem.severity) == ("GGI060", Severity.WARNING)


@pytest.mark.parametrize(
    ("of", "rule"),
    [
        (ambient(api=Api.ISTIO), "GGI035"),
        (ambient(placement={"backend": BackendChoice.SERVICE_ENTRY}), "GGI028"),
        (ambient(a_port(own_mtls=True, protocol=Protocol.TLS)), "GGI029"),
        (
            an_inventory(
                clusters=[a_cluster(istio=AMBIENT, ingresses=()), a_cluster(name="observer")],
                workloads=[a_workload(placements=(a_placement(ports=(a_port(),)),))],
                consumers=[a_consumer(via=Via.EAST_WEST)],
            ),
            "GGI036",
        ),
    ],
)
def test_what_is_not_written_for_ambient(of: Inventory, rule: str) -> None:
    assert rule in {problem.rule for problem in check_shapes(of) if "ambient" in problem.message}
