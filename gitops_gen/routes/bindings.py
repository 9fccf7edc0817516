"""Bindings: which VirtualService answers at which server, for which host, by which rule.

By Istio's own tests: the VirtualService names the Gateway, its namespace may bind to the server's host, the hosts
meet, the gateway pods see it, and the rule's match fits gateway and port
(docs/explanation/what-istio-does.md, "Merged Gateways" and "Visibility").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.routes.resource import meeting, wildcards_over
from gitops_gen.routes.servers import ENDS_IN_HTTP
from gitops_gen.routes.visibility import seen_by, sees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.servers import Listening, Server

ANY_HOST = "*"
"""The host of a row where only the port counts."""

MESH = "mesh"
"""What a VirtualService writes for the sidecars."""

ANY: tuple[Mapping[str, Any], ...] = ({},)
"""The match of a rule that has none."""

_OF_GATEWAYS = {"port", "gateways", "name", "sniHosts"}
"""What a match may say and still be no condition on the request itself."""


class Bound(NamedTuple):
    """A rule of a VirtualService that answers at a server: `rule` is its place, `conditional` that not always.

    `shadowed` says that a rule before it in the same VirtualService takes everything.
    """

    server: Server
    host: str
    route: Resource
    rule: str
    destinations: tuple[Mapping[str, Any], ...]
    conditional: bool
    shadowed: bool


def gateways_of(route: Resource) -> list[str]:
    """Return the Gateways that a VirtualService names, as `namespace/name`; `mesh` stays as it is."""
    return [_reference(written, route.namespace) for written in route.spec.get("gateways") or (MESH,)]


def _reference(written: str, namespace: str) -> str:
    if written == MESH:
        return written
    where, slash, name = written.partition("/")
    if not slash:
        return f"{namespace}/{written}"
    return f"{namespace}/{name}" if where == "." else written


def servers_for(route: Resource, host: str, reference: str, listening: Listening) -> Iterator[tuple[Server, str]]:
    """Yield each server of a Gateway to which a VirtualService binds with one of its hosts, and the host they share."""
    by_host = listening.by_host.get(reference)
    if by_host is None:
        return
    candidates = [host, *wildcards_over(host)]
    if host.startswith("*"):
        candidates += [served for served in by_host if served != host and meeting(host, served) == served]
    met: set[tuple[int, int, str]] = set()
    for served in candidates:
        for server, namespace in by_host.get(served, ()):
            if namespace in {"*", route.namespace}:
                shared = meeting(host, served) or host
                key = (id(server.gateway), server.place, shared)
                if key not in met:
                    met.add(key)
                    yield server, shared


def bind(route: Resource, listening: Listening) -> Iterator[Bound]:
    """Yield every rule of a VirtualService that answers at some server of these gateway pods."""
    if not sees(listening.pods.namespace, seen_by(route)):
        return
    for reference in gateways_of(route):
        for host in route.spec.get("hosts") or ():
            for server, shared in servers_for(route, host, reference, listening):
                yield from rules_at(route, server, shared)


def rules_at(route: Resource, server: Server, host: str) -> Iterator[Bound]:
    """Yield the rules of a VirtualService that fit a server, for a host that both have."""
    if server.redirects or server.speaks == "AUTO":
        return
    family = "http" if server.speaks in ENDS_IN_HTTP else "tls" if server.speaks == "TLS" else "tcp"
    taken = False
    for index, rule in enumerate(route.spec.get(family) or ()):
        fitting = [match for match in rule.get("match") or ANY if fits(match, server, route.namespace)]
        if not fitting:
            continue
        place = f"spec.{family}[{index}]"
        ends = tuple(rule.get("route") or ())
        conditional = not any(_OF_GATEWAYS.issuperset(match) for match in fitting)
        if family == "tls":
            for name in dict.fromkeys(name for match in fitting for name in match.get("sniHosts") or ()):
                yield Bound(server, name, route, place, ends, conditional, shadowed=False)
            continue
        asked = ANY_HOST if server.speaks == "TCP" else host
        yield Bound(server, asked, route, place, ends, conditional, shadowed=taken)
        taken = taken or not conditional


def fits(match: Mapping[str, Any], server: Server, namespace: str) -> bool:
    """Tell whether a match fits the port and the Gateway of a server."""
    port, gateways = match.get("port"), match.get("gateways")
    if port is not None and port != server.number:
        return False
    return not gateways or server.reference in {_reference(written, namespace) for written in gateways}
