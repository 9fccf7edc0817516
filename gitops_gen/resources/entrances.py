"""Entrances: each exposure of a placement with the Gateway that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import Exposure, exposures
from gitops_gen.resources.names import end_of, gateway_reference
from gitops_gen.resources.shapes import GatewayLayout, ServerProtocol, gateway_layout, served_host, server_protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.model import Cluster, Placement, Workload


class Entrance(NamedTuple):
    """An exposure, and where a client comes in: `gateway` is `namespace/name` of the Gateway, whoever writes it."""

    exposure: Exposure
    layout: GatewayLayout
    protocol: ServerProtocol
    gateway: str


ServedHosts = dict[tuple[int, ServerProtocol], list[str]]
"""What the servers of one Gateway are made of: port and protocol -> hosts as a server lists them."""


def entrances(mesh: str, workload: Workload, placement: Placement, cluster: Cluster) -> list[Entrance]:
    """Return the entrances of a placement: ports and routes as written, pods in order.

    Raises KeyError where a host or a gateway port asks for what a pod does not have: the rules look for that first.
    """
    found = []
    for exposure in exposures(workload, placement, cluster):
        layout = gateway_layout(placement.gateways, exposure.ingress, exposure.port)
        found.append(
            Entrance(
                exposure=exposure,
                layout=layout,
                protocol=server_protocol(exposure.ingress, exposure.port),
                gateway=gateway_reference(layout, mesh, cluster.name, workload, exposure),
            )
        )
    return found


def by_pod(found: Iterable[Entrance]) -> dict[str, list[Entrance]]:
    """Return the entrances of each pod, by its name; those of companion Services are left out."""
    pods: dict[str, list[Entrance]] = {}
    for entrance in found:
        if entrance.exposure.pod is not None:
            pods.setdefault(end_of(entrance.exposure), []).append(entrance)
    return pods


def of_companions(found: Iterable[Entrance]) -> list[Entrance]:
    """Return the entrances of companion Services, each once though every placement of a cluster names it."""
    once: dict[tuple[str, str, int], Entrance] = {}
    for entrance in found:
        exposure = entrance.exposure
        if exposure.service is not None:
            once.setdefault((exposure.ingress.name, exposure.host, exposure.gateway_port), entrance)
    return list(once.values())


def serve(hosts: ServedHosts, namespace: str, entrance: Entrance) -> None:
    """Add an entrance to the servers of its Gateway; only VirtualServices of `namespace` may answer there."""
    exposure = entrance.exposure
    host = served_host(entrance.layout, entrance.protocol, exposure.host)
    hosts.setdefault((exposure.gateway_port, entrance.protocol), []).append(f"{namespace}/{host}")
