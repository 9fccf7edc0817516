"""Flux: in each of its clusters one GitRepository, and one Kustomization for each sync unit.

The fields are those that Flux's own controllers accepted and synced
(docs/explanation/what-engines-and-kustomize-do.md, "Flux").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitops_gen.engines.rights import PREREQUISITES, account_of
from gitops_gen.engines.units import LABELS, NAME, flux_folder, in_repository, prerequisites_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory

_NAMESPACE = "flux-system"
_SCP = re.compile(r"(?P<host>[^/:]+):(?!//)(?P<path>.+)")


def flux_objects(inventory: Inventory, cluster: str, units: Sequence[Unit], roots: Sequence[str]) -> list[Manifest]:
    """Return the objects for the units of one cluster; `roots` are the folders that it is built from."""
    gitops = inventory.mesh.gitops
    prerequisites = gitops.create_namespaces or gitops.flux.service_accounts
    objects = [_git_repository(inventory, cluster, roots, prerequisites=prerequisites)]
    if prerequisites:
        objects.append(_prerequisites(inventory, cluster))
    return objects + [_kustomization(inventory, unit, prerequisites=prerequisites) for unit in units]


def _git_repository(inventory: Inventory, cluster: str, roots: Sequence[str], *, prerequisites: bool) -> Manifest:
    """GitRepository that fetches what the Kustomizations of a cluster build.

    A sparse one names folders that are there and no other: the whole source fails on one that is missing.
    """
    gitops = inventory.mesh.gitops
    spec: dict[str, Any] = {
        "interval": "10m",
        "timeout": "60s",
        "url": flux_url(gitops.repository),
        "ref": {"branch": gitops.branch},
    }
    if gitops.flux.sparse:
        folders = [*roots, *([flux_folder(cluster)] if prerequisites else [])]
        spec["sparseCheckout"] = sorted(in_repository(inventory, folder) for folder in folders)
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": spec,
    }


def _kustomization(inventory: Inventory, unit: Unit, *, prerequisites: bool) -> Manifest:
    """Kustomization that keeps the cluster like one sync unit, and waits until it is."""
    flux = inventory.mesh.gitops.flux
    spec = _spec(in_repository(inventory, unit.folder))
    if prerequisites:
        spec["dependsOn"] = [{"name": PREREQUISITES}]
    if flux.service_accounts:
        spec["serviceAccountName"] = account_of(unit)
    if flux.deletion_policy is not None:
        spec["deletionPolicy"] = str(flux.deletion_policy)
    return _object(unit.name, spec)


def _prerequisites(inventory: Inventory, cluster: str) -> Manifest:
    """Kustomization of what has to be there before any unit: namespaces, and the rights of the units."""
    return _object(PREREQUISITES, _spec(in_repository(inventory, prerequisites_folder(cluster))))


def _spec(path: str) -> dict[str, Any]:
    return {
        "interval": "10m",
        "retryInterval": "2m",
        "timeout": "3m",
        "path": f"./{path}",
        "prune": True,
        "wait": True,
        "sourceRef": {"kind": "GitRepository", "name": NAME},
    }


def _object(name: str, spec: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": _NAMESPACE, "labels": LABELS},
        "spec": spec,
    }


def flux_url(repository: str) -> str:
    """Return a repository's URL in a form that Flux takes: `git@host:path` becomes `ssh://git@host/path`."""
    scp = _SCP.fullmatch(repository)
    return f"ssh://{scp['host']}/{scp['path'].lstrip('/')}" if scp else repository
