"""The proof: what a cluster's resources do at its gateways is exactly what the inventory says.

Builders unseen: the resources go through the route table, and that is compared
(docs/explanation/how-a-publish-works.md). What stands in the cluster by declaration (a Gateway or Service of
somebody else's) is taken as declared.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_gen.problems import Problem, in_order
from gitops_gen.routes.api_bindings import CARRIED, hosts_of, parents_of
from gitops_gen.routes.api_rules import api_routes
from gitops_gen.routes.backends import prove_backends
from gitops_gen.routes.bindings import MESH, gateways_of
from gitops_gen.routes.declared import assume, read_declared
from gitops_gen.routes.external import prove_external
from gitops_gen.routes.found import error
from gitops_gen.routes.judge import judge, of_good_form, one_owner
from gitops_gen.routes.listeners import API_GATEWAY
from gitops_gen.routes.merged import prove_unmerged
from gitops_gen.routes.own_tls import prove_own_tls
from gitops_gen.routes.policy import prove_connections, prove_rules
from gitops_gen.routes.records import prove_records
from gitops_gen.routes.remote import prove_remote
from gitops_gen.routes.story import why_lost
from gitops_gen.routes.table import read_table
from gitops_gen.routes.wanted import wanted_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitops_gen.model import Cluster, Inventory
    from gitops_gen.routes.destinations import Backend
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.servers import Server
    from gitops_gen.routes.table import End, Request, Row, Table
    from gitops_gen.routes.wanted import Wanted

RULE = "GGI008"

HELP = "this is a fault of gitops-gen, unless a component or a hand changed the resource: please report it"


def prove(inventory: Inventory, cluster: str, resources: Sequence[Resource]) -> list[Problem]:
    """Prove one cluster's resources against the inventory; return what is wrong, nothing for what is right.

    Each exposed port of each pod, and each companion Service, is reached by exactly its hosts; nothing else is
    reachable; no claim is lost in a merge; each reference resolves from where it is looked up; and each pod has the
    backend that its callers need. Linear in resources.
    """
    good, problems = of_good_form(resources)
    problems += one_owner(good)
    if not problems:
        table = read_table(good, read_declared(inventory, inventory.clusters[cluster]))
        problems = _prove_table(inventory, inventory.clusters[cluster], table)
    return in_order(problems)


def prove_mesh(inventory: Inventory, resources: Mapping[str, Sequence[Resource]]) -> list[Problem]:
    """Prove every cluster by itself, and what its Consumers dial in the others (cluster -> resources)."""
    problems: list[Problem] = []
    tables: dict[str, Table] = {}
    for cluster, facts in inventory.clusters.items():
        good, faults = of_good_form(resources.get(cluster, ()))
        faults += one_owner(good)
        tables[cluster] = read_table(good, read_declared(inventory, facts))
        problems += faults or _prove_table(inventory, facts, tables[cluster])
    problems += prove_unmerged(inventory, tables)
    problems += prove_remote(inventory, tables)
    return in_order(problems)


def _prove_table(inventory: Inventory, cluster: Cluster, table: Table) -> list[Problem]:
    wanted = wanted_requests(inventory, cluster)
    return [
        *judge(table),
        *_routes(table, wanted),
        *_nothing_else(table, wanted),
        *_idle(table),
        *prove_backends(table, inventory, cluster),
        *prove_records(table, wanted),
        *prove_own_tls(table, inventory, cluster),
        *prove_external(table, inventory, cluster),
        *prove_rules(table, wanted),
        *prove_connections(table, inventory, cluster),
    ]


def prove_mixture(inventory: Inventory, cluster: str, resources: Sequence[Resource]) -> list[Problem]:
    """Judge resources of which some are not what the inventory says now: parts that are held as they were.

    Their routes are nobody's to compare, but no claim may be lost between them and the others. What they refer to
    may be declared no longer: that is a warning. Of a cluster that has left the inventory nothing is declared at all.
    """
    resources, problems = of_good_form(resources)
    known = inventory.clusters.get(cluster)
    declared = replace(read_declared(inventory, known), complete=False) if known else assume(resources)
    return in_order([*problems, *one_owner(resources), *judge(read_table(resources, declared))])


def _routes(table: Table, wanted: Mapping[Request, Sequence[Wanted]]) -> Iterator[Problem]:
    for request, wants in wanted.items():
        want = wants[0]
        if len(wants) > 1:
            yield _problem(want, f"{want.asked} is to reach {want.end} and {wants[1].end}", ())
            continue
        rows = table.rows.get(request, ())
        if not rows:
            why = why_lost(table, request.gateway, want.exposure.gateway_port, want.exposure.host)
            yield _problem(want, f"nothing leads from {want.asked} to {want.end}: {why.text}", why.related)
            continue
        for row in rows:
            differs = "; ".join(_differences(row, want))
            if differs:
                yield _problem(want, f"{want.asked} does not reach {want.end}: {differs}", _resources(row))
        if len(rows) > 1:
            yield _problem(want, f"{want.asked} has {len(rows)} answers", [r.bound.route for r in rows])


def _differences(row: Row, want: Wanted) -> Iterator[str]:
    """Say in what a row is not the one that is wanted."""
    yield from _served_otherwise(row.bound.server, want)
    if row.bound.conditional:
        yield f"{row.bound.rule} of {row.bound.route} answers some requests only"
    if row.bound.route.kind == "TCPRoute" and hosts_of(row.bound.route) != [want.exposure.host]:
        yield f"{row.bound.route} is annotated with another host"
    if len(row.ends) == 1:
        yield from _other_end(row.ends[0], want)
    else:
        yield f"{row.bound.rule} of {row.bound.route} has {len(row.ends)} destinations"


def _other_end(end: End, want: Wanted) -> Iterator[str]:
    """Say in what an end is not the one that is wanted."""
    port = want.exposure.port
    if end.why or end.backend is None or end.port is None:
        yield f"its destination {end.host} does not resolve"
    elif want.pod is None:
        if (end.backend.host, end.port.number) != (want.host, port.number):
            yield f"it ends at {end.backend.host}:{end.port.number}"
    elif (end.backend.namespace, end.backend.pod) != (want.workload.namespace, want.pod) or (
        end.backend.selector and dict(end.backend.selector) != {want.placement.pod_label: want.pod}
    ):
        yield f"{end.backend} {_means(end.backend)}"
    elif (end.port.target, end.port.protocol) != (port.target, port.protocol.value):
        yield (
            f"it ends at container port {end.port.target} ({end.port.protocol or 'no protocol'}), "
            f"not {port.target} ({port.protocol.value})"
        )


def _served_otherwise(server: Server, want: Wanted) -> Iterator[str]:
    """Say in what a server is not the one that clients expect."""
    if server.speaks != want.speaks:
        yield f"{server} speaks {server.speaks}, not {want.speaks}"
    name, clients = want.certificate or ("", None)
    if server.credential != name:
        yield f"{server} has the certificate {server.credential or '(none)'}, not {name or '(none)'}"
    if server.clients != clients:
        yield f"{server} lets in {_let_in(server.clients)}, not {_let_in(clients)}"


def _let_in(clients: str | None) -> str:
    if clients is None:
        return "anybody"
    return f"clients of the authority {clients or 'beside the certificate'}"


def _means(backend: Backend) -> str:
    if backend.pod is not None and not backend.selector:
        return f"leads to {backend.pod}"
    return "selects " + (", ".join(f"{key}={value}" for key, value in backend.selector.items()) or "nothing")


def _nothing_else(table: Table, wanted: Mapping[Request, object]) -> Iterator[Problem]:
    """Find what answers though nobody asked for it."""
    for request, rows in table.rows.items():
        for row in rows if request not in wanted else ():
            ends = ", ".join(f"{end.host}:{end.number}" for end in row.ends) or "an answer of its own"
            yield _of_resource(
                row.bound.route,
                f"{request.host} on port {request.port} of {row.pods} leads to {ends}; nothing is exposed there",
                row.bound.server.gateway,
            )


def _idle(table: Table) -> Iterator[Problem]:
    """Find Gateways and routes that do nothing."""
    used = [row.bound for rows in table.rows.values() for row in rows]
    routes = {id(bound.route) for bound in used}
    serving = {(id(bound.server.gateway), bound.server.place) for bound in used}
    selected: set[int] = set()
    for listening in table.listening:
        selected |= {id(lost.server.gateway) for lost in listening.dropped}
        for server in listening.servers:
            selected.add(id(server.gateway))
            passive = server.gateway is None or server.speaks == "AUTO" or server.redirects
            if server.gateway is not None and not passive and (id(server.gateway), server.place) not in serving:
                yield _of_resource(server.gateway, f"{server.path} of {server.gateway} leads nowhere")
    yield from _unselected(table, selected)
    for route in (*table.of_kind.get("VirtualService", ()), *api_routes(table)):
        within = not parents_of(route) if route.kind in CARRIED else MESH in gateways_of(route)
        if id(route) not in routes and not within:
            yield _of_resource(route, f"{route} answers nowhere")


def _unselected(table: Table, selected: set[int]) -> Iterator[Problem]:
    declared = {pods.labels for pods in (*table.declared.gateway_pods, *table.declared.east_west)}
    for gateway in table.of_kind.get("Gateway", ()):
        if id(gateway) not in selected:
            yield _of_resource(gateway, f"{gateway} selects the pods of no ingress")
        elif frozenset((gateway.spec.get("selector") or {}).items()) not in declared:
            yield _of_resource(gateway, f"{gateway} selects more than the pods of one ingress")
    for gateway in (*table.of_kind.get(API_GATEWAY, ()), *table.of_kind.get("ListenerSet", ())):
        if id(gateway) not in selected:
            yield _of_resource(gateway, f"{gateway} is served by the pods of no ingress")


def _resources(row: Row) -> list[Resource]:
    backends = [end.backend.resource for end in row.ends if end.backend is not None]
    return [one for one in (row.bound.server.gateway, row.bound.route, *backends) if one is not None]


def _problem(want: Wanted, message: str, related: Iterable[Resource]) -> Problem:
    """Point at the resources where there are some, else at the route in the inventory."""
    found = list(dict.fromkeys((str(resource), resource.location) for resource in related))
    return Problem(
        rule=RULE,
        message=message,
        location=found[-1][1] if found else want.exposure.route.origin,
        subject=want.subject,
        help=HELP,
        related=(*found[:-1], ("the route in the inventory", want.exposure.route.origin)),
    )


def _of_resource(resource: Resource, message: str, other: Resource | None = None) -> Problem:
    return error(RULE, resource, message, help=HELP, other=other)
