"""Rules on Gateway API: references that do not resolve, listeners that share what they may not, and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen import gateway_api
from gitops_gen.routes.api_bindings import CARRIED, destinations, hosts_of, parents_of
from gitops_gen.routes.found import error, warning
from gitops_gen.routes.listeners import API_GATEWAY, gateway_of, parent_of, takes_sets
from gitops_gen.routes.resource import covers
from gitops_gen.routes.table import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.servers import Server
    from gitops_gen.routes.table import Table


def one_name(table: Table) -> Iterator[Problem]:
    """GGI025: an HTTPRoute and a GRPCRoute of one name in one namespace; the second is lost."""
    http = {one.reference: one for one in table.of_kind.get("HTTPRoute", ())}
    for route in table.of_kind.get("GRPCRoute", ()):
        if route.reference in http:
            yield error(
                "GGI025",
                route,
                f"{route} has the name of an HTTPRoute: it is lost, though its status says Accepted",
                help="put the port's name into the names of routes",
                other=http[route.reference],
            )


def listeners(table: Table) -> Iterator[Problem]:
    """GGI035, GGI048, GGI049, GGI051: what a Gateway or ListenerSet gets wrong by itself."""
    gateways = {gateway.reference: gateway for gateway in table.of_kind.get(API_GATEWAY, ())}
    for gateway in (*gateways.values(), *table.of_kind.get("ListenerSet", ())):
        found = gateway.spec.get("listeners") or []
        if len(found) > gateway_api.MOST_LISTENERS:
            yield error(
                "GGI035", gateway, f"{gateway} has {len(found)} listeners; it holds {gateway_api.MOST_LISTENERS}"
            )
        names: set[str] = set()
        for index, listener in enumerate(found):
            yield from _listener(gateway, f"spec.listeners[{index}] of {gateway}", listener, names)
    for listener_set in table.of_kind.get("ListenerSet", ()):
        parent = gateways.get(gateway_of(listener_set))
        if parent is not None and not takes_sets(parent, listener_set.namespace):
            yield error(
                "GGI035",
                listener_set,
                f"{parent} takes no ListenerSets of namespace {listener_set.namespace}",
                help="write `allowedListeners: {namespaces: {from: Same}}` in the Gateway",
                other=parent,
            )


def _listener(gateway: Resource, path: str, listener: Mapping[str, Any], names: set[str]) -> Iterator[Problem]:
    name, protocol = str(listener["name"]), str(listener["protocol"])
    tls: Mapping[str, Any] = listener.get("tls") or {}
    if name in names:
        yield error("GGI051", gateway, f"{path} has the name {name} a second time")
    names.add(name)
    if protocol in {"HTTPS", "TLS"} and not tls:
        yield error("GGI048", gateway, f"{path} speaks {protocol} and has no `tls`")
    elif protocol in {"HTTPS", "TLS"} and tls.get("mode") != "Passthrough" and not tls.get("certificateRefs"):
        yield error("GGI049", gateway, f"{path} ends TLS without a certificate")
    host = str(listener.get("hostname") or "")
    if host != host.lower():
        yield error("GGI012", gateway, f"{path}: host {host} has upper case letters")


def attached(table: Table) -> Iterator[Problem]:
    """GGI019, GGI035: parents of routes that are not there, or not the listener that is meant."""
    known = _parents(table)
    for route in api_routes(table):
        for host in hosts_of(route):
            if host != host.lower():
                yield error("GGI012", route, f"host {host} of {route} has upper case letters")
        for parent in parents_of(route):
            if not parent.section:
                yield error(
                    "GGI035",
                    route,
                    f"{route} names no listener of {parent.reference}: it answers on all of them",
                    help="write `sectionName`",
                )
            references = known.get(parent.reference)
            if references is None:
                report = error if table.declared.complete else warning
                yield report("GGI019", route, f"{route} names {parent.reference}, which is not there")
            elif parent.section and f"{parent.reference}#{parent.section}" not in references:
                yield error(
                    "GGI019", route, f"{parent.reference} has no listener {parent.section}, which {route} names"
                )
            elif parent.section and references:
                yield from _refused(route, references[f"{parent.reference}#{parent.section}"], table)


def _parents(table: Table) -> dict[str, dict[str, Server]]:
    """Return the listeners of each Gateway and ListenerSet, by what routes call them."""
    known: dict[str, dict[str, Server]] = {
        parent_of(one.kind, one.namespace, one.name): {}
        for one in (*table.of_kind.get(API_GATEWAY, ()), *table.of_kind.get("ListenerSet", ()))
    }
    for listening in table.listening:
        dropped = (lost.server for lost in listening.dropped)
        for server in (*listening.servers, *dropped):
            if server.listener:
                known.setdefault(server.reference.partition("#")[0], {})[server.reference] = server
    return known


def _refused(route: Resource, server: Server, table: Table) -> Iterator[Problem]:
    """Say why a listener does not take a route."""
    if server.speaks not in CARRIED[route.kind]:
        yield error("GGI035", route, f"{server} speaks {server.speaks}, which no {route.kind} carries")
    spaces = {namespace for namespace, _ in server.hosts}
    if not spaces & {"*", route.namespace}:
        yield error(
            "GGI035",
            route,
            f"{server} takes no routes of namespace {route.namespace}",
            help="add the namespace to `allowedRoutes` of the listener",
            other=server.gateway,
        )
    elif server.gateway is not None:
        yield from _unlabelled(route, server, server.gateway, table)
    served = {host for _, host in server.hosts}
    for host in hosts_of(route) if route.kind != "TCPRoute" else ():
        if not any(covers(one, host) or covers(host, one) for one in served):
            yield error("GGI035", route, f"host {host} of {route} is not one of {server}", other=server.gateway)


def _unlabelled(route: Resource, server: Server, gateway: Resource, table: Table) -> Iterator[Problem]:
    """Hold the labels of a namespace, where it is among the resources, against those that a listener asks for."""
    allowed = (gateway.spec["listeners"][server.place].get("allowedRoutes") or {}).get("namespaces") or {}
    wanted = (allowed.get("selector") or {}).get("matchLabels") or {}
    for namespace in table.of_kind.get("Namespace", ()):
        has = {gateway_api.NAMESPACE_NAME: namespace.name, **(namespace.manifest["metadata"].get("labels") or {})}
        if (
            allowed.get("from") == "Selector"
            and namespace.name == route.namespace
            and not wanted.items() <= has.items()
        ):
            listed = ", ".join(f"{key}={value}" for key, value in sorted(wanted.items()))
            yield error(
                "GGI035", route, f"{server} takes routes of namespaces with {listed}, which {namespace.name} lacks"
            )


def ends(table: Table) -> Iterator[Problem]:
    """GGI015, GGI019: backends that are not there, not seen by the gateways, or in a namespace that does not agree."""
    seen_from: dict[int, set[str | None]] = {}
    for rows in table.rows.values():
        for row in rows:
            seen_from.setdefault(id(row.bound.route), set()).add(row.pods.namespace)
    granted = {
        (source.get("namespace"), source.get("kind"), grant.namespace)
        for grant in table.of_kind.get("ReferenceGrant", ())
        for source in grant.spec.get("from") or ()
    }
    for route in api_routes(table):
        for index, rule in enumerate(route.spec.get("rules") or ()):
            where = f"spec.rules[{index}] of {route}"
            for backend in rule.get("backendRefs") or ():
                namespace = backend.get("namespace") or route.namespace
                if namespace != route.namespace and (route.namespace, route.kind, namespace) not in granted:
                    yield error(
                        "GGI019",
                        route,
                        f"{where} leads to {namespace}/{backend.get('name')}, and no ReferenceGrant there allows it",
                    )
            for destination in destinations(route, rule, table.declared.cluster_domain):
                for view in sorted(seen_from.get(id(route), {route.namespace}), key=str):
                    yield from _end(table, route, where, destination, view)


def _end(
    table: Table, route: Resource, where: str, destination: Mapping[str, Any], view: str | None
) -> Iterator[Problem]:
    end = resolve(destination, route.namespace, view, table.registry, table.declared)
    other = end.backend.resource if end.backend is not None else None
    report: Callable[..., Problem] = error if table.declared.complete else warning
    if end.why == "hidden":
        yield error("GGI015", route, f"{where} leads to {end.host}, which is not exported to {view}", other=other)
    elif end.why == "unknown":
        yield report("GGI019", route, f"{where} leads to {end.host}, which is not there")
    elif end.why == "no-port":
        yield error("GGI019", route, f"{where} leads to {end.host}, and it has no port {end.number}", other=other)


def api_routes(table: Table) -> Iterator[Resource]:
    """Yield the routes of Gateway API of a cluster."""
    for kind in CARRIED:
        yield from table.of_kind.get(kind, ())
