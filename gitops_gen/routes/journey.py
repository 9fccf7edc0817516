"""Journeys: the way of one request, object by object, as far as it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.routes.api_bindings import hosts_of
from gitops_gen.routes.bindings import ANY, ANY_HOST, MESH, gateways_of
from gitops_gen.routes.encryption import last_leg
from gitops_gen.routes.resource import covers
from gitops_gen.routes.story import all_routes, near, why_lost
from gitops_gen.routes.table import answering, resolve
from gitops_gen.routes.visibility import seen_by, sees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.problems import Location
    from gitops_gen.routes.destinations import Backend, BackendPort
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import End, Row, Table


class Step(NamedTuple):
    """One step of a request: what happens, and the object that makes it so."""

    text: str
    location: Location | None


class Journey(NamedTuple):
    """The steps of one request in a cluster; `missing` says why it ends before a pod, "" where it arrives."""

    start: str
    steps: tuple[Step, ...]
    missing: str


_SERVED = {
    "HTTP": "plain HTTP",
    "HTTPS": "HTTPS, TLS ends here with certificate {credential}",
    "TLS": "TLS that passes through, told apart by server name",
    "TLS-TCP": "TLS, which ends here",
    "TCP": "TCP, told apart by port alone",
}


def from_outside(table: Table, host: str, port: int | None) -> list[Journey]:
    """Follow a client outside of the mesh to every gateway of a cluster that answers it; `port` None: to every port."""
    found = []
    for listening in table.listening:
        numbers = sorted({server.number for server in listening.servers})
        for number in numbers if port is None else [port]:
            found += [
                _journey(table, row, host)
                for row in answering(table, listening.pods.name, number, host)
                if row.bound.host != ANY_HOST or any(covers(name, host) for name in hosts_of(row.bound.route))
            ]
    return found


def _journey(table: Table, row: Row, host: str) -> Journey:
    server, bound = row.bound.server, row.bound
    start = f"{host}:{server.number} at {row.pods} ({row.pods.namespace or 'namespace not known'})"
    served = _SERVED[server.speaks].format(credential=server.credential)
    if server.clients is not None:
        served += f", and clients show one of {server.clients or 'the authority beside it'}"
    steps = [
        Step(f"{server}: {served}", server.gateway.location if server.gateway is not None else None),
        Step(f"{bound.route} {bound.rule}", bound.route.location),
    ]
    missing = "" if row.ends else f"{bound.rule} of {bound.route} answers itself"
    for end in row.ends:
        reached, why = _end(table, end)
        steps += reached
        missing = missing or why
    return Journey(start, tuple(steps), missing)


_WHY = {
    "hidden": "{host} is not exported to the namespace of the caller",
    "unknown": "there is no Service or ServiceEntry {host}",
    "no-port": "{host} has no port {number}",
}


def _end(table: Table, end: End) -> tuple[list[Step], str]:
    if end.why or end.backend is None or end.port is None:
        known = near(end.host, table.registry.backends) if end.why == "unknown" else ""
        return [], _WHY[end.why].format(host=end.host, number=end.number) + known
    location = end.backend.resource.location if end.backend.resource is not None else None
    steps = [Step(f"{end.backend} port {end.port.number}", location)]
    if end.backend.pod is not None:
        target = f"pod {end.backend.namespace}/{end.backend.pod}, container port {end.port.target}"
        steps += [_last_leg(table, end.backend, end.port), Step(target, None)]
    elif end.backend.resource is not None:
        steps.append(Step(_elsewhere(end.backend), None))
    return steps, ""


def _elsewhere(backend: Backend) -> str:
    if backend.is_outside and not (backend.resource is not None and backend.resource.spec.get("endpoints")):
        return f"outside of the mesh, where DNS says that {backend.host} is"
    spec = backend.resource.spec if backend.resource is not None else {}
    addresses = [str(endpoint.get("address")) for endpoint in spec.get("endpoints") or ()]
    if addresses:
        return f"endpoint {', '.join(addresses)}"
    return "any of its pods" if backend.selector else "endpoints that istiod reads in other clusters"


def _last_leg(table: Table, backend: Backend, port: BackendPort) -> Step:
    leg = last_leg(table, backend, port)
    return Step(leg.text, leg.location)


def in_mesh(table: Table, host: str, port: int | None, caller: str | None) -> list[Journey]:
    """Follow a client with a sidecar in the namespace `caller` (None: wherever it sees the host)."""
    backends = table.registry.backends.get(host, ())
    if not backends:
        return []
    start = f"{host} from {'namespace ' + caller if caller else 'the mesh'}"
    backend = table.registry.lookup(host, caller)
    if backend is None:
        text = f"{backends[0]} is not exported to {caller}"
        return [Journey(start, (), text)]
    found = []
    for number, known in backend.ports.items():
        if port in {None, number}:
            first = [Step(f"{backend} port {number}", backend.resource.location if backend.resource else None)]
            led = list(_led(table, host, number, caller))
            if led:
                for route, end in led:
                    steps, missing = _end(table, end)
                    found.append(
                        Journey(f"{start}, port {number}", (*first, Step(str(route), route.location), *steps), missing)
                    )
            elif backend.pod is not None:
                target = f"pod {backend.namespace}/{backend.pod}, container port {known.target}"
                steps = [*first, _last_leg(table, backend, known), Step(target, None)]
                found.append(Journey(f"{start}, port {number}", tuple(steps), ""))
            else:
                found.append(Journey(f"{start}, port {number}", (*first, Step(_elsewhere(backend), None)), ""))
    listed = ", ".join(map(str, backend.ports))
    return found or [Journey(start, (), f"{backend} has no port {port} (there is {listed})")]


def _led(table: Table, host: str, number: int, caller: str | None) -> Iterator[tuple[Resource, End]]:
    """Yield where VirtualServices for sidecars lead a host."""
    for route in table.of_kind.get("VirtualService", ()):
        named = MESH in gateways_of(route) and sees(caller, seen_by(route))
        if not named or not any(covers(str(served), host) for served in route.spec.get("hosts") or ()):
            continue
        for family in ("http", "tls", "tcp"):
            for rule in route.spec.get(family) or ():
                if any(match.get("port") in {None, number} for match in rule.get("match") or ANY):
                    for destination in rule.get("route") or ():
                        yield route, resolve(destination, route.namespace, caller, table.registry, table.declared)


def knows(table: Table, host: str) -> bool:
    """Tell whether some route of a cluster has a host."""
    return any(covers(served, host) for route in all_routes(table) for served in hosts_of(route))


def lost_outside(table: Table, host: str, port: int | None) -> list[Journey]:
    """Say for each gateway of a cluster why it does not answer a host of which the cluster knows something."""
    known = knows(table, host)
    journeys = []
    for listening in table.listening:
        numbers = {server.number for server in listening.servers}
        served = {
            server.number
            for server in listening.servers
            if any(covers(name, host) and name != ANY_HOST for _, name in server.hosts)
        }
        if not known and not served:
            continue
        for number in sorted(served or numbers)[:1] if port is None else [port]:
            why = why_lost(table, listening.pods.name, number, host)
            steps = tuple(Step(str(resource), resource.location) for resource in why.related)
            journeys.append(Journey(f"{host}:{number} at {listening.pods}", steps, why.text))
    return journeys


def known_hosts(table: Table) -> set[str]:
    """Return every host that something in the cluster answers for."""
    hosts = {request.host for request in table.rows if request.host != ANY_HOST}
    hosts |= {host for route in all_routes(table) for host in hosts_of(route)}
    return hosts | set(table.registry.backends)
