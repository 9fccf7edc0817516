from __future__ import annotations

import random

import pytest

from gitops_gen.compiled import Compiled, Place, with_components
from gitops_gen.layout.build import build_tree, components_on_top, manifests_by_path
from gitops_gen.layout.mixture import Parts, mix, same_resources
from gitops_gen.layout.paths import Folder
from gitops_gen.layout.seal import read_seal
from gitops_gen.layout.standing import read_standing
from gitops_gen.manifest import dump
from tests.trees import a_tree, an_inventory_of, listed_in, of_pod, shared, text_of


def test_a_workload_in_two_clusters() -> None:
    tree = a_tree({"b": [shared(), of_pod("db-0", "b")], "a": [shared(), of_pod("db-1", "a"), of_pod("db-0", "a")]})

    assert list(tree) == [
        "base/data/db/destinationrule.yaml",
        "base/data/db/kustomization.yaml",
        "overlays/a/data/db/db-0.yaml",
        "overlays/a/data/db/db-1.yaml",
        "overlays/a/data/db/kustomization.yaml",
        "overlays/a/data/kustomization.yaml",
        "overlays/a/kustomization.yaml",
        "overlays/b/data/db/db-0.yaml",
        "overlays/b/data/db/kustomization.yaml",
        "overlays/b/data/kustomization.yaml",
        "overlays/b/kustomization.yaml",
    ]
    assert listed_in(tree, "overlays/a/data/db") == ["../../../../base/data/db", "db-0.yaml", "db-1.yaml"]
    assert listed_in(tree, "overlays/a/data") == ["db"]
    assert listed_in(tree, "overlays/a") == ["data"]
    assert listed_in(tree, "base/data/db") == ["destinationrule.yaml"]
    assert text_of(tree, "overlays/a/data/db/db-0.yaml") == dump([of_pod("db-0", "a").manifest])
    assert text_of(tree, "base/data/db/destinationrule.yaml") == dump([shared().manifest])


def test_every_file_is_sealed_in_lf() -> None:
    tree = a_tree({"a": [shared(), of_pod("db-0")]}, retired=["overlays/a/gone"])

    for path, content in tree.items():
        found = read_seal(content)
        assert found is not None, path
        assert (found.mesh, found.intact) == ("example", True)
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not content.endswith(b"\n\n")
    assert read_seal(tree["overlays/a/data/db/kustomization.yaml"]).source == "Workload data/db"  # type: ignore[union-attr]


def test_base_holds_only_what_is_equal_everywhere() -> None:
    one, other = shared("db", tls="one"), shared("db", tls="other")
    common = shared("db", kind="Service")

    tree = a_tree(
        {
            "a": [one, common, of_pod("db-0", "a")],
            "b": [one, common, of_pod("db-0", "b")],
            "c": [other, common, of_pod("db-0", "c")],
        }
    )

    assert listed_in(tree, "base/data/db") == ["service.yaml"]
    for cluster in "abc":
        assert listed_in(tree, f"overlays/{cluster}/data/db") == [
            "../../../../base/data/db",
            "db-0.yaml",
            "destinationrule.yaml",
        ]
    assert "other" in text_of(tree, "overlays/c/data/db/destinationrule.yaml")


def test_a_file_is_split_resource_by_resource() -> None:
    common, own_a, own_b = shared("common"), shared("own", tls="a"), shared("own", tls="b")

    tree = a_tree({"a": [own_a, common, of_pod("db-0", "a")], "b": [own_b, common, of_pod("db-0", "b")]})

    assert text_of(tree, "base/data/db/destinationrule.yaml") == dump([common.manifest])
    assert text_of(tree, "overlays/a/data/db/destinationrule.yaml") == dump([own_a.manifest])
    assert text_of(tree, "overlays/b/data/db/destinationrule.yaml") == dump([own_b.manifest])


@pytest.mark.parametrize("other", [1, "true", "True"])
def test_equal_means_written_alike(other: object) -> None:
    tree = a_tree({"a": [shared(flag=True), of_pod("db-0", "a")], "b": [shared(flag=other), of_pod("db-0", "b")]})

    assert not any(path.startswith("base/") for path in tree)


