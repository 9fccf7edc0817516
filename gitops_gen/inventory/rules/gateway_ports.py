"""Gateway ports after expansion: what can share one, and what the ingress really opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.exposed import each_placement, sound_exposures, subject_of
from gitops_gen.inventory.rules.hosts import Holder, gateway_pods, uses_tls
from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.model import Family
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.exposure import Exposure
    from gitops_gen.inventory.written import Documents
    from gitops_gen.model import Inventory

_HIGHEST_PORT = 65535


def _speaks(exposure: Exposure) -> str:
    if exposure.port.protocol.family is Family.TCP:
        return "TCP"
    return "TLS" if uses_tls(exposure) else "plain HTTP"


def shared_ports(_documents: Documents, inventory: Inventory) -> Iterator[Problem]:
    """GGI009, GGI021: a TCP route has its gateway port to itself; TLS and plain text do not share one.

    Ingresses that select the same pods are one gateway.
    """
    # For each gateway port: who came first, in all and for each way to speak.
    first_of: dict[tuple[object, ...], dict[str, Holder]] = {}
    clashes = Repeats()
    for workload, placement, cluster in each_placement(inventory):
        for exposure in sound_exposures(workload, placement, cluster):
            holder = Holder(exposure, workload, placement)
            key = (exposure.gateway_port, *gateway_pods(cluster.name, exposure.ingress))
            others = first_of.setdefault(key, {})
            speaks = _speaks(exposure)
            for other_speaks, other in others.items():
                if _clash(other_speaks, other, speaks, holder):
                    cause = (other.exposure.route.origin, exposure.route.origin, cluster.name, other_speaks)
                    if not clashes.met(cause):
                        clashes.add(cause, _problem(other, holder))
            others.setdefault(speaks, holder)
    yield from clashes.problems()


def _clash(other_speaks: str, other: Holder, speaks: str, holder: Holder) -> bool:
    if other_speaks != speaks:
        return True
    if speaks != "TCP":
        return False
    # A companion's route is met once for each placement of its workload.
    return not (
        holder.exposure.pod is None
        and other.owner == holder.owner
        and other.placement is not holder.placement
        and other.exposure.port.number == holder.exposure.port.number
    )


def _problem(other: Holder, holder: Holder) -> Problem:
    exposure, speaks, other_speaks = holder.exposure, _speaks(holder.exposure), _speaks(other.exposure)
    where = f"gateway port {exposure.gateway_port} of ingress {exposure.ingress.name}"
    if "TCP" in (speaks, other_speaks):
        rule = "GGI009"
        help_ = "choose another `startPort` or `port`, or a `portOffset` in one of the placements"
    else:
        rule = "GGI021"
        help_ = "choose another gateway `port`, or another ingress, for one of the two"
    return Problem(
        rule=rule,
        message=f"{where} is taken by {other} ({other_speaks}), and {holder} ({speaks}) wants it too",
        location=exposure.route.origin,
        subject=subject_of(holder.workload, holder.placement),
        help=help_,
        related=(
            (f"the route to {other}", other.exposure.route.origin),
            (f"the placement of {other}", other.placement.origin),
            (f"the placement of {holder}", holder.placement.origin),
        ),
    )


def open_ports(_documents: Documents, inventory: Inventory) -> Iterator[Problem]:
    """GGI034, GGI218: a gateway port is one that the ingress opens, where it says which, and 65535 at most."""
    faults = Repeats()
    for workload, placement, cluster in each_placement(inventory):
        for exposure in sound_exposures(workload, placement, cluster):
            number, opened = exposure.gateway_port, exposure.ingress.open_ports
            if number > _HIGHEST_PORT:
                rule = "GGI218"
            elif opened and not any(low <= number <= high for low, high in opened):
                rule = "GGI034"
            else:
                continue
            cause = (rule, exposure.route.origin, placement.origin, cluster.name)
            if not faults.met(cause):
                faults.add(cause, _not_open(rule, Holder(exposure, workload, placement)))
    yield from faults.problems()


def _not_open(rule: str, holder: Holder) -> Problem:
    exposure = holder.exposure
    if rule == "GGI218":
        message = f"gateway port {exposure.gateway_port} of {holder} is over {_HIGHEST_PORT}"
        help_ = "lower `startPort` or `portOffset`: the port is startPort + ordinal + portOffset"
    else:
        message = (
            f"gateway port {exposure.gateway_port} is not one that ingress {exposure.ingress.name} of cluster "
            f"{holder.placement.cluster} opens"
        )
        help_ = "add it to the ingress's `openPorts`, and to the Service of the ingress, or use another"
    return Problem(
        rule=rule,
        message=message,
        location=exposure.route.origin,
        subject=subject_of(holder.workload, holder.placement),
        help=help_,
        related=(("the placement", holder.placement.origin), ("the ingress", exposure.ingress.origin)),
    )
