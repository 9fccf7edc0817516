"""Gateways: what the ingress gateway pods listen to, and what lets other clusters in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.resources.labels import ownership_labels
from gitops_gen.resources.shapes import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.model import Cluster, EastWest, Ingress
    from gitops_gen.resources.fields import Gateway, Server, ServerTls

EAST_WEST_GATEWAY = "cross-network-gateway"
"""Name of the Gateway for other clusters: the one that Istio's own installation guides use."""


def gateway(
    *, name: str, namespace: str, labels: dict[str, str], ingress: Ingress, servers: Sequence[Server]
) -> Gateway:
    """Gateway that opens ports on the pods of an ingress, for clients outside of the mesh.

    Read by the gateway pods that the ingress's selector names, whatever namespace the Gateway itself is in.
    """
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
        },
        "spec": {
            "selector": dict(ingress.selector),
            "servers": list(servers),
        },
    }


def servers(found: Mapping[tuple[int, ServerProtocol], Iterable[str]], ingress: Ingress) -> list[Server]:
    """Return the servers of one Gateway: one per port and protocol, each with all its hosts (`namespace/host`).

    One server per certificate and port lets one HTTP/2 connection reach every host
    (docs/explanation/what-istio-does.md, "One certificate, one server").
    """
    return [
        _server(number, protocol, sorted(set(hosts)), ingress) for (number, protocol), hosts in sorted(found.items())
    ]


def _server(number: int, protocol: ServerProtocol, hosts: list[str], ingress: Ingress) -> Server:
    name = f"{protocol.value.lower()}-{number}"
    server: Server = {
        "name": name,
        "port": {"number": number, "name": name, "protocol": protocol.value},
        "hosts": hosts,
    }
    tls = _tls(protocol, ingress)
    if tls is not None:
        server["tls"] = tls
    return server


def _tls(protocol: ServerProtocol, ingress: Ingress) -> ServerTls | None:
    """Return what a server does with TLS. The Secret of a certificate is in the namespace of the gateway pods."""
    if protocol is ServerProtocol.HTTPS:
        return {
            "mode": "SIMPLE",
            "minProtocolVersion": "TLSV1_2",
            "credentialName": ingress.credential_name or "",
        }
    return {"mode": "PASSTHROUGH"} if protocol is ServerProtocol.TLS else None


def east_west_gateway(east_west: EastWest, cluster: Cluster) -> Gateway:
    """Gateway through which the sidecars of other clusters reach this one's Services, by server name, mTLS unopened.

    Read by the east-west gateway pods; they make a chain for each Service that the hosts here cover, which is why
    the last label of the cluster's domain is enough (docs/explanation/what-istio-does.md, "Across clusters").
    """
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": EAST_WEST_GATEWAY,
            "namespace": east_west.namespace,
            "labels": ownership_labels(),
        },
        "spec": {
            "selector": dict(east_west.selector),
            "servers": [
                {
                    "port": {"number": east_west.port, "name": "tls", "protocol": "TLS"},
                    "hosts": ["*." + cluster.cluster_domain.rpartition(".")[2]],
                    "tls": {"mode": "AUTO_PASSTHROUGH"},
                },
            ],
        },
    }
