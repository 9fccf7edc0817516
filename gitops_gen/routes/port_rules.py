"""Rules on ports and names that several backends share: what one of them says is not what callers of another get."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.routes.found import warning
from gitops_gen.routes.visibility import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.problems import Problem
    from gitops_gen.routes.destinations import Backend, BackendPort
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

_HTTP = {"HTTP", "HTTP2", "GRPC", "GRPC-WEB"}
_TLS = {"HTTPS", "TLS"}
_TCP = {"TCP", "MONGO", "REDIS", "MYSQL"}


def _family(port: BackendPort) -> str:
    """Return how a sidecar handles a port: `http`, `tls`, `tcp`, or "" where nobody says what it speaks."""
    for family, protocols in (("http", _HTTP), ("tls", _TLS), ("tcp", _TCP)):
        if port.protocol in protocols:
            return family
    return ""


class _Seen(NamedTuple):
    """The backends of one port number and family, the first that each namespace sees; `*` stands for all."""

    first: Backend
    by_namespace: dict[str, Backend]

    def met_by(self, namespaces: frozenset[str]) -> Backend | None:
        """Return one of them that is seen where something else is seen."""
        if EVERYWHERE in namespaces:
            return self.first
        for namespace in sorted(namespaces):
            if namespace in self.by_namespace:
                return self.by_namespace[namespace]
        return self.by_namespace.get(EVERYWHERE)


def protocols(table: Table) -> Iterator[Problem]:
    """GGI003: one port number is HTTP in one backend and TCP in another, and sidecars see both.

    Sidecars keep one listener for the number; gateways have none for what they send on, so their namespaces are left
    out. Once for each number.
    """
    gateways = {listening.pods.namespace for listening in table.listening}
    http: dict[int, _Seen] = {}
    tcp: dict[int, list[Backend]] = {}
    for backends in table.registry.backends.values():
        for backend in backends:
            for number, port in backend.ports.items() if backend.resource is not None else ():
                if _family(port) == "http":
                    seen = http.setdefault(number, _Seen(backend, {}))
                    for namespace in backend.seen:
                        seen.by_namespace.setdefault(namespace, backend)
                elif _family(port) == "tcp":
                    tcp.setdefault(number, []).append(backend)
    for number, raw in sorted(tcp.items()):
        for one in raw if number in http else ():
            other = http[number].met_by(frozenset(one.seen - gateways))
            if other is not None and one.resource is not None:
                yield warning(
                    "GGI003",
                    one.resource,
                    f"port {number} is TCP in {one} and HTTP in {other}, and sidecars see both",
                    help="take another number for one of them, or export them to different namespaces",
                    other=other.resource,
                )
                break


def governed(table: Table) -> Iterator[Problem]:
    """GGI038, GGI039: a ServiceEntry on a pod's own name, and the headless Service that gives the pod that name."""
    policies: dict[str, Resource] = {}
    for rule in table.of_kind.get("DestinationRule", ()):
        policies.setdefault(str(rule.spec.get("host")), rule)
    for host, backends in table.registry.backends.items():
        for backend in backends:
            entry = backend.resource
            if entry is None or not backend.is_entry or backend.pod != host.partition(".")[0]:
                continue
            if host in policies:
                yield warning(
                    "GGI038",
                    policies[host],
                    f"{policies[host]} is for {host} alone: callers of {'.'.join(host.split('.')[:2])} in "
                    f"{backend.namespace} go by the headless Service, past it",
                    help="let callers use the full name, or put the policy on the host of the headless Service",
                    other=entry,
                )
            for governing in table.registry.backends.get(host.partition(".")[2], ()):
                yield from _ports(entry, backend, governing)


def _ports(entry: Resource, backend: Backend, governing: Backend) -> Iterator[Problem]:
    for number, port in backend.ports.items() if governing.resource is not None else ():
        there = governing.ports.get(number)
        if there is None:
            text = f"{entry} has port {number}, which {governing} lacks: callers of the pod's name send plain text"
        elif _family(there) not in {"", _family(port)}:
            text = f"port {number} is {port.protocol} in {entry} and {there.protocol} in {governing}"
        else:
            continue
        help_ = "give the headless Service the same ports"
        yield warning("GGI039", entry, text, help=help_, other=governing.resource)
