"""Exposures: the inventory's routes, one by one, with host and gateway port filled in.

The rules look for clashes among them, the builders make resources of them, the proof compares them with what
was rendered: one place decides which host and port reach which pod.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gitops_gen.model import Family
from gitops_gen.naming import expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Cluster, Ingress, Placement, Pod, Port, Route, Workload

Labels: TypeAlias = "frozenset[tuple[str, str]]"
"""The labels by which pods are selected."""


AUTHORITY = "-cacert"
"""What the name of an authority ends in where Istio is asked for it; the Secret may have it or not
(docs/explanation/what-istio-does.md, "Merged Gateways")."""


class Certificate(NamedTuple):
    """With what a gateway ends TLS: the Secret with its certificate, and whom it lets in.

    `clients` is None where anybody may come, "" where the authority of the clients' certificates stands beside the
    certificate (in its Secret, or in `NAME-cacert`), else the name by which a Gateway asks for the authority's own
    Secret: with `-cacert` at its end, for without it Istio looks for a certificate and a key.
    """

    name: str
    clients: str | None = None


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
    certificate: Certificate | None
    """With what the gateway ends TLS; None where it does not."""


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
            values: dict[str, str | int | None] = {
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
                    certificate=certificate(ingress, port, values),
                )
                continue
            for pod in placement.pods:
                of_pod = {**values, "pod": pod.name, "ordinal": pod.ordinal}
                yield Exposure(
                    ingress=ingress,
                    host=expand(route.host, **of_pod),
                    gateway_port=gateway_port(route, pod, placement),
                    port=port,
                    route=route,
                    pod=pod,
                    service=None,
                    certificate=certificate(ingress, port, of_pod),
                )


def certificate(ingress: Ingress, port: Port, values: Mapping[str, str | int | None]) -> Certificate | None:
    """Return with what an ingress ends TLS for a port of a pod, or of a companion, that `values` describe.

    Raises KeyError where a template asks for a field that has no value there: the rules look for that first.
    """
    if ingress.credential_name is None or port.protocol.family is not Family.HTTP:
        return None
    name = expand(ingress.credential_name, **values)
    if ingress.client_ca is None:
        return Certificate(name)
    authority = expand(ingress.client_ca, **values)
    asked = authority if authority.endswith(AUTHORITY) else authority + AUTHORITY
    return Certificate(name, "" if asked == name + AUTHORITY else asked)


def dns_record(ingress: Ingress) -> tuple[str, tuple[str, ...]]:
    """Return type and targets of the record for hosts of an ingress; its addresses are of one kind, by a rule."""
    first = ingress.addresses[0] if ingress.addresses else ""
    try:
        return ("A" if ip_address(first).version == 4 else "AAAA"), ingress.addresses  # noqa: PLR2004 - IPv4
    except ValueError:
        return "CNAME", ingress.addresses


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
    (docs/explanation/what-istio-does.md, "Merged Gateways"). Pods that are scoped to their namespace have it among
    their labels here, under no name, and serve the Gateways of ingresses of that namespace alone.
    """
    own = frozenset(ingress.selector)
    return tuple(
        dict.fromkeys(
            frozenset(other.selector) | {("", other.namespace)} if other.scoped else frozenset(other.selector)
            for other in cluster.ingresses
            if own <= frozenset(other.selector) and (not other.scoped or other.namespace == ingress.namespace)
        )
    )
