"""What a placement exposes, one by one."""

from __future__ import annotations

from gitops_gen.exposure import exposures
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload


def test_what_is_not_carried_is_not_exposed() -> None:
    web = a_port(routes=(a_route(),))
    kept = a_port(name="http-kept", number=9091, carried=False, routes=(a_route(port=9091),))
    placement = a_placement(replicas=2, ports=(kept, web))
    found = list(exposures(a_workload(placements=(placement,)), placement, a_cluster()))
    assert [(exposure.port.name, exposure.pod and exposure.pod.name, exposure.host) for exposure in found] == [
        ("http-web", "prometheus-0", "cluster-a-prometheus-0.example.com"),
        ("http-web", "prometheus-1", "cluster-a-prometheus-1.example.com"),
    ]
