"""The route table of one cluster: who asks what of which gateway pods, and which pod and port that ends at.

Made from the rendered resources alone, by Istio's rules. Linear in resources: 10,000 pods of three resources each
take about a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from gitops_gen import gateway_api
from gitops_gen.routes.api_bindings import CARRIED, bind_api, parents_of
from gitops_gen.routes.bindings import ANY_HOST, MESH, Bound, bind, gateways_of
from gitops_gen.routes.destinations import Backend, BackendPort, Registry, read_registry
from gitops_gen.routes.listeners import API_GATEWAY, listening_servers
from gitops_gen.routes.resource import Resource, full_name, wildcards_over
from gitops_gen.routes.servers import ENDS_IN_HTTP, TLS_SERVERS, Listening, Server, listen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.routes.declared import Declared, GatewayPods


KINDS = {
    **{
        ("networking.istio.io", kind): kind for kind in ("Gateway", "VirtualService", "ServiceEntry", "DestinationRule")
    },
    ("security.istio.io", "PeerAuthentication"): "PeerAuthentication",
    ("", "Service"): "Service",
    ("", "Namespace"): "Namespace",
    **{(gateway_api.GROUP, kind): kind for kind in (*CARRIED, "ListenerSet", "ReferenceGrant")},
    (gateway_api.GROUP, "Gateway"): API_GATEWAY,
    ("externaldns.k8s.io", "DNSEndpoint"): "DNSEndpoint",
    ("cert-manager.io", "Certificate"): "Certificate",
}
"""What is read, by API group and kind, and what it is called here: Gateways of two groups are two things."""


class Request(NamedTuple):
    """What a client asks: gateway pods by name, port, and host or server name; `*` where only the port counts."""

    gateway: str
    port: int
    host: str


class End(NamedTuple):
    """Where a destination leads, seen from one namespace. `why` says what is missing; it is empty for a good one."""

    host: str
    number: int | None
    backend: Backend | None
    port: BackendPort | None
    why: str


class Row(NamedTuple):
    """One answer to a request: server, VirtualService and rule, and the ends that it leads to."""

    pods: GatewayPods
    bound: Bound
    ends: tuple[End, ...]

    @property
    def request(self) -> Request:
        """Return the request that it answers."""
        return Request(self.pods.name, self.bound.server.number, self.bound.host)


class Lost(NamedTuple):
    """A rule that never answers, by which rule of ours, why, and what stands in its way."""

    bound: Bound
    rule: str
    why: str
    other: Resource | None


class Table(NamedTuple):
    """Everything that a cluster's resources do at its gateways.

    `of_kind` holds what is read of Istio's, the core and the Gateway API, by kind as in KINDS.
    """

    resources: Sequence[Resource]
    of_kind: Mapping[str, Sequence[Resource]]
    declared: Declared
    registry: Registry
    listening: Sequence[Listening]
    rows: Mapping[Request, Sequence[Row]]
    lost: Sequence[Lost]


_Chains: TypeAlias = "dict[tuple[str, int], dict[str, Resource | Server]]"
"""Listener (bind, port) -> server name -> who takes it."""


def read_table(resources: Sequence[Resource], declared: Declared) -> Table:
    """Read the resources of one cluster into its route table."""
    of_kind: dict[str, list[Resource]] = {}
    for resource in resources:
        kind = KINDS.get((resource.group, resource.kind))
        if kind is not None:
            of_kind.setdefault(kind, []).append(resource)
    registry = read_registry(of_kind.get("ServiceEntry", ()), of_kind.get("Service", ()), declared)
    listeners = listening_servers(of_kind.get(API_GATEWAY, ()), of_kind.get("ListenerSet", ()), declared)
    listening = listen(of_kind.get("Gateway", ()), declared, listeners)
    by_gateway = _by_gateway(of_kind)
    rows: dict[Request, list[Row]] = {}
    lost: list[Lost] = []
    for of_pods in listening:
        bound = _bound(of_pods, by_gateway, declared)
        chains = _chains(of_pods.servers, bound, lost)
        seen_from = of_pods.pods.namespace
        for found in bound:
            if _answers(found, chains, lost):
                ends = tuple(
                    resolve(destination, found.route.namespace, seen_from, registry, declared)
                    for destination in found.destinations
                )
                row = Row(of_pods.pods, found, ends)
                rows.setdefault(row.request, []).append(row)
    return Table(resources, of_kind, declared, registry, listening, rows, lost)


def _answers(found: Bound, chains: _Chains, lost: list[Lost]) -> bool:
    """Tell whether a rule ever answers; where it does not, it is kept with what stands in its way."""
    if found.shadowed:
        lost.append(Lost(found, "GGI024", "a rule before it takes everything", found.route))
        return False
    server = found.server
    if server.speaks not in TLS_SERVERS:
        return True
    first = _chain(chains, (server.bind, server.number), found.host)
    if server.speaks == "TLS":
        # What passes through and is not first was told of when the chains were made.
        return first is found.route
    if first is not server:
        other = first.gateway if isinstance(first, Server) else first
        lost.append(Lost(found, "GGI020", f"another server of port {server.number} takes {found.host}", other))
    return first is server


def _by_gateway(of_kind: Mapping[str, Sequence[Resource]]) -> dict[str, list[Resource]]:
    """Return the routes that name each Gateway, and each Gateway or ListenerSet of Gateway API."""
    found: dict[str, list[Resource]] = {}
    for route in of_kind.get("VirtualService", ()):
        for reference in dict.fromkeys(gateways_of(route)):
            if reference != MESH:
                found.setdefault(reference, []).append(route)
    for route in (route for kind in CARRIED for route in of_kind.get(kind, ())):
        for reference in dict.fromkeys(parent.reference for parent in parents_of(route)):
            found.setdefault(reference, []).append(route)
    return found


def _bound(listening: Listening, by_gateway: Mapping[str, Sequence[Resource]], declared: Declared) -> list[Bound]:
    """Return every rule that answers at these pods: of the routes that name a Gateway of them, by name, each once."""
    found: list[Bound] = []
    gateways = dict.fromkeys(reference.partition("#")[0] for reference in listening.by_host)
    routes = {(route.reference, route.kind): route for name in gateways for route in by_gateway.get(name, ())}
    for _, route in sorted(routes.items(), key=lambda named: named[0]):
        if route.kind == "VirtualService":
            found += bind(route, listening)
        else:
            found += bind_api(route, listening, declared.cluster_domain)
    return found


def _chains(servers: Iterable[Server], bound: Iterable[Bound], lost: list[Lost]) -> _Chains:
    """Return, for each port with TLS, who takes which server name: a server that ends TLS, or a route for what passes.

    A server name that two routes want goes to the first; the other is lost without a word.
    """
    chains: _Chains = {}
    for server in servers:
        if server.speaks in {"HTTPS", "TLS-TCP"}:
            for _, host in server.hosts:
                chains.setdefault((server.bind, server.number), {}).setdefault(host, server)
    for found in bound:
        if found.server.speaks == "TLS":
            chain = chains.setdefault((found.server.bind, found.server.number), {})
            first = chain.setdefault(found.host, found.route)
            if first is not found.route:
                other = first.gateway if isinstance(first, Server) else first
                why = f"server name {found.host} on port {found.server.number} is taken"
                lost.append(Lost(found, "GGI022", why, other))
    return chains


def _chain(chains: _Chains, listener: tuple[str, int], host: str) -> Resource | Server | None:
    """Return who takes a server name: the most specific wins."""
    chain = chains.get(listener, {})
    if host in chain:
        return chain[host]
    return next((chain[wildcard] for wildcard in wildcards_over(host) if wildcard in chain), None)


def resolve(
    route: Mapping[str, Any], namespace: str, seen_from: str | None, registry: Registry, declared: Declared
) -> End:
    """Follow one destination of a rule in `namespace` to its backend and port, as `seen_from` sees them."""
    destination = route.get("destination") or {}
    host = full_name(str(destination.get("host") or ""), namespace, declared.cluster_domain)
    number: int | None = (destination.get("port") or {}).get("number")
    backend = registry.lookup(host, seen_from)
    if backend is None:
        why = "hidden" if host in registry.backends else "unknown"
        return End(host, number, next(iter(registry.backends.get(host, ())), None), None, why)
    if number is None:
        port = next(iter(backend.ports.values())) if len(backend.ports) == 1 else None
        return End(host, number, backend, port, "" if port else "no-port")
    port = backend.ports.get(number)
    return End(host, number, backend, port, "" if port else "no-port")


def answering(table: Table, pods: str, port: int, host: str) -> Sequence[Row]:
    """Return the rows that answer a client with this host at a port: the most specific host wins."""
    for candidate in (host, *wildcards_over(host)):
        found = table.rows.get(Request(pods, port, candidate))
        if found:
            return found
    return ()


__all__ = ["ANY_HOST", "ENDS_IN_HTTP", "End", "Lost", "Request", "Row", "Table", "answering", "read_table", "resolve"]
