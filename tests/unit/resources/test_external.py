"""Ways out for north-south Consumers: which hosts are made known to whom, TLS that sidecars make, and their proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import Protocol, TlsOrigination, Via
from gitops_gen.problems import Location
from gitops_gen.resources.check import check_shapes
from gitops_gen.routes.journey import in_mesh
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
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
from tests.proofs import rendered, table_of
from tests.unit.resources.rendered import compiled, manifests

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Consumer, Inventory

HOST = "cluster-a-prometheus-0.example.com"
WEB = a_port(routes=(a_route(port=443),))
GRPC = a_port(name="grpc", number=10901, protocol=Protocol.GRPC, routes=(a_route(port=10901),))
TLS = a_port(name="tls", number=8443, protocol=Protocol.HTTPS, routes=(a_route(port=8443),))
TCP = a_port(name="tcp", number=5432, protocol=Protocol.MYSQL, routes=(a_route(start_port=15432),))
ORIGINATE = TlsOrigination()


def dialling(*consumers: Consumer, policy: str = "REGISTRY_ONLY", **ingress: Any) -> Inventory:
    certified = an_ingress(**{"credential_name": "wildcard", "addresses": ("203.0.113.10",), **ingress})
    placement = a_placement(replicas=1, ports=(WEB, GRPC, TLS, TCP))
    return an_inventory(
        clusters=[a_cluster(ingresses=(certified,)), a_cluster(name="observer", istio={"outbound_policy": policy})],
        workloads=[a_workload(placements=(placement,))],
        consumers=consumers,
    )


def found(inventory: Inventory) -> dict[str, Any]:
    return {
        f"{one['kind']} {one['metadata']['namespace']}/{one['metadata']['name']}": one["spec"]
        for one in manifests(inventory, "observer")
    }


def entry_of(*consumers: Consumer, **ingress: Any) -> Any:
    return found(dialling(*consumers, **ingress))[f"ServiceEntry thanos/{HOST}"]


def errors(inventory: Inventory) -> list[str]:
    return [problem.rule for problem in check_shapes(inventory)]


@pytest.mark.parametrize(
    ("port", "ingress", "expected"),
    [
        ("http-web", {}, {"number": 443, "protocol": "TLS", "targetPort": 443}),
        ("http-web", {"credential_name": None}, {"number": 443, "protocol": "HTTP", "targetPort": 443}),
        ("grpc", {"credential_name": None}, {"number": 10901, "protocol": "GRPC", "targetPort": 10901}),
        ("tls", {}, {"number": 8443, "protocol": "TLS", "targetPort": 8443}),
        ("tcp", {}, {"number": 15432, "protocol": "MYSQL", "targetPort": 15432}),
    ],
)
def test_a_sidecar_is_told_what_it_sees_of_a_port(port: str, ingress: Any, expected: dict[str, object]) -> None:
    inventory = dialling(a_consumer(port=port), **ingress)
    spec = found(inventory)[f"ServiceEntry thanos/{HOST}"]
    (written,) = spec["ports"]
    assert expected.items() <= written.items()
    assert (spec["location"], spec["exportTo"], spec["resolution"]) == ("MESH_EXTERNAL", ["."], "STATIC")
    assert spec["endpoints"] == [{"address": "203.0.113.10"}]
    assert spec.get("addresses") == (["203.0.113.10"] if port == "tcp" else None)
    assert errors(inventory) == []
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize("addresses", [(), ("ingress.example.net",)])
def test_where_an_ingress_has_no_address_dns_says_where_it_is(addresses: tuple[str, ...]) -> None:
    inventory = dialling(a_consumer(), addresses=addresses)
    spec = found(inventory)[f"ServiceEntry thanos/{HOST}"]
    assert (spec["resolution"], "endpoints" in spec) == ("DNS", False)
    assert prove_mesh(inventory, rendered(inventory)) == []
    table = table_of(inventory, "observer", rendered(inventory)["observer"])
    (journey,) = in_mesh(table, HOST, None, None)
    assert journey.steps[-1].text == f"outside of the mesh, where DNS says that {HOST} is"


def test_consumers_of_a_namespace_share_what_they_dial() -> None:
    inventory = dialling(a_consumer(), a_consumer(name="b", port="grpc"), a_consumer(name="c", namespace="other"))
    specs = found(inventory)
    assert set(specs) == {f"ServiceEntry thanos/{HOST}", f"ServiceEntry other/{HOST}"}
    assert [port["name"] for port in specs[f"ServiceEntry thanos/{HOST}"]["ports"]] == ["tls-443", "tls-10901"]
    assert {one.place.folder for one in compiled(inventory, "observer")} == {"hosts.external"}
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(
    ("consumer", "policy"),
    [
        (a_consumer(), "ALLOW_ANY"),
        (a_consumer(via=Via.EAST_WEST, cluster="cluster-a"), "REGISTRY_ONLY"),
        (a_consumer(cluster="cluster-a"), "REGISTRY_ONLY"),
    ],
)
def test_who_gets_out_anyhow_is_told_nothing(consumer: Consumer, policy: str) -> None:
    assert found(dialling(consumer, policy=policy)) == {}


def test_hosts_of_one_ingress_share_its_address_as_long_as_no_tcp_port_is_that_of_both() -> None:
    one = dialling(a_consumer(), a_consumer(name="b", port="tcp"))
    placement = a_placement(replicas=2, ports=(WEB, GRPC, TLS, TCP))
    inventory = an_inventory(
        clusters=list(one.clusters.values()), workloads=[a_workload(placements=(placement,))], consumers=one.consumers
    )
    assert prove_mesh(inventory, rendered(inventory)) == []
    altered = manifests(inventory, "observer")
    for manifest in altered:
        manifest["spec"]["ports"] = [{**port, "number": 15432} for port in manifest["spec"]["ports"][-1:]]
    assert "GGI013" in {problem.rule for problem in prove_mesh(inventory, _placed(inventory, altered))}


def test_pods_of_its_own_cluster_are_dialled_in_the_mesh() -> None:
    inventory = dialling(a_consumer())
    here = a_placement(cluster="observer", replicas=1, ports=(a_port(),))
    (workload,) = inventory.workloads
    both = an_inventory(
        clusters=list(inventory.clusters.values()),
        workloads=[a_workload(placements=(*workload.placements, here))],
        consumers=inventory.consumers,
    )
    assert [name for name in found(both) if "external" in name or "thanos" in name] == [f"ServiceEntry thanos/{HOST}"]
    assert prove_mesh(both, rendered(both)) == []


@pytest.mark.parametrize(
    ("port", "files", "number", "tls"),
    [
        ("http-web", ORIGINATE, 80, {"mode": "SIMPLE", "sni": HOST, "subjectAltNames": [HOST]}),
        (
            "grpc",
            TlsOrigination(ca_certificates="/ca", client_certificate="/crt", private_key="/key"),
            10901,
            {
                "mode": "MUTUAL",
                "sni": HOST,
                "subjectAltNames": [HOST],
                "clientCertificate": "/crt",
                "privateKey": "/key",
                "caCertificates": "/ca",
            },
        ),
    ],
)
def test_a_sidecar_makes_tls_of_plain_http(port: str, files: TlsOrigination, number: int, tls: object) -> None:
    inventory = dialling(a_consumer(port=port, originate=files), policy="ALLOW_ANY")
    specs = found(inventory)
    (written,) = specs[f"ServiceEntry thanos/{HOST}"]["ports"]
    assert (written["number"], written["protocol"]) == (number, "HTTP" if port == "http-web" else "GRPC")
    assert written["targetPort"] == (443 if port == "http-web" else 10901)
    rule = specs[f"DestinationRule thanos/{HOST}"]
    assert rule["trafficPolicy"]["portLevelSettings"] == [{"port": {"number": number}, "tls": tls}]
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(
    ("consumers", "ingress", "expected"),
    [
        ([a_consumer(port="tcp")], {"addresses": ()}, "by address: ingress public has to say its IP addresses"),
        ([a_consumer(port="tcp")], {"addresses": ("ingress.example.net",)}, "by address: ingress public has to say"),
        ([a_consumer(originate=ORIGINATE)], {"credential_name": None}, "public has no certificate"),
        ([a_consumer(port="tls", originate=ORIGINATE)], {}, "port tls is HTTPS, and not HTTP"),
        ([a_consumer(originate=ORIGINATE)], {"client_ca": "ca"}, "asks clients for a certificate"),
        (
            [a_consumer(port="grpc"), a_consumer(name="z", port="grpc", originate=ORIGINATE)],
            {},
            f"thanos/z and thanos/thanos-query dial {HOST}:10901 in two ways",
        ),
    ],
)
def test_what_a_sidecar_cannot_be_told_is_refused(consumers: list[Consumer], ingress: Any, expected: str) -> None:
    (problem,) = check_shapes(dialling(*consumers, **ingress))
    assert problem.rule == "GGI058"
    assert expected in problem.message


def test_a_client_with_a_certificate_is_let_in() -> None:
    files = TlsOrigination(client_certificate="/crt", private_key="/key")
    assert errors(dialling(a_consumer(originate=files), client_ca="ca")) == []


def _port(entry: Any, _rule: Any) -> None:
    entry["ports"][0]["targetPort"] = 444


def _protocol(entry: Any, _rule: Any) -> None:
    entry["ports"][0]["protocol"] = "TLS"


def _inside(entry: Any, _rule: Any) -> None:
    entry["location"] = "MESH_INTERNAL"


def _elsewhere(entry: Any, _rule: Any) -> None:
    entry["endpoints"][0]["address"] = "203.0.113.99"


def _hidden(entry: Any, _rule: Any) -> None:
    entry["exportTo"] = ["other"]


def _another(entry: Any, _rule: Any) -> None:
    entry["hosts"].append("more.example.com")


def _name(_entry: Any, rule: Any) -> None:
    rule["trafficPolicy"]["portLevelSettings"][0]["tls"]["sni"] = "x.example.com"


def _plain(_entry: Any, rule: Any) -> None:
    rule["trafficPolicy"]["portLevelSettings"][0]["port"]["number"] = 81


@pytest.mark.parametrize("change", [_port, _protocol, _inside, _elsewhere, _hidden, _another, _name, _plain])
def test_the_proof_notices_a_way_out_that_is_not_the_one_asked_for(change: Callable[[Any, Any], None]) -> None:
    inventory = dialling(a_consumer(originate=ORIGINATE))
    altered = manifests(inventory, "observer")
    specs = {one["kind"]: one["spec"] for one in altered}
    change(specs["ServiceEntry"], specs["DestinationRule"])
    assert "GGI058" in {problem.rule for problem in prove_mesh(inventory, _placed(inventory, altered))}


def test_the_proof_asks_for_the_addresses_by_which_tcp_is_told_apart() -> None:
    inventory = dialling(a_consumer(port="tcp"))
    altered = manifests(inventory, "observer")
    altered[0]["spec"]["addresses"] = ["203.0.113.99"]
    assert {problem.rule for problem in prove_mesh(inventory, _placed(inventory, altered))} == {"GGI058"}


def _placed(inventory: Inventory, observer: list[Manifest]) -> dict[str, Any]:
    there = Location("altered.yaml", 1, 1)
    return {**rendered(inventory), "observer": [read_resource(manifest, there) for manifest in observer]}
