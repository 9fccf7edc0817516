"""base: what all clusters of a workload have in common.

It is the intersection of what was compiled for each of them, never a template that overlays patch: so a cluster that
comes to differ takes its own copy, and what the others render stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gitops_gen.manifest import dump, resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.compiled import Compiled
    from gitops_gen.layout.paths import Folder
    from gitops_gen.manifest import ResourceId

Files: TypeAlias = "dict[str, list[Compiled]]"
"""Stem of the file name -> the resources in that file, in order."""

Overlays: TypeAlias = "dict[str, dict[Folder, Files]]"
"""Cluster -> folder -> its files."""


@dataclass(frozen=True, slots=True)
class Bases:
    """`files` is what goes to base, by folder; `clusters` are those that build on it, by folder."""

    files: Mapping[Folder, Files]
    clusters: Mapping[Folder, frozenset[str]]

    def source(self, folder: Folder) -> str:
        """Return what in the inventory the base of a folder comes from."""
        return next(iter(self.files[folder].values()))[0].place.source


def split_base(overlays: Overlays, placed: Mapping[Folder, Iterable[str]]) -> tuple[Bases, Overlays]:
    """Take out of the overlays what all clusters of a workload have in common; return that and what is left.

    `placed` are the clusters in which the inventory places each workload. Those in which it has resources, and those
    that have a shared resource of it, are its clusters; one that only holds the way to pods of other clusters is none.
    """
    files: dict[Folder, Files] = {}
    clusters: dict[Folder, frozenset[str]] = {}
    common: dict[Folder, set[ResourceId]] = {}
    for folder, shared in _shared(overlays).items():
        members = set(shared) | {cluster for cluster in placed.get(folder, ()) if folder in overlays.get(cluster, {})}
        first, *others = (shared.get(cluster, {}) for cluster in sorted(members))
        kept = {key: one for key, one in first.items() if all(_alike(one, key, other) for other in others)}
        if kept:
            common[folder] = set(kept)
            clusters[folder] = frozenset(members)
            files[folder] = {}
            for resource in kept.values():
                files[folder].setdefault(resource.place.file, []).append(resource)
    return Bases(files, clusters), _without(overlays, common)


def _shared(overlays: Overlays) -> dict[Folder, dict[str, dict[ResourceId, Compiled]]]:
    """Return folder -> cluster -> the resources that are not per pod."""
    shared: dict[Folder, dict[str, dict[ResourceId, Compiled]]] = {}
    for cluster, folders in overlays.items():
        for folder, files in folders.items():
            if not folder.has_base:
                continue
            for resources in files.values():
                for resource in resources:
                    if resource.place.shared:
                        here = shared.setdefault(folder, {}).setdefault(cluster, {})
                        here[resource_id(resource.manifest)] = resource
    return shared


def _alike(resource: Compiled, key: ResourceId, other: Mapping[ResourceId, Compiled]) -> bool:
    """Tell whether the other cluster has this very resource in a file of the same name."""
    counterpart = other.get(key)
    return (
        counterpart is not None
        # What else is on top of a cluster's folder is no matter of this resource.
        and counterpart.place._replace(components=()) == resource.place._replace(components=())
        # Not `==` on the manifests: to Python, 1 and True are the same.
        and dump([counterpart.manifest]) == dump([resource.manifest])
    )


def _without(overlays: Overlays, common: Mapping[Folder, set[ResourceId]]) -> Overlays:
    """Return the overlays without what went to base. A folder stays, even if nothing is left in it."""
    left: Overlays = {}
    for cluster, folders in overlays.items():
        left[cluster] = {}
        for folder, files in folders.items():
            gone = common.get(folder)
            left[cluster][folder] = files if gone is None else _files_without(files, gone)
    return left


def _files_without(files: Files, gone: set[ResourceId]) -> Files:
    left: Files = {}
    for stem, resources in files.items():
        kept = [one for one in resources if not (one.place.shared and resource_id(one.manifest) in gone)]
        if kept:
            left[stem] = kept
    return left
