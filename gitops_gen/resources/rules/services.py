"""Rules for Services: the generated ones meet no other of their namespace, in any cluster of the mesh.

A mesh with endpoint discovery merges Services of one namespace and name: half of the requests were seen to go to the
other cluster (docs/explanation/what-istio-does.md, "Endpoint discovery"). Whether clusters see each other may change;
the names stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.model import BackendChoice
from gitops_gen.naming import cluster_prefixed
from gitops_gen.problems import Problem, Severity
from gitops_gen.resources.shapes import Backend, existing_service, service_ports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitops_gen.model import Port
    from gitops_gen.problems import Location
    from gitops_gen.resources.homes import Home


class _Known(NamedTuple):
    """A Service of the mesh: what it is to whom, and where the inventory says so."""

    what: str
    location: Location


def service_problems(homes: Sequence[Home]) -> Iterator[Problem]:
    """Yield generated Services that would take the name, the pods or the ports of another."""
    yield from _per_pod(homes)
    yield from _governing_twice(homes)
    yield from _governing_ports(homes)
    yield from _companions_merged(homes)


def _known(homes: Iterable[Home]) -> Mapping[tuple[str, str], _Known]:
    """Return the Services that the inventory speaks of and that are not per pod by our hand: (namespace, name)."""
    known: dict[tuple[str, str], _Known] = {}
    for home in homes:
        workload, placement = home.workload, home.placement
        if placement.service is not None:
            known.setdefault(
                (workload.namespace, placement.service),
                _Known(f"the governing Service of {workload.key}", placement.origin),
            )
        for port in placement.ports:
            for route in port.routes:
                if route.service is not None:
                    known.setdefault(
                        (workload.namespace, route.service),
                        _Known(f"the Service that a route of {workload.key} leads to", route.origin),
                    )
        if placement.backend is BackendChoice.EXISTING:
            for pod in placement.pods:
                name = existing_service(workload, placement, pod, home.cluster)
                known.setdefault(
                    (workload.namespace, name), _Known(f'the existing Service of pod "{pod.name}"', placement.origin)
                )
    return known


def _per_pod(homes: Iterable[Home]) -> Iterator[Problem]:
    """Check the names of Services per pod against all others; one problem for each two places that clash."""
    known = _known(homes)
    told: set[tuple[Location, Location]] = set()
    for home in homes:
        if home.backend is not Backend.POD_SERVICE:
            continue
        here = home.placement.origin
        for pod in home.placement.pods:
            name = cluster_prefixed(home.cluster.name, pod.name)
            other = known.get((home.workload.namespace, name))
            if other is not None and (here, other.location) not in told:
                told.add((here, other.location))
                yield Problem(
                    rule="GGI026",
                    message=f'the Service of pod "{pod.name}" in {home.cluster.name} would be called "{name}", as is '
                    f"{other.what}",
                    location=here,
                    subject=home.subject,
                    help="give the StatefulSet or that Service another name",
                    related=(("the other Service", other.location),),
                )


def _companions_merged(homes: Iterable[Home]) -> Iterator[Problem]:
    """Warn of companion Services of one name in two clusters whose istiods are declared to see each other.

    Endpoints are merged by the names of ports, and within a network
    (docs/explanation/what-istio-does.md, "Endpoint discovery").
    """
    first: dict[tuple[str, str, str, str], Home] = {}
    told: set[tuple[str, str]] = set()
    for home in homes:
        routes = [(port, route) for port in home.placement.ports for route in port.routes]
        for port, route in routes if home.cluster.istio.endpoint_discovery is True else ():
            if route.service is None:
                continue
            key = (home.workload.namespace, route.service)
            other = first.setdefault((*key, port.name, home.cluster.network), home)
            if other.cluster.name != home.cluster.name and key not in told:
                told.add(key)
                yield Problem(
                    rule="GGI026",
                    severity=Severity.WARNING,
                    message=f'the Service "{route.service}" that a route leads to exists in {other.cluster.name} and '
                    f"{home.cluster.name}: they see each other's endpoints, so its host leads to the pods of both",
                    location=route.origin,
                    subject=home.subject,
                    help="give it another name in each cluster, if the host is to stay in its own",
                    related=((f"the pods in {other.cluster.name}", other.placement.origin),),
                )


def _governing_twice(homes: Iterable[Home]) -> Iterator[Problem]:
    """Check that a governing Service is made by one workload only."""
    made: dict[tuple[str, str, str], Home] = {}
    told: set[tuple[str, str]] = set()
    for home in homes:
        workload, service = home.workload, home.placement.service
        if not workload.create_service or service is None:
            continue
        other = made.setdefault((home.cluster.name, workload.namespace, service), home)
        if other.workload.key != workload.key and (workload.key, service) not in told:
            told.add((workload.key, service))
            yield Problem(
                rule="GGI026",
                message=f'{workload.key} and {other.workload.key} would both make the Service "{service}" in '
                f"{home.cluster.name}",
                location=workload.origin,
                subject=home.subject,
                help="leave `service.create` to one of them, or give them Services of their own",
                related=((f"Workload {other.workload.key}", other.workload.origin),),
            )


def _governing_ports(homes: Iterable[Home]) -> Iterator[Problem]:
    """Check that sets of pods which share a generated governing Service agree on its ports."""
    ports: dict[tuple[str, str, str, str], tuple[Port, Home]] = {}
    for home in homes:
        service = home.placement.service
        if not home.workload.create_service or service is None:
            continue
        for port in service_ports(home.placement):
            for what in (f"name {port.name}", f"number {port.number}"):
                other, there = ports.setdefault((home.cluster.name, home.workload.key, service, what), (port, home))
                if (other.name, other.number, other.target, other.protocol) != (
                    port.name,
                    port.number,
                    port.target,
                    port.protocol,
                ):
                    yield Problem(
                        rule="GGI056",
                        message=f'the Service "{service}" would have two ports of the {what}: a set of pods says '
                        f"{_shown(port)}, another {_shown(other)}",
                        location=port.origin,
                        subject=home.subject,
                        help="give the sets of pods a Service each, or the same ports",
                        related=(("the other port", other.origin), ("its set of pods", there.placement.origin)),
                    )
                    break


def _shown(port: Port) -> str:
    return f"{port.name} {port.number} to {port.target}, {port.protocol.value}"
