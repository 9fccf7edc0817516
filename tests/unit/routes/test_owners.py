"""No resource is there twice in a cluster, in whatever sync units."""

from __future__ import annotations

from dataclasses import replace

from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove, prove_mesh, prove_mixture
from tests.factories import a_workload, an_inventory
from tests.proofs import rendered

ELSEWHERE = Location("overlays/cluster-a/other/prometheus/prometheus-0.yaml", 7, 1)


def test_a_resource_that_is_there_twice_is_found_whatever_is_proven() -> None:
    inventory = an_inventory(workloads=[a_workload()])
    resources = rendered(inventory)["cluster-a"]
    assert prove(inventory, "cluster-a", resources) == []
    for one in resources:
        twice = [*resources, one._replace(location=ELSEWHERE)]
        for problems in (
            prove(inventory, "cluster-a", twice),
            prove_mesh(inventory, {"cluster-a": twice}),
            prove_mixture(inventory, "cluster-a", twice),
        ):
            (found,) = [problem for problem in problems if "is there twice in one cluster" in problem.message]
            assert (found.rule, found.location, found.related[0][1]) == ("GGI026", ELSEWHERE, one.location)


def test_one_name_in_two_kinds_or_namespaces_is_two_resources() -> None:
    inventory = an_inventory(workloads=[a_workload()])
    names = [(one.kind, one.namespace, one.name) for one in rendered(inventory)["cluster-a"]]
    assert len({name for _, _, name in names}) < len(names), "kinds share names"


def test_a_cluster_that_has_left_the_inventory_is_judged_by_itself() -> None:
    inventory = an_inventory(workloads=[a_workload()])
    resources = rendered(inventory)["cluster-a"]
    assert prove_mixture(replace(inventory, clusters={}), "cluster-a", resources) == []
