"""Remote pods: how a Consumer in one cluster dials, inside the mesh, a pod of another.

Which objects that takes depends on two clusters only, and is one table here: `remote_shape`. Every row was seen to
route on a running mesh (docs/explanation/what-istio-does.md, "Across clusters"); what has no row is a problem
(rules/remotes.py), never a guess.
"""

from __future__ import annotations

from enum import Enum, auto
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.naming import cluster_prefixed, service_fqdn
from gitops_gen.resources.demand import remote_consumer_clusters, remote_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Cluster, EastWest, Inventory, Mesh, Placement, Pod, Port, Workload
    from gitops_gen.resources.demand import Demand


class RemoteShape(Enum):
    """What stands in the consumer's cluster for a pod of another one."""

    NOTHING = auto()
    """Discovery finds the home cluster's Service per pod, DNS capture answers its name."""
    STUB = auto()
    """Discovery, no DNS capture: a Service of the same name without selector, so that the name resolves."""
    STATIC_ENTRY = auto()
    """A ServiceEntry to the IP addresses of the home's east-west gateway, and the stub of the same name."""
    ENTRY = auto()
    """A ServiceEntry to the DNS name of the home's east-west gateway; DNS capture answers its address."""
    LED_ENTRY = auto()
    """The same without DNS capture: a stub of another name, which a VirtualService leads to the ServiceEntry."""


_ENTRIES = {RemoteShape.STATIC_ENTRY, RemoteShape.ENTRY, RemoteShape.LED_ENTRY}


class Remote(NamedTuple):
    """The pods that one workload has in `home`, dialled east-west from `caller`."""

    mesh: Mesh
    workload: Workload
    placement: Placement
    home: Cluster
    caller: Cluster
    ports: tuple[Port, ...]
    """Those that the caller's Consumers dial, as far as these pods have them; never empty."""


def remotes(inventory: Inventory, demand: Demand) -> Iterator[Remote]:
    """Yield each pair of a placement and another cluster that dials it east-west."""
    for workload in inventory.workloads:
        for name in remote_consumer_clusters(demand, workload.key):
            wanted = remote_ports(demand, workload.key, name)
            for placement in workload.placements:
                ports = tuple(port for port in placement.ports if port.name in wanted)
                if placement.cluster != name and ports:
                    yield Remote(
                        mesh=inventory.mesh,
                        workload=workload,
                        placement=placement,
                        home=inventory.clusters[placement.cluster],
                        caller=inventory.clusters[name],
                        ports=ports,
                    )


def remote_shape(home: Cluster, caller: Cluster) -> RemoteShape | None:
    """Return what `caller` needs to dial pods of `home`; None where no shape was seen to work.

    That is where the caller does not declare `endpointDiscovery`, and where the way leads through the home's
    east-west gateway and the inventory has none.
    """
    discovery = caller.istio.endpoint_discovery
    if discovery is None:
        return None
    if discovery:
        if home.east_west is None and through_gateway(home, caller):
            return None
        return RemoteShape.NOTHING if caller.istio.dns_capture else RemoteShape.STUB
    if home.east_west is None:
        return None
    if by_address(home.east_west):
        return RemoteShape.STATIC_ENTRY
    return RemoteShape.ENTRY if caller.istio.dns_capture else RemoteShape.LED_ENTRY


def has_entry(shape: RemoteShape | None) -> bool:
    """Tell whether a shape has a ServiceEntry, and so needs an address of the vipPool."""
    return shape in _ENTRIES


def through_gateway(home: Cluster, caller: Cluster) -> bool:
    """Tell whether requests go through the home's east-west gateway: across networks, and wherever istiod is alone."""
    return caller.istio.endpoint_discovery is not True or home.network != caller.network


def gateway_of(home: Cluster) -> EastWest:
    """Return the east-west gateway of a cluster whose shape needs one. Raises ValueError where there is none."""
    if home.east_west is None:
        raise ValueError(f"{home.name} has no east-west gateway")
    return home.east_west


def by_address(east_west: EastWest) -> bool:
    """Tell whether a gateway is given by IP addresses; otherwise it has one DNS name."""
    try:
        return all(ip_address(address) for address in east_west.addresses)
    except ValueError:
        return False


def remote_name(pod: Pod, home: Cluster) -> str:
    """Name of the Service per pod at home, and of what stands for it elsewhere."""
    return cluster_prefixed(home.name, pod.name)


def led_name(pod: Pod, home: Cluster) -> str:
    """Name of the stub that a VirtualService leads to the ServiceEntry; of the entry's own name it would break it."""
    return f"to-{remote_name(pod, home)}"


def remote_host(pod: Pod, workload: Workload, home: Cluster) -> str:
    """Full name of a pod for the mesh: that of its Service at home, from which the gateway there makes its SNI."""
    return service_fqdn(remote_name(pod, home), workload.namespace, home)


def dialled_host(pod: Pod, workload: Workload, home: Cluster, caller: Cluster) -> str:
    """Return the name by which a client in `caller` reaches a pod of `home`."""
    if remote_shape(home, caller) is RemoteShape.LED_ENTRY:
        return service_fqdn(led_name(pod, home), workload.namespace, caller)
    return remote_host(pod, workload, home)
