from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules import bounds
from tests.inventories import cluster, consumer, load, mesh, placed

if TYPE_CHECKING:
    import pytest

PODS = placed("{name: data, port: 1, protocol: TCP}", "{cluster: east, replicas: 2}")
DIALS = "{cluster: east, workloads: [streaming/kafka], via: east-west, port: data}"


def test_each_pod_that_a_consumer_dials_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "RESOURCES", 7)
    dialling = [consumer(DIALS, name=f"reader-{number}") for number in range(4)]
    # The placement and its two pods are three resources, and each Consumer dials two pods.
    assert load(mesh(), cluster(), PODS, *dialling[:2]).problems == ()
    (problem,) = load(mesh(), cluster(), PODS, *dialling).problems
    assert problem.rule == "GGI224"
    assert problem.message == "from here on the inventory asks for more than 7 resources"
    assert problem.subject == "Consumer tools/reader-2"
