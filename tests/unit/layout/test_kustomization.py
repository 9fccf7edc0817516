from __future__ import annotations

import pytest

from gitops_gen.layout.kustomization import connections, kustomization, listed
from gitops_gen.layout.seal import read_seal, seal
from tests.trees import listed_in


def test_a_kustomization_lists_in_the_order_given() -> None:
    assert (
        kustomization(["../../../../base/data/db", "db-1.yaml", "db-0.yaml", "123"])
        == """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
sortOptions:
  order: fifo
resources:
- ../../../../base/data/db
- db-1.yaml
- db-0.yaml
- "123"
"""
    )


def test_an_empty_kustomization_is_none() -> None:
    with pytest.raises(ValueError, match="without resources"):
        kustomization([])


def test_what_was_listed_is_read_back() -> None:
    names = ["../../../../base/data/db", "db.yaml", "123", "no", "1e3"]

    assert listed(seal(kustomization(names), "example", "Cluster a")) == names
    assert listed(b"") == []
    assert listed(b"\xff") == []


def test_every_folder_is_led_to() -> None:
    tree = connections(
        [
            "base/data/db/kustomization.yaml",
            "overlays/a/data/db/kustomization.yaml",
            "overlays/a/data/db/db-0.yaml",
            "overlays/a/data/123/kustomization.yaml",
            "overlays/a/istio-ingress/gateways.ingress/kustomization.yaml",
            "overlays/b/data/db/kustomization.yaml",
        ],
        "example",
    )

    assert sorted(tree) == [
        "overlays/a/data/kustomization.yaml",
        "overlays/a/istio-ingress/kustomization.yaml",
        "overlays/a/kustomization.yaml",
        "overlays/b/data/kustomization.yaml",
        "overlays/b/kustomization.yaml",
    ]
    assert listed_in(tree, "overlays/a") == ["data", "istio-ingress"]
    assert listed_in(tree, "overlays/a/data") == ['"123"', "db"]
    assert listed_in(tree, "overlays/b") == ["data"]
    sources = {path: found.source for path, content in tree.items() if (found := read_seal(content)) is not None}
    assert sources["overlays/a/kustomization.yaml"] == "Cluster a"
    assert sources["overlays/a/data/kustomization.yaml"] == "namespace data of Cluster a"


@pytest.mark.parametrize(
    ("tombstone", "listing"),
    [
        ("overlays/a/retired.yaml", {"overlays/a": ["retired.yaml"]}),
        ("overlays/a/data/retired.yaml", {"overlays/a": ["data"], "overlays/a/data": ["retired.yaml"]}),
        (
            "overlays/a/data/db/retired.yaml",
            {"overlays/a": ["data"], "overlays/a/data": ["db"], "overlays/a/data/db": ["retired.yaml"]},
        ),
    ],
)
def test_a_tombstone_is_led_to_at_each_level(tombstone: str, listing: dict[str, list[str]]) -> None:
    tree = connections([tombstone], "example")

    assert {folder: listed_in(tree, folder) for folder in listing} == listing
    assert len(tree) == len(listing)
