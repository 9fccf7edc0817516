"""DestinationRules: what clients in the mesh must leave out for ports that speak TLS of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.naming import service_fqdn
from gitops_gen.resources.labels import workload_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Workload
    from gitops_gen.resources.fields import DestinationRule


def own_tls_name(service: str) -> str:
    """Name of the DestinationRule for a governing Service: a host has one, whichever workloads share it."""
    return f"{service}-own-tls"


def own_tls_destination_rule(
    workload: Workload, service: str, cluster: Cluster, ports: Sequence[int], export_to: Sequence[str]
) -> DestinationRule:
    """DestinationRule that keeps mesh TLS off ports which bring their own, for callers of the pods' own names.

    Read by every sidecar that sees the governing Service. The other half of the pair is the PeerAuthentication:
    without this one, those callers are reset (docs/explanation/what-istio-does.md, "Own TLS"). Ports are the Service's.
    """
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {
            "name": own_tls_name(service),
            "namespace": workload.namespace,
            "labels": workload_labels(workload.name),
        },
        "spec": {
            "host": service_fqdn(service, workload.namespace, cluster),
            "trafficPolicy": {
                "portLevelSettings": [{"port": {"number": number}, "tls": {"mode": "DISABLE"}} for number in ports],
            },
            "exportTo": list(export_to),
        },
    }
