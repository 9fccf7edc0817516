from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.plan.changes import Statement
from gitops_gen.plan.meaning import external_hosts, facts, statements
from tests.meshes import a_manifest, a_pod

if TYPE_CHECKING:
    from gitops_gen.manifest import Manifest

KEY = "monitoring/prometheus"


def pod(**settings: object) -> list[Manifest]:
    return [member.manifest for member in a_pod("cluster-a", KEY, "prometheus-0", **settings)]  # type: ignore[arg-type]


def test_reads_what_a_pods_resources_mean() -> None:
    assert facts(pod()) == {
        "backend": ("Service",),
        "gateway port": ("443",),
        "host": ("cluster-a-prometheus-0.example.com",),
        "port http-web": ("9090/HTTP",),
        "visibility of the backend": (".", "istio-ingress"),
        "visibility of the route": (".", "istio-ingress"),
    }


def test_a_service_and_a_service_entry_say_ports_and_visibility_alike() -> None:
    assert statements(pod(entry=True), pod()) == (
        Statement(about="backend", before=("ServiceEntry",), after=("Service",)),
    )


def test_names_a_changed_host_port_and_gateway_port() -> None:
    assert statements(pod(), pod(host="{pod}.example.org", port=9091, gateway_port=8443)) == (
        Statement(about="gateway port", before=("443",), after=("8443",)),
        Statement(about="host", before=("cluster-a-prometheus-0.example.com",), after=("prometheus-0.example.org",)),
        Statement(about="port http-web", before=("9090/HTTP",), after=("9091/HTTP",)),
    )


def test_a_change_without_a_meaning_of_its_own_says_nothing() -> None:
    assert statements(pod(), pod(attempts=2)) == ()


def test_the_backend_is_the_routes_destination_where_nothing_else_is() -> None:
    route = pod()[1]
    assert facts([route])["backend"] == ("cluster-a-prometheus-0.monitoring.svc.cluster.local",)


def test_a_route_for_all_ports_says_none() -> None:
    spec = {"hosts": ["a"], "gateways": ["x"], "http": [{"match": [{"uri": {"prefix": "/"}}]}, {"route": [{}]}]}
    assert facts([a_manifest("VirtualService", "ns", "a", spec)]) == {"host": ("a",)}


def test_target_ports_and_protocols_are_told() -> None:
    service = a_manifest(
        "Service",
        "kafka",
        "cluster-a-kafka-0",
        {
            "ports": [
                {"name": "tcp-client", "port": 9092, "targetPort": "client", "protocol": "TCP"},
                {"name": "grpc", "port": 80, "targetPort": 8080, "appProtocol": "grpc"},
                {"name": "h2", "port": 81, "appProtocol": "kubernetes.io/h2c"},
                {"name": "plain", "port": 82},
            ]
        },
    )
    assert facts([service]) == {
        "backend": ("Service",),
        "port tcp-client": ("9092/TCP to client",),
        "port grpc": ("80/GRPC to 8080",),
        "port h2": ("81/HTTP2",),
        "port plain": ("82/TCP",),
    }


def test_policies_are_told_field_by_field() -> None:
    spec = {"mtls": {"mode": "STRICT"}, "portLevelMtls": {"8201": {"mode": "DISABLE"}}}
    policy = a_manifest("PeerAuthentication", "vault", "vault", spec)
    stricter = a_manifest("PeerAuthentication", "vault", "vault", {"mtls": {"mode": "STRICT"}})
    assert facts([policy]) == {"policy mtls.mode": ("STRICT",), "policy portLevelMtls.8201.mode": ("DISABLE",)}
    assert statements([policy], [stricter]) == (Statement(about="policy portLevelMtls.8201.mode", before=("DISABLE",)),)


def test_lists_in_policies_are_told_place_by_place_without_their_visibility() -> None:
    rule = a_manifest(
        "DestinationRule",
        "vault",
        "vault",
        {"trafficPolicy": {"portLevelSettings": [{"port": {"number": 1}}]}, "exportTo": ["."]},
    )
    assert facts([rule]) == {
        "policy trafficPolicy.portLevelSettings[0].port.number": ("1",),
        "visibility of the DestinationRule": (".",),
    }


