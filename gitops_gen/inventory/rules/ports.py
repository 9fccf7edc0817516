"""Ports as written: unique, carried or not, exposed in a way that can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.lookup import pod_count, port_lists, written_routes
from gitops_gen.inventory.placements import needs_start_port
from gitops_gen.model import Family, Protocol
from gitops_gen.problems import Location, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.format.workload import PortFields, WorkloadDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import Documents, Written

_LAYER_4 = {Protocol.UDP: "UDP", Protocol.SCTP: "SCTP"}

_GREETS_FIRST = {3306: "MySQL", 33060: "MySQL", 4222: "NATS", 5432: "PostgreSQL", 6432: "PostgreSQL"}
"""Ports of protocols in which the TLS handshake comes after a first plain exchange, by their usual numbers."""

_GREETS_FIRST_NAMES = {"mysql": "MySQL", "mysqlx": "MySQL", "nats": "NATS", "postgres": "PostgreSQL"} | {
    "postgresql": "PostgreSQL"
}


def unique_ports(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI213: the ports of a workload have one name each, and one number for each of TCP, UDP and SCTP."""
    for workload in documents.workloads:
        for ports, path, _ in port_lists(workload.fields):
            names: dict[str, Location] = {}
            numbers: dict[tuple[str, int], Location] = {}
            for place, port in enumerate(ports):
                here = workload.at(*path, place, "name")
                if port.name in names:
                    yield _repeated(workload, f"two ports are called {port.name}", here, names[port.name])
                names.setdefault(port.name, here)
                here = workload.at(*path, place, "port")
                layer_4 = _LAYER_4.get(port.protocol, "TCP")
                if (layer_4, port.port) in numbers:
                    first = numbers[layer_4, port.port]
                    yield _repeated(workload, f"two ports have the {layer_4} number {port.port}", here, first)
                numbers.setdefault((layer_4, port.port), here)


def _repeated(workload: Written[WorkloadDocument], message: str, here: Location, first: Location) -> Problem:
    return Problem(
        rule="GGI213",
        message=message,
        location=here,
        subject=workload.subject,
        help="several routes to one port are a list under its `expose`",
        related=(("the first one", first),),
    )


def _each_port(documents: Documents) -> Iterator[tuple[Written[WorkloadDocument], PortFields, Path]]:
    for workload in documents.workloads:
        for ports, path, _ in port_lists(workload.fields):
            for place, port in enumerate(ports):
                yield workload, port, (*path, place)


def carried_or_not(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI214: a port that is not carried says why, and nothing that only a carried port can do."""
    for workload, port, path in _each_port(documents):
        if port.carried:
            if port.reason is not None:
                yield Problem(
                    rule="GGI214",
                    message="`reason` says why a port is not carried, and this one is",
                    location=workload.at_key(*path, "reason"),
                    subject=workload.subject,
                    help="write `carried: false` beside it, or make it a comment",
                )
            continue
        if port.reason is None:
            yield Problem(
                rule="GGI214",
                message=f"port {port.name} is not carried and does not say why",
                location=workload.at_key(*path, "carried"),
                subject=workload.subject,
                help="for example `reason: UDP, which Istio does not route`",
            )
        for key, written in (
            ("expose", port.expose is not None),
            ("beforeReady", port.before_ready),
            ("mtls", port.mtls is not None),
            ("mesh", not port.mesh),
            ("policy", port.policy is not None),
        ):
            if written:
                yield Problem(
                    rule="GGI214",
                    message=f"port {port.name} is not carried, so `{key}` cannot hold for it",
                    location=workload.at_key(*path, key),
                    subject=workload.subject,
                    help=f"take `{key}` away, or `carried: false`",
                )


def datagrams_not_carried(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI215: UDP and SCTP ports are `carried: false`: no Istio route can carry them.

    Source: docs/explanation/what-istio-does.md, "Names, ports and addresses".
    """
    for workload, port, path in _each_port(documents):
        if port.protocol.family is Family.NONE and port.carried:
            yield Problem(
                rule="GGI215",
                message=f"no Istio route can carry {port.protocol}",
                location=workload.at(*path, "protocol"),
                subject=workload.subject,
                help=f"write `carried: false` and `reason: {port.protocol}`",
            )


def handshake_first(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI216: a TLS route is for protocols that begin with the TLS handshake (docs/how-to/raw-tcp.md).

    MySQL and NATS servers speak first, PostgreSQL clients ask for TLS in plain text: a gateway that waits for a
    server name waits for ever.
    """
    for workload, port, path in _each_port(documents):
        protocol = _GREETS_FIRST.get(port.port) or _GREETS_FIRST_NAMES.get(port.name)
        if port.protocol is Protocol.TLS and port.expose is not None and protocol is not None:
            yield Problem(
                rule="GGI216",
                severity=Severity.WARNING,
                message=f"port {port.name} ({port.port}) looks like {protocol}, which does not begin with the TLS "
                "handshake: no gateway can route it by server name",
                location=workload.at(*path, "protocol"),
                subject=workload.subject,
                help="write `protocol: TCP` and `startPort` in its route; leave it if all clients begin with TLS",
            )


def some_ports(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI217: a workload that is placed somewhere has ports there."""
    for workload in documents.workloads:
        for ports, path, placements in port_lists(workload.fields):
            if placements and not ports:
                yield Problem(
                    rule="GGI217",
                    message="the workload is placed but has no ports, so there is nothing to route",
                    location=workload.at(*path) if len(path) > len(("spec", "ports")) else workload.name_place,
                    subject=workload.subject,
                    help="write its ports, for example `ports: [{name: http, port: 8080, protocol: HTTP}]`",
                )


def tcp_by_port(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI218: a TCP route says its gateway port, and gives each pod one of its own: nothing else tells pods apart."""
    for workload in documents.workloads:
        for port, route, path, placements in written_routes(workload.fields):
            if port.protocol.family is not Family.TCP:
                continue
            if route.port is None and route.start_port is None:
                key = "port" if route.service is not None else "startPort"
                yield Problem(
                    rule="GGI218",
                    message=f"the route to {port.protocol} port {port.name} says no gateway port, and has no default",
                    location=workload.at(*path),
                    subject=workload.subject,
                    help=f"for example `{key}: {port.port}`",
                )
            elif route.start_port is None and any(
                needs_start_port(route, port, pod_count(placement)) for placement in placements
            ):
                yield Problem(
                    rule="GGI218",
                    message=f"gateway port {route.port} cannot serve several pods: on {port.protocol} only the port "
                    "tells them apart",
                    location=workload.at_key(*path, "port"),
                    subject=workload.subject,
                    help=f"write `startPort: {route.port}`: the pod of ordinal n then has {route.port} + n",
                )
