"""Certificates per pod, authorities of clients, scoped ingresses: what is written, proven and traced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.exposure import serving_pods
from gitops_gen.model import GatewayChoice, Protocol
from gitops_gen.problems import Location
from gitops_gen.resources.check import check_shapes
from gitops_gen.routes.journey import from_outside
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_ingress, an_inventory
from tests.proofs import rendered, table_of
from tests.unit.resources.rendered import compiled, manifests

if TYPE_CHECKING:
    from gitops_gen.model import Inventory

HTTPS = a_port(routes=(a_route(port=443),))


def behind(gateways: GatewayChoice = GatewayChoice.AUTO, ports: Any = (HTTPS,), **changes: Any) -> Inventory:
    ingress = an_ingress(**{"credential_name": "{pod}-tls", **changes})
    workloads = [
        a_workload(name=name, placements=(a_placement(stateful_set=name, replicas=2, gateways=gateways, ports=ports),))
        for name in ("prometheus", "other")
    ]
    return an_inventory(clusters=[a_cluster(ingresses=(ingress,))], workloads=workloads)


def gateways(inventory: Inventory) -> dict[str, list[tuple[str, list[str], Any]]]:
    return {
        f"{one['metadata']['namespace']}/{one['metadata']['name']}": [
            (server["port"]["name"], server["hosts"], server["tls"]) for server in one["spec"]["servers"]
        ]
        for one in manifests(inventory)
        if one["kind"] == "Gateway"
    }


def test_pods_with_a_certificate_each_have_a_gateway_each() -> None:
    found = gateways(behind())
    assert len(found) == 4
    assert found["monitoring/cluster-a-prometheus-0"] == [
        (
            "https-443",
            ["monitoring/cluster-a-prometheus-0.example.com"],
            {"mode": "SIMPLE", "minProtocolVersion": "TLSV1_2", "credentialName": "prometheus-0-tls"},
        )
    ]


def test_certificates_of_one_gateway_are_servers_with_names_and_hosts_of_their_own() -> None:
    (servers,) = gateways(behind(GatewayChoice.SHARED)).values()
    assert [(name, hosts) for name, hosts, _ in servers] == [
        (f"https-443-{name}-{number}-tls", [f"monitoring/cluster-a-{name}-{number}.example.com"])
        for name in ("other", "prometheus")
        for number in (0, 1)
    ]


@pytest.mark.parametrize(
    ("choice", "credential", "expected"),
    [
        (GatewayChoice.AUTO, "{pod}-tls", set()),
        (GatewayChoice.SHARED, "{pod}-tls", set()),
        (GatewayChoice.PER_POD, "{pod}-tls", set()),
        (GatewayChoice.AUTO, "{workload}-tls", set()),
        (GatewayChoice.PER_POD, "{workload}-tls", {"GGI010"}),
    ],
)
def test_only_a_certificate_of_several_pods_has_to_be_in_one_server(
    choice: GatewayChoice, credential: str, expected: set[str]
) -> None:
    inventory = behind(choice, credential_name=credential)
    assert {problem.rule for problem in check_shapes(inventory)} == expected
    if not expected:
        assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        ("{pod}-tls", {"mode": "MUTUAL"}),
        ("{pod}-tls-cacert", {"mode": "MUTUAL"}),
        ("partners", {"mode": "MUTUAL", "caCertCredentialName": "partners-cacert"}),
        ("partners-cacert", {"mode": "MUTUAL", "caCertCredentialName": "partners-cacert"}),
    ],
)
def test_clients_have_to_show_a_certificate(authority: str, expected: dict[str, str]) -> None:
    inventory = behind(client_ca=authority)
    for servers in gateways(inventory).values():
        for _, _, tls in servers:
            assert expected.items() <= tls.items()
            assert ("caCertCredentialName" in tls) == ("caCertCredentialName" in expected)
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mode": "SIMPLE"}, "lets in anybody, not clients of the authority partners-cacert"),
        ({"caCertCredentialName": "others"}, "lets in clients of the authority others, not"),
        ({"caCertCredentialName": None}, "lets in clients of the authority beside the certificate, not"),
        ({"credentialName": "other"}, "has the certificate other, not prometheus-0-tls"),
    ],
)
def test_the_proof_notices_who_is_let_in(change: dict[str, str | None], expected: str) -> None:
    inventory = behind(client_ca="partners")
    altered = []
    for manifest in manifests(inventory):
        if manifest["kind"] == "Gateway" and manifest["metadata"]["name"] == "cluster-a-prometheus-0":
            tls = manifest["spec"]["servers"][0]["tls"]
            tls.update({key: value for key, value in change.items() if value is not None})
            for key in [key for key, value in change.items() if value is None]:
                del tls[key]
        altered.append(read_resource(manifest, Location("altered.yaml", 1, 1)))
    assert any(expected in problem.message for problem in prove_mesh(inventory, {"cluster-a": altered}))


@pytest.mark.parametrize(
    ("authority", "said"), [("partners", "partners-cacert"), ("{pod}-tls", "the authority beside it")]
)
def test_a_trace_says_what_clients_have_to_show(authority: str, said: str) -> None:
    inventory = behind(client_ca=authority)
    table = table_of(inventory, "cluster-a", rendered(inventory)["cluster-a"])
    (journey,) = from_outside(table, "cluster-a-prometheus-0.example.com", None)
    assert journey.steps[0].text.endswith(f"prometheus-0-tls, and clients show one of {said}")


def test_a_gateway_of_somebody_elses_is_taken_as_it_is_declared() -> None:
    inventory = behind(client_ca="partners", existing_gateway="edge/shared")
    assert prove_mesh(inventory, rendered(inventory)) == []


# --- scoped ingresses ------------------------------------------------------------------------------------------------


def scoped(**changes: Any) -> Inventory:
    public = an_ingress(scoped=True)
    inner = an_ingress(name="inner", default=False, namespace="inner", **{"scoped": True, **changes})
    port = a_port(routes=(a_route(), a_route(ingress="inner")))
    any_pod = a_port(
        name="tcp",
        number=1,
        protocol=Protocol.TCP,
        routes=(a_route(ingress="inner", service="any", host="any.example.com", port=9000),),
    )
    workload = a_workload(placements=(a_placement(replicas=1, ports=(port, any_pod)),))
    return an_inventory(clusters=[a_cluster(ingresses=(public, inner))], workloads=[workload])


def test_gateways_of_a_scoped_ingress_stand_beside_it() -> None:
    places = {
        f"{one.manifest['metadata']['namespace']}/{one.manifest['metadata']['name']}": one.place
        for one in compiled(scoped())
        if one.manifest["kind"] == "Gateway"
    }
    assert set(places) == {
        "istio-ingress/cluster-a-monitoring-prometheus-0",
        "inner/cluster-a-monitoring-prometheus-0-inner",
        "inner/cluster-a-monitoring-any-inner",
    }
    assert {(place.namespace, place.folder, place.shared) for place in places.values()} == {
        ("istio-ingress", "gateways.ingress", False),
        ("inner", "gateways.ingress", False),
    }


def test_ingresses_of_the_same_labels_are_apart_where_they_are_scoped() -> None:
    inventory = scoped()
    assert check_shapes(inventory) == []
    assert prove_mesh(inventory, rendered(inventory)) == []
    cluster = inventory.clusters["cluster-a"]
    labels = ("istio", "ingressgateway")
    assert serving_pods(cluster, cluster.ingress("public")) == (frozenset({labels, ("", "istio-ingress")}),)
    mixed = scoped(scoped=False).clusters["cluster-a"]
    assert serving_pods(mixed, mixed.ingress("public")) == (
        frozenset({labels, ("", "istio-ingress")}),
        frozenset({labels}),
    )
    assert serving_pods(mixed, mixed.ingress("inner")) == (frozenset({labels}),)


def test_the_proof_knows_that_scoped_pods_do_not_see_gateways_elsewhere() -> None:
    inventory = scoped()
    moved = []
    for manifest in manifests(inventory):
        if manifest["kind"] == "Gateway" and manifest["metadata"]["namespace"] == "inner":
            manifest["metadata"]["namespace"] = "monitoring"
        if manifest["kind"] == "VirtualService":
            manifest["spec"]["gateways"] = [
                name.replace("inner/", "monitoring/") for name in manifest["spec"]["gateways"]
            ]
        moved.append(read_resource(manifest, Location("moved.yaml", 1, 1)))
    assert "GGI008" in {problem.rule for problem in prove_mesh(inventory, {"cluster-a": moved})}
