"""Mixtures: some parts of the mesh as the inventory makes them, others as they stand, or stood at an earlier commit.

What goes where in the tree is worked out for the mixture as a whole, so base stays what all clusters have in common,
and a part that stays renders what it rendered, however its files are cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from gitops_gen.layout.paths import Folder
from gitops_gen.manifest import dump, resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.manifest import Manifest, ResourceId

Mesh: TypeAlias = "Mapping[str, Sequence[Compiled]]"
"""Cluster -> its resources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Parts of a mesh: whole clusters, and single folders of others (a workload's, a consumer's, of gateways)."""

    clusters: frozenset[str] = frozenset()
    folders: frozenset[tuple[str, Folder]] = frozenset()

    def __contains__(self, part: tuple[str, Folder]) -> bool:
        """Tell whether a folder of a cluster is one of them."""
        return part[0] in self.clusters or part in self.folders

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.clusters or self.folders)


def folder_of_resource(resource: Compiled) -> Folder:
    """Return the folder that a resource stands in, in its cluster's overlay."""
    return Folder(resource.place.namespace, resource.place.folder)


def mix(live: Mesh, standing: Mesh, stays: Parts) -> dict[str, list[Compiled]]:
    """Return the mesh in which the parts that stay are as in `standing`, and all others as in `live`."""
    mixed: dict[str, list[Compiled]] = {}
    for cluster in sorted({*live, *standing}):
        mixed[cluster] = [one for one in live.get(cluster, ()) if (cluster, folder_of_resource(one)) not in stays]
        mixed[cluster] += [one for one in standing.get(cluster, ()) if (cluster, folder_of_resource(one)) in stays]
    return mixed


def same_resources(one: Iterable[Compiled], other: Iterable[Compiled]) -> bool:
    """Tell whether two lots of resources are the same, in whatever order and files, with the same components on top."""
    return _by_id(one) == _by_id(other)


def differing_folders(one: Iterable[Compiled], other: Iterable[Compiled]) -> list[Folder]:
    """Return the folders of a cluster that are not the same on both sides, sorted."""
    sides = _by_folder(one), _by_folder(other)
    return [
        folder
        for folder in sorted({*sides[0], *sides[1]})
        if not same_resources(sides[0].get(folder, ()), sides[1].get(folder, ()))
    ]


def lost_gateways(held: Iterable[Compiled], before: Iterable[Compiled], after: Iterable[Compiled]) -> list[Folder]:
    """Return the folders of shared Gateways that the routes of a held part would lose something in.

    `held` are the part's own resources, `before` and `after` the cluster's: a route names its Gateways, and needs the
    servers that these had.
    """
    named = {
        name if "/" in name else f"{one.manifest['metadata'].get('namespace', '')}/{name}"
        for one in held
        if one.manifest["kind"] == "VirtualService"
        for name in one.manifest["spec"].get("gateways", ())
    }
    gateways = {resource_id(one.manifest): one.manifest for one in after if one.manifest["kind"] == "Gateway"}
    lost = set()
    for one in before:
        folder = folder_of_resource(one)
        identity = resource_id(one.manifest)
        shared = one.manifest["kind"] == "Gateway" and not folder.has_base
        if shared and f"{identity.namespace}/{identity.name}" in named and not _serves(gateways.get(identity), one):
            lost.add(folder)
    return sorted(lost)


def _serves(gateway: Manifest | None, before: Compiled) -> bool:
    """Tell whether a Gateway still has all servers of an earlier one, for all their hosts."""
    if gateway is None:
        return False
    old, new = before.manifest["spec"], gateway["spec"]
    if {**old, "servers": ()} != {**new, "servers": ()}:
        return False
    return all(any(_covers(server, wanted) for server in new["servers"]) for wanted in old["servers"])


def _covers(server: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    rest = {**server, "hosts": ()} == {**wanted, "hosts": ()}
    return rest and set(wanted["hosts"]) <= set(server["hosts"])


def _by_folder(resources: Iterable[Compiled]) -> dict[Folder, list[Compiled]]:
    found: dict[Folder, list[Compiled]] = {}
    for one in resources:
        found.setdefault(folder_of_resource(one), []).append(one)
    return found


def _by_id(resources: Iterable[Compiled]) -> dict[ResourceId, tuple[Folder, tuple[str, ...], str]]:
    """Return id -> folder, components and text: not the manifests, for to Python 1 and True are the same."""
    return {
        resource_id(one.manifest): (folder_of_resource(one), one.place.components, dump([one.manifest]))
        for one in resources
    }
