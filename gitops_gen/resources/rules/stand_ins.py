"""Rules for what stands for a pod in another cluster: its name there is nobody else's, its address has room.

That no other Service of the mesh has the name of a Service per pod is a rule on the pods themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.naming import LABEL_LENGTH, cluster_prefixed
from gitops_gen.problems import Problem
from gitops_gen.resources.addresses import capacity, read_pool
from gitops_gen.resources.remote import (
    RemoteShape,
    has_entry,
    led_name,
    remote_host,
    remote_shape,
    remotes,
)
from gitops_gen.resources.surroundings import read_surroundings
from gitops_gen.resources.vips import own_hosts_with_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Inventory, Mesh
    from gitops_gen.problems import Location
    from gitops_gen.resources.remote import Remote

_Services = dict[tuple[str, str, str], tuple[str, "Location"]]
"""Services that the inventory speaks of, by (cluster, namespace, name): what it says of them, and where."""


def stand_in_problems(inventory: Inventory) -> list[Problem]:
    """Return what keeps pods from having a name and an address of their own in the clusters that dial them."""
    services: _Services | None = None
    problems: list[Problem] = []
    surroundings = read_surroundings(inventory)
    hosts = set(own_hosts_with_address(inventory, surroundings))
    for remote in remotes(inventory, surroundings.demand):
        shape = remote_shape(remote.home, remote.caller)
        if shape is RemoteShape.LED_ENTRY:
            services = _services(inventory) if services is None else services
            problems += _names(remote, services)
        if has_entry(shape):
            hosts.update(remote_host(pod, remote.workload, remote.home) for pod in remote.placement.pods)
    return [*_pool(inventory.mesh, len(hosts)), *problems]


def _services(inventory: Inventory) -> _Services:
    known: _Services = {}
    for workload in inventory.workloads:
        for placement in workload.placements:
            names = [cluster_prefixed(placement.cluster, pod.name) for pod in placement.pods]
            names += [] if placement.service is None else [placement.service]
            names += [route.service for port in placement.ports for route in port.routes if route.service is not None]
            for name in names:
                known.setdefault(
                    (placement.cluster, workload.namespace, name),
                    (f"Workload {workload.key} has that Service", placement.origin),
                )
    return known


def _names(remote: Remote, services: Mapping[tuple[str, str, str], tuple[str, Location]]) -> Iterator[Problem]:
    """Check that the stub which leads to a pod has a name that fits and that nobody else has."""
    caller = remote.caller.name
    subject = f"Workload {remote.workload.key}, cluster {remote.home.name}"
    for pod in remote.placement.pods:
        stub = led_name(pod, remote.home)
        if len(stub) > LABEL_LENGTH:
            yield Problem(
                rule="GGI030",
                message=f'the Service "{stub}" has {len(stub)} characters, {len(stub) - LABEL_LENGTH} too many',
                location=remote.placement.origin,
                subject=subject,
                help=f"declare `dnsCapture: true` in Cluster {caller}, or consume the pods with `via: north-south`",
            )
        taken = services.get((caller, remote.workload.namespace, stub))
        if taken is not None:
            yield Problem(
                rule="GGI027",
                message=f'the stub Service "{stub}" for pod {pod.name} of {remote.home.name} is a Service with pods of '
                f"its own in cluster {caller}",
                location=remote.placement.origin,
                subject=subject,
                help="give that Service, or the StatefulSet, another name",
                related=(taken,),
            )


def _pool(mesh: Mesh, hosts: int) -> Iterator[Problem]:
    """Check that the vipPool has room for all hosts that need an address."""
    room = capacity(read_pool(mesh.vip_pool)) if hosts else 0
    if hosts > room:
        yield Problem(
            rule="GGI013",
            message=f"vipPool {mesh.vip_pool} has room for {room} hosts, {hosts} need an address",
            location=mesh.origin,
            subject=f"Mesh {mesh.name}",
            help="take a larger range; addresses that are in use stay as long as they lie inside it",
        )
