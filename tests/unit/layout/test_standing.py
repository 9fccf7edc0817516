"""The layout's way backwards: what a tree renders is what was laid out, whichever clusters share what."""

from __future__ import annotations

import pytest

from gitops_gen.errors import RefusedError
from gitops_gen.layout.mixture import Parts, mix, same_resources
from gitops_gen.layout.paths import Folder
from gitops_gen.layout.seal import seal
from gitops_gen.layout.standing import edited_in, folder_of, folders_in, paths_of, read_standing
from tests.meshes import a_policy, an_endpoint_list, pods, tree_of

KEY = "monitoring/prometheus"
MESH = {
    "east": [*pods("east", KEY, range(2)), a_policy(KEY)],
    "north": [*pods("north", KEY, range(1)), a_policy(KEY), an_endpoint_list("thanos/query", ["a.example.com:443"])],
    "west": [*pods("west", KEY, range(3)), a_policy(KEY)],
}
TREE = tree_of(MESH)
EVERYTHING = folders_in(TREE)
POD = "overlays/east/monitoring/prometheus/prometheus-0.yaml"


def test_what_was_laid_out_is_read_back() -> None:
    found = read_standing(TREE, EVERYTHING, "example")
    assert {cluster: same_resources(found[cluster], MESH[cluster]) for cluster in MESH} == dict.fromkeys(MESH, True)


def test_what_is_read_back_is_laid_out_byte_for_byte() -> None:
    assert tree_of(read_standing(TREE, EVERYTHING, "example")) == TREE


def test_a_cluster_that_stays_takes_its_own_copy_and_renders_the_same() -> None:
    """The policy changes in the others: it leaves base, and each overlay holds what its cluster renders."""
    live = {cluster: [*resources[:-1], a_policy(KEY, "DISABLE")] for cluster, resources in MESH.items()}
    live["north"] = [*pods("north", KEY, range(1)), a_policy(KEY, "DISABLE"), MESH["north"][-1]]
    mixed = mix(live, read_standing(TREE, EVERYTHING, "example"), Parts(clusters=frozenset({"east"})))
    tree = tree_of(mixed)
    assert not [path for path in tree if path.startswith("base/")]
    found = read_standing(tree, folders_in(tree), "example")
    assert same_resources(found["east"], MESH["east"])
    assert same_resources(found["west"], live["west"])
    assert same_resources(found["north"], live["north"])


def test_only_what_is_wanted_is_read() -> None:
    wanted = {"north": {Folder("thanos", "consumer.query")}}
    assert [piece.manifest["kind"] for piece in read_standing(TREE, wanted, "example")["north"]] == ["ConfigMap"]
    assert sorted(paths_of(TREE, wanted)) == sorted(path for path in TREE if "/consumer.query/" in path)
    prometheus = {"east": {Folder("monitoring", "prometheus")}}
    assert {path.split("/")[0] for path in paths_of(TREE, prometheus)} == {"base", "overlays"}


def test_what_a_person_or_another_mesh_put_there_is_not_ours() -> None:
    folder = "overlays/east/monitoring/prometheus"
    foreign = {f"{folder}/mine.yaml": b"kind: Mine\n", f"{folder}/theirs.yaml": seal("kind: X\n", "other", "x")}
    found = read_standing({**TREE, **foreign}, EVERYTHING, "example")
    assert same_resources(found["east"], MESH["east"])


@pytest.mark.parametrize("body", ["[1\n", "- 1\n", "kind: Service\n", "apiVersion: v1\nkind: Service\nmetadata: 1\n"])
def test_a_file_of_ours_that_holds_no_resources_is_refused(body: str) -> None:
    with pytest.raises(RefusedError, match=r"overlays/east/monitoring/prometheus/prometheus-0\.yaml has to stay"):
        read_standing({**TREE, POD: seal(body, "example", "x")}, EVERYTHING, "example")


def test_edited_files_are_named() -> None:
    assert edited_in(TREE, EVERYTHING, "example") == []
    edited = {**TREE, POD: TREE[POD] + b"# mine\n"}
    assert edited_in(edited, EVERYTHING, "example") == [POD]
    assert edited_in(edited, {"west": EVERYTHING["west"]}, "example") == []


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (POD, ("east", Folder("monitoring", "prometheus"))),
        ("overlays/east/monitoring/kustomization.yaml", None),
        ("overlays/east/monitoring/prometheus/mine/file.yaml", None),
        ("base/monitoring/prometheus/service.yaml", None),
        ("engines/flux/east/monitoring/x.yaml", None),
    ],
)
def test_the_folder_of_a_path(path: str, place: tuple[str, Folder] | None) -> None:
    assert folder_of(path) == place