def test_equal_resources_in_files_of_other_names_stay_where_they_are() -> None:
    one = shared()
    other = Compiled(one.manifest, one.place._replace(file="other"))

    tree = a_tree({"a": [one, of_pod("db-0", "a")], "b": [other, of_pod("db-0", "b")]})

    assert listed_in(tree, "overlays/a/data/db") == ["db-0.yaml", "destinationrule.yaml"]
    assert listed_in(tree, "overlays/b/data/db") == ["db-0.yaml", "other.yaml"]


def test_a_cluster_without_the_shared_resource_keeps_it_out_of_base() -> None:
    tree = a_tree({"a": [shared(), of_pod("db-0", "a")], "b": [of_pod("db-0", "b")]})

    assert not any(path.startswith("base/") for path in tree)
    assert listed_in(tree, "overlays/a/data/db") == ["db-0.yaml", "destinationrule.yaml"]


def test_a_cluster_in_which_the_workload_has_nothing_does_not_count() -> None:
    tree = build_tree(an_inventory_of(a=["db"], b=["db"]), {"a": [shared(), of_pod("db-0")], "b": []})

    assert listed_in(tree, "base/data/db") == ["destinationrule.yaml"]
    assert not any(path.startswith("overlays/b") for path in tree)


def test_a_cluster_that_only_holds_the_way_to_pods_elsewhere_does_not_count() -> None:
    stub = of_pod("db-0.a", "observer")

    tree = build_tree(an_inventory_of(a=["db"]), {"a": [shared(), of_pod("db-0", "a")], "observer": [stub]})

    assert listed_in(tree, "base/data/db") == ["destinationrule.yaml"]
    assert listed_in(tree, "overlays/observer/data/db") == ["db-0.a.yaml"]


def test_an_overlay_may_have_nothing_but_its_base() -> None:
    tree = a_tree({"a": [shared()], "b": [shared(), of_pod("db-0", "b")]})

    assert listed_in(tree, "overlays/a/data/db") == ["../../../../base/data/db"]


def test_nothing_compiled_is_nothing_written() -> None:
    assert a_tree({}) == {}
    assert a_tree({"a": []}) == {}


def test_gateways_of_an_ingress_are_never_in_base() -> None:
    place = Place("istio-ingress", "gateways.ingress", "public", "Cluster a", shared=True)
    manifest = {"apiVersion": "v1", "kind": "Gateway", "metadata": {"name": "g", "namespace": "istio-ingress"}}

    tree = a_tree({"a": [Compiled(manifest, place)], "b": [Compiled(manifest, place)]})

    assert listed_in(tree, "overlays/a/istio-ingress/gateways.ingress") == ["public.yaml"]
    assert not any(path.startswith("base/") for path in tree)


def test_a_pod_called_kustomization() -> None:
    tree = a_tree({"a": [of_pod("kustomization")]})

    assert listed_in(tree, "overlays/a/data/db") == ["kustomization_.yaml"]


def test_resources_of_one_file_keep_their_order() -> None:
    first, second = of_pod("db-0", "z"), of_pod("db-0", "a")

    tree = a_tree({"a": [first, second]})

    assert text_of(tree, "overlays/a/data/db/db-0.yaml") == dump([first.manifest, second.manifest])


def test_the_order_of_clusters_and_of_places_does_not_matter() -> None:
    compiled = {
        cluster: [shared(), *(of_pod(f"db-{n}", cluster, folder=folder) for folder in ("db", "web") for n in range(3))]
        for cluster in "abc"
    }
    wanted = a_tree(compiled)

    chance = random.Random(0)  # noqa: S311
    for _ in range(10):
        shuffled = {cluster: chance.sample(compiled[cluster], 7) for cluster in chance.sample("abc", 3)}
        tree = a_tree(shuffled)
        assert tree == wanted
        assert list(tree) == list(wanted)


def test_one_more_pod_is_its_file_and_its_line() -> None:
    before = a_tree({c: [shared(), of_pod("db-0", c)] for c in "ab"})
    after = a_tree({"a": [shared(), of_pod("db-0", "a"), of_pod("db-1", "a")], "b": [shared(), of_pod("db-0", "b")]})

    assert {path for path in after if before.get(path) != after[path]} == {
        "overlays/a/data/db/db-1.yaml",
        "overlays/a/data/db/kustomization.yaml",
    }
    assert set(listed_in(after, "overlays/a/data/db")) - set(listed_in(before, "overlays/a/data/db")) == {"db-1.yaml"}


