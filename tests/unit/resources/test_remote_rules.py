"""What Consumers cannot have is a problem: one each, at the place that has to change, with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import BackendChoice, EndpointFormat, EndpointList, Protocol, Via
from gitops_gen.problems import Location, Severity
from gitops_gen.resources.consumers import check_consumers
from gitops_gen.resources.endpoint_list import MAX_BYTES
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.rules import RULES
from tests.factories import (
    a_cluster,
    a_consumer,
    a_mesh,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_east_west,
    an_inventory,
)
from tests.proofs import rendered

if TYPE_CHECKING:
    from gitops_gen.model import Cluster, Inventory
    from gitops_gen.problems import Problem

MESH, HOME, CALLER, WORKLOAD, PORT, CONSUMER, GATEWAY = (
    Location(f"{name}.yaml", 1, 1) for name in ("mesh", "home", "caller", "workload", "port", "consumer", "gateway")
)
ALONE = {"endpoint_discovery": False}
BY_NAME = an_east_west(addresses=("eastwest.example.net",), origin=GATEWAY)


def home(**changes: Any) -> Cluster:
    return a_cluster(**{"origin": HOME, "east_west": an_east_west(origin=GATEWAY), **changes})


def caller(**changes: Any) -> Cluster:
    return a_cluster(**{"name": "observer", "origin": CALLER, "istio": ALONE, "ingresses": (), **changes})


def asked(
    *clusters: Cluster, placement: dict[str, Any] | None = None, port: dict[str, Any] | None = None, **consumer: Any
) -> Inventory:
    ports = (a_port(**{"origin": PORT, **(port or {})}),)
    placed = a_placement(**{"origin": WORKLOAD, "ports": ports, "replicas": 1, **(placement or {})})
    return an_inventory(
        mesh=a_mesh(origin=MESH),
        clusters=clusters,
        workloads=[a_workload(placements=(placed,))],
        consumers=[a_consumer(**{"via": Via.EAST_WEST, "origin": CONSUMER, **consumer})],
    )


def only(inventory: Inventory) -> Problem:
    problems = check_consumers(inventory)
    assert len(problems) == 1, [problem.message for problem in problems]
    assert problems[0].rule in RULES
    assert problems[0].help
    return problems[0]


def test_nothing_is_wrong_with_a_shape_that_was_seen_to_work() -> None:
    assert check_consumers(asked(home(), caller())) == []


# --- the two clusters ------------------------------------------------------------------------------------------------


def test_discovery_that_is_not_declared_is_asked_for_once() -> None:
    inventory = an_inventory(
        clusters=[home(), home(name="cluster-b"), caller(istio={})],
        workloads=[
            a_workload(placements=(a_placement(), a_placement(cluster="cluster-b"))),
            a_workload(name="other"),
        ],
        consumers=[
            a_consumer(via=Via.EAST_WEST, workloads=("monitoring/other", "monitoring/prometheus"), origin=CONSUMER),
            a_consumer(via=Via.EAST_WEST, name="z"),
        ],
    )
    problem = only(inventory)

    assert (problem.rule, problem.location) == ("GGI036", CALLER)
    assert problem.message == ('cluster "observer" does not declare whether its istiod sees the pods of other clusters')
    assert problem.help == (
        "write `istio: {endpointDiscovery: true}` in Cluster observer if it reads their endpoints, false if not: "
        "the two need different objects"
    )
    assert problem.related == (("Consumer thanos/thanos-query asks for it", CONSUMER),)


@pytest.mark.parametrize(
    "dialling", [caller(), caller(istio={"endpoint_discovery": True}, network="another")], ids=["alone", "networks"]
)
def test_the_way_through_the_home_needs_its_east_west_gateway(dialling: Cluster) -> None:
    problem = only(asked(home(east_west=None), dialling))

    assert (problem.rule, problem.location) == ("GGI006", HOME)
    assert problem.message == (
        'cluster "cluster-a" declares no east-west gateway, the way to its pods from other clusters'
    )


def test_one_network_with_discovery_needs_no_east_west_gateway() -> None:
    assert check_consumers(asked(home(east_west=None), caller(istio={"endpoint_discovery": True}))) == []


def test_two_cluster_domains_have_no_name_in_common() -> None:
    problem = only(asked(home(cluster_domain="a.local"), caller()))

    assert (problem.rule, problem.location) == ("GGI036", HOME)
    assert "their clusterDomain differs, a.local and cluster.local" in problem.message


def test_an_existing_east_west_gateway_may_not_serve_a_domain_of_ones_own() -> None:
    problem = only(asked(home(cluster_domain="k8s.example"), caller(cluster_domain="k8s.example")))

    assert (problem.rule, problem.location, problem.severity) == ("GGI006", GATEWAY, Severity.WARNING)


def test_a_generated_east_west_gateway_serves_any_domain() -> None:
    inventory = asked(
        home(cluster_domain="k8s.example", east_west=an_east_west(generated=True)),
        caller(cluster_domain="k8s.example"),
    )

    assert check_consumers(inventory) == []


@pytest.mark.parametrize(
    ("clusters", "place"),
    [
        ((home(istio={"mtls": "disabled"}), caller()), HOME),
        ((home(), caller(istio={**ALONE, "mtls": "disabled"})), CALLER),
        ((home(istio={"mtls": "disabled"}), caller(istio={"endpoint_discovery": True}, network="another")), HOME),
    ],
)
def test_an_east_west_gateway_passes_only_mutual_tls(clusters: tuple[Cluster, ...], place: Location) -> None:
    problem = only(asked(*clusters))

    assert (problem.rule, problem.location) == ("GGI032", place)
    assert "has mutual TLS disabled, and an east-west gateway passes nothing else" in problem.message


# --- the pods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [BackendChoice.SERVICE_ENTRY, BackendChoice.EXISTING, BackendChoice.NONE])
@pytest.mark.parametrize("discovery", [True, False])
def test_other_clusters_dial_a_service_per_pod(*, choice: BackendChoice, discovery: bool) -> None:
    inventory = asked(
        home(),
        caller(istio={"endpoint_discovery": discovery}),
        placement={"backend": choice, "existing_backend": "p-{ordinal}"},
    )
    problem = only(inventory)

    assert (problem.rule, problem.location) == ("GGI036", WORKLOAD)
    assert problem.message == (
        f"`backend: {choice.value}` leaves the pods of monitoring/prometheus in cluster-a without "
        "the Service per pod that other clusters dial"
    )


def test_callers_without_discovery_must_know_the_pods_identity() -> None:
    problem = only(asked(home(), caller(), placement={"service_account": None}))

    assert (problem.rule, problem.location) == ("GGI032", WORKLOAD)
    assert problem.help == "write `serviceAccount:` as the pods have it in Workload monitoring/prometheus"


def test_discovery_knows_the_pods_identity_by_itself() -> None:
    inventory = asked(home(), caller(istio={"endpoint_discovery": True}), placement={"service_account": None})

    assert check_consumers(inventory) == []


# --- the ports -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialling", [caller(), caller(istio={"endpoint_discovery": True}, network="another")], ids=["alone", "networks"]
)
def test_a_port_without_mesh_tls_does_not_pass_an_east_west_gateway(dialling: Cluster) -> None:
    problem = only(asked(home(), dialling, port={"own_mtls": True}))

    assert (problem.rule, problem.location) == ("GGI032", PORT)


@pytest.mark.parametrize("protocol", [Protocol.HTTP, Protocol.MONGO, Protocol.TLS])
@pytest.mark.parametrize("gateway", [an_east_west(), BY_NAME], ids=["by address", "by name"])
@pytest.mark.parametrize("dns_capture", [True, False])
def test_every_protocol_is_carried_without_discovery(*, protocol: Protocol, gateway: Any, dns_capture: bool) -> None:
    dialling = caller(istio={**ALONE, "dns_capture": dns_capture})
    inventory = asked(home(east_west=gateway), dialling, port={"protocol": protocol})
    assert check_consumers(inventory) == []
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize("protocol", [Protocol.TLS, Protocol.TCP, Protocol.REDIS])
def test_discovery_carries_what_a_service_carries(protocol: Protocol) -> None:
    assert check_consumers(asked(home(), caller(istio={"endpoint_discovery": True}), port={"protocol": protocol})) == []


# --- names and addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "to-cluster-a-prometheus-0"},
        {"ports": (a_port(routes=(a_route(service="to-cluster-a-prometheus-0", host="x.example.com"),)),)},
    ],
    ids=["governing", "companion"],
)
def test_the_name_of_a_leading_stub_is_nobody_elses(changes: dict[str, Any]) -> None:
    there = a_placement(cluster="observer", stateful_set="other", origin=WORKLOAD, **changes)
    problem = only(
        an_inventory(
            clusters=[home(east_west=BY_NAME), caller()],
            workloads=[a_workload(placements=(a_placement(replicas=1),)), a_workload(name="z", placements=(there,))],
            consumers=[a_consumer(via=Via.EAST_WEST)],
        )
    )

    assert problem.rule == "GGI027"
    assert problem.message == (
        'the stub Service "to-cluster-a-prometheus-0" for pod prometheus-0 of cluster-a is a Service with pods of '
        "its own in cluster observer"
    )
    assert problem.related == (("Workload monitoring/z has that Service", WORKLOAD),)


def test_the_name_of_a_leading_stub_is_no_pods_of_a_cluster_called_so() -> None:
    placements = (a_placement(replicas=1), a_placement(cluster="to-cluster-a", replicas=1))
    problem = only(
        an_inventory(
            clusters=[home(east_west=BY_NAME), caller(name="to-cluster-a")],
            workloads=[a_workload(placements=placements)],
            consumers=[a_consumer(via=Via.EAST_WEST, cluster="to-cluster-a")],
        )
    )

    assert problem.rule == "GGI027"


def test_a_stub_of_another_name_must_fit_into_a_label() -> None:
    stateful_set = "p" * 50
    problem = only(
        asked(home(east_west=BY_NAME), caller(), placement={"stateful_set": stateful_set, "service_account": "p"})
    )

    assert (problem.rule, problem.location) == ("GGI030", WORKLOAD)
    assert problem.message == (f'the Service "to-cluster-a-{stateful_set}-0" has 65 characters, 2 too many')


def test_the_pool_has_room_for_all() -> None:
    inventory = an_inventory(
        mesh=a_mesh(vip_pool="10.0.0.0/30", origin=MESH),
        clusters=[home(), caller()],
        workloads=[a_workload(placements=(a_placement(replicas=3),))],
        consumers=[a_consumer(via=Via.EAST_WEST)],
    )
    problem = only(inventory)

    assert (problem.rule, problem.location) == ("GGI013", MESH)
    assert problem.message == "vipPool 10.0.0.0/30 has room for 2 hosts, 3 need an address"


# --- whatever the way, and in the own cluster ------------------------------------------------------------------------


@pytest.mark.parametrize("via", list(Via))
def test_pods_without_the_port_are_left_out_with_a_warning(via: Via) -> None:
    problem = only(asked(home(), caller(), via=via, port={"name": "x"}))

    assert (problem.rule, problem.location, problem.severity) == ("GGI036", WORKLOAD, Severity.WARNING)


@pytest.mark.parametrize("via", list(Via))
@pytest.mark.parametrize("backend", [BackendChoice.NONE, BackendChoice.SERVICE_ENTRY])
def test_pods_of_the_own_cluster_must_have_a_name(via: Via, backend: BackendChoice) -> None:
    problem = only(asked(home(), placement={"service": None, "backend": backend}, via=via, cluster="cluster-a"))

    assert (problem.rule, problem.location) == ("GGI036", WORKLOAD)
    assert "have no names by which" in problem.message


def listed(replicas: int) -> Inventory:
    return asked(
        home(),
        caller(),
        placement={"replicas": replicas, "ports": (a_port(routes=(a_route(),)),)},
        via=Via.NORTH_SOUTH,
        endpoints=EndpointList(config_map="stores", format=EndpointFormat.THANOS),
    )


def test_an_endpoint_list_fits_into_a_config_map() -> None:
    # With hosts of the longest kind these pods would not fit; with theirs they do.
    assert check_consumers(listed(5_000)) == []

    problem = only(listed(25_000))

    assert (problem.rule, problem.location) == ("GGI016", CONSUMER)
    assert problem.message.startswith('ConfigMap "stores" would have ')
    assert problem.message.endswith(f"for 25000 pods; Kubernetes takes {MAX_BYTES}")
