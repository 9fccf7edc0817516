"""Clusters that read each other's endpoints: a name that is there twice is found, and one that is not is let be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_gen.model import BackendChoice
from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_inventory
from tests.proofs import rendered

ON, OFF = True, False


def two(
    *discovery: bool | None, backend: BackendChoice = BackendChoice.POD_SERVICE, starts: tuple[int, int] = (0, 0)
) -> Any:
    clusters = [
        a_cluster(name=name, istio={"endpoint_discovery": found})
        for name, found in zip(("east", "west"), discovery, strict=True)
    ]
    port = a_port(routes=(a_route(host="{cluster}-{pod}.example.com"),))
    placements = tuple(
        a_placement(cluster=cluster.name, replicas=1, start=start, ports=(port,), backend=backend)
        for cluster, start in zip(clusters, starts, strict=True)
    )
    return an_inventory(clusters=clusters, workloads=[a_workload(placements=placements)])


def found(inventory: Any, cut: str = "") -> set[tuple[str, str]]:
    """Prove with the cluster taken out of the names of Services; return rules with where they point."""
    resources = rendered(inventory)
    for cluster, here in resources.items():
        for place, resource in enumerate(here):
            text = json.dumps(resource.manifest)
            manifest = json.loads(text.replace(f"{cluster}-{cut}", cut)) if cut else resource.manifest
            here[place] = read_resource(manifest, Location(cluster, 1, 1))
    return {(problem.rule, problem.location.file) for problem in prove_mesh(inventory, resources)}


@pytest.mark.parametrize("discovery", [(ON, ON), (ON, OFF), (OFF, ON), (None, None), (None, OFF)])
def test_services_of_one_name_are_merged_where_one_cluster_sees_the_other(discovery: tuple[bool | None, ...]) -> None:
    inventory = two(*discovery)
    assert found(inventory) == set()
    assert ("GGI026", "west") in found(inventory, "prometheus-0")


def test_services_of_one_name_are_two_where_neither_sees_the_other() -> None:
    rules = {rule for rule, _ in found(two(OFF, OFF), "prometheus-0")}
    assert "GGI026" not in rules


def test_a_selector_is_one_for_all_in_the_cluster_that_sees_the_other() -> None:
    entries = two(ON, OFF, backend=BackendChoice.SERVICE_ENTRY)
    assert found(entries) == {("GGI007", "east")}
    assert found(two(None, None, backend=BackendChoice.SERVICE_ENTRY)) == {("GGI007", "east"), ("GGI007", "west")}


def test_a_selector_of_a_pod_that_no_other_cluster_has_is_right() -> None:
    assert found(two(ON, ON, backend=BackendChoice.SERVICE_ENTRY, starts=(0, 5))) == set()
    assert found(two(OFF, OFF, backend=BackendChoice.SERVICE_ENTRY)) == set()


def test_an_entry_by_dns_leads_to_the_pod_of_its_own_cluster() -> None:
    assert found(two(ON, ON, backend=BackendChoice.DNS)) == set()
