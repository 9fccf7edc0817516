"""Argo CD: one AppProject, and an Application of each sync unit: made by one ApplicationSet, or written out.

The fields are those that Argo CD's own controllers accepted and synced
(docs/explanation/what-engines-and-kustomize-do.md, "Argo CD"). Nothing here depends on which workloads there are: the
objects change with clusters and units only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.engines.kinds import KINDS
from gitops_gen.engines.units import LABELS, NAME, in_repository, path_parts
from gitops_gen.layout.paths import COMPONENTS
from gitops_gen.model import Applications, SyncUnit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

_API = "argoproj.io/v1alpha1"
_NAMESPACE = "argocd"


def argocd_objects(
    inventory: Inventory, units: Sequence[Unit], extended: Collection[Unit] = (), *, moving: bool = False
) -> list[Manifest]:
    """Return all objects of Argo CD for some units; those that are `extended` have people's components on top.

    While resources are `moving` between units, no Application minds that another one has them, too: it would never be
    synced (docs/explanation/what-engines-and-kustomize-do.md, "Moves").
    """
    if inventory.mesh.gitops.applications is Applications.PLAIN:
        members = [_application(inventory, unit, components=unit in extended, moving=moving) for unit in units]
    else:
        members = [_application_set(inventory, units, components=bool(extended), moving=moving)]
    return [_app_project(inventory, units), *members]


def _app_project(inventory: Inventory, units: Sequence[Unit]) -> Manifest:
    """AppProject that permits what the units need and no more: one repository, their namespaces, our kinds.

    Destinations are by name only: a `server` beside it would match by itself. Where a whole cluster is one unit,
    namespaces come and go in it, and what leaves must still be permitted to be pruned.
    """
    destinations = sorted({(unit.cluster, unit.below[0] if unit.below else "*") for unit in units})
    namespaces = [{"group": "", "kind": "Namespace"}] if inventory.mesh.gitops.create_namespaces else []
    return {
        "apiVersion": _API,
        "kind": "AppProject",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": {
            "sourceRepos": [inventory.mesh.gitops.repository],
            "destinations": [{"name": cluster, "namespace": namespace} for cluster, namespace in destinations],
            "clusterResourceWhitelist": namespaces,
            "namespaceResourceWhitelist": [{"group": kind.group, "kind": kind.name} for kind in KINDS],
        },
    }


class _Words(NamedTuple):
    """What differs between Applications, as text or as templates of an ApplicationSet."""

    name: str
    path: str
    cluster: str
    below: Sequence[str]


def _application(inventory: Inventory, unit: Unit, *, components: bool, moving: bool) -> Manifest:
    """Application of one sync unit. Without a finalizer: its resources stay when it goes."""
    words = _Words(unit.full_name, in_repository(inventory, unit.folder), unit.cluster, unit.below)
    template = _template(inventory, words, components=components, moving=moving)
    return {
        "apiVersion": _API,
        "kind": "Application",
        "metadata": {
            "name": template["metadata"]["name"],
            "namespace": _NAMESPACE,
            "labels": LABELS,
            "annotations": template["metadata"]["annotations"],
        },
        "spec": template["spec"],
    }


def _application_set(inventory: Inventory, units: Sequence[Unit], *, components: bool, moving: bool) -> Manifest:
    """ApplicationSet that makes an Application of each sync unit's folder, and never deletes one."""
    levels = {SyncUnit.CLUSTER: "", SyncUnit.NAMESPACE: "/*", SyncUnit.WORKLOAD: "/*/*"}
    level = levels[inventory.mesh.gitops.sync_unit]
    folders = [in_repository(inventory, f"overlays/{cluster}{level}") for cluster in sorted({u.cluster for u in units})]
    # The segments of a unit's path: those of the Mesh's own path, `overlays`, cluster, namespace, workload.
    first = len(path_parts(inventory)) + 1
    below = [_segment(first + place) for place in range(1, 1 + level.count("*"))]
    words = _Words(".".join([_segment(first), *below]), "{{.path.path}}", _segment(first), below)
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
                        "repoURL": inventory.mesh.gitops.repository,
                        "revision": _revision(inventory),
                        "directories": [{"path": folder} for folder in folders],
                    }
                }
            ],
            **_preserved(inventory, units),
            "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True},
            "template": _template(inventory, words, components=components, moving=moving),
        },
    }


def _preserved(inventory: Inventory, units: Sequence[Unit]) -> dict[str, Any]:
    """Return what an ApplicationSet leaves alone in its Applications, where a person may have to confirm a deletion.

    It takes away every annotation that it does not know, and with it the confirmation, before anybody may have seen it
    (docs/explanation/what-engines-and-kustomize-do.md, "Argo CD").
    """
    clusters = {unit.cluster for unit in units} & inventory.clusters.keys()
    asked = any(ingress.protected for cluster in clusters for ingress in inventory.clusters[cluster].ingresses)
    return {"preservedFields": {"annotations": ["argocd.argoproj.io/deletion-approved"]}} if asked else {}


def _template(inventory: Inventory, words: _Words, *, components: bool, moving: bool) -> dict[str, Any]:
    """Return name, annotations and spec of an Application.

    Names are joined by dots, which neither clusters, namespaces nor workloads have: so no two units share one, and a
    name of an Application may have dots, for it is one of a Kubernetes object.
    """
    return {
        "metadata": {
            "name": words.name,
            "annotations": {
                "argocd.argoproj.io/manifest-generate-paths": generate_paths(
                    inventory, words.below, components=components
                )
            },
        },
        "spec": {
            "project": NAME,
            "source": {
                "repoURL": inventory.mesh.gitops.repository,
                "targetRevision": _revision(inventory),
                "path": words.path,
            },
            "destination": {"name": words.cluster, "namespace": words.below[0] if words.below else "default"},
            "syncPolicy": {
                "automated": {"enabled": True, "prune": True, "selfHeal": True, "allowEmpty": False},
                "syncOptions": _sync_options(inventory, moving=moving),
                "retry": {"limit": 2, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
            },
        },
    }


def generate_paths(inventory: Inventory, below: Sequence[str], *, components: bool = False) -> str:
    """Return the folders whose change makes Argo CD render a unit again, `below` its cluster's folder.

    All that it is built from: its own folder, of base what its overlays may list, and people's `components` as a
    whole, for one may lead to another. A folder of the closure that is missing here is stale without a word; one too
    many is harmless (docs/explanation/what-engines-and-kustomize-do.md, "Staleness").
    """
    bases = "/" + "/".join([in_repository(inventory, "base"), *below])
    return ";".join([".", bases, *([f"/{in_repository(inventory, COMPONENTS)}"] if components else [])])


def _sync_options(inventory: Inventory, *, moving: bool) -> list[str]:
    """Return the sync options. Argo CD takes any word without complaint, so nobody can add one."""
    return [
        "ApplyOutOfSyncOnly=true",
        *(["CreateNamespace=true"] if inventory.mesh.gitops.create_namespaces else []),
        "PruneLast=true",
        "ServerSideApply=true",
        *([] if moving else ["FailOnSharedResource=true"]),
    ]


def _revision(inventory: Inventory) -> str:
    return f"refs/heads/{inventory.mesh.gitops.branch}"


def _segment(place: int) -> str:
    return f"{{{{index .path.segments {place}}}}}"
