from __future__ import annotations

import pytest

from gitops_gen.layout import units
from gitops_gen.layout.seal import seal
from gitops_gen.model import SyncUnit
from tests.trees import a_tree, of_pod, shared

CLUSTER, NAMESPACE, WORKLOAD = SyncUnit.CLUSTER, SyncUnit.NAMESPACE, SyncUnit.WORKLOAD


@pytest.mark.parametrize(
    ("path", "cluster", "namespace", "workload"),
    [
        ("overlays/a/data/db/db-0.yaml", "overlays/a", "overlays/a/data", "overlays/a/data/db"),
        ("overlays/a/data/kustomization.yaml", "overlays/a", "overlays/a/data", None),
        ("overlays/a/kustomization.yaml", "overlays/a", None, None),
        ("overlays/kustomization.yaml", None, None, None),
        ("base/data/db/service.yaml", None, None, None),
        ("published/a.yaml", None, None, None),
        ("engines/flux/a/sync.yaml", None, None, None),
    ],
)
def test_the_unit_of_a_path(path: str, cluster: str | None, namespace: str | None, workload: str | None) -> None:
    assert [units.unit_of(path, one) for one in (CLUSTER, NAMESPACE, WORKLOAD)] == [cluster, namespace, workload]
    for sync_unit in SyncUnit:
        unit = units.unit_of(path, sync_unit)
        assert unit is None or units.is_unit(unit, sync_unit)
        assert not units.is_unit(path, sync_unit) or unit is None


def test_folders_that_are_no_units() -> None:
    assert not units.is_unit("base/data/db", NAMESPACE)
    assert not units.is_unit("overlays/a", NAMESPACE)
    assert not units.is_unit("overlays/a/data/db", NAMESPACE)


TREE = a_tree(
    {
        "a": [shared(), of_pod("db-0", "a"), of_pod("web-0", "a", namespace="front", folder="web")],
        "b": [shared(), of_pod("db-0", "b")],
        "c": [of_pod("web-0", "c", namespace="front", folder="web")],
    }
)


def test_the_units_of_a_tree() -> None:
    assert units.units_of(TREE, CLUSTER) == ["overlays/a", "overlays/b", "overlays/c"]
    assert units.units_of(TREE, NAMESPACE) == [
        "overlays/a/data",
        "overlays/a/front",
        "overlays/b/data",
        "overlays/c/front",
    ]


def test_a_change_in_base_changes_each_unit_that_builds_on_it() -> None:
    def changed(*paths: str) -> list[str]:
        return units.changed_units(TREE, paths, NAMESPACE)

    assert changed("base/data/db/destinationrule.yaml") == ["overlays/a/data", "overlays/b/data"]
    assert changed("overlays/c/front/web/web-0.yaml") == ["overlays/c/front"]
    assert changed("overlays/a/kustomization.yaml", "published/a.yaml") == []
    assert changed("overlays/gone/data/db/db-0.yaml") == []


def test_a_unit_that_lost_everything_is_known_by_its_seals() -> None:
    ours, foreign = (seal("kind: Service\n", mesh, "Workload data/db") for mesh in ("example", "other"))
    contents = {
        "overlays/d/data/db/db-0.yaml": ours,
        "overlays/d/data/db/db-1.yaml": ours,
        "overlays/e/data/db/db-0.yaml": foreign,
        "overlays/f/data/db/db-0.yaml": b"kind: Service\n",
        "overlays/a/data/db/db-7.yaml": ours,
        "overlays/g/kustomization.yaml": ours,
        "base/data/gone/service.yaml": ours,
    }

    assert units.lost_units(TREE, contents, "example", NAMESPACE) == ["overlays/d/data"]
    assert units.lost_units(TREE, contents, "example", CLUSTER) == ["overlays/d", "overlays/g"]
    assert units.lost_units(TREE, contents, "other", NAMESPACE) == ["overlays/e/data"]


@pytest.mark.parametrize(
    ("unit", "name", "namespace"),
    [
        ("overlays/a", "gitops-gen-retired-a", "default"),
        ("overlays/a/data", "gitops-gen-retired-data", "data"),
        ("overlays/a/data/db", "gitops-gen-retired-db", "data"),
        ("overlays/a/istio-ingress/gateways.ingress", "gitops-gen-retired-gateways.ingress", "istio-ingress"),
    ],
)
def test_a_tombstone_stands_where_the_unit_stood(unit: str, name: str, namespace: str) -> None:
    assert units.tombstone(unit) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "gitops-gen"},
        },
        "data": {"unit": unit},
    }
    assert units.tombstone_path(unit) == f"{unit}/retired.yaml"


def test_what_a_cluster_is_built_from_and_its_namespaces() -> None:
    paths = [
        "base/data/kafka/service.yaml",
        "overlays/east/kustomization.yaml",
        "overlays/east/data/kustomization.yaml",
        "overlays/east/data/kafka/kafka-0.yaml",
        "overlays/eastern/mq/kustomization.yaml",
        "engines/argocd/gitops-gen.yaml",
    ]
    assert units.roots_of(paths, "east") == ["base", "overlays/east"]
    assert units.roots_of(paths[1:], "east") == ["overlays/east"]
    assert units.namespaces_in(paths, "east") == ["data"]
    assert units.namespaces_in(paths, "eastern") == ["mq"]
