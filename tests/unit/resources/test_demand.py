"""What Consumers ask of the workloads that they name."""

from __future__ import annotations

from gitops_gen.model import Consumer, Inventory, Mesh, Via
from gitops_gen.problems import Location
from gitops_gen.resources.demand import (
    consumer_namespaces,
    needs_pod_service,
    read_demand,
    remote_consumer_clusters,
    remote_ports,
)

HERE = Location("inventory.yaml", 1, 1)


def consumer(
    name: str, cluster: str, via: Via, port: str = "grpc", workload: str = "monitoring/prometheus"
) -> Consumer:
    namespace, _, short = name.partition("/")
    return Consumer(
        namespace=namespace, name=short, cluster=cluster, workloads=(workload,), via=via, port=port, origin=HERE
    )


def inventory(*consumers: Consumer) -> Inventory:
    return Inventory(mesh=Mesh(name="m", origin=HERE), clusters={}, workloads=(), consumers=consumers, digest="")


def test_nobody_asks_for_anything() -> None:
    demand = read_demand(inventory())

    assert not needs_pod_service(demand, "monitoring/prometheus", "a")
    assert consumer_namespaces(demand, "monitoring/prometheus", "a") == ()
    assert remote_consumer_clusters(demand, "monitoring/prometheus") == ()
    assert remote_ports(demand, "monitoring/prometheus", "a") == frozenset()


def test_an_east_west_consumer_asks_every_other_cluster_for_a_service_per_pod() -> None:
    demand = read_demand(inventory(consumer("thanos/query", "a", Via.EAST_WEST)))

    assert not needs_pod_service(demand, "monitoring/prometheus", "a")
    assert needs_pod_service(demand, "monitoring/prometheus", "b")
    assert not needs_pod_service(demand, "monitoring/other", "b")
    assert remote_consumer_clusters(demand, "monitoring/prometheus") == ("a",)


def test_two_clusters_that_dial_each_other_both_need_a_service_per_pod() -> None:
    demand = read_demand(
        inventory(consumer("thanos/query", "a", Via.EAST_WEST), consumer("thanos/query", "b", Via.EAST_WEST))
    )

    assert needs_pod_service(demand, "monitoring/prometheus", "a")
    assert needs_pod_service(demand, "monitoring/prometheus", "b")
    assert remote_consumer_clusters(demand, "monitoring/prometheus") == ("a", "b")


def test_a_north_south_consumer_asks_for_no_service_but_is_seen_in_its_cluster() -> None:
    demand = read_demand(inventory(consumer("thanos/query", "a", Via.NORTH_SOUTH)))

    assert not needs_pod_service(demand, "monitoring/prometheus", "b")
    assert consumer_namespaces(demand, "monitoring/prometheus", "a") == ("thanos",)
    assert consumer_namespaces(demand, "monitoring/prometheus", "b") == ()


def test_the_consumers_of_a_cluster_are_taken_together() -> None:
    demand = read_demand(
        inventory(
            consumer("z/one", "a", Via.EAST_WEST, "grpc"),
            consumer("b/two", "a", Via.EAST_WEST, "http-web"),
            consumer("b/three", "a", Via.NORTH_SOUTH, "admin"),
        )
    )

    assert consumer_namespaces(demand, "monitoring/prometheus", "a") == ("b", "z")
    assert remote_ports(demand, "monitoring/prometheus", "a") == {"grpc", "http-web"}
