"""Ownership labels: on every resource, so that people see who wrote it and queries find what belongs together.

Never `app.kubernetes.io/instance` and never an Argo CD tracking id: those are the engines' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.model import Cluster

MANAGED_BY = "app.kubernetes.io/managed-by"
WORKLOAD = "gitops-gen.io/workload"
POD = "gitops-gen.io/pod"
CONSUMER = "gitops-gen.io/consumer"
WAYPOINT = "istio.io/use-waypoint"

_US = "gitops-gen"


def ownership_labels() -> dict[str, str]:
    """Return the labels of what belongs to no single workload: shared and east-west Gateways."""
    return {MANAGED_BY: _US}


def workload_labels(workload: str) -> dict[str, str]:
    """Return the labels of what all pods of a workload share."""
    return {MANAGED_BY: _US, WORKLOAD: workload}


def pod_labels(workload: str, pod: str) -> dict[str, str]:
    """Return the labels of what exists for one pod."""
    return {MANAGED_BY: _US, POD: pod, WORKLOAD: workload}


def waypoint_labels(cluster: Cluster) -> dict[str, str]:
    """Return the label that sends traffic for a Service through a waypoint (docs/how-to/ambient.md, "Policy")."""
    return {WAYPOINT: cluster.istio.waypoint} if cluster.istio.ambient and cluster.istio.waypoint else {}


def consumer_labels(consumer: str) -> dict[str, str]:
    """Return the labels of what a Consumer needs in its own namespace."""
    return {MANAGED_BY: _US, CONSUMER: consumer}
