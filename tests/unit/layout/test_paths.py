from __future__ import annotations

import pytest

from gitops_gen.layout import paths
from gitops_gen.layout.paths import Folder

WORKLOAD = Folder("data", "db")
GATEWAYS = Folder("istio-ingress", "gateways.ingress")


def test_where_everything_stands() -> None:
    assert paths.base_folder(WORKLOAD) == "base/data/db"
    assert paths.overlay_folder("a", WORKLOAD) == "overlays/a/data/db"
    assert paths.overlay_folder("a", GATEWAYS) == "overlays/a/istio-ingress/gateways.ingress"
    assert paths.base_from_overlay(WORKLOAD) == "../../../../base/data/db"


def test_only_workloads_have_a_base() -> None:
    assert WORKLOAD.has_base
    assert not GATEWAYS.has_base
    assert not Folder("data", "consumer.query").has_base


def test_a_pod_may_have_any_name() -> None:
    assert paths.file_name("db-0") == "db-0.yaml"
    assert paths.file_name("kustomization") == "kustomization_.yaml"
    assert paths.file_name("retired") == "retired_.yaml"


@pytest.mark.parametrize(
    ("path", "cluster", "base_of", "base_for"),
    [
        ("overlays/a/data/db/db-0.yaml", "a", None, "base/data/db"),
        ("overlays/a/istio-ingress/gateways.ingress/public.yaml", "a", None, None),
        ("overlays/a/data/kustomization.yaml", "a", None, None),
        ("overlays/a/kustomization.yaml", "a", None, None),
        ("overlays/README.md", None, None, None),
        ("base/data/db/service.yaml", None, "base/data/db", None),
        ("base/data/README.md", None, None, None),
        ("published/a.yaml", None, None, None),
    ],
)
def test_what_a_path_belongs_to(path: str, cluster: str | None, base_of: str | None, base_for: str | None) -> None:
    assert (paths.cluster_of(path), paths.base_of(path), paths.base_for(path)) == (cluster, base_of, base_for)


def test_the_folders_above_a_path() -> None:
    assert paths.parents("overlays/a/data/db-0.yaml") == ["overlays", "overlays/a", "overlays/a/data"]
    assert paths.parents("base") == []
    assert (paths.parent("a/b"), paths.parent("a")) == ("a", "")
