"""Why a request goes nowhere: at which step it is lost, and what is missing there."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.routes.api_bindings import CARRIED, hosts_of, parents_of
from gitops_gen.routes.bindings import ANY, fits, gateways_of
from gitops_gen.routes.resource import covers, meeting
from gitops_gen.routes.servers import ENDS_IN_HTTP
from gitops_gen.routes.visibility import seen_by, sees

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.servers import Listening, Server
    from gitops_gen.routes.table import Table

_LISTED = 8
_COMPARED = 2000


class Why(NamedTuple):
    """The step at which a request is lost, in words, and the resources that it has met there."""

    text: str
    related: tuple[Resource, ...]


def why_lost(table: Table, gateway: str, port: int, host: str) -> Why:
    """Follow a request that no row answers as far as it gets."""
    listening = next((found for found in table.listening if found.pods.name == gateway), None)
    if listening is None:
        return Why(f"there are no gateway pods {gateway}", ())
    at_port = [server for server in listening.servers if server.number == port]
    routes = [resource for resource in all_routes(table) if any(meeting(served, host) for served in hosts_of(resource))]
    if not at_port:
        return _no_server(listening, port, routes)
    serving = [server for server in at_port if any(covers(served, host) for _, served in server.hosts)]
    if not serving:
        hosts = {served for server in at_port for _, served in server.hosts}
        return Why(f"no server of port {port} has this host{near(host, hosts)}", _gateways(at_port[:1]))
    if not routes:
        hosts = {served for resource in all_routes(table) for served in hosts_of(resource)}
        return Why(f"no route has this host{near(host, hosts)}", _gateways(serving))
    reasons = [
        f"{route}: " + (_unattached(route, serving) if route.kind in CARRIED else _unbound(route, serving, listening))
        for route in routes
    ]
    return Why("; ".join(reasons[:_LISTED]), (*_gateways(serving), *routes[:_LISTED]))


def _no_server(listening: Listening, port: int, routes: Sequence[Resource]) -> Why:
    numbers = sorted({server.number for server in listening.servers})
    opened = ", ".join(str(number) for number in numbers[:_LISTED]) + (", …" if len(numbers) > _LISTED else "")
    return Why(f"no server listens on port {port} (there is {opened or 'none'})", tuple(routes[:1]))


def _unbound(route: Resource, serving: Iterable[Server], listening: Listening) -> str:
    """Say why a VirtualService of the right host answers at none of these servers."""
    if not sees(listening.pods.namespace, seen_by(route)):
        return f"it is not exported to {listening.pods.namespace}, where the gateway pods are"
    named = [server for server in serving if server.reference in gateways_of(route)]
    if not named:
        wanted = ", ".join(sorted({server.reference for server in serving})[:_LISTED])
        return f"it names {', '.join(gateways_of(route))}, not {wanted}"
    if not any(namespace in {"*", route.namespace} for server in named for namespace, _ in server.hosts):
        return f"{named[0]} lets only VirtualServices of other namespaces bind to the host"
    for server in named:
        family = "http" if server.speaks in ENDS_IN_HTTP else "tls" if server.speaks == "TLS" else "tcp"
        rules = route.spec.get(family) or ()
        if not rules:
            return f"it has no {family} rule, and {server} needs one"
        if not any(fits(match, server, route.namespace) for rule in rules for match in rule.get("match") or ANY):
            return f"no {family} rule of it matches port {server.number}"
    return "another server or route takes the host on this port, or its rules name another host"


def _unattached(route: Resource, serving: Iterable[Server]) -> str:
    """Say why a route of Gateway API answers at none of these listeners."""
    named = {(parent.reference, parent.section) for parent in parents_of(route)}
    for server in serving:
        reference, _, section = server.reference.partition("#")
        if not {(reference, section), (reference, "")} & named:
            continue
        if server.speaks not in CARRIED[route.kind]:
            return f"{server} speaks {server.speaks}, which no {route.kind} carries"
        if not any(namespace in {"*", route.namespace} for namespace, _ in server.hosts):
            return f"{server} takes only routes of other namespaces"
        return "another route takes the host on this port, or it has no rules"
    listed = ", ".join(sorted(server.reference for server in serving)[:_LISTED])
    return f"it names {', '.join(f'{reference}#{section}' for reference, section in sorted(named))}, not {listed}"


def all_routes(table: Table) -> list[Resource]:
    """Return the routes of every API, VirtualServices first."""
    return [route for kind in ("VirtualService", *CARRIED) for route in table.of_kind.get(kind, ())]


def _gateways(servers: Iterable[Server]) -> tuple[Resource, ...]:
    found = {server.reference: server.gateway for server in servers if server.gateway is not None}
    return tuple(found.values())


def near(host: str, known: Iterable[str]) -> str:
    """Return the nearest known host as a question in brackets, nothing where none is near."""
    found = get_close_matches(host, sorted(set(known))[:_COMPARED], n=1, cutoff=0.8)
    return f" (did you mean {found[0]}?)" if found else ""
