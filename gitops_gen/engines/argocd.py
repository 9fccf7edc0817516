"""Argo CD: one AppProject and one ApplicationSet for all sync units of its clusters.

The fields are those that Argo CD's own controllers accepted and synced
(docs/explanation/what-engines-and-kustomize-do.md, "Argo CD"). Nothing here depends on which workloads there are: the
objects change with clusters and namespaces only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.engines.units import LABELS, NAME, in_repository, path_parts
from gitops_gen.model import SyncUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

_API = "argoproj.io/v1alpha1"
_NAMESPACE = "argocd"

_KINDS = (
    ("", "ConfigMap"),
    ("", "Service"),
    ("networking.istio.io", "DestinationRule"),
    ("networking.istio.io", "Gateway"),
    ("networking.istio.io", "ServiceEntry"),
    ("networking.istio.io", "VirtualService"),
    ("security.istio.io", "PeerAuthentication"),
)
"""Every kind that gitops-gen writes, rendered now or not: a kind that is not permitted cannot be pruned either."""


def app_project(inventory: Inventory, units: Sequence[Unit]) -> Manifest:
    """AppProject that permits what the units need and no more: one repository, their namespaces, our kinds.

    Destinations are by name only: a `server` beside it would match by itself. Where a whole cluster is one unit,
    namespaces come and go in it, and what leaves must still be permitted to be pruned.
    """
    destinations = sorted({(unit.cluster, unit.below[0] if unit.below else "*") for unit in units})
    return {
        "apiVersion": _API,
        "kind": "AppProject",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": {
            "sourceRepos": [inventory.mesh.gitops.repository],
            "destinations": [{"name": cluster, "namespace": namespace} for cluster, namespace in destinations],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in _KINDS],
        },
    }


def application_set(inventory: Inventory, units: Sequence[Unit], *, moving: bool = False) -> Manifest:
    """ApplicationSet that makes an Application of each sync unit's folder, and never deletes one.

    While resources are `moving` between units, no Application minds that another one has them, too: it would never be
    synced (docs/explanation/what-engines-and-kustomize-do.md, "Moves").
    """
    repository, revision = inventory.mesh.gitops.repository, f"refs/heads/{inventory.mesh.gitops.branch}"
    sync_unit = inventory.mesh.gitops.sync_unit
    levels = {SyncUnit.CLUSTER: "", SyncUnit.NAMESPACE: "/*", SyncUnit.WORKLOAD: "/*/*"}[sync_unit]
    folders = [
        in_repository(inventory, f"overlays/{cluster}{levels}") for cluster in sorted({u.cluster for u in units})
    ]
    # The segments of a unit's path: those of the Mesh's own path, `overlays`, cluster, namespace, workload.
    first = len(path_parts(inventory)) + 1
    below = [_segment(first + place) for place in range(1, 1 + levels.count("*"))]
    base = "/" + "/".join([in_repository(inventory, "base"), *below])
    return {
        "apiVersion": _API,
        "kind": "ApplicationSet",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [
                {
                    "git": {
                        "repoURL": repository,
                        "revision": revision,
                        "directories": [{"path": folder} for folder in folders],
                    }
                }
            ],
            "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {
                    "name": ".".join([_segment(first), *below]),
                    # A folder of the closure that is missing here is stale without a word; one too many is harmless.
                    "annotations": {"argocd.argoproj.io/manifest-generate-paths": f".;{base}"},
                },
                "spec": {
                    "project": NAME,
                    "source": {"repoURL": repository, "targetRevision": revision, "path": "{{.path.path}}"},
                    "destination": {"name": _segment(first), "namespace": below[0] if below else "default"},
                    "syncPolicy": {
                        "automated": {"enabled": True, "prune": True, "selfHeal": True, "allowEmpty": False},
                        "syncOptions": [
                            "ApplyOutOfSyncOnly=true",
                            "PruneLast=true",
                            "ServerSideApply=true",
                            *(() if moving else ("FailOnSharedResource=true",)),
                        ],
                        "retry": {"limit": 2, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
                    },
                },
            },
        },
    }


def _segment(place: int) -> str:
    return f"{{{{index .path.segments {place}}}}}"
