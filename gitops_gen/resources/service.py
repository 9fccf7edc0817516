"""Services: one per pod, and the governing one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.naming import cluster_prefixed
from gitops_gen.resources.labels import pod_labels, waypoint_labels, workload_labels
from gitops_gen.resources.shapes import service_ports
from gitops_gen.resources.visibility import as_annotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Placement, Pod, Port, Workload
    from gitops_gen.resources.fields import Service, ServicePort


def pod_service(
    workload: Workload, placement: Placement, pod: Pod, cluster: Cluster, export_to: Sequence[str]
) -> Service:
    """Service that selects exactly one pod, so that a route, or another cluster, can name it.

    Read by the gateways, which balance over its one endpoint, and by sidecars of declared callers. The cluster in
    its name keeps a mesh with endpoint discovery from merging it with another cluster's pod of the same name.
    """
    ports = service_ports(placement)
    service: Service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": cluster_prefixed(cluster.name, pod.name),
            "namespace": workload.namespace,
            "labels": {**pod_labels(workload.name, pod.name), **waypoint_labels(cluster)},
            "annotations": as_annotation(export_to),
        },
        "spec": {
            "selector": {placement.pod_label: pod.name},
            "ports": _listed(ports),
        },
    }
    return _found_before_ready(service) if any(port.before_ready for port in ports) else service


def governing_service(workload: Workload, name: str, ports: Sequence[Port], export_to: Sequence[str]) -> Service:
    """Headless Service that gives the pods of a StatefulSet their DNS names.

    Read by kube-controller-manager and the cluster's DNS, and by every sidecar whose application dials
    `<pod>.<service>.<namespace>`: that way needs no other object in the mesh.
    """
    service: Service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": workload.namespace,
            "labels": workload_labels(workload.name),
            "annotations": as_annotation(export_to),
        },
        "spec": {
            "clusterIP": "None",
            "selector": dict(workload.selector),
            "ports": _listed(ports),
        },
    }
    return _found_before_ready(service) if any(port.before_ready for port in ports) else service


def _listed(ports: Sequence[Port]) -> list[ServicePort]:
    """Return ports as a Service lists them, with the protocol said rather than guessed from the name."""
    return [
        {
            "name": port.name,
            "port": port.number,
            "targetPort": port.target,
            "appProtocol": port.protocol.value.lower(),
        }
        for port in ports
    ]


def _found_before_ready(service: Service) -> Service:
    """Let a Service lead to unready pods (docs/explanation/what-istio-does.md, "Pods that are not Ready")."""
    service["spec"]["publishNotReadyAddresses"] = True
    return service
