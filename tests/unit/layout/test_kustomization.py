from __future__ import annotations

import pytest

from gitops_gen.layout.kustomization import components_listed, connections, extended_folders, kustomization, listed
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


def test_components_come_after_the_resources_in_the_order_given() -> None:
    ways = ["../../../../components/timeouts", "../../../../components/123"]
    text = kustomization(["db-0.yaml"], ways)
    assert text.endswith(f"resources:\n- db-0.yaml\ncomponents:\n- {ways[0]}\n- {ways[1]}\n")
    sealed = seal(text, "example", "Cluster a")
    assert listed(sealed) == ["db-0.yaml"]
    assert components_listed(sealed) == ["timeouts", "123"]
    # What a person put there by hand from elsewhere is none of ours.
    assert components_listed(seal(kustomization(["a"], ["../other", "../../../../components/x"]), "m", "w")) == ["x"]
    assert components_listed(seal(kustomization(["a"]), "m", "w")) == []


def test_folders_with_components_on_top_are_known_by_their_kustomizations() -> None:
    tree = {
        "overlays/a/data/db/kustomization.yaml": kustomization(["a"], ["../../../../components/x"]).encode(),
        "overlays/a/data/db/notes.yaml": b"a:\ncomponents:\n",
        "overlays/b/data/db/kustomization.yaml": kustomization(["components"]).encode(),
    }
    assert extended_folders(tree) == ["overlays/a/data/db"]


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