def test_a_shared_gateway_says_its_hosts_ports_and_protocols() -> None:
    server = {"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["kafka/*.example.com"]}
    assert facts([a_manifest("Gateway", "istio-ingress", "example-public", {"servers": [server]})]) == {
        "gateway host": ("kafka/*.example.com",),
        "gateway port": ("443",),
        "gateway protocol": ("443/HTTPS",),
    }


def test_endpoint_lists_are_told_entry_by_entry() -> None:
    # What frames the entries, and comments, are none.
    file_sd = '# 2 pods\n- targets:\n  - "a.example.com:443"\n  - b.example.com\n'
    thanos = "endpoints:\n# autoscaled\n- address: c.example.com:10901\n"
    made = a_manifest(
        "ConfigMap", "thanos", "stores", {"file-sd": file_sd, "thanos": thanos, "none": "- targets: []\n"}
    )
    assert facts([made]) == {"endpoint": ("a.example.com:443", "b.example.com", "c.example.com:10901")}


def test_external_hosts_are_those_behind_gateways() -> None:
    spec = {"hosts": ["a.example.com", "*"], "gateways": ["mesh", "istio-ingress/x"]}
    assert external_hosts(a_manifest("VirtualService", "ns", "a", spec)) == ["a.example.com"]
    assert external_hosts(a_manifest("VirtualService", "ns", "a", {**spec, "gateways": ["mesh"]})) == []
    assert external_hosts(a_manifest("VirtualService", "ns", "a", {"hosts": ["a.example.com"]})) == []
    assert external_hosts(a_manifest("Gateway", "ns", "a", spec)) == []


def test_resources_without_the_fields_that_we_know_mean_nothing() -> None:
    strange: list[Manifest] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "spec": None},
        {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "a"}},
    ]
    assert facts(strange) == {}


@pytest.mark.parametrize(
    "kind", ["VirtualService", "Gateway", "Service", "ServiceEntry", "DestinationRule", "ConfigMap"]
)
@pytest.mark.parametrize("odd", [None, 1, "text", [1], [[]], {"a": 1}, [{"port": 1, "route": 2, "hosts": 3}]])
def test_fields_of_a_shape_that_we_do_not_know_are_passed_over(kind: str, odd: object) -> None:
    fields = ("hosts", "gateways", "servers", "ports", "http", "exportTo")
    spec = dict.fromkeys(fields, odd)
    strange = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "a", "annotations": odd},
        "spec": spec,
        "data": odd,
    }
    assert isinstance(facts([strange]), dict)


def of_gateway_api(kind: str, spec: dict[str, object], **metadata: object) -> Manifest:
    metadata = {"name": "one", "namespace": "ns", **metadata}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def test_routes_of_gateway_api_mean_hosts_listeners_and_backends() -> None:
    parents = [{"name": "g", "namespace": "ingress", "sectionName": "https-443"}]
    to = [{"backendRefs": [{"kind": "Service", "name": "a", "port": 80}]}]
    http = of_gateway_api("HTTPRoute", {"parentRefs": parents, "hostnames": ["a.example.com"], "rules": to})
    tcp = of_gateway_api(
        "TCPRoute", {"parentRefs": parents, "rules": to}, annotations={"gitops-gen.io/host": "b.example.com"}
    )
    assert facts([http, tcp]) == {
        "backend": ("a:80",),
        "host": ("a.example.com", "b.example.com"),
        "listener": ("ingress/g https-443",),
    }
    assert (external_hosts(http), external_hosts(tcp)) == (["a.example.com"], ["b.example.com"])
    assert external_hosts(of_gateway_api("TCPRoute", {})) == []


def test_a_gateway_of_gateway_api_means_ports_and_hosts() -> None:
    listeners = [{"port": 443, "protocol": "HTTPS", "hostname": "*.example.com"}, {"port": 9000, "protocol": "TCP"}]
    for kind in ("Gateway", "ListenerSet"):
        assert facts([of_gateway_api(kind, {"listeners": listeners})]) == {
            "gateway host": ("*", "*.example.com"),
            "gateway port": ("443", "9000"),
            "gateway protocol": ("443/HTTPS", "9000/TCP"),
        }


def test_what_follows_the_hosts_is_records_and_certificates() -> None:
    record = {"dnsName": "a.example.com", "recordType": "A", "targets": ["203.0.113.1", "203.0.113.2"]}
    assert facts([of_gateway_api("DNSEndpoint", {"endpoints": [record]})]) == {
        "record": ("a.example.com 203.0.113.1, 203.0.113.2",)
    }
    assert facts([of_gateway_api("Certificate", {"dnsNames": ["*.example.com"]})]) == {
        "certificate for": ("*.example.com",)
    }
