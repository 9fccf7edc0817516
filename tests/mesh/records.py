"""Where external names lead: what external-dns and name servers do with records, and a client with a hosts file."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from gitops_gen.exposure import exposures
from gitops_gen.report.hosts import hosts_file, hosts_zone
from gitops_gen.workflows.host_list import list_hosts
from gitops_gen.workflows.selecting import Selection
from tests.mesh.mesh import OUTSIDE
from tests.mesh.network import also_known_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.model import Inventory
    from tests.mesh.stage import Stage

TTL_S = 60
LOCALHOST = "127.0.0.1 localhost\n"


def lead_names(
    stage: Stage,
    inventory: Inventory,
    slots: Mapping[str, int],
    made: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    by_file: bool = False,
) -> None:
    """Lead the names of gateways and hosts to where they are.

    Hosts go by DNSEndpoints where such were made, else by the list that `gitops-gen hosts` prints: as a zone of the
    name server, or with `by_file` as the hosts file of the client outside. Where an ingress has no address that anybody
    knows, its hosts lead to its pods all the same.
    """
    outside = stage.mesh.names.outside
    outside.clear()
    at = _gateways(stage, inventory, slots)
    listed = list_hosts(inventory, Selection())
    file = hosts_file(listed).text if by_file else ""
    (stage.mesh.state / OUTSIDE / "hosts").write_text(f"{LOCALHOST}{file}\n")
    records = _endpoints(manifest for manifests in made.values() for manifest in manifests)
    if not by_file:
        records = records or read_zone(hosts_zone(listed, "", TTL_S).text)
    outside.update(records)
    for workload in inventory.workloads:
        for placement in workload.placements:
            for exposure in exposures(workload, placement, inventory.clusters[placement.cluster]):
                if not exposure.ingress.addresses:
                    outside[exposure.host] = [at[placement.cluster, exposure.ingress.name]]


def _gateways(stage: Stage, inventory: Inventory, slots: Mapping[str, int]) -> dict[tuple[str, str], str]:
    """Give gateways the addresses and names that the inventory has for them; returns the address of each ingress."""
    found: dict[tuple[str, str], str] = {}
    for name, cluster in inventory.clusters.items():
        for ingress in cluster.ingresses:
            address = stage.gateway_address(slots[name], ingress.namespace, dict(ingress.selector))
            found[name, ingress.name] = address
            _known_as(stage, address, ingress.addresses)
        if cluster.east_west is not None and cluster.east_west.selector:
            gateway = cluster.east_west
            address = stage.gateway_address(slots[name], gateway.namespace, dict(gateway.selector))
            _known_as(stage, address, gateway.addresses)
    return found


def _known_as(stage: Stage, address: str, more: Iterable[str]) -> None:
    for known in more:
        if _is_address(known):
            pod = next(pod for pod in stage.mesh.node.pods.values() if pod.address == address)
            also_known_as(pod.netns, address, known)
        else:
            stage.mesh.names.outside[known] = [address]


def _endpoints(manifests: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what external-dns makes of DNSEndpoints: a host, and its addresses or the name that it stands for."""
    return {
        record["dnsName"]: list(record["targets"])
        for manifest in manifests
        if manifest["kind"] == "DNSEndpoint"
        for record in manifest["spec"]["endpoints"]
    }


def read_zone(text: str) -> dict[str, list[str]]:
    """Read records as a name server does: a host, and its addresses or the name that it stands for."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("$"):
            host, _, _, target = line.split()
            found.setdefault(host.removesuffix("."), []).append(target.removesuffix("."))
    return found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