@pytest.mark.parametrize(
    ("unit", "led_by"),
    [
        ("overlays/b", []),
        ("overlays/b/data", ["overlays/b"]),
        ("overlays/b/data/db", ["overlays/b", "overlays/b/data"]),
    ],
)
def test_a_unit_that_has_nothing_holds_a_tombstone(unit: str, led_by: list[str]) -> None:
    tree = a_tree({"a": [of_pod("db-0")]}, retired=[unit])

    assert listed_in(tree, unit) == ["retired.yaml"]
    assert f"name: gitops-gen-retired-{unit.rpartition('/')[2]}" in text_of(tree, f"{unit}/retired.yaml")
    assert [path for path in tree if path.startswith("overlays/b")] == sorted(
        [f"{unit}/retired.yaml", *(f"{folder}/kustomization.yaml" for folder in (*led_by, unit))]
    )


@pytest.mark.parametrize("unit", ["overlays/a", "overlays/a/data", "overlays/a/data/db"])
def test_a_unit_that_has_something_needs_no_tombstone(unit: str) -> None:
    compiled = {"a": [of_pod("db-0")]}

    assert a_tree(compiled, retired=[unit]) == a_tree(compiled)


def test_the_resources_of_each_file_are_those_that_it_holds() -> None:
    compiled = {
        "a": [shared(), of_pod("db-0", "a"), of_pod("kustomization", "a")],
        "b": [shared(), shared(kind="Service"), of_pod("db-0", "b")],
    }
    tree = a_tree(compiled)

    manifests = manifests_by_path(an_inventory_of(a=["db"], b=["db"]), compiled)

    assert {path: dump(resources) for path, resources in manifests.items()} == {
        path: text_of(tree, path) for path in tree if not path.endswith("/kustomization.yaml")
    }


def on_top(resources: list[Compiled], *components: str) -> list[Compiled]:
    return with_components(resources, {("data", "db"): components})


def test_components_go_on_top_of_the_folder_of_each_cluster_and_leave_base_alone() -> None:
    compiled = {
        "a": on_top([shared(), of_pod("db-0")], "team", "timeouts"),
        "b": on_top([shared(), of_pod("db-0", cluster="b")], "team"),
        "c": [shared(), of_pod("db-0", cluster="c"), of_pod("other-0", cluster="c", folder="other")],
    }
    tree = a_tree(compiled)
    # The resource is the same, whatever else is on top of it in this cluster or that.
    assert listed_in(tree, "base/data/db") == ["destinationrule.yaml"]
    assert text_of(tree, "overlays/a/data/db/kustomization.yaml").endswith(
        "- ../../../../base/data/db\n- db-0.yaml\n"
        "components:\n- ../../../../components/team\n- ../../../../components/timeouts\n"
    )
    assert text_of(tree, "overlays/b/data/db/kustomization.yaml").endswith("- ../../../../components/team\n")
    assert "components" not in text_of(tree, "overlays/c/data/db/kustomization.yaml")
    assert "components" not in text_of(tree, "overlays/c/data/other/kustomization.yaml")
    assert components_on_top(compiled) == {
        ("a", Folder("data", "db")): ("team", "timeouts"),
        ("b", Folder("data", "db")): ("team",),
    }


def test_components_are_read_back_and_make_a_difference() -> None:
    compiled = {"a": on_top([shared(), of_pod("db-0")], "team"), "b": [shared(), of_pod("db-0", cluster="b")]}
    tree = a_tree(compiled)
    wanted = {cluster: {Folder("data", "db")} for cluster in compiled}
    read = read_standing(tree, wanted, "example")
    assert {cluster: {one.place.components for one in found} for cluster, found in read.items()} == {
        "a": {("team",)},
        "b": {()},
    }
    assert same_resources(read["a"], compiled["a"])
    assert not same_resources(read["a"], on_top(compiled["a"], "team", "more"))
    assert not same_resources(read["a"], [shared(), of_pod("db-0")])
    # What is held has what it had on top.
    live = {"a": on_top(compiled["a"], "new"), "b": compiled["b"]}
    assert a_tree(mix(live, read, Parts(clusters=frozenset({"a"})))) == tree
