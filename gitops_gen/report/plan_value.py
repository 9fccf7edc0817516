"""A plan as plain values, for JSON: every resource of every cluster, nothing collapsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.plan.changes import ClusterPlan, Plan, ResourceChange, WorkloadChange


def plan_value(plan: Plan) -> dict[str, object]:
    """Return the plan as values that JSON knows (documented in docs/reference/plan-json.md)."""
    return {
        "digest": plan.digest,
        "inventoryDigest": plan.inventory_digest,
        "filesRewritten": plan.rewritten,
        "clusters": [_cluster_value(cluster) for cluster in plan.clusters],
        "unchangedClusters": list(plan.untouched),
        "engineObjects": [
            {"file": change.unit_after or change.unit_before, **_resource_value(change)}
            for change in plan.engine_objects
        ],
        "unreadableFiles": list(plan.unreadable),
    }


def _cluster_value(cluster: ClusterPlan) -> dict[str, object]:
    return {
        "name": cluster.name,
        "presence": cluster.presence,
        "workloads": _both(cluster.workloads_before, cluster.workloads_after),
        "pods": _both(cluster.pods_before, cluster.pods_after),
        "resources": _both(cluster.resources_before, cluster.resources_after),
        "hostsLost": list(cluster.hosts_lost),
        "changes": [_workload_value(change) for change in cluster.workloads],
    }


def _workload_value(change: WorkloadChange) -> dict[str, object]:
    return {
        "namespace": change.namespace,
        "folder": change.folder,
        "presence": change.presence,
        "pods": _both(change.pods_before, change.pods_after),
        "podsAdded": list(change.pods_added),
        "podsRemoved": list(change.pods_removed),
        "subjects": [
            {
                "pod": subject.pod,
                "action": subject.action,
                "meaning": [
                    {"about": said.about, "before": list(said.before), "after": list(said.after)}
                    for said in subject.statements
                ],
                "resources": [
                    {**_resource_value(resource), "unit": _both(resource.unit_before, resource.unit_after)}
                    for resource in subject.resources
                ],
            }
            for subject in change.subjects
        ],
    }


def _resource_value(change: ResourceChange) -> dict[str, object]:
    return {
        "action": change.action,
        "group": change.id.group,
        "kind": change.id.kind,
        "namespace": change.id.namespace,
        "name": change.id.name,
        "fields": list(change.fields),
    }


def _both(before: object, after: object) -> dict[str, object]:
    return {"before": before, "after": after}
