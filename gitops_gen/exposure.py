"""Exposures: the inventory's routes, one by one, with host and gateway port filled in.

The rules look for clashes among them, the builders make resources of them, the proof compares them with what
was rendered: one place decides which host and port reach which pod.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gitops_gen.naming import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Cluster, Ingress, Placement, Pod, Port, Route, Workload

Labels: TypeAlias = "frozenset[tuple[str, str]]"
"""The labels by which pods are selected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A client that dials `host` at `gateway_port` of `ingress` reaches `port` of `pod`, or of the companion `service`.

    Exactly one of `pod` and `service` is set.
    """

    ingress: Ingress
    host: str
    gateway_port: int
    port: Port
    route: Route
    pod: Pod | None
    service: str | None


def exposures(workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[Exposure]:
    """Yield what a placement exposes: for each port and route its pods in order, or its companion Service once.

    A companion Service that several placements of one cluster name is yielded for each of them; who needs it once
    drops the repeats by (ingress, host, gateway port). Raises KeyError where a host template asks for a field that
    is not known there (a companion's pod, an ordinal that a pod's name does not have): the rules look for that first.
    """
    for port in placement.ports:
        if not port.carried:
            continue
        for route in port.routes:
            ingress = cluster.ingress(route.ingress)
            values = {
                "cluster": cluster.name,
                "namespace": workload.namespace,
                "workload": workload.name,
                "port": port.name,
            }
            if route.service is not None:
                yield Exposure(
                    ingress=ingress,
                    host=expand(route.host, **values),
                    gateway_port=route.port if route.port is not None else route.start_port or 0,
                    port=port,
                    route=route,
                    pod=None,
                    service=route.service,
                )
                continue
            for pod in placement.pods:
                yield Exposure(
                    ingress=ingress,
                    host=expand(route.host, **values, pod=pod.name, ordinal=pod.ordinal),
                    gateway_port=gateway_port(route, pod, placement),
                    port=port,
                    route=route,
                    pod=pod,
                    service=None,
                )


def gateway_port(route: Route, pod: Pod, placement: Placement) -> int:
    """Return the gateway port of one pod: the route's own, or its start plus ordinal plus the placement's offset.

    Raises KeyError("ordinal") for a pod without a number where the route counts from a start.
    """
    if route.port is not None:
        return route.port
    if route.start_port is None or pod.ordinal is None:
        raise KeyError("ordinal")
    return route.start_port + pod.ordinal + placement.port_offset


def serving_pods(cluster: Cluster, ingress: Ingress) -> tuple[Labels, ...]:
    """Return the gateway pods, by their labels, that serve a Gateway written for an ingress.

    Those are its own, and all others of the cluster whose labels include those of its own. Whatever their namespaces
    are: Istio looks for the pods of a Gateway in all of them, and merges what selects the same ones
    (docs/explanation/what-istio-does.md, "Merged Gateways").
    """
    own = frozenset(ingress.selector)
    return tuple(dict.fromkeys(pods for other in cluster.ingresses if own <= (pods := frozenset(other.selector))))
