"""Closures: every file that a folder is built from, whoever wrote its kustomizations."""

from __future__ import annotations

import pytest

from gitops_gen.layout.closure import closure_of, is_kustomization, near, only_lists, read_kustomization

TREE = {
    "overlays/east/monitoring/kustomization.yaml": "resources: [prometheus, note.yaml, gone.yaml]",
    "overlays/east/monitoring/note.yaml": "",
    "overlays/east/monitoring/prometheus/kustomization.yaml": (
        "resources: [../../../../base/monitoring/prometheus, prometheus-0.yaml]\n"
        "components: [../../../../components/more]"
    ),
    "overlays/east/monitoring/prometheus/prometheus-0.yaml": "",
    "overlays/east/monitoring/prometheus/left-behind.yaml": "",
    "base/monitoring/prometheus/Kustomization": "resources: [service.yaml]",
    "base/monitoring/prometheus/service.yaml": "",
    "components/more/kustomization.yml": "resources: [../more, 7]\npatches: [{path: patch.yaml}]",
    "overlays/west/monitoring/kustomization.yaml": "resources: []",
}


def closure(folder: str) -> list[str]:
    read = []

    def reading(path: str) -> bytes:
        read.append(path)
        return TREE[path].encode()

    found = closure_of(folder, TREE, reading)
    assert all(is_kustomization(path) for path in read)
    assert len(set(read)) == len(read)
    return found


def test_a_folder_is_built_from_what_its_kustomizations_name_to_the_end() -> None:
    assert closure("overlays/east/monitoring") == sorted(
        path for path in TREE if "left-behind" not in path and "west" not in path
    )
    assert closure("overlays/west/monitoring") == ["overlays/west/monitoring/kustomization.yaml"]


def test_a_folder_without_a_kustomization_is_built_from_nothing() -> None:
    assert closure("overlays/south") == []


def test_the_overlays_of_other_clusters_are_not_near() -> None:
    assert near(TREE, "overlays/east/monitoring") == [path for path in TREE if not path.startswith("overlays/west")]


@pytest.mark.parametrize("text", ["", "[]", "a: b: c", "- resources"])
def test_what_is_no_kustomization_names_nothing(text: str) -> None:
    assert read_kustomization(text.encode()) == {}


def test_bytes_that_are_no_text_name_nothing() -> None:
    assert read_kustomization(b"\xff\xfe") == {}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("kind: Kustomization\nresources: [a.yaml]\nsortOptions: {order: fifo}", True),
        ("resources: [a.yaml]\nnamePrefix: x-", False),
        ("components: [../more]", False),
    ],
)
def test_a_kustomization_that_only_lists(text: str, *, plain: bool) -> None:
    assert only_lists(text.encode()) is plain


def test_what_is_no_list_names_nothing() -> None:
    there = {"a/kustomization.yaml"}
    assert closure_of("a", there, lambda _: b"resources: b.yaml\ncomponents: {c: d}") == ["a/kustomization.yaml"]


LISTS = b"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def test_what_patches_has_all_that_stands_in_its_folder() -> None:
    files = {
        "overlays/a/kustomization.yaml": LISTS + b"resources: [data, gone.yaml]\n",
        "overlays/a/notes.md": b"",
        "overlays/a/data/kustomization.yaml": LISTS + b"resources: [one.yaml]\ncomponents: [../../../components/x]\n",
        "overlays/a/data/one.yaml": b"",
        "overlays/a/data/two.yaml": b"",
        "components/x/kustomization.yml": b"kind: Component\npatches: [{path: patch.yaml}]\ncomponents: [deep]\n",
        "components/x/patch.yaml": b"",
        "components/x/deep/kustomization.yaml": b"kind: Component\ncomponents: [../../y]\n",
        "components/y/kustomization.yaml": b"kind: Component\nresources: [one.yaml]\n",
        "components/y/one.yaml": b"",
        "components/y/other.yaml": b"",
        "components/z/kustomization.yaml": b"kind: Component\n",
    }
    # Patches are read from the folder, whatever they are called; what only lists, has what it lists.
    left_out = ("overlays/a/notes.md", "overlays/a/data/two.yaml", "components/y/other.yaml", "components/z/")
    assert closure_of("overlays/a", files, files.__getitem__) == sorted(
        path for path in files if not path.startswith(left_out)
    )
