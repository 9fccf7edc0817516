"""Gateways of Gateway API, and ListenerSets: what the ingress gateway pods listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen import gateway_api
from gitops_gen.naming import service_fqdn, shared_gateway
from gitops_gen.resources.gateway import in_order
from gitops_gen.resources.labels import ownership_labels
from gitops_gen.resources.shapes import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_gen.exposure import Certificate
    from gitops_gen.model import Cluster, Ingress
    from gitops_gen.resources.entrances import Served, ServedHosts
    from gitops_gen.resources.gateway_api_fields import (
        ApiGateway,
        Listener,
        ListenerEnd,
        ListenerHost,
        ListenerSet,
        ListenerTls,
        SetsAllowed,
    )


def api_gateway(mesh: str, ingress: Ingress, cluster: Cluster, listeners: Sequence[Listener]) -> ApiGateway:
    """Gateway that opens ports on the pods of an ingress, for clients outside of the mesh.

    Read by istiod for the pods behind the Service in `addresses`; with them, it deploys none of its own.
    """
    sets: SetsAllowed = {"allowedListeners": {"namespaces": {"from": "Same"}}} if ingress.listener_sets else {}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": shared_gateway(mesh, ingress),
            "namespace": ingress.namespace,
            "labels": ownership_labels(),
        },
        "spec": {
            "gatewayClassName": "istio",
            "addresses": [
                {"type": "Hostname", "value": service_fqdn(ingress.service or "", ingress.namespace, cluster)},
            ],
            **sets,
            "listeners": list(listeners),
        },
    }


def listener_set(name: str, mesh: str, ingress: Ingress, listeners: Sequence[Listener]) -> ListenerSet:
    """ListenerSet that adds ports to a Gateway beside it, which holds 64 at most.

    Read by istiod, as if its listeners stood in the Gateway.
    """
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "ListenerSet",
        "metadata": {
            "name": name,
            "namespace": ingress.namespace,
            "labels": ownership_labels(),
        },
        "spec": {
            "parentRef": {
                "group": "gateway.networking.k8s.io",
                "kind": "Gateway",
                "name": shared_gateway(mesh, ingress),
            },
            "listeners": list(listeners),
        },
    }


def listener_set_name(mesh: str, ingress: Ingress, number: int) -> str:
    """Name of the ListenerSet for a gateway port: each has a block of 64 ports, so that no other port moves one."""
    first = number - number % gateway_api.MOST_LISTENERS
    return f"{shared_gateway(mesh, ingress)}-{first}"


def in_listener_set(ingress: Ingress, protocol: ServerProtocol) -> bool:
    """Tell whether a listener stands in a ListenerSet: those of TCP do where the ingress says so."""
    return ingress.listener_sets and protocol is ServerProtocol.TCP


def listeners(served: ServedHosts, ingress: Ingress) -> list[Listener]:
    """Return a listener for each gateway port, protocol and certificate, by port.

    One per certificate and port lets one HTTP/2 connection reach every host, so it has a hostname only where all
    hosts share a wildcard (docs/explanation/what-istio-does.md, "Gateway API").
    """
    return [_listener(of, hosts, ingress) for of, hosts in sorted(served.items(), key=in_order)]


def _listener(of: Served, hosts: Iterable[str], ingress: Ingress) -> Listener:
    number, protocol, certificate = of
    namespaces, names = (sorted({host.split("/")[place] for host in hosts}) for place in (0, 1))
    tls: ListenerTls | None = _tls(protocol, certificate)
    hostname: ListenerHost = {"hostname": names[0]} if protocol is not ServerProtocol.TCP and len(names) == 1 else {}
    end: ListenerEnd = {} if tls is None else {"tls": tls}
    return {
        "name": gateway_api.section_name(ingress, protocol.value, number, certificate and certificate.name),
        **hostname,
        "port": number,
        "protocol": protocol.value,
        **end,
        "allowedRoutes": {
            "namespaces": {
                "from": "Selector",
                "selector": {
                    "matchExpressions": [{"key": gateway_api.NAMESPACE_NAME, "operator": "In", "values": namespaces}],
                },
            },
        },
    }


def _tls(protocol: ServerProtocol, certificate: Certificate | None) -> ListenerTls | None:
    """Return what a listener does with TLS. The Secret of a certificate is in the namespace of the gateway pods."""
    if certificate is not None:
        return {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": certificate.name}]}
    return {"mode": "Passthrough"} if protocol is ServerProtocol.TLS else None
