from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_gen.plan.groups import Group, group_changes, remarks_of
from tests.meshes import Mesh, a_policy, plan_of, pods

if TYPE_CHECKING:
    from gitops_gen.plan.changes import WorkloadChange

KEY = "monitoring/prometheus"


def told(before: Mesh, after: Mesh) -> list[WorkloadChange]:
    return [change for cluster in plan_of(before, after).clusters for change in cluster.workloads]


def groups(before: Mesh, after: Mesh) -> list[Group]:
    return group_changes(told(before, after))


def test_equal_changes_in_several_clusters_are_one_group() -> None:
    before = {name: pods(name, KEY, [0]) for name in ("a", "b", "c")}
    after = {name: pods(name, KEY, [0, 1]) for name in ("a", "b", "c")}
    (group,) = groups(before, after)
    assert (group.clusters, group.resources) == (("a", "b", "c"), 9)


def test_a_short_name_of_a_cluster_inside_other_words_is_no_difference() -> None:
    before = {name: pods(name, KEY, [0], host="api-{pod}.example.com") for name in ("a", "b")}
    after = {name: pods(name, KEY, [0], host="lab-{pod}.example.com") for name in ("a", "b")}
    (group,) = groups(before, after)
    assert group.clusters == ("a", "b")


def test_another_number_of_pods_is_another_group() -> None:
    before = {name: pods(name, KEY, [0]) for name in ("a", "b", "c")}
    after = {"a": pods("a", KEY, range(2)), "b": pods("b", KEY, range(3)), "c": pods("c", KEY, range(2))}
    assert [group.clusters for group in groups(before, after)] == [("a", "c"), ("b",)]


def test_another_host_is_another_group() -> None:
    before = {name: pods(name, KEY, [0]) for name in ("a", "b")}
    after = {
        "a": pods("a", KEY, [0], host="{pod}.example.org"),
        "b": pods("b", KEY, [0], host="{pod}.example.net"),
    }
    assert [group.clusters for group in groups(before, after)] == [("a",), ("b",)]


def test_new_pods_are_equal_with_as_many_hosts_and_the_same_kinds() -> None:
    after = {
        "a": [pod for n in range(5) for pod in pods("a", KEY, [n], gateway_port=9000 + n)],
        "b": pods("b", KEY, range(5), host="{pod}.example.org"),
        "c": pods("c", KEY, range(5), host=None),
        "d": pods("d", KEY, range(5), entry=True),
    }
    assert [group.clusters for group in groups({}, after)] == [("a", "b"), ("c",), ("d",)]
    assert all(len(group.remarks) == 1 for group in groups({}, after))


def test_a_workload_that_is_new_in_one_cluster_is_another_group() -> None:
    before: Mesh = {"a": pods("a", KEY, [0])}
    after = {"a": pods("a", KEY, [0, 1]), "b": pods("b", KEY, [1])}
    assert [group.clusters for group in groups(before, after)] == [("a",), ("b",)]


def test_as_many_changed_pods_in_each_cluster() -> None:
    before = {name: pods(name, KEY, range(4)) for name in ("a", "b")}
    after = {
        "a": [*pods("a", KEY, [0], attempts=1), *pods("a", KEY, range(1, 4))],
        "b": [*pods("b", KEY, [0, 1], attempts=1), *pods("b", KEY, [2, 3])],
    }
    assert [group.clusters for group in groups(before, after)] == [("a",), ("b",)]


def test_pods_that_change_alike_are_one_remark_and_shared_resources_come_last() -> None:
    before: Mesh = {"a": [*pods("a", KEY, range(4)), a_policy(KEY)]}
    after: Mesh = {
        "a": [
            *pods("a", KEY, [0, 1], host="{pod}.example.org"),
            *pods("a", KEY, [2], attempts=1),
            *pods("a", KEY, [3, 4, 5]),
            a_policy(KEY, "DISABLE"),
        ]
    }
    (change,) = told(before, after)
    assert [
        ([subject.pod for subject in remark.subjects], remark.alike, remark.resources) for remark in remarks_of(change)
    ] == [
        (["prometheus-0", "prometheus-1"], True, 4),
        (["prometheus-2"], True, 1),
        (["prometheus-4", "prometheus-5"], True, 6),
        ([None], True, 1),
    ]


def test_more_than_three_different_changes_of_a_kind_are_one_remark() -> None:
    before: Mesh = {"a": [pod for n in range(5) for pod in pods("a", KEY, [n], gateway_port=9000 + n)]}
    after = {"a": [pod for n in range(4) for pod in pods("a", KEY, [n], gateway_port=9100 + n)]}
    three = {"a": [*after["a"][:9], *before["a"][9:]]}
    assert [(len(remark.subjects), remark.alike) for remark in remarks_of(told(before, three)[0])] == [(1, True)] * 3
    four = {"a": [*after["a"], *before["a"][12:]]}
    assert [(len(remark.subjects), remark.alike) for remark in remarks_of(told(before, four)[0])] == [(4, False)]


def test_workloads_that_only_move_are_told_apart_by_their_pods() -> None:
    before = {"a": pods("a", "ns/one", [0]), "b": pods("b", "ns/one", [0, 1])}
    after = {
        cluster: [replace(member, place=member.place._replace(folder="two")) for member in members]
        for cluster, members in before.items()
    }
    assert [(group.first.folder, group.clusters) for group in groups(before, after)] == [
        ("one", ("a",)),
        ("one", ("b",)),
        ("two", ("a",)),
        ("two", ("b",)),
    ]
