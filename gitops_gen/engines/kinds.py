"""Every kind that gitops-gen writes, as the rights of an engine name it.

Rendered now or not: a kind that is no longer permitted cannot be pruned either, and a unit loses its last resource of a
kind and the right to it in one commit. Nothing here is a kind that others write, and none is of the whole cluster.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind: its API group, its name, and the name of its resources in the API."""

    group: str
    name: str
    plural: str


KINDS = (
    Kind("", "ConfigMap", "configmaps"),
    Kind("", "Service", "services"),
    Kind("cert-manager.io", "Certificate", "certificates"),
    Kind("externaldns.k8s.io", "DNSEndpoint", "dnsendpoints"),
    Kind("gateway.networking.k8s.io", "GRPCRoute", "grpcroutes"),
    Kind("gateway.networking.k8s.io", "Gateway", "gateways"),
    Kind("gateway.networking.k8s.io", "HTTPRoute", "httproutes"),
    Kind("gateway.networking.k8s.io", "ListenerSet", "listenersets"),
    Kind("gateway.networking.k8s.io", "TCPRoute", "tcproutes"),
    Kind("gateway.networking.k8s.io", "TLSRoute", "tlsroutes"),
    Kind("networking.istio.io", "DestinationRule", "destinationrules"),
    Kind("networking.istio.io", "Gateway", "gateways"),
    Kind("networking.istio.io", "ServiceEntry", "serviceentries"),
    Kind("networking.istio.io", "VirtualService", "virtualservices"),
    Kind("security.istio.io", "PeerAuthentication", "peerauthentications"),
)
"""In order of groups and names. The ConfigMap is also what an emptied unit keeps."""


def by_group() -> dict[str, list[str]]:
    """Return the resources of each API group."""
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        found.setdefault(kind.group, []).append(kind.plural)
    return found
