"""What has to be in a cluster before Flux syncs its units: namespaces, and rights for each unit by itself.

A unit is applied with a service account of its own, which may change the kinds that gitops-gen writes in the unit's
namespace, and nothing else anywhere. Where a whole cluster is one unit, namespaces come and go in it, and what leaves
one must still be pruned there: its rights hold in all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.engines.kinds import by_group
from gitops_gen.engines.units import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

PREREQUISITES = "gitops-gen.cluster.prerequisites"
"""Name of the Kustomization that brings them; a unit's name has one dot at most."""

_RBAC = "rbac.authorization.k8s.io"
_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]
_FLUX_NAMESPACE = "flux-system"


def account_of(unit: Unit) -> str:
    """Return the name of a unit's service account, and of its Role."""
    return f"gitops-gen.{unit.name}"


def prerequisites(inventory: Inventory, units: Sequence[Unit], namespaces: Sequence[str]) -> list[Manifest]:
    """Return what the units of one cluster need beforehand; `namespaces` are those that they have resources in."""
    gitops = inventory.mesh.gitops
    found = [_namespace(name) for name in namespaces] if gitops.create_namespaces else []
    if gitops.flux.service_accounts:
        for unit in units:
            found += [_account(unit), _role(unit), _binding(unit)]
    return found


def _namespace(name: str) -> Manifest:
    """Namespace that Flux creates and never deletes: with it everything in it would go, whoever put it there."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": LABELS,
            "annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
        },
    }


def _account(unit: Unit) -> Manifest:
    metadata = {"name": account_of(unit), "namespace": _FLUX_NAMESPACE, "labels": LABELS}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _role(unit: Unit) -> Manifest:
    """Role for the kinds that gitops-gen writes, that of a tombstone included."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "Role" if unit.below else "ClusterRole",
        "metadata": _metadata(unit),
        "rules": [
            {"apiGroups": [group], "resources": resources, "verbs": _VERBS} for group, resources in by_group().items()
        ],
    }


def _binding(unit: Unit) -> Manifest:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding" if unit.below else "ClusterRoleBinding",
        "metadata": _metadata(unit),
        "roleRef": {"apiGroup": _RBAC, "kind": "Role" if unit.below else "ClusterRole", "name": account_of(unit)},
        "subjects": [{"kind": "ServiceAccount", "name": account_of(unit), "namespace": _FLUX_NAMESPACE}],
    }


def _metadata(unit: Unit) -> dict[str, Any]:
    namespace = {"namespace": unit.below[0]} if unit.below else {}
    return {"name": account_of(unit), **namespace, "labels": LABELS}
