"""What compiling an inventory gives, as the YAML that a reviewer would read."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from gitops_gen.manifest import dump
from gitops_gen.resources.compile import compile_mesh

if TYPE_CHECKING:
    from gitops_gen.compiled import Compiled
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory


def compiled(inventory: Inventory, cluster: str = "cluster-a") -> list[Compiled]:
    """Return the resources of one cluster."""
    return compile_mesh(inventory, {})[cluster]


def manifests(inventory: Inventory, cluster: str = "cluster-a") -> list[Manifest]:
    """Return what the resources of one cluster are, without their places; a copy, to be altered."""
    return [copy.deepcopy(resource.manifest) for resource in compiled(inventory, cluster)]


def files(inventory: Inventory, cluster: str = "cluster-a") -> dict[str, str]:
    """Return the YAML of each file of one cluster, `<folder>/<file>`, in the order of compilation."""
    grouped: dict[str, list[Compiled]] = {}
    for resource in compiled(inventory, cluster):
        grouped.setdefault(f"{resource.place.folder}/{resource.place.file}", []).append(resource)
    return {name: dump(resource.manifest for resource in resources) for name, resources in grouped.items()}


def kinds(text: str) -> list[str]:
    """Return the kinds of the resources in a file, in order."""
    return [line.removeprefix("kind: ") for line in text.splitlines() if line.startswith("kind: ")]
