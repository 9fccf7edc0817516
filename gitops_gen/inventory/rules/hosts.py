"""Hosts after expansion: valid, and one owner each over the whole mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.inventory.rules.exposed import each_placement, sound_exposures, subject_of
from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.inventory.rules.words import shown, subdomain_fault
from gitops_gen.inventory.templates import fields_of
from gitops_gen.model import Family
from gitops_gen.naming import LABEL_LENGTH, SUBDOMAIN_LENGTH, is_host
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.exposure import Exposure
    from gitops_gen.inventory.written import Documents
    from gitops_gen.model import Ingress, Inventory, Placement, Workload


class Holder(NamedTuple):
    """Who has a host: an exposure of a placement of a workload in a cluster."""

    exposure: Exposure
    workload: Workload
    placement: Placement

    @property
    def owner(self) -> tuple[str, str, str, bool]:
        """What the host leads to; equal for two exposures of one pod, or of one companion Service."""
        pod = self.exposure.pod
        name = self.exposure.service or "" if pod is None else pod.name
        return self.placement.cluster, self.workload.namespace, name, pod is None

    def __str__(self) -> str:
        """Name it: `kafka-0 in cluster east`."""
        cluster, namespace, name, is_service = self.owner
        return f"{'Service ' if is_service else 'pod '}{namespace}/{name} in cluster {cluster}"


def holders(inventory: Inventory) -> Iterator[Holder]:
    """Yield who has which host, for every exposure of the mesh."""
    for workload, placement, cluster in each_placement(inventory):
        for exposure in sound_exposures(workload, placement, cluster):
            yield Holder(exposure, workload, placement)


def gateway_pods(cluster: str, ingress: Ingress) -> tuple[object, ...]:
    """Tell which gateway pods an ingress is: two ingresses of one selector are one gateway."""
    return cluster, ingress.namespace, ingress.selector


def uses_tls(exposure: Exposure) -> bool:
    """Tell whether the server of an exposure speaks TLS: it passes it through, or ends it with a certificate."""
    family = exposure.port.protocol.family
    return family is Family.TLS or (family is Family.HTTP and exposure.ingress.credential_name is not None)


def one_owner_per_host(_documents: Documents, inventory: Inventory) -> Iterator[Problem]:
    """GGI227, GGI020, GGI022: a host leads to one pod of the whole mesh, and on one gateway port to one port of it.

    Only on TCP may the pods of a workload in a cluster share a host: there the gateway port tells them apart.
    """
    first_of: dict[str, Holder] = {}
    servers: dict[tuple[object, ...], Holder] = {}
    clashes = Repeats()
    for holder in holders(inventory):
        exposure = holder.exposure
        first = first_of.setdefault(exposure.host, holder)
        if first.owner != holder.owner and not _told_apart_by_port(first, holder):
            cause: tuple[object, ...] = (first.exposure.route.origin, exposure.route.origin)
            if not clashes.met(cause):
                clashes.add(cause, _two_owners(first, holder))
            continue
        if exposure.port.protocol.family is Family.TCP:
            # Told apart by port: gateway_ports.py.
            continue
        gateway = gateway_pods(holder.placement.cluster, exposure.ingress)
        same = servers.setdefault((exposure.host, exposure.gateway_port, *gateway), holder)
        if same is not holder and not _is_repeat(same, holder):
            cause = ("port", same.exposure.route.origin, exposure.route.origin)
            if not clashes.met(cause):
                clashes.add(cause, _two_ports(same, holder))
    yield from clashes.problems()


def _told_apart_by_port(first: Holder, holder: Holder) -> bool:
    """Tell whether two pods of one workload may share a host: on TCP each has a gateway port of its own there."""
    return (
        first.workload is holder.workload
        and first.placement.cluster == holder.placement.cluster
        and first.exposure.port.protocol.family is Family.TCP
        and holder.exposure.port.protocol.family is Family.TCP
    )


def _is_repeat(first: Holder, holder: Holder) -> bool:
    """Tell whether two exposures are one companion's, yielded once for each placement."""
    return (
        holder.exposure.pod is None
        and first.workload is holder.workload
        and first.placement is not holder.placement
        and first.exposure.port.number == holder.exposure.port.number
        and first.exposure.port.protocol == holder.exposure.port.protocol
    )


