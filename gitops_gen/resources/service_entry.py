"""ServiceEntries on the own names of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.naming import cluster_prefixed
from gitops_gen.resources.labels import pod_labels
from gitops_gen.resources.shapes import Backend, backend_host, entry_ports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Placement, Pod, Port, Workload
    from gitops_gen.resources.fields import EntryPort, ServiceEntry


def pod_service_entry(
    workload: Workload, placement: Placement, pod: Pod, cluster: Cluster, export_to: Sequence[str]
) -> ServiceEntry:
    """ServiceEntry that makes one pod's own DNS name something that a route can name.

    Read by the gateways, and by sidecars whose applications dial that name over HTTP. The pod is selected by its
    name, so its address and identity follow it through restarts. Right only where this istiod sees no other
    cluster's pods: it knows one pod of a name, wherever that is
    (docs/explanation/what-istio-does.md, "Endpoint discovery").
    """
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {
            "name": cluster_prefixed(cluster.name, pod.name),
            "namespace": workload.namespace,
            "labels": pod_labels(workload.name, pod.name),
        },
        "spec": {
            "hosts": [backend_host(Backend.SERVICE_ENTRY, workload, placement, pod, cluster)],
            "location": "MESH_INTERNAL",
            "ports": [_entry_port(port) for port in entry_ports(placement)],
            "exportTo": list(export_to),
            "resolution": "STATIC",
            "workloadSelector": {"labels": {placement.pod_label: pod.name}},
        },
    }


def _entry_port(port: Port) -> EntryPort:
    """Return a port of the pod; the container's number is written only where it is another one."""
    entry: EntryPort = {"number": port.number, "name": port.name, "protocol": port.protocol.value}
    if isinstance(port.target, int) and port.target != port.number:
        entry["targetPort"] = port.target
    return entry
