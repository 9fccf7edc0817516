"""What stands in a tree, read back as resources with their places: the layout's way, backwards.

A part of a cluster that is held, or not chosen, stays as it is published. What it renders is then no longer known from
the inventory, only from the tree itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.compiled import Compiled, Place, with_components
from gitops_gen.errors import RefusedError
from gitops_gen.layout.kustomization import components_listed, listed
from gitops_gen.layout.paths import (
    KUSTOMIZATION,
    TOMBSTONE,
    Folder,
    base_folder,
    base_from_overlay,
    base_of,
    overlay_folder,
    stem_of,
)
from gitops_gen.layout.seal import read_seal
from gitops_gen.manifest import UNREADABLE, load, resource_id
from gitops_gen.resources.labels import POD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.manifest import Manifest
    from gitops_gen.tree import Tree

_OVERLAY_PARTS = 5
"""How many parts the path of a file in `overlays/<cluster>/<namespace>/<folder>` has."""


def folder_of(path: str) -> tuple[str, Folder] | None:
    """Return the cluster and the folder whose file a path of an overlay is; None for the files above the folders."""
    parts = path.split("/")
    if parts[0] != "overlays" or len(parts) != _OVERLAY_PARTS:
        return None
    return parts[1], Folder(parts[2], parts[3])


def folders_in(paths: Iterable[str]) -> dict[str, set[Folder]]:
    """Return cluster -> the folders in which it has a file."""
    found: dict[str, set[Folder]] = {}
    for path in paths:
        place = folder_of(path)
        if place is not None:
            found.setdefault(place[0], set()).add(place[1])
    return found


def paths_of(paths: Iterable[str], wanted: Mapping[str, Iterable[Folder]]) -> list[str]:
    """Return those paths that `read_standing` needs for some folders of some clusters, their bases included."""
    places = {(cluster, folder) for cluster, folders in wanted.items() for folder in folders}
    bases = {base_folder(folder) for _, folder in places}
    return [path for path in paths if folder_of(path) in places or base_of(path) in bases]


def read_standing(tree: Tree, wanted: Mapping[str, Iterable[Folder]], mesh: str) -> dict[str, list[Compiled]]:
    """Return what some folders of some clusters render by the files in a tree, in order of folders and files.

    Only files sealed by this Mesh count: what a person put beside them is no part of what we render. Cost: linear in
    the tree's paths and in the resources of these folders. Raises RefusedError for a sealed file that holds anything
    else than resources.
    """
    files: dict[str, list[str]] = {}
    for path in sorted(tree):
        files.setdefault(path.rpartition("/")[0], []).append(path)
    parsed: dict[str, list[Compiled]] = {}

    def resources(folder: str, place: Folder) -> Iterator[Compiled]:
        for path in files.get(folder, ()):
            if path.endswith((f"/{KUSTOMIZATION}", f"/{TOMBSTONE}")):
                continue
            if path not in parsed:
                parsed[path] = _resources(path, tree[path], place, mesh)
            yield from parsed[path]

    found: dict[str, list[Compiled]] = {}
    for cluster, folders in sorted(wanted.items()):
        here = found[cluster] = []
        for folder in sorted(folders):
            overlay = overlay_folder(cluster, folder)
            mine = list(resources(overlay, folder))
            written = tree.get(f"{overlay}/{KUSTOMIZATION}", b"")
            if folder.has_base and base_from_overlay(folder) in listed(written):
                mine = [*resources(base_folder(folder), folder), *mine]
            mine = with_components(mine, {(folder.namespace, folder.name): tuple(components_listed(written))})
            here += sorted(mine, key=lambda one: one.place.file)
    return found


def edited_in(tree: Tree, wanted: Mapping[str, Iterable[Folder]], mesh: str) -> list[str]:
    """Return the files of some folders that this Mesh sealed and somebody changed since."""
    return [
        path
        for path in paths_of(tree, wanted)
        if (mark := read_seal(tree[path])) is not None and mark.mesh == mesh and not mark.intact
    ]


def _resources(path: str, content: bytes, folder: Folder, mesh: str) -> list[Compiled]:
    mark = read_seal(content)
    if mark is None or mark.mesh != mesh:
        return []
    file = stem_of(path.rpartition("/")[2])
    found = []
    try:
        for manifest in load(content.decode()):
            resource_id(manifest)
            shared = folder.has_base and not _per_pod(manifest)
            found.append(Compiled(manifest, Place(folder.namespace, folder.name, file, mark.source, shared)))
    except (*UNREADABLE, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(
            f"{path} has to stay as it is published, but holds something else than resources",
            help=f"somebody edited it; git log -- {path} shows the last good version",
        ) from error
    return found


def _per_pod(manifest: Manifest) -> bool:
    """Tell whether a resource exists for one pod, by its label."""
    return POD in (manifest["metadata"].get("labels") or {})
