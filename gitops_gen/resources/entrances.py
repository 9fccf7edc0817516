"""Entrances: each exposure of a placement with the Gateway that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import Exposure, exposures
from gitops_gen.resources.names import gateway_reference
from gitops_gen.resources.shapes import GatewayLayout, ServerProtocol, gateway_layout, served_host, server_protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.exposure import Certificate
    from gitops_gen.model import Cluster, Placement, Workload


class Entrance(NamedTuple):
    """An exposure, and where a client comes in: `gateway` is `namespace/name` of the Gateway, whoever writes it."""

    exposure: Exposure
    layout: GatewayLayout
    protocol: ServerProtocol
    gateway: str


Served = tuple[int, ServerProtocol, "Certificate | None"]
"""What a server is: port, protocol, and with what it ends TLS."""

ServedHosts = dict[Served, list[str]]
"""What the servers of one Gateway are made of: what each is -> hosts as a server lists them."""


class Entrances(NamedTuple):
    """How clients come in to one workload in one cluster: to each pod by its name, and to companion Services."""

    pods: dict[str, list[Entrance]]
    companions: list[Entrance]


def read_entrances(mesh: str, workload: Workload, placements: Iterable[Placement], cluster: Cluster) -> Entrances:
    """Return the entrances of a workload to one cluster, where `placements` are.

    A companion that several sets of pods name is there once; where the sets have different `gateways`, it is served
    by the shared Gateway. Raises KeyError where a host or a gateway port asks for what a pod does not have: the rules
    look for that first.
    """
    pods: dict[str, list[Entrance]] = {}
    companions: dict[tuple[str, str, int], Entrance] = {}
    for placement in placements:
        for exposure in exposures(workload, placement, cluster):
            layout = gateway_layout(placement.gateways, exposure.ingress, exposure.port)
            entrance = Entrance(
                exposure=exposure,
                layout=layout,
                protocol=server_protocol(exposure.ingress, exposure.port),
                gateway=gateway_reference(layout, mesh, cluster.name, workload, exposure),
            )
            if exposure.pod is not None:
                pods.setdefault(exposure.pod.name, []).append(entrance)
            else:
                key = (exposure.ingress.name, exposure.host, exposure.gateway_port)
                if key not in companions or layout is GatewayLayout.SHARED:
                    companions[key] = entrance
    return Entrances(pods, list(companions.values()))


def serve(hosts: ServedHosts, namespace: str, entrance: Entrance) -> None:
    """Add an entrance to the servers of its Gateway; only VirtualServices of `namespace` may answer there."""
    exposure = entrance.exposure
    host = served_host(entrance.layout, entrance.protocol, exposure.ingress, exposure.host)
    hosts.setdefault((exposure.gateway_port, entrance.protocol, exposure.certificate), []).append(f"{namespace}/{host}")