def _two_owners(first: Holder, holder: Holder) -> Problem:
    exposure = holder.exposure
    one_template = first.workload is holder.workload and first.exposure.route.host == exposure.route.host
    same_server = (
        gateway_pods(first.placement.cluster, first.exposure.ingress)
        == gateway_pods(holder.placement.cluster, exposure.ingress)
        and first.exposure.gateway_port == exposure.gateway_port
    )
    rule = "GGI020" if same_server and uses_tls(exposure) and uses_tls(first.exposure) else "GGI022"
    return Problem(
        rule="GGI227" if one_template else rule,
        message=f"host {shown(exposure.host)} would lead to {first} and to {holder}",
        location=exposure.route.origin,
        subject=subject_of(holder.workload, holder.placement),
        help=_what_is_missing(first, holder),
        related=(
            (f"the route to {first}", first.exposure.route.origin),
            (f"the placement in {first.placement.cluster}", first.placement.origin),
            (f"the placement in {holder.placement.cluster}", holder.placement.origin),
        ),
    )


def _what_is_missing(first: Holder, holder: Holder) -> str:
    fields = fields_of(holder.exposure.route.host)
    if holder.placement.cluster != first.placement.cluster and "cluster" not in fields:
        return "put {cluster} into the host's template"
    if holder.workload.namespace != first.workload.namespace and "namespace" not in fields:
        return "put {namespace} into the host's template, or write another `host` in one of the routes"
    if holder.exposure.pod is not None and holder.exposure.pod != first.exposure.pod and "pod" not in fields:
        return "put {pod} into the host's template"
    return "write another `host` in one of the routes, or rename cluster or workload"


def _two_ports(first: Holder, holder: Holder) -> Problem:
    exposure = holder.exposure
    return Problem(
        rule="GGI020" if uses_tls(exposure) else "GGI022",
        message=f"host {shown(exposure.host)} on gateway port {exposure.gateway_port} is taken by port "
        f"{first.exposure.port.name} of the same {'pods' if exposure.pod else 'Service'}, and port "
        f"{exposure.port.name} wants it too",
        location=exposure.route.origin,
        subject=subject_of(holder.workload, holder.placement),
        help="write another gateway `port` in one of the routes, or another `host`",
        related=((f"the route to port {first.exposure.port.name}", first.exposure.route.origin),),
    )


def valid_hosts(_documents: Documents, inventory: Inventory) -> Iterator[Problem]:
    """GGI229, GGI030: a host is a DNS name of two labels or more, each of at most 63 characters, at most 253 in all."""
    faults = Repeats()
    for holder in holders(inventory):
        host = holder.exposure.host
        # Upper case has a rule of its own, GGI012.
        if not is_host(host) and not is_host(host.lower()):
            cause = (holder.exposure.route.origin, holder.placement.cluster)
            if not faults.met(cause):
                faults.add(cause, _host_fault(holder))
    yield from faults.problems()


def _host_fault(holder: Holder) -> Problem:
    host = holder.exposure.host
    long = len(host) > SUBDOMAIN_LENGTH or any(len(label) > LABEL_LENGTH for label in host.split("."))
    fault = subdomain_fault(host) or (
        "has a last label of digits only" if "." in host else "is one label only; a host has a domain"
    )
    return Problem(
        rule="GGI030" if long else "GGI229",
        message=f"the host {shown(host)} {fault}",
        location=holder.exposure.route.origin,
        subject=subject_of(holder.workload, holder.placement),
        help="shorten the host's template or the names in it" if long else "for example `{cluster}-{pod}.example.com`",
        related=(("the ingress", holder.exposure.ingress.origin),),
    )
