"""Servers: what one set of gateway pods makes of all the Gateways that select it.

Istio merges them and drops what does not fit, with a line in istiod's log and nothing else
(docs/explanation/what-istio-does.md, "Merged Gateways"). Which of two comes first is a matter of their age,
which no file tells; here it is their name, and every drop is a fault.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.routes.declared import Declared, GatewayPods
    from gitops_gen.routes.resource import Resource

ENDS_IN_HTTP = {"HTTP", "HTTPS"}
TLS_SERVERS = {"HTTPS", "TLS", "TLS-TCP", "AUTO"}
"""What a listener tells apart by server name. TLS passes through, TLS-TCP ends TLS and routes what is inside as TCP,
AUTO leads other clusters in."""

_PLAIN_HTTP = {"HTTP", "HTTP2", "GRPC", "GRPC-WEB"}


class Server(NamedTuple):
    """One server of a Gateway. `gateway` is None for one that is declared; `hosts` are (namespace or `*`, host).

    `listener` says that it is a listener of Gateway API: then `reference` is its own, with its name behind a `#`.
    """

    reference: str
    gateway: Resource | None
    place: int
    number: int
    bind: str
    speaks: str
    hosts: tuple[tuple[str, str], ...]
    credential: str
    clients: str | None
    """Whose authority signs the certificates of clients, "" where it stands beside the server's; None: anybody's."""
    redirects: bool
    listener: bool = False

    @property
    def path(self) -> str:
        """Return where it stands in the Gateway."""
        return f"spec.{'listeners' if self.listener else 'servers'}[{self.place}]"

    def __str__(self) -> str:
        """Name it for people."""
        if self.gateway is not None:
            return f"{self.gateway} {self.path}"
        return f"{'' if self.listener else 'Gateway '}{self.reference} (declared)"


class Dropped(NamedTuple):
    """A server that the gateway pods leave out, by which rule, and the one that was first."""

    server: Server
    first: Server
    rule: str
    why: str


class Listening(NamedTuple):
    """What one set of gateway pods listens to.

    `by_host` finds, for a Gateway's `namespace/name` and one of its hosts, the servers and who may bind to them.
    """

    pods: GatewayPods
    servers: tuple[Server, ...]
    dropped: tuple[Dropped, ...]
    by_host: Mapping[str, Mapping[str, list[tuple[Server, str]]]]


def speaks_of(server: Mapping[str, Any]) -> str:
    """Return what a server speaks: by its protocol, and for TLS by its mode."""
    protocol = str(server["port"]["protocol"]).upper()
    mode = str((server.get("tls") or {}).get("mode") or "")
    if protocol in _PLAIN_HTTP:
        return "HTTP"
    if protocol not in {"HTTPS", "TLS"}:
        return "TCP"
    if mode == "AUTO_PASSTHROUGH":
        return "AUTO"
    # An absent mode is PASSTHROUGH, the first of its kind in the API.
    if mode in {"", "PASSTHROUGH"}:
        return "TLS"
    return "HTTPS" if protocol == "HTTPS" else "TLS-TCP"


def servers_of(gateway: Resource) -> Iterator[Server]:
    """Yield the servers of a Gateway."""
    for index, server in enumerate(gateway.spec.get("servers") or ()):
        tls = server.get("tls") or {}
        hosts = []
        for written in server.get("hosts") or ():
            namespace, slash, host = written.partition("/")
            if not slash:
                namespace, host = "*", written
            hosts.append((gateway.namespace if namespace == "." else namespace, host))
        yield Server(
            reference=gateway.reference,
            gateway=gateway,
            place=index,
            number=server["port"]["number"],
            bind=server.get("bind") or "",
            speaks=speaks_of(server),
            hosts=tuple(hosts),
            credential=tls.get("credentialName") or "",
            clients=(tls.get("caCertCredentialName") or "") if tls.get("mode") == "MUTUAL" else None,
            redirects=bool(tls.get("httpsRedirect")),
        )


def listen(
    gateways: Iterable[Resource], declared: Declared, listeners: Mapping[GatewayPods, Iterable[Server]]
) -> list[Listening]:
    """Return what each set of gateway pods listens to, ingresses first, then the east-west gateway.

    `gateways` are Istio's own; `listeners` those of Gateway API, which Istio merges with them.
    """
    by_selector: dict[frozenset[tuple[str, str]], list[Resource]] = {}
    for gateway in gateways:
        by_selector.setdefault(frozenset((gateway.spec.get("selector") or {}).items()), []).append(gateway)
    return [
        _listening(pods, by_selector, declared, listeners.get(pods, ()))
        for pods in (*declared.gateway_pods, *declared.east_west)
    ]


def _listening(
    pods: GatewayPods,
    by_selector: Mapping[frozenset[tuple[str, str]], list[Resource]],
    declared: Declared,
    listeners: Iterable[Server],
) -> Listening:
    selecting = [
        gateway
        for selector, found in by_selector.items()
        if selector <= pods.labels
        for gateway in found
        if not pods.scoped or gateway.namespace == pods.namespace
    ]
    selecting.sort(key=lambda gateway: gateway.reference)
    listeners = tuple(listeners)
    found = {gateway.reference for gateway in selecting} | {server.reference for server in listeners}
    taken: list[Server] = list(_declared_servers(pods, declared, found))
    dropped: list[Dropped] = []
    first_on: dict[tuple[str, int], Server] = {}
    tls_hosts: dict[tuple[str, int, str], Server] = {}
    for server in chain((server for gateway in selecting for server in servers_of(gateway)), listeners):
        lost = _lost(server, first_on, tls_hosts)
        if lost is not None:
            dropped.append(lost)
            continue
        taken.append(server)
        first_on.setdefault((server.bind, server.number), server)
        if server.speaks in TLS_SERVERS:
            for _, host in server.hosts:
                tls_hosts.setdefault((server.bind, server.number, host), server)
    by_host: dict[str, dict[str, list[tuple[Server, str]]]] = {}
    for server in taken:
        of_gateway = by_host.setdefault(server.reference, {})
        for namespace, host in dict.fromkeys(server.hosts):
            of_gateway.setdefault(host, []).append((server, namespace))
    return Listening(pods, tuple(taken), tuple(dropped), by_host)


def _declared_servers(pods: GatewayPods, declared: Declared, found: set[str]) -> Iterator[Server]:
    for reference, servers in declared.gateways.items():
        if reference in found:
            continue
        for index, (of_pods, server) in enumerate(servers):
            if of_pods == pods:
                yield Server(
                    reference=reference,
                    gateway=None,
                    place=index,
                    number=server.number,
                    bind="",
                    speaks=server.speaks,
                    hosts=server.hosts,
                    credential=server.certificate.name if server.certificate else "",
                    clients=server.certificate.clients if server.certificate else None,
                    redirects=False,
                    listener="#" in reference,
                )


def _lost(
    server: Server, first_on: Mapping[tuple[str, int], Server], tls_hosts: Mapping[tuple[str, int, str], Server]
) -> Dropped | None:
    """Say whether a server is dropped because of those that came before it."""
    first = first_on.get((server.bind, server.number))
    if first is None:
        return None
    if (server.speaks in TLS_SERVERS) != (first.speaks in TLS_SERVERS):
        return Dropped(server, first, "GGI021", f"port {server.number} cannot have both TLS and plain text")
    if server.speaks not in TLS_SERVERS:
        if server.speaks == first.speaks == "HTTP":
            return None
        return Dropped(server, first, "GGI009", f"port {server.number} is taken: TCP has its port to itself")
    for _, host in server.hosts:
        other = tls_hosts.get((server.bind, server.number, host))
        if other is not None:
            return Dropped(server, other, "GGI020", f"{host} on port {server.number} has a server already")
    return None
