"""Addresses for ServiceEntries with TCP that sidecars see: who needs one, what it shows, what the proof asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.errors import InputError
from gitops_gen.model import BackendChoice, Protocol, Via
from gitops_gen.problems import Location
from gitops_gen.resources.check import check_shapes
from gitops_gen.resources.compile import compile_mesh
from gitops_gen.resources.consumers import hosts_with_address
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from gitops_gen.workflows.desired import compile_desired
from tests.factories import (
    a_cluster,
    a_consumer,
    a_mesh,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_ingress,
    an_inventory,
)
from tests.proofs import rendered

if TYPE_CHECKING:
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

WEB = a_port(routes=(a_route(),))
TCP = a_port(name="tcp", number=6379, protocol=Protocol.TCP, routes=(a_route(start_port=31000),))
HOST = "prometheus-0.prometheus.monitoring.svc.cluster.local"
ADDRESS = "240.241.0.7"


def visible(
    choice: BackendChoice = BackendChoice.SERVICE_ENTRY,
    *,
    ports: object = (WEB, TCP),
    ingress: str = "istio-ingress",
    consumed: bool = False,
    pool: str = "240.241.0.0/16",
) -> Inventory:
    cluster = a_cluster(istio={"endpoint_discovery": False}, ingresses=(an_ingress(namespace=ingress),))
    placement = a_placement(backend=choice, replicas=1, ports=ports)
    consumers = [a_consumer(cluster="cluster-a", via=Via.EAST_WEST)] if consumed else []
    return an_inventory(
        mesh=a_mesh(vip_pool=pool),
        clusters=[cluster],
        workloads=[a_workload(placements=(placement,))],
        consumers=consumers,
    )


def entry(inventory: Inventory) -> Manifest:
    (found,) = (
        one.manifest
        for one in compile_mesh(inventory, dict.fromkeys(hosts_with_address(inventory), ADDRESS))["cluster-a"]
        if one.manifest["kind"] == "ServiceEntry"
    )
    return found


@pytest.mark.parametrize("choice", [BackendChoice.SERVICE_ENTRY, BackendChoice.DNS, BackendChoice.BLOG])
def test_tcp_that_sidecars_see_has_an_address(choice: BackendChoice) -> None:
    inventory = visible(choice, ingress="monitoring")
    assert hosts_with_address(inventory) == [HOST]
    spec = entry(inventory)["spec"]
    assert (spec["addresses"], spec["exportTo"]) == ([ADDRESS], ["."])
    assert list(spec)[:3] == ["hosts", "addresses", "location"]
    assert prove_mesh(inventory, rendered(inventory)) == []


def test_a_consumer_of_the_same_cluster_sees_it() -> None:
    spec = entry(visible(consumed=True))["spec"]
    assert (spec["addresses"], spec["exportTo"]) == ([ADDRESS], [".", "istio-ingress", "thanos"])


@pytest.mark.parametrize(
    "inventory",
    [
        visible(),
        visible(BackendChoice.AUTO, ingress="monitoring"),
        visible(BackendChoice.POD_SERVICE, ingress="monitoring"),
        visible(ports=(WEB,), ingress="monitoring", consumed=True),
    ],
    ids=["gateways alone", "auto", "a Service", "no TCP"],
)
def test_nobody_else_needs_one(inventory: Inventory) -> None:
    assert hosts_with_address(inventory) == []


def test_without_a_governing_service_there_is_no_entry_to_give_one_to() -> None:
    placement = a_placement(backend=BackendChoice.SERVICE_ENTRY, service=None, ports=(TCP,))
    assert hosts_with_address(an_inventory(workloads=[a_workload(placements=(placement,))])) == []


def test_a_pool_that_is_too_small_is_told_before() -> None:
    inventory = visible(consumed=True, pool="240.241.0.0/32")
    assert [problem.rule for problem in check_shapes(inventory)] == ["GGI013"]
    with pytest.raises(InputError):
        compile_desired(inventory)


def test_an_address_stays_as_it_is_recorded() -> None:
    inventory = visible(consumed=True)
    assert compile_desired(inventory, {HOST: "240.241.9.9"}).addresses == {HOST: "240.241.9.9"}


@pytest.mark.parametrize(
    ("addresses", "export_to", "rules"),
    [
        (["10.0.0.1"], [".", "istio-ingress", "thanos"], {"GGI013"}),
        (["240.241.0.7"], [".", "istio-ingress"], {"GGI015"}),
        ([], [".", "istio-ingress", "thanos"], {"GGI002"}),
    ],
)
def test_the_proof_holds_address_and_visibility_together(
    addresses: list[str], export_to: list[str], rules: set[str]
) -> None:
    inventory = visible(consumed=True)
    altered = []
    for resource in rendered(inventory)["cluster-a"]:
        manifest = resource.manifest
        if manifest["kind"] == "ServiceEntry":
            manifest["spec"].update(addresses=addresses, exportTo=export_to)
        altered.append(read_resource(manifest, Location("altered.yaml", 1, 1)))
    assert {problem.rule for problem in prove_mesh(inventory, {"cluster-a": altered})} == rules
