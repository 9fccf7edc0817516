"""Small compiled resources and trees for tests of the layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.compiled import Compiled, Place
from gitops_gen.layout.build import build_tree
from gitops_gen.tree import Entry, blob_id
from tests.factories import a_mesh, a_placement, a_workload, an_inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.model import Inventory
    from gitops_gen.tree import Tree


def of_pod(pod: str, cluster: str = "a", namespace: str = "data", folder: str = "db", **spec: Any) -> Compiled:
    """Make the Service of one pod."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{cluster}-{pod}", "namespace": namespace},
        "spec": {"ports": [{"port": 80}], **spec},
    }
    return Compiled(manifest, Place(namespace, folder, pod, f"Workload {namespace}/{folder}"))


def shared(
    name: str = "db", kind: str = "DestinationRule", namespace: str = "data", folder: str = "db", **spec: Any
) -> Compiled:
    """Make a resource of a whole workload."""
    manifest = {
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"host": f"{name}.{namespace}.svc.cluster.local", **spec},
    }
    return Compiled(manifest, Place(namespace, folder, kind.lower(), f"Workload {namespace}/{folder}", shared=True))


def an_inventory_of(**clusters: Iterable[str]) -> Inventory:
    """Make an inventory that places the workload `data/db` in clusters; `b=["x"]` places `data/x` in b."""
    placed: dict[str, list[str]] = {}
    for cluster, names in clusters.items():
        for name in names:
            placed.setdefault(name, []).append(cluster)
    workloads = [
        a_workload(namespace="data", name=name, placements=tuple(a_placement(cluster=cluster) for cluster in members))
        for name, members in placed.items()
    ]
    return an_inventory(mesh=a_mesh(), workloads=workloads)


def a_tree(compiled: Mapping[str, Sequence[Compiled]], retired: Iterable[str] = ()) -> dict[str, bytes]:
    """Lay out resources for an inventory that places workload `data/db` wherever there are resources of its pods."""
    placed = {
        cluster: ["db"]
        for cluster, resources in compiled.items()
        if any(one.place.folder == "db" and not one.place.shared for one in resources)
    }
    return build_tree(an_inventory_of(**placed), compiled, retired)


def text_of(tree: Tree, path: str) -> str:
    """Return the body of a file, without its seal."""
    return tree[path].decode().split("\n", 3)[3]


def listed_in(tree: Tree, folder: str) -> list[str]:
    """Return what the kustomization of a folder lists."""
    return [
        line.removeprefix("- ") for line in text_of(tree, f"{folder}/kustomization.yaml").splitlines() if line[0] == "-"
    ]


def entries_of(tree: Tree) -> dict[str, Entry]:
    """Return a tree as it stands in a repository."""
    return {path: Entry("100644", blob_id(content)) for path, content in tree.items()}
