"""Rules for gateways: what their pods make of all servers that select them, whoever wrote them.

Gateways that select the same pods are merged, and what does not fit is dropped with a line in istiod's log; nobody
else says so (docs/explanation/what-istio-does.md, "Merged Gateways").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import serving_pods
from gitops_gen.problems import Problem
from gitops_gen.resources.shapes import GatewayLayout, ServerProtocol, served_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.exposure import Labels
    from gitops_gen.problems import Location
    from gitops_gen.resources.entrances import Entrance
    from gitops_gen.resources.homes import Presence

_TLS = {ServerProtocol.HTTPS, ServerProtocol.TLS}


class _Door(NamedTuple):
    """A port of the gateway pods of one cluster: cluster, labels of the pods, number."""

    cluster: str
    pods: Labels
    number: int


class _Use(NamedTuple):
    """One entrance that uses a door, and whose it is."""

    entrance: Entrance
    presence: Presence

    @property
    def location(self) -> Location:
        return self.entrance.exposure.route.origin


def gateway_problems(presences: Iterable[Presence]) -> Iterator[Problem]:
    """Yield what the gateway pods could not serve side by side."""
    for door, uses in _doors(presences).items():
        yield from _one_server_for_a_host(door, uses)
        yield from _one_server_for_a_certificate(door, uses)


def _doors(presences: Iterable[Presence]) -> dict[_Door, list[_Use]]:
    """Return who uses each port of each gateway. Gateways of somebody else are theirs to check."""
    doors: dict[_Door, list[_Use]] = {}
    serving: dict[tuple[str, str], tuple[Labels, ...]] = {}
    for presence in presences:
        cluster = presence.cluster
        for entrance in presence.ways_in():
            if entrance.layout is GatewayLayout.EXISTING:
                continue
            ingress = entrance.exposure.ingress
            if (cluster.name, ingress.name) not in serving:
                serving[cluster.name, ingress.name] = serving_pods(cluster, ingress)
            for pods in serving[cluster.name, ingress.name]:
                door = _Door(cluster.name, pods, entrance.exposure.gateway_port)
                doors.setdefault(door, []).append(_Use(entrance, presence))
    return doors


def _one_server_for_a_host(door: _Door, uses: list[_Use]) -> Iterator[Problem]:
    """Check that a host (or wildcard) with TLS is in one server of a port only: the second would be dropped."""
    first: dict[str, _Use] = {}
    found: set[tuple[str, str, ServerProtocol]] = set()
    for use in uses:
        layout, protocol, gateway = use.entrance.layout, use.entrance.protocol, use.entrance.gateway
        if protocol not in _TLS:
            continue
        host = served_host(layout, protocol, use.entrance.exposure.ingress, use.entrance.exposure.host)
        other = first.setdefault(host, use)
        if (other.entrance.gateway, other.entrance.protocol) == (gateway, protocol) or (
            host,
            gateway,
            protocol,
        ) in found:
            continue
        found.add((host, gateway, protocol))
        yield Problem(
            rule="GGI020",
            message=f'two servers on gateway port {door.number} of {door.cluster} would serve "{host}", '
            f"{other.entrance.protocol.value} and {protocol.value}: the second is dropped",
            location=use.location,
            subject=use.presence.subject,
            help="write `gateways: per-pod` for ports that bring their own TLS, or another gateway `port`",
            related=(("the other route", other.location),),
        )


def _one_server_for_a_certificate(door: _Door, uses: list[_Use]) -> Iterator[Problem]:
    """Check that a certificate is in one server of a port only.

    A browser that has an HTTP/2 connection for one host uses it for all that the certificate names, and the server of
    the first host answers 404 for the others. One Gateway has one server for all of its hosts.
    """
    by_certificate: dict[str, list[_Use]] = {}
    for use in uses:
        certificate = use.entrance.exposure.certificate
        if certificate is not None:
            by_certificate.setdefault(certificate.name, []).append(use)
    for credential, of_certificate in sorted(by_certificate.items()):
        gateways = {use.entrance.gateway for use in of_certificate}
        if len(gateways) == 1:
            continue
        own = [use for use in of_certificate if use.entrance.layout is GatewayLayout.PER_POD]
        late = (own or of_certificate)[-1]
        other = next(use for use in of_certificate if use.entrance.gateway != late.entrance.gateway)
        yield Problem(
            rule="GGI010",
            message=f"{len(gateways)} Gateways would end TLS on port {door.number} of {door.cluster} with the "
            f'certificate "{credential}": clients that reuse an HTTP/2 connection get 404 for all hosts but the first',
            location=late.location,
            subject=late.presence.subject,
            help="leave `gateways` out, or write `gateways: shared`: one server then serves all of its hosts",
            related=(("another of them", other.location),),
        )
