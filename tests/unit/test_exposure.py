"""What a placement exposes, one by one, and where."""

from __future__ import annotations

import pytest

from gitops_gen.exposure import exposures, gateway_port
from gitops_gen.model import Pod
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_ingress


def test_what_is_not_carried_is_not_exposed() -> None:
    web = a_port(routes=(a_route(),))
    kept = a_port(name="http-kept", number=9091, carried=False, routes=(a_route(port=9091),))
    placement = a_placement(replicas=2, ports=(kept, web))
    found = list(exposures(a_workload(placements=(placement,)), placement, a_cluster()))
    assert [(exposure.port.name, exposure.pod and exposure.pod.name, exposure.host) for exposure in found] == [
        ("http-web", "prometheus-0", "cluster-a-prometheus-0.example.com"),
        ("http-web", "prometheus-1", "cluster-a-prometheus-1.example.com"),
    ]


def test_a_gateway_port_is_the_routes_own_or_counts_from_its_start() -> None:
    assert gateway_port(a_route(port=443), Pod("db-7", 7), a_placement(port_offset=100)) == 443
    assert gateway_port(a_route(start_port=31000), Pod("db-7", 7), a_placement(port_offset=100)) == 31107
    assert gateway_port(a_route(start_port=31000), Pod("db-0", 0), a_placement()) == 31000


def test_a_pod_without_a_number_has_no_port_that_counts() -> None:
    with pytest.raises(KeyError, match="ordinal"):
        gateway_port(a_route(start_port=31000), Pod("writer", None), a_placement())


def test_an_ingress_is_found_by_its_name_only() -> None:
    cluster = a_cluster(ingresses=(an_ingress(), an_ingress(name="partners", default=False)))
    assert cluster.ingress("partners") == cluster.ingresses[1]
    with pytest.raises(KeyError, match="private"):
        cluster.ingress("private")
