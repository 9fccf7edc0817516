"""Bindings of Gateway API: which route answers at which listener, for which host, by which rule.

By the tests of the API: a parent names the listener, its namespace may attach, the listener takes the kind, and the
hosts meet (docs/explanation/what-istio-does.md, "Gateway API").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen import gateway_api
from gitops_gen.routes.bindings import ANY_HOST, Bound, servers_for
from gitops_gen.routes.listeners import parent_of
from gitops_gen.routes.servers import ENDS_IN_HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.servers import Listening, Server

CARRIED = {
    "HTTPRoute": frozenset(ENDS_IN_HTTP),
    "GRPCRoute": frozenset(ENDS_IN_HTTP),
    "TLSRoute": frozenset({"TLS", "TLS-TCP"}),
    "TCPRoute": frozenset({"TCP", "TLS-TCP"}),
}
"""Kind of route -> what a listener speaks for it."""


class Parent(NamedTuple):
    """A Gateway or ListenerSet that a route names, and the listener; an empty section and no port: all listeners."""

    reference: str
    section: str
    port: int | None


def parents_of(route: Resource) -> list[Parent]:
    """Return the Gateways and ListenerSets that a route names; Services are for routes inside of the mesh."""
    found = []
    for parent in route.spec.get("parentRefs") or ():
        kind = parent.get("kind") or "Gateway"
        if kind in {"Gateway", "ListenerSet"} and (parent.get("group") or gateway_api.GROUP) == gateway_api.GROUP:
            reference = parent_of(kind, parent.get("namespace") or route.namespace, str(parent.get("name")))
            found.append(Parent(reference, str(parent.get("sectionName") or ""), parent.get("port")))
    return found


def hosts_of(route: Resource) -> list[str]:
    """Return the hosts for which a route of any API is written; that of a TCPRoute is kept beside it."""
    if route.kind == "VirtualService":
        return [str(host) for host in route.spec.get("hosts") or ()]
    if route.kind == "TCPRoute":
        host = (route.manifest["metadata"].get("annotations") or {}).get(gateway_api.HOST)
        return [str(host)] if host else []
    return [str(host) for host in route.spec.get("hostnames") or ()]


def bind_api(route: Resource, listening: Listening, cluster_domain: str) -> Iterator[Bound]:
    """Yield every rule of a route that answers at some listener of these gateway pods."""
    hosts = (ANY_HOST,) if route.kind == "TCPRoute" else tuple(hosts_of(route)) or (ANY_HOST,)
    for parent in parents_of(route):
        for reference in _listeners(parent, listening):
            for host in hosts:
                for server, shared in servers_for(route, host, reference, listening):
                    if parent.port in {None, server.number} and server.speaks in CARRIED[route.kind]:
                        yield from _rules_at(route, server, shared, cluster_domain)


def _listeners(parent: Parent, listening: Listening) -> list[str]:
    if parent.section:
        return [f"{parent.reference}#{parent.section}"]
    return [reference for reference in listening.by_host if reference.startswith(f"{parent.reference}#")]


def _rules_at(route: Resource, server: Server, host: str, cluster_domain: str) -> Iterator[Bound]:
    asked = ANY_HOST if server.speaks == "TCP" else host
    taken = False
    for index, rule in enumerate(route.spec.get("rules") or ()):
        ends = tuple(destinations(route, rule, cluster_domain))
        conditional = any(map(_is_condition, rule.get("matches") or ()))
        yield Bound(server, asked, route, f"spec.rules[{index}]", ends, conditional, shadowed=taken)
        taken = taken or not conditional


def _is_condition(match: Mapping[str, Any]) -> bool:
    """Tell whether a match is one on the request: the path that every request has is none."""
    everything = {"path": {"type": "PathPrefix", "value": "/"}}
    return bool(match) and dict(match) != everything


def destinations(route: Resource, rule: Mapping[str, Any], cluster_domain: str) -> Iterator[dict[str, Any]]:
    """Yield where a rule leads, as a VirtualService says it: the full name of a Service, or an Istio host by name."""
    for backend in rule.get("backendRefs") or ():
        name, kind = backend.get("name"), backend.get("kind") or "Service"
        if kind == "Service":
            host = f"{name}.{backend.get('namespace') or route.namespace}.svc.{cluster_domain}"
        else:
            host = str(name) if kind == "Hostname" else f"{kind} {name}"
        # The port of a backend is never guessed.
        yield {"destination": {"host": host, "port": {"number": backend.get("port") or 0}}}
