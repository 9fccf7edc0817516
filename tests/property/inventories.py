"""A strategy for inventories without errors: every shape, mixed as Hypothesis likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from gitops_gen.model import BackendChoice, Family, GatewayChoice, Protocol, Via
from tests.factories import (
    a_cluster,
    a_consumer,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_east_west,
    an_ingress,
    an_inventory,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Inventory, Placement, Port, Route, Workload

INGRESSES = ("public", "private")
CARRIED = [protocol for protocol in Protocol if protocol.family is not Family.NONE]
SELDOM = st.sampled_from([False] * 7 + [True])
BASE_PORTS = {Family.HTTP: 8000, Family.TLS: 9000, Family.TCP: 20000}
"""Gateway ports by family, so that what excludes each other never meets on one."""


@st.composite
def clusters(draw: st.DrawFn, name: str) -> Cluster:
    """Draw a cluster with two ingresses, each with gateway pods of its own."""
    certified = draw(st.lists(st.booleans(), min_size=2, max_size=2))
    existing = draw(st.sampled_from([None, None, "edge/theirs"]))
    ingresses = tuple(
        an_ingress(
            name=ingress,
            default=place == 0,
            namespace=draw(st.sampled_from(["istio-ingress", "istio-ingress", "ns-0"])),
            selector=(("istio", ingress),),
            host_template="{cluster}-{namespace}-{pod}." + ingress + ".example.com",
            credential_name=f"wildcard-{ingress}" if certified[place] else None,
            existing_gateway=existing if place == 1 else None,
        )
        for place, ingress in enumerate(INGRESSES)
    )
    return a_cluster(
        name=name,
        istio={"endpoint_discovery": draw(st.sampled_from([False, False, None, True]))},
        ingresses=ingresses,
        east_west=an_east_west(generated=draw(st.booleans())),
    )


@st.composite
def routes(draw: st.DrawFn, protocol: Protocol, base: int, unique: str) -> tuple[Route, ...]:
    """Draw up to three routes for a port: by the ingress's host, by one of its own, to a companion Service."""
    made = []
    start = BASE_PORTS[protocol.family] + base
    kinds = draw(st.lists(st.sampled_from(["template", "own", "companion"]), max_size=3, unique=True))
    for place, kind in enumerate(kinds):
        ingress = draw(st.sampled_from(INGRESSES))
        if kind == "companion":
            host = f"{{cluster}}.{unique}.companion.example.com"
            made.append(a_route(ingress=ingress, port=start + place, host=host, service=unique))
            continue
        host = "{cluster}-{namespace}-{pod}." + ingress + ".example.com"
        if kind == "own":
            host = f"{{pod}}.{{cluster}}.{{namespace}}.{unique}.own.example.com"
        at = {"start_port": start + place * 20} if protocol.family is Family.TCP else {"port": start + place}
        made.append(a_route(ingress=ingress, host=host, own_host=kind == "own", **at))
    return tuple(made)


@st.composite
def ports(draw: st.DrawFn, base: int, workload: str) -> tuple[Port, ...]:
    """Draw up to three ports of any protocol that Istio carries, and perhaps one that it does not."""
    made = []
    for place, protocol in enumerate(draw(st.lists(st.sampled_from(CARRIED), min_size=1, max_size=3))):
        made.append(
            a_port(
                name=f"port-{place}",
                number=7000 + place,
                target=draw(st.sampled_from([7000 + place, 17000 + place])),
                protocol=protocol,
                before_ready=draw(SELDOM),
                own_mtls=protocol.family is Family.TLS and draw(st.booleans()),
                routes=draw(routes(protocol, base + place * 100, f"{workload}-any-{place}")),
            )
        )
    if draw(SELDOM):
        made.append(a_port(name="gossip", number=7999, protocol=Protocol.UDP, carried=False, not_carried_because="UDP"))
    return tuple(made)


@st.composite
def placements(
    draw: st.DrawFn, workload: str, number: int, cluster: Cluster, of_all_sets: tuple[Port, ...]
) -> Placement:
    """Draw one set of pods with a backend that can work for it."""
    backends = [BackendChoice.AUTO, BackendChoice.AUTO, BackendChoice.POD_SERVICE, BackendChoice.EXISTING]
    backends += draw(st.sampled_from([[], [], [BackendChoice.DNS, BackendChoice.BLOG]]))
    if not any(route.service is None for port in of_all_sets for route in port.routes):
        backends.append(BackendChoice.NONE)
    backend = draw(st.sampled_from(backends))
    services = [workload, f"{workload}-{number}"]
    if not any(port.own_mtls for port in of_all_sets):
        services.append("")
    return a_placement(
        cluster=cluster.name,
        stateful_set=f"{workload}-set{number}",
        replicas=draw(st.sampled_from([1, 2, 3, 0])),
        start=draw(st.integers(0, 2)),
        port_offset=number * 10,
        service=draw(st.sampled_from(services)) or None,
        ports=of_all_sets,
        backend=backend,
        existing_backend="{pod}-theirs" if backend is BackendChoice.EXISTING else None,
        gateways=draw(
            st.sampled_from([GatewayChoice.AUTO, GatewayChoice.AUTO, GatewayChoice.SHARED, GatewayChoice.PER_POD])
        ),
    )


@st.composite
def workloads(draw: st.DrawFn, place: int, homes: Sequence[Cluster]) -> Workload:
    """Draw a workload with up to two sets of pods in each cluster."""
    name, namespace = f"w{place}", draw(st.sampled_from(["ns-0", "ns-1"]))
    of_all_sets = draw(ports(place * 1000, name))
    return a_workload(
        namespace=namespace,
        name=name,
        selector=(("app", name),),
        create_service=draw(st.booleans()),
        placements=tuple(
            draw(placements(name, number, cluster, of_all_sets))
            for cluster in homes
            for number in range(draw(st.sampled_from([1, 2, 0])))
        ),
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Draw an inventory that reads well; in a few of them `check_shapes` may find that a shape cannot work."""
    homes = [draw(clusters(f"cluster-{place}")) for place in range(draw(st.integers(1, 3)))]
    made = [draw(workloads(place, homes)) for place in range(draw(st.sampled_from([2, 1, 3, 0])))]
    consumers = [
        a_consumer(
            name=f"c{place}",
            namespace=draw(st.sampled_from(["ns-2", "ns-3"])),
            cluster=homes[0].name,
            workloads=(workload.key,),
            via=Via.EAST_WEST,
            port="port-0",
        )
        for place, workload in enumerate(made)
        if all(
            placement.cluster == homes[0].name and placement.backend is not BackendChoice.NONE
            for placement in workload.placements
        )
        and draw(st.booleans())
    ]
    return an_inventory(clusters=homes, workloads=made, consumers=consumers)
