"""Gateway ports after expansion: what can share one, and what the ingress really opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.rules.ways import Gateway, Way, Whole
    from gitops_gen.problems import Location

_HIGHEST_PORT = 65535


class Use(NamedTuple):
    """A way that uses a gateway port, and the host on it by which to name whom it leads to."""

    way: Way
    host: str

    def __str__(self) -> str:
        """Name it: `pod streaming/kafka-0 in cluster east (TCP)`."""
        return f"{self.way.hosts.end(self.host)} ({self.way.speaks})"


def shared_ports(whole: Whole) -> Iterator[Problem]:
    """GGI009, GGI021: a TCP route has its gateway port to itself; TLS and plain text do not share one.

    Ingresses that select the same pods are one gateway, and one that selects more pods meets all that select fewer.
    """
    # For each gateway port: who came first, for each way to speak.
    first_of: dict[tuple[int, Gateway], dict[str, Use]] = {}
    clashes = Repeats()
    for way in whole.ways:
        for number, host in way.gateway_ports():
            use = Use(way, host)
            clashing = {}
            for gateway in way.gateways:
                others = first_of.setdefault((number, gateway), {})
                for speaks, other in others.items():
                    if speaks != way.speaks or (speaks == "TCP" and not _is_repeat(other.way, way)):
                        clashing[other.way.route.origin] = other
                others.setdefault(way.speaks, use)
            for origin, other in clashing.items():
                cause = (origin, way.route.origin, way.cluster.name)
                if not clashes.met(cause):
                    clashes.add(cause, _clash(number, other, use))
    yield from clashes.problems()


def _is_repeat(other: Way, way: Way) -> bool:
    """Tell whether two ways are one: the same companion, met in two placements, or a pod that is placed twice."""
    if other.placement is way.placement or other.workload is not way.workload:
        return False
    if way.route.service is None:
        # That a pod is placed twice is GGI225.
        return other.port.origin == way.port.origin and bool({*other.placement.pods} & {*way.placement.pods})
    return other.route.service == way.route.service and other.port.number == way.port.number


def _clash(number: int, other: Use, use: Use) -> Problem:
    if "TCP" in (use.way.speaks, other.way.speaks):
        rule = "GGI009"
        help_ = "choose another `startPort` or `port`, or a `portOffset` in one of the placements"
    else:
        rule = "GGI021"
        help_ = "choose another gateway `port`, or another ingress, for one of the two"
    related: tuple[tuple[str, Location], ...] = (
        ("the other route", other.way.route.origin),
        ("its placement", other.way.placement.origin),
        ("this placement", use.way.placement.origin),
    )
    if use.way.ingress is not other.way.ingress:
        help_ += ", or give the two ingresses selectors for different pods: Istio asks for labels, not for namespaces"
        related = (*related, ("its ingress", other.way.ingress.origin))
    return Problem(
        rule=rule,
        message=f"gateway port {number} of ingress {use.way.ingress.name} is taken by {other}, and {use} wants it too",
        location=use.way.route.origin,
        subject=use.way.subject,
        help=help_,
        related=related,
    )


def open_ports(whole: Whole) -> Iterator[Problem]:
    """GGI034, GGI218: a gateway port is one that the ingress opens, where it says which, and 65535 at most."""
    faults = Repeats()
    for way in whole.ways:
        opened = way.ingress.open_ports
        for number, host in way.gateway_ports():
            if number > _HIGHEST_PORT:
                rule = "GGI218"
            elif opened and not any(low <= number <= high for low, high in opened):
                rule = "GGI034"
            else:
                continue
            cause = (rule, way.route.origin, way.placement.origin, way.cluster.name)
            if not faults.met(cause):
                faults.add(cause, _not_open(rule, number, Use(way, host)))
    yield from faults.problems()


def _not_open(rule: str, number: int, use: Use) -> Problem:
    way = use.way
    if rule == "GGI218":
        message = f"gateway port {number} of {use} is over {_HIGHEST_PORT}"
        help_ = "lower `startPort` or `portOffset`: the port is startPort + ordinal + portOffset"
    else:
        message = (
            f"gateway port {number} is not one that ingress {way.ingress.name} of cluster {way.cluster.name} opens"
        )
        help_ = "add it to the ingress's `openPorts`, and to the Service of the ingress, or use another"
    return Problem(
        rule=rule,
        message=message,
        location=way.route.origin,
        subject=way.subject,
        help=help_,
        related=(("the placement", way.placement.origin), ("the ingress", way.ingress.origin)),
    )
