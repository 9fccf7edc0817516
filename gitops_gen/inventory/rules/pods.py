"""Pods after expansion: each has one owner, and names that fit wherever they end up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.inventory.rules.ways import each_placement, subject_of
from gitops_gen.inventory.rules.words import shown, too_long
from gitops_gen.inventory.templates import ORDINAL_FIELDS, fields_of, needs_ordinals
from gitops_gen.model import GatewayChoice
from gitops_gen.naming import LABEL_LENGTH, SUBDOMAIN_LENGTH, cluster_prefixed, pod_fqdn, shared_gateway
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.rules.ways import Whole
    from gitops_gen.model import Cluster, Placement, Pod, Workload
    from gitops_gen.problems import Location

STATEFUL_SET_LENGTH = 52
"""Pods carry `<StatefulSet>-<revision>` as a label value: 63 characters, less the hyphen and ten letters."""

RESERVED_FILES = frozenset(
    {
        "config-map",
        "destination-rule",
        "gateway",
        "kustomization",
        "peer-authentication",
        "service",
        "service-entry",
        "virtual-service",
    }
)
"""File names in a workload's folder that stand for kinds; a pod of that name would have the same file."""


def one_owner(whole: Whole) -> Iterator[Problem]:
    """GGI225: no two placements of a namespace make a pod of one name in one cluster."""
    owners: dict[tuple[str, str], dict[str, Placement]] = {}
    of_placement: dict[int, str] = {}
    clashes = Repeats()
    for workload, placement, cluster in each_placement(whole.inventory):
        of_placement[id(placement)] = workload.key
        taken = owners.setdefault((cluster.name, workload.namespace), {})
        for pod in placement.pods:
            first = taken.setdefault(pod.name, placement)
            if first is not placement:
                cause = (first.origin, placement.origin)
                if not clashes.met(cause):
                    clashes.add(cause, _placed_twice(pod, workload, placement, first, of_placement[id(first)]))
    yield from clashes.problems()


def _placed_twice(pod: Pod, workload: Workload, placement: Placement, first: Placement, owner: str) -> Problem:
    return Problem(
        rule="GGI225",
        message=f"pod {pod.name} in cluster {placement.cluster} is placed twice",
        location=placement.origin,
        subject=subject_of(workload, placement),
        help="several sets of one cluster need a `statefulSet` each, or `ordinals` that do not meet",
        related=((f"the other placement, of {owner}", first.origin),),
    )


def free_files(whole: Whole) -> Iterator[Problem]:
    """GGI226: no pod or companion Service has the name of a file that stands for something else."""
    taken = Repeats()
    for workload, placement, _ in each_placement(whole.inventory):
        services = {route.service for port in placement.ports for route in port.routes if route.service is not None}
        for name in sorted(RESERVED_FILES & ({pod.name for pod in placement.pods} | services)):
            # A placement by labels is one mistake, in however many clusters.
            cause = (name, placement.origin)
            if not taken.met(cause):
                taken.add(cause, _file_taken(name, workload, placement))
    yield from taken.problems()


def _file_taken(name: str, workload: Workload, placement: Placement) -> Problem:
    return Problem(
        rule="GGI226",
        message=f"a pod or companion Service called {name} would take the place of the file {name}.yaml",
        location=placement.origin,
        subject=subject_of(workload, placement),
        help="give it another name",
    )


def ordinals_there(whole: Whole) -> Iterator[Problem]:
    """GGI228: what counts by ordinal (`startPort`, {ordinal}) is for pods whose names end in a number."""
    for workload, placement, _ in each_placement(whole.inventory):
        without = [pod.name for pod in placement.pods if pod.ordinal is None]
        if not without:
            continue
        wanting: list[tuple[str, Location]] = [
            ("`startPort`" if route.start_port is not None else f"the host {shown(route.host)}", route.origin)
            for port in placement.ports
            for route in port.routes
            if needs_ordinals(route)
        ]
        if placement.existing_backend and not ORDINAL_FIELDS.isdisjoint(fields_of(placement.existing_backend)):
            wanting.append((f"the backend {shown(placement.existing_backend)}", placement.origin))
        for what, location in wanting:
            yield Problem(
                rule="GGI228",
                message=f"{what} counts by ordinal, and the name of pod {without[0]} ends in no number",
                location=location,
                subject=subject_of(workload, placement),
                help="use {pod} and a fixed `port` for pods that are not numbered",
                related=(("the pods", placement.origin),),
            )


def names_fit(whole: Whole) -> Iterator[Problem]:
    """GGI030: what names are put together from cluster, pod and ingress stays within what Kubernetes and DNS accept.

    The longest name decides: nothing is ever shortened.
    """
    for cluster in whole.inventory.clusters.values():
        for ingress in cluster.ingresses:
            name = shared_gateway(whole.inventory.mesh.name, ingress)
            if ingress.existing_gateway is None and len(name) > LABEL_LENGTH:
                yield _too_long(name, LABEL_LENGTH, "the shared Gateway", ingress.origin, f"Cluster {cluster.name}")
    for workload, placement, cluster in each_placement(whole.inventory):
        services = [route.service for port in placement.ports for route in port.routes if route.service is not None]
        if services:
            yield from _prefixed(max(services, key=len), workload, placement, cluster)
        # Where the name that the others are made of is too long itself, GGI203 says so.
        if placement.pods and len(placement.stateful_set) <= LABEL_LENGTH:
            longest = max(placement.pods, key=lambda pod: len(pod.name))
            yield from _prefixed(longest.name, workload, placement, cluster)
            yield from _set_and_dns_name(longest, workload, placement, cluster)


def _set_and_dns_name(longest: Pod, workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[Problem]:
    subject, name = subject_of(workload, placement), placement.stateful_set
    if longest.name == f"{name}-{longest.ordinal}" and len(name) > STATEFUL_SET_LENGTH:
        yield _too_long(name, STATEFUL_SET_LENGTH, "the StatefulSet", placement.origin, subject)
    if placement.service is not None:
        host = pod_fqdn(longest, placement.service, workload.namespace, cluster)
        if len(host) > SUBDOMAIN_LENGTH:
            yield _too_long(host, SUBDOMAIN_LENGTH, "a pod in DNS", placement.origin, subject)


def _prefixed(name: str, workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[Problem]:
    subject = subject_of(workload, placement)
    prefixed = cluster_prefixed(cluster.name, name)
    if len(name) > LABEL_LENGTH:
        yield _too_long(name, LABEL_LENGTH, "the pod or Service", placement.origin, subject)
    elif len(prefixed) > LABEL_LENGTH:
        yield _too_long(prefixed, LABEL_LENGTH, "Service and Gateway of a pod", placement.origin, subject)
    elif placement.gateways is not GatewayChoice.SHARED:
        used = {route.ingress for port in placement.ports if port.carried for route in port.routes}
        for ingress in cluster.ingresses:
            gateway = f"{prefixed}-{ingress.name}"
            own = ingress.name in used and not ingress.default and ingress.existing_gateway is None
            if own and len(gateway) > LABEL_LENGTH:
                yield _too_long(gateway, LABEL_LENGTH, "the Gateway of a pod", placement.origin, subject)


def _too_long(name: str, limit: int, what: str, location: Location, subject: str) -> Problem:
    return Problem(
        rule="GGI030",
        message=f"the name of {what}, {shown(name)}, {too_long(name, limit, 'it')}",
        location=location,
        subject=subject,
        help="shorten the name of the cluster, the workload or its `statefulSet`; names are never cut off",
    )
