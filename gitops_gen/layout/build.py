"""The tree: compiled resources laid out as a Kustomize base and overlays, every file sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.layout.base import split_base
from gitops_gen.layout.kustomization import connections, kustomization
from gitops_gen.layout.paths import (
    KUSTOMIZATION,
    Folder,
    base_folder,
    base_from_overlay,
    component_from_overlay,
    file_name,
    overlay_folder,
    parents,
)
from gitops_gen.layout.seal import seal
from gitops_gen.layout.units import source_of, tombstone, tombstone_path
from gitops_gen.manifest import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.layout.base import Bases, Files, Overlays
    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory


def build_tree(
    inventory: Inventory, compiled: Mapping[str, Sequence[Compiled]], retired: Iterable[str] = ()
) -> dict[str, bytes]:
    """Return every file of `base/` and `overlays/` for what was compiled, by path, in order of paths.

    `retired` are folders of sync units (`overlays/a/monitoring`) that must stay: one that has nothing in it holds a
    tombstone. A folder without any resource is not written. Cost: linear in resources.
    """
    mesh = inventory.mesh.name
    bases, overlays = _split(inventory, compiled)
    components = components_on_top(compiled)
    tree: dict[str, bytes] = {}
    for folder, files in bases.files.items():
        _add_folder(tree, base_folder(folder), files, mesh)
    for cluster, folders in overlays.items():
        for folder, files in folders.items():
            builds_on = cluster in bases.clusters.get(folder, ())
            base = (base_from_overlay(folder), bases.source(folder)) if builds_on else None
            on_top = components.get((cluster, folder), ())
            _add_folder(tree, overlay_folder(cluster, folder), files, mesh, base, on_top)
    alive = {folder for path in tree for folder in parents(path)}
    for unit in retired:
        if unit not in alive:
            tree[tombstone_path(unit)] = seal(dump([tombstone(unit)]), mesh, source_of(unit))
    tree |= connections(tree, mesh)
    return dict(sorted(tree.items()))


def components_on_top(compiled: Mapping[str, Iterable[Compiled]]) -> dict[tuple[str, Folder], tuple[str, ...]]:
    """Return the components of each cluster's folder that has any.

    While resources are on their way into a folder, it keeps those that it has.
    """
    found: dict[tuple[str, Folder], tuple[str, ...]] = {}
    for cluster, resources in compiled.items():
        for one in resources:
            if one.place.components:
                found.setdefault((cluster, Folder(one.place.namespace, one.place.folder)), one.place.components)
    return found


def manifests_by_path(inventory: Inventory, compiled: Mapping[str, Sequence[Compiled]]) -> dict[str, list[Manifest]]:
    """Return the resources in each file that `build_tree` makes of what was compiled; other files hold none of them."""
    bases, overlays = _split(inventory, compiled)
    folders = [(base_folder(folder), files) for folder, files in bases.files.items()]
    folders += [
        (overlay_folder(cluster, folder), files)
        for cluster, of_cluster in overlays.items()
        for folder, files in of_cluster.items()
    ]
    return {
        f"{folder}/{file_name(stem)}": [resource.manifest for resource in resources]
        for folder, files in folders
        for stem, resources in files.items()
    }


def _split(inventory: Inventory, compiled: Mapping[str, Sequence[Compiled]]) -> tuple[Bases, Overlays]:
    """Sort resources into base and overlays."""
    placed = {
        Folder(workload.namespace, workload.name): [placement.cluster for placement in workload.placements]
        for workload in inventory.workloads
    }
    return split_base(_by_folder(compiled), placed)


def _by_folder(compiled: Mapping[str, Sequence[Compiled]]) -> Overlays:
    """Sort resources by cluster, folder and file; within a file they keep their order."""
    overlays: Overlays = {}
    for cluster, resources in sorted(compiled.items()):
        folders = overlays[cluster] = {}
        place, here = None, []
        for resource in resources:
            # Resources of one place come in a row: looking it up once per row is four times as fast.
            if resource.place is not place:
                place = resource.place
                files = folders.setdefault(Folder(place.namespace, place.folder), {})
                here = files.setdefault(place.file, [])
            here.append(resource)
    return overlays


def _add_folder(  # noqa: PLR0913, PLR0917 - all that a folder is made of
    tree: dict[str, bytes],
    folder: str,
    files: Files,
    mesh: str,
    base: tuple[str, str] | None = None,
    components: Iterable[str] = (),
) -> None:
    """Add the files of a base or overlay folder, and the kustomization that lists them and the components on top.

    `base` is the way to what the folder builds on, and what that comes from.
    """
    way, source = base or ("", "")
    listed, sources = [way], set(source.split(", "))
    for stem, resources in sorted(files.items()):
        name = file_name(stem)
        # What is read back from a file that comes from several documents names them all.
        here = {part for one in {resource.place.source for resource in resources} for part in one.split(", ")}
        listed.append(name)
        sources |= here
        body = dump([resource.manifest for resource in resources])
        tree[f"{folder}/{name}"] = seal(body, mesh, ", ".join(sorted(here)))
    body = kustomization(filter(None, listed), map(component_from_overlay, components))
    tree[f"{folder}/{KUSTOMIZATION}"] = seal(body, mesh, ", ".join(sorted(filter(None, sources))))
