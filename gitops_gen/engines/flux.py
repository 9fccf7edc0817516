"""Flux: in each of its clusters one GitRepository, and one Kustomization for each sync unit.

The fields are those that Flux's own controllers accepted and synced
(docs/explanation/what-engines-and-kustomize-do.md, "Flux").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_gen.engines.units import LABELS, NAME, in_repository

if TYPE_CHECKING:
    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

_NAMESPACE = "flux-system"
_SCP = re.compile(r"(?P<host>[^/:]+):(?!//)(?P<path>.+)")


def git_repository(inventory: Inventory) -> Manifest:
    """GitRepository that fetches what the Kustomizations of a cluster build."""
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": {
            "interval": "10m",
            "timeout": "60s",
            "url": flux_url(inventory.mesh.gitops.repository),
            "ref": {"branch": inventory.mesh.gitops.branch},
        },
    }


def flux_kustomization(inventory: Inventory, unit: Unit) -> Manifest:
    """Kustomization that keeps the cluster like one sync unit, and waits until it is."""
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": unit.name, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": {
            "interval": "10m",
            "retryInterval": "2m",
            "timeout": "3m",
            "path": f"./{in_repository(inventory, unit.folder)}",
            "prune": True,
            "wait": True,
            "sourceRef": {"kind": "GitRepository", "name": NAME},
        },
    }


def flux_url(repository: str) -> str:
    """Return a repository's URL in a form that Flux takes: `git@host:path` becomes `ssh://git@host/path`."""
    scp = _SCP.fullmatch(repository)
    return f"ssh://{scp['host']}/{scp['path'].lstrip('/')}" if scp else repository
