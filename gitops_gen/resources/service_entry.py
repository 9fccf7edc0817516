"""ServiceEntries on the own names of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.naming import cluster_prefixed
from gitops_gen.resources.labels import pod_labels
from gitops_gen.resources.shapes import Backend, backend_host, entry_ports, mesh_tls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from gitops_gen.model import Cluster, Placement, Pod, Port, Workload
    from gitops_gen.resources.fields import EntryEndpoint, EntryPort, ServiceEntry


class Seen(NamedTuple):
    """Who sees the ServiceEntries of a placement, and, by host, the addresses that they need to be seen."""

    export_to: Sequence[str]
    addresses: Mapping[str, str]


def pod_service_entry(workload: Workload, placement: Placement, pod: Pod, cluster: Cluster, seen: Seen) -> ServiceEntry:
    """ServiceEntry that makes one pod's own DNS name something that a route can name.

    Read by the gateways, and by sidecars whose applications dial that name over HTTP. The pod is selected by its
    name, so its address and identity follow it through restarts. Right only where this istiod sees no other
    cluster's pods: it knows one pod of a name, wherever that is
    (docs/explanation/what-istio-does.md, "Endpoint discovery").
    """
    entry = _on_pod_name(workload, placement, pod, cluster, seen, "STATIC")
    entry["spec"]["workloadSelector"] = {"labels": {placement.pod_label: pod.name}}
    return entry


def dns_service_entry(workload: Workload, placement: Placement, pod: Pod, cluster: Cluster, seen: Seen) -> ServiceEntry:
    """ServiceEntry that goes by what the cluster's DNS says of the pod's own name.

    Read by the same proxies, which ask DNS for themselves: so it is the pod of this cluster also where istiod sees
    others of its name. The service account says that it speaks mesh TLS, and is the only one that is accepted
    (docs/explanation/what-istio-does.md, "Identity").
    """
    entry = _on_pod_name(workload, placement, pod, cluster, seen, "DNS")
    endpoint: EntryEndpoint = {"address": entry["spec"]["hosts"][0]}
    if mesh_tls(placement, cluster) and placement.service_account is not None:
        endpoint["serviceAccount"] = placement.service_account
    entry["spec"]["endpoints"] = [endpoint]
    return entry


def blog_service_entry(
    workload: Workload, placement: Placement, pod: Pod, cluster: Cluster, seen: Seen
) -> ServiceEntry:
    """ServiceEntry of the recipe of 2019: resolution DNS, no endpoints.

    Its callers send plain text but for the DestinationRule on all pods of the Service, which is written beside it
    (docs/explanation/what-istio-does.md, "Identity").
    """
    return _on_pod_name(workload, placement, pod, cluster, seen, "DNS")


def _on_pod_name(  # noqa: PLR0913, PLR0917 - what a builder gets, and how endpoints are found
    workload: Workload,
    placement: Placement,
    pod: Pod,
    cluster: Cluster,
    seen: Seen,
    resolution: Literal["STATIC", "DNS"],
) -> ServiceEntry:
    """Return what all ServiceEntries on a pod's own name have in common."""
    host = backend_host(Backend.SERVICE_ENTRY, workload, placement, pod, cluster)
    entry: ServiceEntry = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {
            "name": cluster_prefixed(cluster.name, pod.name),
            "namespace": workload.namespace,
            "labels": pod_labels(workload.name, pod.name),
        },
        "spec": {
            "hosts": [host],
            "addresses": [seen.addresses.get(host, "")],
            "location": "MESH_INTERNAL",
            "ports": [_entry_port(port) for port in entry_ports(placement)],
            "exportTo": list(seen.export_to),
            "resolution": resolution,
        },
    }
    if host not in seen.addresses:
        del entry["spec"]["addresses"]
    return entry


def _entry_port(port: Port) -> EntryPort:
    """Return a port of the pod; the container's number is written only where it is another one."""
    entry: EntryPort = {"number": port.number, "name": port.name, "protocol": port.protocol.value}
    if isinstance(port.target, int) and port.target != port.number:
        entry["targetPort"] = port.target
    return entry
