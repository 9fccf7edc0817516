from __future__ import annotations

import pytest

from gitops_gen.errors import InputError
from gitops_gen.model import Protocol
from gitops_gen.resources.external_names import ExternalName
from gitops_gen.workflows.host_list import list_hosts
from gitops_gen.workflows.selecting import Selection
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_ingress, an_inventory

WEB = a_port(routes=(a_route(), a_route(service="prometheus", host="any.example.com", own_host=True)))
RAW = a_port(name="raw", number=6379, protocol=Protocol.TCP, routes=(a_route(ingress="ops", start_port=20000),))
INGRESSES = (an_ingress(addresses=("203.0.113.10",)), an_ingress(name="ops", default=False))

INVENTORY = an_inventory(
    clusters=[
        a_cluster(ingresses=INGRESSES),
        a_cluster(name="cluster-b", labels=(("ring", "b"),), ingresses=INGRESSES),
    ],
    workloads=[
        a_workload(
            placements=(
                a_placement(replicas=11, start=9, ports=(WEB,)),
                a_placement(stateful_set="other", replicas=1, ports=(WEB,)),
            )
        ),
        a_workload(name="redis", placements=(a_placement(cluster="cluster-b", stateful_set="redis", ports=(RAW,)),)),
    ],
)


def test_names_come_by_cluster_workload_pod_and_port_and_companions_once() -> None:
    names = list_hosts(INVENTORY, Selection())
    ends = [f"{name.cluster} {name.end}:{name.gateway_port}" for name in names]
    numbered = [f"cluster-a prometheus-{ordinal}:80" for ordinal in range(9, 20)]
    assert ends == [
        "cluster-a other-0:80",
        *numbered,
        "cluster-a prometheus:80",
        "cluster-b redis-0:20000",
        "cluster-b redis-1:20001",
    ]
    assert names[-1] == ExternalName(
        host="cluster-b-redis-1.example.com",
        gateway_port=20001,
        protocol="TCP",
        cluster="cluster-b",
        ingress="ops",
        addresses=(),
        namespace="monitoring",
        workload="redis",
        pod="redis-1",
        service=None,
        port_name="raw",
        port=6379,
    )
    assert (names[12].pod, names[12].service, names[12].addresses) == (None, "prometheus", ("203.0.113.10",))


@pytest.mark.parametrize(
    ("selection", "ingresses", "found"),
    [
        (Selection(clusters=("cluster-b",)), (), {"redis"}),
        (Selection(labels=("ring=b",)), (), {"redis"}),
        (Selection(workloads=("monitoring/prometheus",)), (), {"prometheus"}),
        (Selection(), ("public",), {"prometheus"}),
        (Selection(), ("public", "ops"), {"prometheus", "redis"}),
        (Selection(clusters=("cluster-a",)), ("ops",), set()),
    ],
)
def test_a_part_of_them(selection: Selection, ingresses: tuple[str, ...], found: set[str]) -> None:
    assert {name.workload for name in list_hosts(INVENTORY, selection, ingresses)} == found


def test_a_name_that_nobody_has_is_an_error() -> None:
    with pytest.raises(InputError, match="the inventory has no cluster cluster-c"):
        list_hosts(INVENTORY, Selection(clusters=("cluster-c",)))
    with pytest.raises(InputError, match="the inventory has no workload a/b"):
        list_hosts(INVENTORY, Selection(workloads=("a/b",)))
    with pytest.raises(InputError, match="no cluster has an ingress pubic") as caught:
        list_hosts(INVENTORY, Selection(), ("pubic",))
    assert caught.value.help == "there is: ops, public"
