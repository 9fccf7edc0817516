"""What the branch holds, beside what the inventory makes of it: the ground on which holds and selections are judged.

Of a folder whose files are all as the inventory makes them, the resources are known without reading; only what
differs is read back from the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.published import closure, closure_id
from gitops_gen.layout.kustomization import listed
from gitops_gen.layout.mixture import folder_of_resource
from gitops_gen.layout.paths import KUSTOMIZATION, Folder, base_folder, base_from_overlay, base_of, overlay_folder
from gitops_gen.layout.seal import read_seal
from gitops_gen.layout.standing import folder_of, folders_in, read_standing
from gitops_gen.tree import blob_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.compiled import Compiled
    from gitops_gen.tree import Entry, Tree
    from gitops_gen.workflows.desired import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A branch as it stands: `tree` are the files sealed by this Mesh, `blobs` their ids.

    `live` is what the inventory makes, by cluster; `differing` the folders in which the branch has anything else, and
    `bases` those in base.
    """

    mesh: str
    tree: Tree
    blobs: Mapping[str, str]
    live: Mapping[str, tuple[Compiled, ...]]
    differing: Mapping[str, set[Folder]]
    bases: frozenset[str]

    def clusters(self) -> list[str]:
        """Return the clusters that have anything on the branch."""
        return sorted({path.split("/")[1] for path in self.tree if path.startswith("overlays/")})

    def workloads(self) -> set[str]:
        """Return the workloads (`namespace/name`) that any cluster has on the branch."""
        found = folders_in(self.tree).values()
        return {f"{one.namespace}/{one.name}" for folders in found for one in folders if one.has_base}

    def resources(self, clusters: Iterable[str]) -> dict[str, list[Compiled]]:
        """Return what some clusters render by the branch."""
        clusters = list(clusters)
        there = folders_in(self.tree)
        wanted = {cluster: there.get(cluster, set()) & self.differing_in(cluster) for cluster in clusters}
        read = read_standing(self.tree, {cluster: folders for cluster, folders in wanted.items() if folders}, self.mesh)
        found = {}
        for cluster in clusters:
            differing = self.differing_in(cluster)
            same = [one for one in self.live.get(cluster, ()) if folder_of_resource(one) not in differing]
            found[cluster] = [*same, *read.get(cluster, ())]
        return found

    def tree_id(self, cluster: str, object_format: str) -> str:
        """Return the id of a cluster's closure as it stands."""
        return closure_id(self.tree, self.blobs, cluster, object_format)

    def edited(self, cluster: str) -> list[str]:
        """Return the files of a cluster's closure that somebody edited."""
        return [path for path in closure(self.tree, cluster) if self.is_edited(path)]

    def is_edited(self, path: str) -> bool:
        """Tell whether a path holds a file of ours that somebody changed."""
        mark = read_seal(self.tree[path]) if path in self.tree else None
        return mark is not None and not mark.intact

    def torn(self, cluster: str, folder: Folder) -> str:
        """Return a file that a folder's kustomization lists and that is not there as ours, "" for none."""
        overlay = overlay_folder(cluster, folder)
        for entry in listed(self.tree.get(f"{overlay}/{KUSTOMIZATION}", b"")):
            above = entry == base_from_overlay(folder)
            path = f"{base_folder(folder)}/{KUSTOMIZATION}" if above else f"{overlay}/{entry}"
            if path not in self.tree:
                return path
        return ""

    def differing_in(self, cluster: str) -> set[Folder]:
        """Return the folders that a cluster may render otherwise than the inventory makes them."""
        folders = {Folder(*base.split("/")[1:3]) for base in self.bases}
        return self.differing.get(cluster, set()) | folders


def stand(comparison: Comparison, found: Mapping[str, Entry], object_format: str) -> Standing:
    """Put together how a branch stands, from the comparison of the whole inventory with it."""
    desired, contents = comparison.desired.tree, comparison.contents
    mesh = comparison.desired.inventory.mesh.name
    tree: dict[str, bytes] = {}
    for path in found:
        if path in contents:
            mark = read_seal(contents[path])
            if mark is not None and mark.mesh == mesh:
                tree[path] = contents[path]
        elif path in desired and found[path].blob == blob_id(desired[path], object_format):
            tree[path] = desired[path]
    changed = {path for path in {*desired, *tree} if tree.get(path) != desired.get(path)}
    differing: dict[str, set[Folder]] = {}
    for path in changed:
        place = folder_of(path)
        if place is not None:
            differing.setdefault(place[0], set()).add(place[1])
    return Standing(
        mesh=mesh,
        tree=tree,
        blobs={path: found[path].blob for path in tree},
        live={cluster: tuple(pieces) for cluster, pieces in comparison.desired.compiled.items()},
        differing=differing,
        bases=frozenset(base for path in changed if (base := base_of(path)) is not None),
    )
