from __future__ import annotations

import pytest

from gitops_gen.model import SyncUnit
from gitops_gen.plan.places import Place, TreeFolder, place_of, pod_order


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("base/monitoring/prometheus/service.yaml", Place(TreeFolder("", "monitoring", "prometheus"), "service.yaml")),
        ("overlays/a/kustomization.yaml", Place(TreeFolder("a", "", ""), "kustomization.yaml")),
        ("overlays/a/ns/retired.yaml", Place(TreeFolder("a", "ns", ""), "retired.yaml")),
        ("overlays/a/ns/wl/wl-0.yaml", Place(TreeFolder("a", "ns", "wl"), "wl-0.yaml")),
    ],
)
def test_reads_a_path_and_writes_it_back(path: str, place: Place) -> None:
    assert place_of(path) == place
    assert place.path == path


@pytest.mark.parametrize(
    "path",
    [
        "base/ns/file.yaml",
        "base/a/b/c/d.yaml",
        "overlays/file.yaml",
        "overlays/a/b/c/d/e.yaml",
        "published/a.yaml",
        "a",
    ],
)
def test_knows_no_place_elsewhere(path: str) -> None:
    assert place_of(path) is None


@pytest.mark.parametrize(
    ("path", "pod"),
    [
        ("overlays/a/ns/wl/wl-0.yaml", "wl-0"),
        ("overlays/a/ns/wl/wl-0.b.yaml", "wl-0.b"),
        ("overlays/a/ns/wl/kustomization_.yaml", "kustomization"),
        ("overlays/a/ns/wl/kustomization.yaml", None),
        ("overlays/a/ns/wl/retired.yaml", None),
        ("overlays/a/ns/wl/virtual-service.yaml", None),
        ("overlays/a/ns/wl/notes.md", None),
        ("overlays/a/ns/gateways.ingress/example-public.yaml", None),
        ("overlays/a/ns/consumer.query/config-map.yaml", None),
        ("overlays/a/ns/retired.yaml", None),
    ],
)
def test_tells_a_pods_file_from_the_others(path: str, pod: str | None) -> None:
    place = place_of(path)
    assert place is not None
    assert place.pod == pod


def test_finds_the_sync_unit_of_a_folder() -> None:
    folder = TreeFolder("a", "ns", "wl")
    assert [folder.unit(unit) for unit in SyncUnit] == ["overlays/a", "overlays/a/ns", "overlays/a/ns/wl"]
    assert TreeFolder("a", "ns", "").unit(SyncUnit.WORKLOAD) == "overlays/a/ns"


def test_sorts_pods_by_number() -> None:
    pods = ["kafka-10", "kafka-9", "kafka-9.b", "admin", "kafka-pool-1"]
    assert sorted(pods, key=pod_order) == ["admin", "kafka-9", "kafka-9.b", "kafka-10", "kafka-pool-1"]
