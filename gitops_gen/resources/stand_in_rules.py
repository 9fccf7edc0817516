"""Rules for what stands for a pod in another cluster: its name there is nobody else's, its address has room."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from gitops_gen.errors import InputError
from gitops_gen.naming import LABEL_LENGTH
from gitops_gen.problems import Problem
from gitops_gen.resources.addresses import capacity, read_pool
from gitops_gen.resources.demand import read_demand
from gitops_gen.resources.remote import (
    RemoteShape,
    has_entry,
    led_name,
    remote_host,
    remote_name,
    remote_shape,
    remotes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Inventory, Mesh
    from gitops_gen.problems import Location
    from gitops_gen.resources.remote import Remote

ISTIO_ADDRESSES = IPv4Network("240.240.0.0/16")
"""Where Istio takes the addresses that it gives by itself (reference: istio, section 2.1)."""


def stand_in_problems(inventory: Inventory) -> list[Problem]:
    """Return what keeps pods from having a name and an address of their own in the clusters that dial them."""
    services = _services(inventory)
    problems: list[Problem] = []
    hosts: set[str] = set()
    for remote in remotes(inventory, read_demand(inventory)):
        problems += _names(remote, services)
        if has_entry(remote_shape(remote.home, remote.caller)):
            hosts.update(remote_host(pod, remote.workload, remote.home) for pod in remote.placement.pods)
    return [*_pool(inventory.mesh, len(hosts)), *problems]


def _services(inventory: Inventory) -> dict[tuple[str, str, str], tuple[str, Location]]:
    """Return the Services that the inventory knows and does not name itself, by (cluster, namespace, name)."""
    known: dict[tuple[str, str, str], tuple[str, Location]] = {}
    for workload in inventory.workloads:
        for placement in workload.placements:
            names = [placement.service] if placement.service is not None else []
            names += [route.service for port in placement.ports for route in port.routes if route.service is not None]
            for name in names:
                known.setdefault(
                    (placement.cluster, workload.namespace, name),
                    (f"Workload {workload.key} has that Service", placement.origin),
                )
    return known


def _names(remote: Remote, services: Mapping[tuple[str, str, str], tuple[str, Location]]) -> Iterator[Problem]:
    """Check that what stands for a pod in the caller's cluster has a name that fits and that nobody else has."""
    shape = remote_shape(remote.home, remote.caller)
    namespace, caller = remote.workload.namespace, remote.caller.name
    subject = f"Workload {remote.workload.key}, cluster {remote.home.name}"
    for pod in remote.placement.pods:
        name = remote_name(pod, remote.home)
        stub = led_name(pod, remote.home) if shape is RemoteShape.LED_ENTRY else name
        if len(stub) > LABEL_LENGTH and stub != name:
            yield Problem(
                rule="GGI030",
                message=f'the Service "{stub}" has {len(stub)} characters, {len(stub) - LABEL_LENGTH} too many',
                location=remote.placement.origin,
                subject=subject,
                help=f"declare `dnsCapture: true` in Cluster {caller}, or consume the pods with `via: north-south`",
            )
        taken = services.get((caller, namespace, name))
        if taken is not None and has_entry(shape):
            yield Problem(
                rule="GGI005",
                message=f"the ServiceEntry for pod {pod.name} of {remote.home.name} would have the host of the Service "
                f'"{name}" in cluster {caller}',
                location=remote.placement.origin,
                subject=subject,
                help="give that Service, or the StatefulSet, another name",
                related=(taken,),
            )
        taken = services.get((caller, namespace, stub))
        if taken is not None and (shape is RemoteShape.STUB or stub != name):
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
    """Check that the vipPool is a range of its own with room for all hosts that need an address."""
    try:
        pool = read_pool(mesh.vip_pool)
    except InputError as error:
        yield Problem(
            rule="GGI013", message=error.message, location=mesh.origin, subject=f"Mesh {mesh.name}", help=error.help
        )
        return
    if pool.overlaps(ISTIO_ADDRESSES):
        yield Problem(
            rule="GGI013",
            message=f"vipPool {pool} meets {ISTIO_ADDRESSES}, out of which Istio gives addresses by itself",
            location=mesh.origin,
            subject=f"Mesh {mesh.name}",
            help="take another range that nobody routes: 240.241.0.0/16",
        )
    if hosts > capacity(pool):
        yield Problem(
            rule="GGI013",
            message=f"vipPool {pool} has room for {capacity(pool)} hosts, {hosts} need an address",
            location=mesh.origin,
            subject=f"Mesh {mesh.name}",
            help="take a larger range; addresses that are in use stay as long as they lie inside it",
        )
