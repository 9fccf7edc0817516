"""Engine objects as a Kubernetes API returns them, as small as the reading of them allows."""

from __future__ import annotations

from typing import Any

PUBLISHED = "a" * 40
EARLIER = "b" * 40
FOREIGN = "c" * 40


def a_kustomization(**changes: Any) -> dict[str, Any]:
    """Make the Kustomization of `overlays/east/data`, which has applied PUBLISHED and is ready."""
    settings = {
        "path": "./overlays/east/data",
        "ready": "True",
        "reason": "ReconciliationSucceeded",
        "message": f"Applied revision: main@sha1:{PUBLISHED}",
        "applied": f"main@sha1:{PUBLISHED}",
        "attempted": f"main@sha1:{PUBLISHED}",
        "observed": 1,
        **changes,
    }
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {
            "name": settings.get("name", "data"),
            "namespace": "flux-system",
            "generation": 1,
            **settings.get("metadata", {}),
        },
        "spec": {
            "path": settings["path"],
            "sourceRef": {"kind": "GitRepository", "name": "gitops-gen"},
            **settings.get("spec", {}),
        },
        "status": {
            "conditions": [
                {
                    "type": "Ready",
                    "status": settings["ready"],
                    "reason": settings["reason"],
                    "message": settings["message"],
                    "observedGeneration": settings["observed"],
                }
            ],
            "lastAppliedRevision": settings["applied"],
            "lastAttemptedRevision": settings["attempted"],
            **settings.get("status", {}),
        },
    }


def a_source(ready: str = "True", message: str = "stored artifact", *, suspend: bool = False) -> dict[str, Any]:
    """Make the GitRepository that `a_kustomization` has its files from."""
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "gitops-gen", "namespace": "flux-system"},
        "spec": {"suspend": suspend},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Any", "message": message}]},
    }


def an_application(**changes: Any) -> dict[str, Any]:
    """Make the Application of `overlays/east/data`, which is in sync at PUBLISHED and healthy."""
    settings: dict[str, Any] = {
        "path": "overlays/east/data",
        "name": "east.data",
        "destination": {"name": "east", "namespace": "data"},
        "sync": "Synced",
        "revision": PUBLISHED,
        "phase": "Succeeded",
        "message": "successfully synced",
        "attempted": PUBLISHED,
        "history": [PUBLISHED],
        "health": "Healthy",
        "automated": {"enabled": True},
        **changes,
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": settings["name"], "namespace": "argocd", **settings.get("metadata", {})},
        "spec": {
            "source": {"path": settings["path"]},
            "destination": settings["destination"],
            "syncPolicy": {"automated": settings["automated"]},
        },
        "status": {
            "sync": {"status": settings["sync"], "revision": settings["revision"]},
            "operationState": {
                "phase": settings["phase"],
                "message": settings["message"],
                "operation": {"sync": {"resources": settings.get("selected", [])}},
                "syncResult": {"revision": settings["attempted"], "resources": settings.get("dealt_with", [])},
                "finishedAt": "2026-01-01T00:00:10Z",
            },
            "reconciledAt": settings.get("reconciled", "2026-01-01T00:00:20Z"),
            "history": [{"id": number, "revision": one} for number, one in enumerate(settings["history"])],
            "health": {"status": settings["health"], "message": settings.get("health_message", "")},
            "resources": settings.get("resources", []),
            "conditions": settings.get("conditions", []),
        },
    }


def a_resource(name: str, status: str = "OutOfSync", health: str = "") -> dict[str, Any]:
    """Make what an Application says of a VirtualService."""
    return {
        "group": "networking.istio.io",
        "version": "v1",
        "kind": "VirtualService",
        "namespace": "data",
        "name": name,
        "status": status,
        **({"health": {"status": health}} if health else {}),
    }


def a_list(*objects: dict[str, Any]) -> dict[str, Any]:
    """Make a list, as kubectl prints one."""
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}
