"""Rules for names of routes: each fits where Kubernetes wants it, and is given once.

What is made of cluster and pod alone is checked with the inventory; here are the names that hosts, ingresses and
shared Services take part in.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.naming import SUBDOMAIN_LENGTH, shared_gateway
from gitops_gen.problems import Problem
from gitops_gen.resources.destination_rule import dialled_by_dns, own_tls_name, pods_name
from gitops_gen.resources.routes import route_names
from gitops_gen.resources.shapes import GatewayLayout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_gen.problems import Location
    from gitops_gen.resources.homes import Presence


class _Name(NamedTuple):
    """A generated resource: kind, namespace, name, and where it comes from."""

    kind: str
    namespace: str
    name: str
    location: Location
    subject: str


def name_problems(mesh: str, presences: Iterable[Presence]) -> Iterator[Problem]:
    """Yield names that are too long, or that two resources of one cluster would have."""
    for _, of_cluster in groupby(sorted(presences, key=_cluster), key=_cluster):
        together = list(of_cluster)
        names = [*_routes(together), *_destination_rules(together), *_shared_gateways(mesh, together)]
        yield from _too_long(names)
        yield from _twice(names)


def _cluster(presence: Presence) -> str:
    return presence.cluster.name


def _routes(presences: Iterable[Presence]) -> Iterator[_Name]:
    """Yield the Gateways and VirtualServices of pods and of companion Services."""
    for presence in presences:
        for found in (*presence.entrances.pods.values(), presence.entrances.companions):
            for kind, reference, entrance in route_names(presence.workload, presence.cluster, found):
                namespace, _, name = reference.partition("/")
                yield _Name(kind, namespace, name, entrance.exposure.route.origin, presence.subject)


def _destination_rules(presences: Iterable[Presence]) -> Iterator[_Name]:
    """Yield the DestinationRules for governing Services, which workloads may share."""
    for presence in presences:
        names = {
            own_tls_name(home.placement.service)
            for home in presence.homes
            if home.placement.service is not None and home.placement.without_mesh_tls
        }
        by_dns = dialled_by_dns([home.placement for home in presence.homes], presence.cluster)
        names |= {pods_name(service) for service, _, _ in by_dns}
        workload = presence.workload
        for name in sorted(names):
            yield _Name("DestinationRule", workload.namespace, name, workload.origin, presence.subject)


def _shared_gateways(mesh: str, presences: Sequence[Presence]) -> Iterator[_Name]:
    """Yield the shared Gateways of one cluster."""
    used = {
        entrance.exposure.ingress.name: entrance.exposure.ingress
        for presence in presences
        for entrance in presence.ways_in()
        if entrance.layout is GatewayLayout.SHARED
    }
    for _, ingress in sorted(used.items()):
        name = shared_gateway(mesh, ingress)
        yield _Name("Gateway", ingress.namespace, name, ingress.origin, f"Cluster {presences[0].cluster.name}")


def _too_long(names: Iterable[_Name]) -> Iterator[Problem]:
    """Check lengths: for each kind and place the longest name."""
    longest: dict[tuple[str, Location], _Name] = {}
    for name in names:
        known = longest.setdefault((name.kind, name.location), name)
        if len(name.name) > len(known.name):
            longest[name.kind, name.location] = name
    for (kind, location), name in longest.items():
        if len(name.name) > SUBDOMAIN_LENGTH:
            yield Problem(
                rule="GGI030",
                message=f'the {kind} "{name.name}" would have a name of {len(name.name)} characters, '
                f"{len(name.name) - SUBDOMAIN_LENGTH} too many",
                location=location,
                subject=name.subject,
                help="shorten the host, or the name of the ingress; names are never cut off",
            )


def _twice(names: Iterable[_Name]) -> Iterator[Problem]:
    """Check that a resource of one cluster is generated once; of two places the first pair is reported."""
    first: dict[tuple[str, str, str], _Name] = {}
    told: set[tuple[str, Location, Location]] = set()
    for name in names:
        other = first.setdefault((name.kind, name.namespace, name.name), name)
        if other is name or (name.kind, name.location, other.location) in told:
            continue
        told.add((name.kind, name.location, other.location))
        yield Problem(
            rule="GGI026",
            message=f'two {name.kind}s in namespace "{name.namespace}" would be called "{name.name}"',
            location=name.location,
            subject=name.subject,
            help="give one of the StatefulSets, companion Services or hosts another name",
            related=((f"the other, of {other.subject}", other.location),),
        )
