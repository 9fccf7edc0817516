"""Gateways: what the ingress gateway pods listen to, and what lets other clusters in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.resources.labels import ownership_labels
from gitops_gen.resources.shapes import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.exposure import Certificate
    from gitops_gen.model import Cluster, EastWest, Ingress
    from gitops_gen.resources.entrances import Served
    from gitops_gen.resources.fields import Gateway, Metadata, Server, ServerTls

EAST_WEST_GATEWAY = "cross-network-gateway"
"""Name of the Gateway for other clusters: the one that Istio's own installation guides use."""


def gateway(
    *, name: str, namespace: str, labels: dict[str, str], ingress: Ingress, servers: Sequence[Server]
) -> Gateway:
    """Gateway that opens ports on the pods of an ingress, for clients outside of the mesh.

    Read by the gateway pods that the ingress's selector names, whatever namespace the Gateway itself is in. Where the
    ingress is protected, Argo CD asks a person before it deletes it.
    """
    metadata: Metadata = {"name": name, "namespace": namespace, "labels": labels}
    if ingress.protected:
        metadata["annotations"] = {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": metadata,
        "spec": {
            "selector": dict(ingress.selector),
            "servers": list(servers),
        },
    }


def servers(found: Mapping[Served, Iterable[str]], *, named: bool = False) -> list[Server]:
    """Return the servers of one Gateway: one per port, protocol and certificate, with its hosts (`namespace/host`).

    One server per certificate and port lets one HTTP/2 connection reach every host
    (docs/explanation/what-istio-does.md, "One certificate, one server"). `named` puts the certificate into the name of
    its server, where a port may have several.
    """
    return [
        _server(number, protocol, certificate, sorted(set(hosts)), named=named)
        for (number, protocol, certificate), hosts in sorted(found.items(), key=in_order)
    ]


def in_order(of_server: tuple[Served, object]) -> tuple[int, ServerProtocol, str]:
    """Sort servers by port, protocol and certificate."""
    (number, protocol, certificate), _ = of_server
    return number, protocol, "" if certificate is None else certificate.name


def _server(
    number: int, protocol: ServerProtocol, certificate: Certificate | None, hosts: list[str], *, named: bool
) -> Server:
    name = f"{protocol.value.lower()}-{number}"
    if named and certificate is not None:
        name = f"{name}-{certificate.name}"
    server: Server = {
        "name": name,
        "port": {"number": number, "name": name, "protocol": protocol.value},
        "hosts": hosts,
    }
    if certificate is not None:
        server["tls"] = _ending_tls(certificate)
    elif protocol is ServerProtocol.TLS:
        server["tls"] = {"mode": "PASSTHROUGH"}
    return server


def _ending_tls(certificate: Certificate) -> ServerTls:
    """Return how a server ends TLS. The Secrets are in the namespace of the gateway pods.

    Istio looks for the authority of the clients' certificates in the certificate's own Secret and in `NAME-cacert`;
    one of another name has to be said (docs/explanation/what-istio-does.md, "Merged Gateways").
    """
    tls: ServerTls = {
        "mode": "SIMPLE" if certificate.clients is None else "MUTUAL",
        "minProtocolVersion": "TLSV1_2",
        "credentialName": certificate.name,
    }
    if certificate.clients:
        tls["caCertCredentialName"] = certificate.clients
    return tls


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
