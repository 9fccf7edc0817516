"""Sync units: the folders that an engine syncs as one, and what stands in one that has lost everything.

A unit is never empty and never missing: of an empty one Flux deletes everything and Argo CD nothing, a missing one
stops both (docs/explanation/what-engines-and-kustomize-do.md, "Empty and missing units"). So a unit that loses its
last resource keeps a tombstone, and the engines prune exactly what went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.layout.paths import TOMBSTONE, base_for, base_of
from gitops_gen.layout.seal import read_seal
from gitops_gen.model import SyncUnit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.manifest import Manifest
    from gitops_gen.tree import Tree

DEPTH = {SyncUnit.CLUSTER: 2, SyncUnit.NAMESPACE: 3, SyncUnit.WORKLOAD: 4}
"""How many parts the folder of a unit has: `overlays/<cluster>`, and so on."""

_CLUSTER_TOMBSTONE_NAMESPACE = "default"
"""Where the tombstone of a whole cluster stands: the one namespace that nobody can have deleted with the workloads."""


def unit_of(path: str, sync_unit: SyncUnit) -> str | None:
    """Return the unit that a path stands in (`overlays/a/monitoring`).

    None for what belongs to no unit: base, which several of them build on, and the kustomizations above the units.
    """
    parts = path.split("/")
    depth = DEPTH[sync_unit]
    return "/".join(parts[:depth]) if parts[0] == "overlays" and len(parts) > depth else None


def is_unit(folder: str, sync_unit: SyncUnit) -> bool:
    """Tell whether a folder is one of a unit."""
    return folder.startswith("overlays/") and folder.count("/") + 1 == DEPTH[sync_unit]


def units_of(paths: Iterable[str], sync_unit: SyncUnit) -> list[str]:
    """Return the units that have at least one of these paths, sorted."""
    return sorted({unit for path in paths if (unit := unit_of(path, sync_unit)) is not None})


def roots_of(paths: Iterable[str], cluster: str) -> list[str]:
    """Return the folders at the top that a cluster is built from: its overlay, and base where any of it is there."""
    overlay, found = f"overlays/{cluster}", set()
    for path in paths:
        if path.startswith("base/"):
            found.add("base")
        elif path.startswith(f"{overlay}/"):
            found.add(overlay)
    return sorted(found)


def namespaces_in(paths: Iterable[str], cluster: str) -> list[str]:
    """Return the namespaces of a cluster's overlay."""
    depth = DEPTH[SyncUnit.NAMESPACE]
    parts = [path.split("/") for path in paths if path.startswith(f"overlays/{cluster}/")]
    return sorted({part[2] for part in parts if len(part) > depth})


def lost_units(desired: Tree, contents: Mapping[str, bytes], mesh: str, sync_unit: SyncUnit) -> list[str]:
    """Return the units that hold files sealed by this Mesh, but nothing in the desired tree: they need a tombstone.

    `contents` holds at least the files that are there and not desired.
    """
    alive = set(units_of(desired, sync_unit))
    lost = set()
    for path, content in contents.items():
        unit = unit_of(path, sync_unit)
        if unit is None or unit in alive or unit in lost:
            continue
        found = read_seal(content)
        if found is not None and found.mesh == mesh:
            lost.add(unit)
    return sorted(lost)


def changed_units(desired: Tree, changed: Iterable[str], sync_unit: SyncUnit) -> list[str]:
    """Return the units of the desired tree that render otherwise when these paths change: their own, and base's."""
    changed = set(changed)
    bases = {base for path in changed if (base := base_of(path)) is not None}
    units = set(units_of(changed, sync_unit))
    if bases:
        units.update(units_of((path for path in desired if base_for(path) in bases), sync_unit))
    return sorted(units & set(units_of(desired, sync_unit)))


def tombstone(unit: str) -> Manifest:
    """Return the ConfigMap that keeps a unit from being empty once everything in it has gone.

    Nobody reads it; it only has to exist. It stands in the unit's own namespace, the tombstone of a whole cluster in
    `default`.
    """
    parts = unit.split("/")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"gitops-gen-retired-{parts[-1]}",
            "namespace": parts[2] if len(parts) > DEPTH[SyncUnit.CLUSTER] else _CLUSTER_TOMBSTONE_NAMESPACE,
            "labels": {"app.kubernetes.io/managed-by": "gitops-gen"},
        },
        "data": {"unit": unit},
    }


def tombstone_path(unit: str) -> str:
    """Return where the tombstone of a unit stands."""
    return f"{unit}/{TOMBSTONE}"


def source_of(folder: str) -> str:
    """Return what in the inventory makes up a folder of a cluster, in words for a seal."""
    parts = folder.split("/")
    whole_cluster = len(parts) <= DEPTH[SyncUnit.CLUSTER]
    return f"Cluster {parts[1]}" if whole_cluster else f"namespace {parts[2]} of Cluster {parts[1]}"
