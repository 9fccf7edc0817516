"""Trees, built by kustomize at each level: exactly what was compiled comes back, in the order of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.compiled import Compiled, Place
from gitops_gen.delivery import worktree
from gitops_gen.kustomize import build
from gitops_gen.layout.units import tombstone
from gitops_gen.manifest import load, resource_id
from gitops_gen.model import SyncUnit
from gitops_gen.process import run
from tests.trees import a_tree, of_pod, shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize
    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.tree import Tree


def gateway(cluster: str) -> Compiled:
    manifest = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "example-public", "namespace": "istio-ingress"},
        "spec": {"servers": [{"hosts": [f"data/*.{cluster}.example.com"]}]},
    }
    return Compiled(manifest, Place("istio-ingress", "gateways.ingress", "example-public", f"Cluster {cluster}"))


def of_consumer() -> Compiled:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "stores", "namespace": "query"},
        "data": {"endpoints.yaml": "# two\n- targets:\n  - a:80\n"},
    }
    return Compiled(manifest, Place("query", "consumer.thanos", "stores", "Consumer query/thanos"))


COMPILED: dict[str, list[Compiled]] = {
    "a": [
        shared(),
        shared(kind="PeerAuthentication", mode="STRICT"),
        *(of_pod(f"db-{number}", "a") for number in range(11)),
        of_pod("web-0", "a", namespace="front", folder="web"),
        gateway("a"),
    ],
    "b": [
        shared(),
        shared(kind="PeerAuthentication", mode="PERMISSIVE"),
        of_pod("db-0", "b"),
        of_pod("db-0", "b", namespace="data", folder="123", odd=["1e3", "no", "0x1F"]),
        gateway("b"),
        of_consumer(),
    ],
    "c": [shared(), shared(kind="PeerAuthentication", mode="STRICT")],
    "d": [of_pod("kustomization", "d", namespace="con", folder="no")],
}
# Two pods of one name in a namespace: they are told apart by their workload.
COMPILED["b"][3].manifest["metadata"]["name"] = "b-123-0"


def by_id(resources: Sequence[Manifest]) -> dict[ResourceId, Manifest]:
    found = {resource_id(one): one for one in resources}
    assert len(found) == len(resources), "a resource stands twice"
    return found


def rendered(kustomize: Kustomize, root: Path, folder: str) -> list[dict[str, Any]]:
    """Build a folder, and hold that kustomize has nothing to say about it."""
    done = run((*kustomize.argv, "."), cwd=root / folder, env={}, timeout_s=60)
    assert (done.returncode, done.stderr) == (0, b"")
    return list(load(done.stdout.decode()))


def compiled_below(folder: str, compiled: Mapping[str, Sequence[Compiled]] = COMPILED) -> dict[ResourceId, Manifest]:
    """Return what was compiled for a cluster, a namespace of it, or a folder of that."""
    _, cluster, *rest = folder.split("/")
    within = [one for one in compiled[cluster] if [one.place.namespace, one.place.folder][: len(rest)] == rest]
    return by_id([one.manifest for one in within])


def put(tree: Tree, root: Path) -> Path:
    worktree.replace(root, tree, [])
    return root


TREE = a_tree(COMPILED)
FOLDERS = sorted(
    path.rpartition("/")[0] for path in TREE if path.startswith("overlays/") and path.endswith("/kustomization.yaml")
)


def test_every_level_is_there() -> None:
    assert len(FOLDERS) == 21
    assert {folder.count("/") for folder in FOLDERS} == {1, 2, 3}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_level_returns_exactly_what_was_compiled(kustomize: Kustomize, tmp_path: Path, folder: str) -> None:
    put(TREE, tmp_path)

    assert by_id(rendered(kustomize, tmp_path, folder)) == compiled_below(folder)


@pytest.mark.parametrize("folder", ["overlays/a", "overlays/a/data", "overlays/a/data/db"])
def test_the_order_is_that_of_the_files(kustomize: Kustomize, tmp_path: Path, folder: str) -> None:
    """What several clusters share comes first; in kustomize's own order the Services would."""
    put(TREE, tmp_path)

    names = [one["metadata"]["name"] for one in rendered(kustomize, tmp_path, folder)]

    pods = ["a-db-0", "a-db-1", "a-db-10", *(f"a-db-{number}" for number in range(2, 10))]
    kinds = [one["kind"] for one in rendered(kustomize, tmp_path, folder)]
    assert names[: len(pods) + 2] == ["db", *pods, "db"]
    assert (kinds[0], kinds[len(pods) + 1]) == ("DestinationRule", "PeerAuthentication")


def test_base_builds_by_itself(kustomize: Kustomize, tmp_path: Path) -> None:
    put(TREE, tmp_path)

    assert rendered(kustomize, tmp_path, "base/data/db") == [shared().manifest]


def test_what_moves_between_base_and_overlays_changes_no_other_cluster(kustomize: Kustomize, tmp_path: Path) -> None:
    """c changes its DestinationRule, which so leaves base, and then goes back."""
    changed = {**COMPILED, "c": [shared(tls="own"), COMPILED["c"][1]]}
    before, during = put(TREE, tmp_path / "before"), put(a_tree(changed), tmp_path / "during")

    assert "base/data/db/destinationrule.yaml" in TREE
    assert "base/data/db/destinationrule.yaml" not in a_tree(changed)
    for cluster in "abd":
        folder = f"overlays/{cluster}"
        assert by_id(rendered(kustomize, during, folder)) == by_id(rendered(kustomize, before, folder))
    assert by_id(rendered(kustomize, during, "overlays/c")) == compiled_below("overlays/c", changed)


@pytest.mark.parametrize("sync_unit", SyncUnit)
def test_a_unit_that_lost_everything_renders_its_tombstone(
    kustomize: Kustomize, tmp_path: Path, sync_unit: SyncUnit
) -> None:
    unit = {
        SyncUnit.CLUSTER: "overlays/d",
        SyncUnit.NAMESPACE: "overlays/d/con",
        SyncUnit.WORKLOAD: "overlays/d/con/no",
    }[sync_unit]
    put(a_tree({**COMPILED, "d": []}, retired=[unit]), tmp_path)

    assert rendered(kustomize, tmp_path, unit) == [tombstone(unit)]
    assert rendered(kustomize, tmp_path, "overlays/d") == [tombstone(unit)]


def test_nothing_that_kustomize_returns_depends_on_where_the_tree_stands(kustomize: Kustomize, tmp_path: Path) -> None:
    texts = {
        build(kustomize, put(TREE, tmp_path / place) / "overlays/b", 60) for place in ("here", "some where/else", "ä")
    }

    assert len(texts) == 1
