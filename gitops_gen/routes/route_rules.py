"""Rules on VirtualServices: claims that clash, references that do not resolve, and what Istio's webhook refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.routes.bindings import ANY, MESH, gateways_of
from gitops_gen.routes.found import error, warning
from gitops_gen.routes.resource import covers, full_name
from gitops_gen.routes.servers import ENDS_IN_HTTP
from gitops_gen.routes.table import resolve
from gitops_gen.routes.visibility import EVERYWHERE, export_list, seen_by, sees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import End, Table


def clashes(table: Table) -> Iterator[Problem]:
    """GGI020, GGI022, GGI024: a rule that never answers, and a request that two routes claim."""
    for lost in table.lost:
        bound = lost.bound
        yield error(
            lost.rule,
            bound.route,
            f"{bound.rule} of {bound.route} never answers for {bound.host} on port {bound.server.number}: {lost.why}",
            help="say in each rule which gateway port it is for: `match: [{port: ...}]`"
            if lost.rule == "GGI024"
            else "",
            other=lost.other,
        )
    for request, rows in table.rows.items():
        first = rows[0].bound
        for row in rows[1:]:
            route = row.bound.route
            if route is not first.route:
                where = f"port {request.port} of {row.pods}"
                what = request.host if request.host != EVERYWHERE else "everything"
                yield error(
                    "GGI022", route, f"{route} and {first.route} both claim {what} on {where}", other=first.route
                )


def several_ports(table: Table) -> Iterator[Problem]:
    """GGI024: one HTTP rule answers on several ports, and says no port."""
    ports: dict[tuple[int, str], set[int]] = {}
    routes: dict[int, Resource] = {}
    for rows in table.rows.values():
        for row in rows:
            # A route of Gateway API names each of its listeners.
            if row.bound.server.speaks in ENDS_IN_HTTP and row.bound.route.kind == "VirtualService":
                routes[id(row.bound.route)] = row.bound.route
                ports.setdefault((id(row.bound.route), row.bound.rule), set()).add(row.bound.server.number)
    for (route, place), numbers in ports.items():
        rule = _rule(routes[route], place)
        if len(numbers) > 1 and any("port" not in match for match in rule.get("match") or ANY):
            listed = " and ".join(map(str, sorted(numbers)))
            yield error(
                "GGI024",
                routes[route],
                f"{place} of {routes[route]} answers on ports {listed} alike",
                help="say in each rule which gateway port it is for: `match: [{port: ...}]`",
            )


def _rule(route: Resource, place: str) -> Mapping[str, Any]:
    family, _, index = place.removeprefix("spec.").removesuffix("]").partition("[")
    rule: Mapping[str, Any] = route.spec[family][int(index)]
    return rule


def references(table: Table) -> Iterator[Problem]:
    """GGI015, GGI018, GGI019: destinations and Gateways that are not there, or not seen from where they are used."""
    gateways = {gateway.reference for gateway in table.of_kind.get("Gateway", ())}
    absent: dict[str, list[Resource]] = {}
    seen_from: dict[int, set[str | None]] = {}
    for rows in table.rows.values():
        for row in rows:
            seen_from.setdefault(id(row.bound.route), set()).add(row.pods.namespace)
    for route in table.of_kind.get("VirtualService", ()):
        named = gateways_of(route)
        for reference in named:
            if reference != MESH and reference not in gateways and reference not in table.declared.gateways:
                absent.setdefault(reference, []).append(route)
        yield from _hidden_from_gateways(table, route, named)
        views = seen_from.get(id(route), set())
        if MESH in named:
            views = views | {None if view == EVERYWHERE else view for view in seen_by(route)}
        yield from _destinations(table, route, sorted(views or {route.namespace}, key=str))
    for reference, routes in absent.items():
        # Somebody else's Gateway may be there already: once is enough to ask.
        others = f" (as do {len(routes) - 1} more)" if len(routes) > 1 and not table.declared.complete else ""
        for route in routes if table.declared.complete else routes[:1]:
            yield _stern(table)("GGI019", route, f"{route} names Gateway {reference}, which is not there{others}")


def _destinations(table: Table, route: Resource, views: Sequence[str | None]) -> Iterator[Problem]:
    told: set[tuple[str, int | None, str]] = set()
    for place, rule in _rules(route):
        where = f"{place} of {route}"
        for destination in rule.get("route") or ():
            yield from _written(table, route, where, destination)
            for view in views:
                end = resolve(destination, route.namespace, view, table.registry, table.declared)
                if end.why and (end.host, end.number, end.why) not in told:
                    told.add((end.host, end.number, end.why))
                    yield from _end(table, route, where, end, view)


def _stern(table: Table) -> Any:  # noqa: ANN401 - one of two functions
    """Return how to report what is not there: an error where everything is declared, else a warning."""
    return error if table.declared.complete else warning


def _rules(route: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for family in ("http", "tls", "tcp"):
        for index, rule in enumerate(route.spec.get(family) or ()):
            yield f"spec.{family}[{index}]", rule


def _hidden_from_gateways(table: Table, route: Resource, named: list[str]) -> Iterator[Problem]:
    for listening in table.listening:
        for reference in named:
            if reference in listening.by_host and not sees(listening.pods.namespace, seen_by(route)):
                # With several sets of gateway pods it may be meant for one of them only.
                if any(
                    reference in other.by_host and sees(other.pods.namespace, seen_by(route))
                    for other in table.listening
                ):
                    continue
                yield error(
                    "GGI015",
                    route,
                    f"{route} is not exported to {listening.pods.namespace}, where the pods of Gateway {reference} are",
                    help=f"add `{listening.pods.namespace}` to exportTo",
                )


def _written(table: Table, route: Resource, where: str, destination: Mapping[str, Any]) -> Iterator[Problem]:
    written = str(destination["destination"].get("host"))
    host = full_name(written, route.namespace, table.declared.cluster_domain)
    if "." not in written:
        yield error("GGI018", route, f"{where} leads to `{written}`, which is no full name", help=f"write {host}")
    subset = destination["destination"].get("subset")
    if subset is not None and not _has_subset(table, host, subset):
        yield _stern(table)("GGI019", route, f"{where} leads to subset {subset} of {host}, which is not there")


def _end(table: Table, route: Resource, where: str, end: End, view: str | None) -> Iterator[Problem]:
    """Say what is missing at an end that leads nowhere: it is hidden, unknown, or without the port."""
    backend = end.backend.resource if end.backend is not None else None
    if end.why == "hidden":
        yield error("GGI015", route, f"{where} leads to {end.host}, which is not exported to {view}", other=backend)
    elif end.why == "unknown":
        yield _stern(table)(
            "GGI019", route, f"{where} leads to {end.host}, and there is no Service or ServiceEntry of it"
        )
    else:
        port = "no port is said" if end.number is None else f"it has no port {end.number}"
        yield error("GGI019", route, f"{where} leads to {end.host}, and {port}", other=backend)


def _has_subset(table: Table, host: str, subset: str) -> bool:
    return any(
        covers(str(rule.spec.get("host")), host)
        and any(known.get("name") == subset for known in rule.spec.get("subsets") or ())
        for rule in table.of_kind.get("DestinationRule", ())
    )


def forms(table: Table) -> Iterator[Problem]:
    """GGI012, GGI014, GGI015, GGI017, GGI031, GGI045, GGI053 to GGI055: what one VirtualService gets wrong."""
    for route in table.of_kind.get("VirtualService", ()):
        yield from _form(route)
    for kind in ("VirtualService", "ServiceEntry", "DestinationRule"):
        for resource in table.of_kind.get(kind, ()):
            yield from _exports(resource)


def _exports(resource: Resource) -> Iterator[Problem]:
    written = export_list(resource)
    if not written:
        yield warning(
            "GGI015", resource, f"{resource} does not say who sees it", help='write exportTo, `["."]` at least'
        )
    if len(set(written)) != len(written) or (EVERYWHERE in written and len(written) > 1):
        yield error("GGI045", resource, f"exportTo of {resource} has a namespace twice, or `*` beside others")
    for entry in written:
        if entry != entry.lower():
            yield error("GGI012", resource, f"exportTo of {resource}: {entry} has upper case letters")


def _form(route: Resource) -> Iterator[Problem]:
    hosts = [str(host) for host in route.spec.get("hosts") or ()]
    if not hosts:
        yield error("GGI017", route, f"{route} has no hosts: it never answers")
    if len(set(hosts)) != len(hosts):
        yield error("GGI054", route, f"{route} has a host twice")
    for host in hosts:
        if host != host.lower():
            yield error("GGI012", route, f"host {host} of {route} has upper case letters")
    if not any(route.spec.get(family) for family in ("http", "tls", "tcp")):
        yield error("GGI055", route, f"{route} has neither http nor tls nor tcp rules")
    for place, rule in _rules(route):
        weights = [int(end.get("weight") or 0) for end in rule.get("route") or ()]
        if len(weights) > 1 and not any(weights):
            yield error("GGI055", route, f"all weights of {place} of {route} are 0")
        yield from _retries(route, place, rule)
        yield from _server_names(route, place, rule, hosts)


def _server_names(route: Resource, place: str, rule: Mapping[str, Any], hosts: Sequence[str]) -> Iterator[Problem]:
    for match in rule.get("match") or ():
        for name in match.get("sniHosts") or ():
            if name != name.lower():
                yield error("GGI012", route, f"server name {name} in {place} of {route} has upper case letters")
            if not any(covers(host, name) for host in hosts):
                yield error("GGI053", route, f"server name {name} in {place} of {route} is not under its hosts")


def _retries(route: Resource, place: str, rule: Mapping[str, Any]) -> Iterator[Problem]:
    retries = rule.get("retries") or {}
    if _is_nothing(rule.get("timeout")):
        yield error(
            "GGI014",
            route,
            f"{place} of {route} has `timeout: {rule['timeout']}`, which Istio refuses",
            help="leave timeout out: then there is none",
        )
    if retries.get("attempts") == 0 and ("perTryTimeout" in retries or "retryOn" in retries):
        yield error("GGI014", route, f"{place} of {route} has no attempts, and says how to make them")


def _is_nothing(duration: object) -> bool:
    return isinstance(duration, str) and duration.rstrip("hmsunµ") in {"0", "0.0"}


def retried(table: Table) -> Iterator[Problem]:
    """GGI031: a rule that leads to one pod, and tries that same pod again; whether it is asked for, the proof knows."""
    if table.declared.complete:
        return
    met: set[tuple[int, str]] = set()
    for rows in table.rows.values():
        for row in rows:
            bound, key = row.bound, (id(row.bound.route), row.bound.rule)
            to_pod = any(end.backend is not None and end.backend.pod is not None for end in row.ends)
            own = bound.route.kind == "VirtualService" and bound.server.speaks in ENDS_IN_HTTP
            if key in met or not to_pod or not own:
                continue
            met.add(key)
            if (_rule(bound.route, bound.rule).get("retries") or {}).get("attempts") != 0:
                yield warning(
                    "GGI031",
                    bound.route,
                    f"{bound.rule} of {bound.route} leads to one pod, and tries it again when it fails",
                    help="write `retries: {attempts: 0}`",
                )
