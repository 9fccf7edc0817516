"""What cannot work is said before anything is rendered, with the rule, both places and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import BackendChoice, GatewayChoice, Protocol, Via
from gitops_gen.problems import Location, Severity
from gitops_gen.resources.check import check_shapes
from gitops_gen.rules import RULES
from tests.factories import (
    HERE,
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

if TYPE_CHECKING:
    from gitops_gen.model import Inventory, Placement
    from gitops_gen.problems import Problem

ALONE = a_cluster(istio={"endpoint_discovery": False})
THERE, ELSEWHERE = Location("inventory.yaml", 7, 3), Location("other.yaml", 9, 5)


def problems(inventory: Inventory) -> list[Problem]:
    found = check_shapes(inventory)
    assert all(problem.rule in RULES and problem.message and problem.help for problem in found)
    return found


def rules(inventory: Inventory) -> list[str]:
    return [problem.rule for problem in problems(inventory)]


def entry(**changes: Any) -> Placement:
    return a_placement(**{"backend": BackendChoice.SERVICE_ENTRY, "origin": THERE, **changes})


def one(placement: Placement, **changes: Any) -> Inventory:
    return an_inventory(clusters=[ALONE], workloads=[a_workload(placements=(placement,), **changes)])


def test_the_everyday_has_no_problems() -> None:
    assert rules(an_inventory()) == []
    assert rules(one(entry())) == []


def test_what_consumers_cannot_reach_is_said_with_the_rest() -> None:
    clusters = [a_cluster(), a_cluster(name="observer")]
    assert rules(an_inventory(clusters=clusters, consumers=[a_consumer(via=Via.EAST_WEST)])) == ["GGI036"]


# --- backends --------------------------------------------------------------------------------------------------------


def test_a_service_entry_stands_on_a_governing_service_and_on_ready_pods() -> None:
    (problem,) = problems(one(entry(service=None)))
    assert (problem.rule, problem.location) == ("GGI028", THERE)
    assert problem.subject == "Workload monitoring/prometheus, cluster cluster-a"
    (problem,) = problems(one(entry(ports=(a_port(before_ready=True, origin=ELSEWHERE),))))
    assert (problem.rule, problem.location, problem.related[0][1]) == ("GGI028", ELSEWHERE, THERE)


def test_a_service_entry_has_no_container_ports_by_name() -> None:
    (problem,) = problems(one(entry(ports=(a_port(target="web", origin=ELSEWHERE),))))
    assert (problem.rule, problem.location, problem.related[0][1]) == ("GGI004", ELSEWHERE, THERE)
    assert '"web"' in problem.message


def test_a_service_entry_without_ports_is_none() -> None:
    assert rules(one(entry(ports=(a_port(protocol=Protocol.TCP),)))) == ["GGI023"]


def test_a_service_entry_with_tcp_may_be_a_neighbour_of_applications() -> None:
    tcp = a_port(name="tcp", protocol=Protocol.TCP, routes=(a_route(start_port=31000),), origin=ELSEWHERE)
    beside = a_cluster(istio={"endpoint_discovery": False}, ingresses=(an_ingress(namespace="shop", origin=THERE),))
    web = a_workload(namespace="shop", name="web", placements=(a_placement(stateful_set="web"),))
    workload = a_workload(placements=(entry(ports=(tcp,)),))
    assert rules(an_inventory(clusters=[ALONE], workloads=[workload, web])) == []
    assert rules(an_inventory(clusters=[beside], workloads=[workload, web])) == []


@pytest.mark.parametrize(
    ("declared", "expected"), [(None, ["GGI007"]), (True, ["GGI007"]), (False, [])], ids=["unknown", "on", "off"]
)
def test_two_clusters_have_pods_of_one_name(*, declared: bool | None, expected: list[str]) -> None:
    cluster = a_cluster(istio={"endpoint_discovery": declared})
    placements = (entry(), a_placement(cluster="cluster-b", start=7, origin=ELSEWHERE))
    inventory = an_inventory(
        clusters=[cluster, a_cluster(name="cluster-b")], workloads=[a_workload(placements=placements)]
    )
    found = problems(inventory)
    assert [problem.rule for problem in found] == expected
    assert all((problem.location, problem.related[0][1]) == (THERE, ELSEWHERE) for problem in found)


def test_pods_of_one_name_may_belong_to_differently_called_sets_or_workloads() -> None:
    clusters = [a_cluster(), a_cluster(name="cluster-b")]
    named = a_placement(cluster="cluster-b", stateful_set="operators", names=("x", "prometheus-1"))
    other = a_workload(name="other", placements=(named,))
    mine = a_workload(placements=(entry(),))
    assert rules(an_inventory(clusters=clusters, workloads=[mine, other])) == ["GGI007"]
    apart = a_workload(namespace="elsewhere", name="other", placements=(named,))
    assert rules(an_inventory(clusters=clusters, workloads=[mine, apart])) == []


def test_one_cluster_may_have_service_entries_by_choice_without_declaring_discovery() -> None:
    assert rules(an_inventory(workloads=[a_workload(placements=(entry(),))])) == []


def test_standing_back_means_no_routes_and_no_consumers() -> None:
    routed = a_port(routes=(a_route(origin=ELSEWHERE), a_route(service="any", host="any.example.com")))
    none = a_placement(backend=BackendChoice.NONE, ports=(routed,), origin=THERE)
    (problem,) = problems(one(none))
    assert (problem.rule, problem.location, problem.related[0][1]) == ("GGI019", ELSEWHERE, THERE)
    quiet = a_workload(placements=(a_placement(backend=BackendChoice.NONE, ports=(a_port(),)),))
    assert rules(an_inventory(workloads=[quiet])) == []
    consumer = a_consumer(cluster="cluster-a", via=Via.EAST_WEST)
    assert "GGI019" in rules(an_inventory(workloads=[quiet], consumers=[consumer]))


def existing(template: str, **changes: Any) -> Placement:
    return a_placement(**{"backend": BackendChoice.EXISTING, "existing_backend": template, "origin": THERE, **changes})


def test_an_existing_service_is_one_pods() -> None:
    (problem,) = problems(one(existing("kafka-external")))
    assert (problem.rule, problem.location) == ("GGI008", THERE)
    assert 'pods "prometheus-0" and "prometheus-1"' in problem.message
    racks = (existing("rack-{ordinal}", replicas=1), existing("rack-{ordinal}", replicas=1, stateful_set="rack-b"))
    assert rules(an_inventory(workloads=[a_workload(placements=racks)])) == ["GGI008"]
    assert rules(one(existing("{pod}-external"))) == []


def test_an_existing_service_has_a_name_that_services_can_have() -> None:
    assert rules(one(existing("{pod}_external"))) == ["GGI030"]
    assert rules(one(existing("x" * 60 + "{pod}"))) == ["GGI030"]


@pytest.mark.parametrize(("first", "second", "expected"), [(None, False, 1), (False, True, 1), (False, False, 0)])
def test_existing_services_of_one_name_in_two_clusters_are_a_warning(
    *, first: bool | None, second: bool, expected: int
) -> None:
    clusters = [
        a_cluster(istio={"endpoint_discovery": first}),
        a_cluster(name="cluster-b", istio={"endpoint_discovery": second}),
    ]
    placements = (existing("{pod}"), existing("{pod}", cluster="cluster-b", origin=ELSEWHERE))
    found = problems(an_inventory(clusters=clusters, workloads=[a_workload(placements=placements)]))
    assert [(p.rule, p.severity, p.location, p.related[0][1]) for p in found] == [
        ("GGI026", Severity.WARNING, ELSEWHERE, THERE)
    ] * expected


# --- gateways --------------------------------------------------------------------------------------------------------

CERTIFIED = a_cluster(ingresses=(an_ingress(credential_name="wildcard"),))


def certified(*placements: Placement) -> Inventory:
    return an_inventory(clusters=[CERTIFIED], workloads=[a_workload(placements=placements)])


def own_gateways(**changes: Any) -> Placement:
    return a_placement(
        **{"gateways": GatewayChoice.PER_POD, "ports": (a_port(routes=(a_route(origin=THERE),)),), **changes}
    )


def test_a_certificate_is_in_one_server() -> None:
    (problem,) = problems(certified(own_gateways()))
    assert (problem.rule, problem.location) == ("GGI010", THERE)
    assert "2 Gateways" in problem.message


def test_one_host_cannot_be_confused_with_another() -> None:
    assert rules(certified(own_gateways(replicas=1))) == []
    two_hosts = (a_route(), a_route(host="second.example.com"))
    assert rules(certified(own_gateways(replicas=1, ports=(a_port(routes=two_hosts),)))) == []


def test_a_shared_server_beside_one_of_a_pod_is_two() -> None:
    placements = (own_gateways(replicas=1), a_placement(stateful_set="shared", replicas=1))
    assert rules(certified(*placements)) == ["GGI010"]
    other_port = a_port(routes=(a_route(port=8443),))
    assert rules(certified(placements[0], a_placement(stateful_set="shared", ports=(other_port,)))) == []


def test_two_ingresses_of_the_same_gateway_pods_are_one_gateway() -> None:
    ingresses = (
        an_ingress(credential_name="wildcard"),
        an_ingress(name="second", default=False, credential_name="wildcard"),
    )
    port = a_port(routes=(a_route(), a_route(ingress="second", host="{pod}.example.com")))
    workload = a_workload(placements=(a_placement(ports=(port,)),))
    assert rules(an_inventory(clusters=[a_cluster(ingresses=ingresses)], workloads=[workload])) == ["GGI020", "GGI010"]


def test_a_wildcard_ends_or_passes_tls_but_not_both() -> None:
    ports = (
        a_port(routes=(a_route(port=443, origin=ELSEWHERE),)),
        a_port(
            name="tls",
            number=8443,
            protocol=Protocol.TLS,
            routes=(a_route(port=443, host="api-{pod}.example.com", origin=THERE),),
        ),
    )
    shared = a_placement(ports=ports, gateways=GatewayChoice.SHARED)
    (problem,) = problems(certified(shared))
    assert (problem.rule, problem.location, problem.related[0][1]) == ("GGI020", THERE, ELSEWHERE)
    assert '"*.example.com"' in problem.message
    assert rules(certified(a_placement(ports=ports))) == []


def test_gateways_of_somebody_else_are_theirs_to_check() -> None:
    theirs = a_cluster(ingresses=(an_ingress(credential_name="wildcard", existing_gateway="edge/shared"),))
    workload = a_workload(placements=(own_gateways(),))
    assert rules(an_inventory(clusters=[theirs], workloads=[workload])) == []


# --- ports with TLS of their own, Services, names --------------------------------------------------------------------


def test_own_tls_needs_both_halves_of_the_pair() -> None:
    port = a_port(protocol=Protocol.TLS, own_mtls=True, target="raft", origin=ELSEWHERE)
    found = problems(one(a_placement(ports=(port,), service=None, origin=THERE)))
    assert [(p.rule, p.location) for p in found] == [("GGI029", ELSEWHERE)] * 2
    assert rules(one(a_placement(ports=(a_port(protocol=Protocol.TLS, own_mtls=True),)))) == []


@pytest.mark.parametrize(
    "other",
    [
        a_placement(stateful_set="other", cluster="cluster-b", service="cluster-a-prometheus-1", origin=ELSEWHERE),
        a_placement(
            stateful_set="other",
            ports=(a_port(routes=(a_route(service="cluster-a-prometheus-1", host="a.b", origin=ELSEWHERE),)),),
        ),
        existing(
            "cluster-a-{pod}", names=("prometheus-1",), stateful_set="other", cluster="cluster-b", origin=ELSEWHERE
        ),
    ],
    ids=["governing", "companion", "existing"],
)
def test_a_service_per_pod_takes_nobodys_name(other: Placement) -> None:
    workloads = [a_workload(placements=(a_placement(origin=THERE),)), a_workload(name="other", placements=(other,))]
    (problem,) = problems(an_inventory(clusters=[a_cluster(), a_cluster(name="cluster-b")], workloads=workloads))
    assert (problem.rule, problem.location, problem.related[0][1]) == ("GGI026", THERE, ELSEWHERE)
    assert '"cluster-a-prometheus-1"' in problem.message


def test_one_workload_makes_a_governing_service() -> None:
    workloads = [
        a_workload(name=name, create_service=True, placements=(a_placement(stateful_set=name, service="operated"),))
        for name in ("one", "two")
    ]
    assert rules(an_inventory(workloads=workloads)) == ["GGI026"]


def test_sets_that_share_a_governing_service_share_its_ports() -> None:
    def racks(port: object, **changes: Any) -> Inventory:
        placements = (
            a_placement(ports=(a_port(),)),
            a_placement(stateful_set="b", ports=(port,), service="prometheus"),
        )
        return an_inventory(workloads=[a_workload(placements=placements, **changes)])

    assert rules(racks(a_port(), create_service=True)) == []
    assert rules(racks(a_port(name="http-more", number=1), create_service=True)) == []
    assert rules(racks(a_port(target=9191))) == []
    for port in (a_port(target=9191), a_port(number=1), a_port(name="other"), a_port(protocol=Protocol.GRPC)):
        (problem,) = problems(racks(port, create_service=True))
        assert problem.rule == "GGI056"


def test_two_routes_of_one_name() -> None:
    own = a_route(host="cluster-a-prometheus-0.private", origin=ELSEWHERE)
    private = an_ingress(name="private", default=False, selector=(("istio", "private"),))
    ports = (a_port(routes=(a_route(ingress="private", own_host=False), own)),)
    workload = a_workload(placements=(a_placement(replicas=1, ports=ports),))
    found = problems(an_inventory(clusters=[a_cluster(ingresses=(an_ingress(), private))], workloads=[workload]))
    assert [(p.rule, p.location, p.related[0][1]) for p in found] == [("GGI026", ELSEWHERE, HERE)]


def test_a_gateway_of_a_pod_is_not_the_shared_one() -> None:
    cluster = a_cluster(ingresses=(an_ingress(namespace="monitoring", credential_name="wildcard"),))
    port = a_port(name="tls", protocol=Protocol.TLS, routes=(a_route(port=8443, host="t.example.com"),))
    placements = (
        a_placement(ports=(a_port(routes=(a_route(port=443),)),)),
        a_placement(names=("public",), ports=(port,)),
    )
    inventory = an_inventory(
        mesh=a_mesh(name="cluster-a"), clusters=[cluster], workloads=[a_workload(placements=placements)]
    )
    assert rules(inventory) == ["GGI026"]


def test_two_workloads_do_not_write_one_destination_rule() -> None:
    port = a_port(protocol=Protocol.TLS, own_mtls=True)
    workloads = [
        a_workload(name=name, placements=(a_placement(stateful_set=name, service="operated", ports=(port,)),))
        for name in ("one", "two")
    ]
    assert rules(an_inventory(workloads=workloads)) == ["GGI026"]


def test_a_name_made_of_a_host_may_be_too_long() -> None:
    host = ".".join(["a" * 60] * 4)
    tcp = a_port(protocol=Protocol.TCP, routes=(a_route(start_port=31000, host=host, origin=THERE),))
    (problem,) = problems(one(a_placement(ports=(tcp,))))
    assert (problem.rule, problem.location) == ("GGI030", THERE)
    assert "13 too many" in problem.message


def companions(
    *, discovery: bool | None = True, networks: tuple[str, str] = ("", ""), name: str = "http-web"
) -> Inventory:
    """Make a workload in two clusters, with a companion Service in each; the second port may have another name."""
    clusters = [
        a_cluster(name=cluster, network=network, istio={"endpoint_discovery": discovery})
        for cluster, network in zip(("east", "west"), networks, strict=True)
    ]
    placements = [
        a_placement(
            cluster=cluster,
            ports=(a_port(name=port, routes=(a_route(host="{cluster}.example.com", service="any", origin=THERE),)),),
        )
        for cluster, port in (("east", "http-web"), ("west", name))
    ]
    return an_inventory(clusters=clusters, workloads=[a_workload(placements=tuple(placements))])


def test_companions_of_clusters_that_see_each_other_are_merged() -> None:
    (found,) = problems(companions())
    assert (found.rule, found.severity, found.location) == ("GGI026", Severity.WARNING, THERE)
    assert 'the Service "any" that a route leads to exists in east and west' in found.message


@pytest.mark.parametrize(
    "inventory",
    [
        companions(discovery=False),
        companions(discovery=None),
        companions(networks=("a", "b")),
        companions(name="http-other"),
    ],
)
def test_companions_that_stay_apart_are_none(inventory: Inventory) -> None:
    assert problems(inventory) == []
