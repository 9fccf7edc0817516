"""PeerAuthentications: ports of pods on which the mesh's own TLS is not asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitops_gen.resources.labels import workload_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Workload
    from gitops_gen.resources.fields import PeerAuthentication

_MODES: dict[str, Literal["STRICT", "PERMISSIVE", "DISABLE"]] = {
    "strict": "STRICT",
    "permissive": "PERMISSIVE",
    "disabled": "DISABLE",
}


def own_tls_peer_authentication(
    workload: Workload, cluster: Cluster, container_ports: Sequence[int]
) -> PeerAuthentication:
    """PeerAuthentication that lets a pod's sidecar pass on what comes with TLS of its own.

    Read by the sidecars of the workload's pods. Their other ports keep the mode that the cluster declares. The keys
    are container ports, as strings; the other half of the pair is the DestinationRule
    (docs/explanation/what-istio-does.md, "Own TLS").
    """
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {
            "name": f"{workload.name}-own-tls",
            "namespace": workload.namespace,
            "labels": workload_labels(workload.name),
        },
        "spec": {
            "selector": {"matchLabels": dict(workload.selector)},
            "mtls": {"mode": _MODES[cluster.istio.mtls]},
            "portLevelMtls": {str(number): {"mode": "DISABLE"} for number in container_ports},
        },
    }
