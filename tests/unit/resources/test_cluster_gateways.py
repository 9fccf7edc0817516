"""Gateways that belong to a cluster rather than to a workload."""

from __future__ import annotations

from tests.factories import (
    a_cluster,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_east_west,
    an_ingress,
    an_inventory,
)
from tests.unit.resources.rendered import compiled, files


def test_a_generated_east_west_gateway_lets_other_clusters_in() -> None:
    cluster = a_cluster(east_west=an_east_west(generated=True, port=15443))
    assert files(an_inventory(clusters=[cluster], workloads=[])) == {
        "gateways.eastwest/cross-network-gateway": """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cross-network-gateway
  namespace: istio-system
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  selector:
    istio: eastwestgateway
  servers:
  - port:
      number: 15443
      name: tls
      protocol: TLS
    hosts:
    - "*.local"
    tls:
      mode: AUTO_PASSTHROUGH
"""
    }


def test_an_east_west_gateway_covers_the_clusters_own_domain() -> None:
    cluster = a_cluster(cluster_domain="east.corp", east_west=an_east_west(generated=True))
    (text,) = files(an_inventory(clusters=[cluster], workloads=[])).values()
    assert '    - "*.corp"\n' in text


def test_an_east_west_gateway_that_is_there_already_is_left_alone() -> None:
    assert files(an_inventory(clusters=[a_cluster(east_west=an_east_west())], workloads=[])) == {}


def test_each_ingress_has_a_shared_gateway_of_its_own() -> None:
    ingresses = (
        an_ingress(credential_name="one"),
        an_ingress(name="partner", default=False, namespace="istio-partner", credential_name="two"),
        an_ingress(name="unused", default=False, credential_name="three"),
    )
    routes = (a_route(port=443), a_route(port=443, ingress="partner", host="{pod}.partner.example"))
    workload = a_workload(placements=(a_placement(ports=(a_port(routes=routes),)),))
    inventory = an_inventory(clusters=[a_cluster(ingresses=ingresses)], workloads=[workload])
    places = [(*r.place[:5], r.manifest["metadata"]["name"]) for r in compiled(inventory) if "." in r.place.folder]
    assert places == [
        ("istio-ingress", "gateways.ingress", "example-public", "Cluster cluster-a", False, "example-public"),
        ("istio-partner", "gateways.ingress", "example-partner", "Cluster cluster-a", False, "example-partner"),
    ]


def test_every_cluster_is_there_even_with_nothing_in_it() -> None:
    inventory = an_inventory(clusters=[a_cluster(), a_cluster(name="empty")])
    assert compiled(inventory, "empty") == []


def test_a_protected_ingress_has_its_gateways_deleted_by_argocd_only_when_confirmed() -> None:
    for protected in (False, True):
        cluster = a_cluster(ingresses=[an_ingress(protected=protected)])
        gateways = [
            one.manifest["metadata"]
            for one in compiled(an_inventory(clusters=[cluster], workloads=[a_workload()]))
            if one.manifest["kind"] == "Gateway"
        ]
        expected = {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"} if protected else None
        assert [one.get("annotations") for one in gateways] == [expected] * len(gateways)
        assert gateways
