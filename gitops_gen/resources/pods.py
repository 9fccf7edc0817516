"""Pods: everything that exists for one pod of a workload in one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.compiled import Compiled, Place
from gitops_gen.resources.api_route import api_routes
from gitops_gen.resources.connections import limited_ports, pod_destination_rule
from gitops_gen.resources.labels import pod_labels
from gitops_gen.resources.records import dns_endpoints
from gitops_gen.resources.routes import gateway_place, own_gateways, virtual_services
from gitops_gen.resources.service import pod_service
from gitops_gen.resources.service_entry import Seen, blog_service_entry, dns_service_entry, pod_service_entry
from gitops_gen.resources.shapes import (
    ON_POD_NAMES,
    Backend,
    backend,
    backend_host,
    entry_ports,
    service_ports,
)
from gitops_gen.resources.vips import needs_address
from gitops_gen.resources.visibility import pod_service_visibility, service_entry_visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Cluster, Placement, Pod, Workload
    from gitops_gen.resources.entrances import Entrance
    from gitops_gen.resources.fields import ServiceEntry
    from gitops_gen.resources.surroundings import Surroundings

    _EntryBuilder = Callable[[Workload, Placement, Pod, Cluster, Seen], ServiceEntry]


_ENTRIES: Mapping[Backend, _EntryBuilder] = {
    Backend.SERVICE_ENTRY: pod_service_entry,
    Backend.DNS: dns_service_entry,
    Backend.BLOG: blog_service_entry,
}


def compile_pods(  # noqa: PLR0913, PLR0917 - one for each thing that decides about a pod
    mesh: str,
    workload: Workload,
    placement: Placement,
    cluster: Cluster,
    surroundings: Surroundings,
    entrances: Mapping[str, Sequence[Entrance]],
    addresses: Mapping[str, str],
) -> Iterator[Compiled]:
    """Yield the resources of each pod of a placement, in a file of its own: what names it, then the ways to it.

    `entrances` has the ways, by the pod's name; `addresses` are those of the vipPool, by host.
    """
    kind = backend(workload, placement, cluster, surroundings)
    build = _backend_builder(kind, workload, placement, cluster, surroundings, addresses)
    limited = kind is not Backend.NONE and bool(limited_ports(placement, kind))
    seen_by = (
        service_entry_visibility(workload, placement, cluster, surroundings, ())
        if kind in ON_POD_NAMES
        else pod_service_visibility(workload, placement, cluster, surroundings)
    )
    source = f"Workload {workload.key}"
    for pod in placement.pods:
        place = Place(namespace=workload.namespace, folder=workload.name, file=pod.name, source=source)
        if build is not None:
            yield Compiled(build(pod), place)
        if limited:
            yield Compiled(pod_destination_rule(workload, placement, pod, cluster, kind, seen_by), place)
        found = entrances.get(pod.name)
        if found:
            labels = pod_labels(workload.name, pod.name)
            host = backend_host(kind, workload, placement, pod, cluster)
            for gateway in own_gateways(workload, cluster, found, labels):
                yield Compiled(gateway, gateway_place(gateway, place))
            led = [(entrance, host) for entrance in found]
            for route in (
                *virtual_services(workload, cluster, led, labels),
                *api_routes(mesh, workload, cluster, led, labels),
            ):
                yield Compiled(route, place)
            for record in dns_endpoints(workload.namespace, cluster, found, labels):
                yield Compiled(record, place)


def _backend_builder(  # noqa: PLR0913, PLR0917 - the same
    kind: Backend,
    workload: Workload,
    placement: Placement,
    cluster: Cluster,
    surroundings: Surroundings,
    addresses: Mapping[str, str],
) -> Callable[[Pod], Manifest] | None:
    """Return what makes a pod's backend; who sees it is the same for all pods of a placement."""
    if kind is Backend.POD_SERVICE and service_ports(placement):
        export_to = pod_service_visibility(workload, placement, cluster, surroundings)
        return lambda pod: pod_service(workload, placement, pod, cluster, export_to)
    if kind in ON_POD_NAMES and (ports := entry_ports(placement)):
        addressed = needs_address(workload, placement, cluster, surroundings)
        seen = Seen(
            service_entry_visibility(workload, placement, cluster, surroundings, () if addressed else ports),
            addresses if addressed else {},
        )
        return lambda pod: _ENTRIES[kind](workload, placement, pod, cluster, seen)
    return None
