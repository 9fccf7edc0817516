from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen import manifest
from gitops_gen.compiled import Compiled, Place
from gitops_gen.manifest import ResourceId
from gitops_gen.model import SyncUnit
from gitops_gen.plan.census import Census, take_census
from gitops_gen.plan.changes import (
    Action,
    ClusterPlan,
    Plan,
    Presence,
    ResourceChange,
    Statement,
    SubjectChange,
    UnitChange,
    WorkloadChange,
)
from gitops_gen.plan.compare import plan_changes
from tests.meshes import (
    Mesh,
    a_manifest,
    a_policy,
    an_endpoint_list,
    plan_of,
    plan_of_trees,
    pods,
    resources_of,
    tree_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "monitoring/prometheus"
UNIT = "overlays/a/monitoring"
ISTIO = "networking.istio.io"


def changes(plan: Plan) -> list[tuple[str, str, str]]:
    return [
        (cluster.name, change.action, str(change.id)) for cluster in plan.clusters for change in cluster.resources()
    ]


def test_one_more_pod_in_full() -> None:
    plan = plan_of({"a": pods("a", KEY, range(2))}, {"a": pods("a", KEY, range(3))})

    def added(group: str, kind: str) -> ResourceChange:
        identity = ResourceId(group, kind, "monitoring", "a-prometheus-2")
        return ResourceChange(id=identity, action=Action.ADDED, unit_after=UNIT)

    assert plan == Plan(
        digest=plan.digest,
        inventory_digest="sha256:1",
        clusters=(
            ClusterPlan(
                name="a",
                presence=Presence.STAYS,
                workloads=(
                    WorkloadChange(
                        cluster="a",
                        namespace="monitoring",
                        folder="prometheus",
                        presence=Presence.STAYS,
                        pods_before=2,
                        pods_after=3,
                        pods_added=("prometheus-2",),
                        subjects=(
                            SubjectChange(
                                pod="prometheus-2",
                                action=Action.ADDED,
                                resources=(
                                    added("", "Service"),
                                    added(ISTIO, "VirtualService"),
                                    added(ISTIO, "Gateway"),
                                ),
                                statements=(
                                    Statement(about="backend", after=("Service",)),
                                    Statement(about="gateway port", after=("443",)),
                                    Statement(about="host", after=("a-prometheus-2.example.com",)),
                                    Statement(about="port http-web", after=("9090/HTTP",)),
                                    Statement(about="visibility of the backend", after=(".", "istio-ingress")),
                                    Statement(about="visibility of the route", after=(".", "istio-ingress")),
                                ),
                            ),
                        ),
                    ),
                ),
                workloads_before=1,
                workloads_after=1,
                folders_before=1,
                folders_after=1,
                pods_before=2,
                pods_after=3,
                hosts_before=2,
                hosts_lost=(),
                units=(
                    UnitChange(
                        unit=UNIT,
                        resources_before=6,
                        resources_after=9,
                        moved_in=0,
                        folders_before=1,
                        folders_after=1,
                    ),
                ),
            ),
        ),
        untouched=(),
        engine_objects=(),
        unreadable=(),
        rewritten=2,
    )


def test_nothing_to_change() -> None:
    mesh = {"a": [*pods("a", KEY, range(2)), a_policy(KEY)]}
    plan = plan_of(mesh, mesh)
    assert plan.empty
    assert (plan.clusters, plan.untouched) == ((), ("a",))


def test_a_resource_that_leaves_base_for_the_overlays_is_no_change_where_it_stays_the_same() -> None:
    before: Mesh = {name: [*pods(name, KEY, [0]), a_policy(KEY)] for name in "abc"}
    after = {**before, "a": [*pods("a", KEY, [0]), a_policy(KEY, "DISABLE")]}
    assert "base/monitoring/prometheus/destination-rule.yaml" in tree_of(before)
    assert "base/monitoring/prometheus/destination-rule.yaml" not in tree_of(after)
    there = plan_of(before, after)
    assert changes(there) == [("a", "changed", "DestinationRule monitoring/prometheus")]
    assert there.clusters[0].workloads[0].subjects == (
        SubjectChange(
            pod=None,
            action=Action.CHANGED,
            resources=(
                ResourceChange(
                    id=ResourceId(ISTIO, "DestinationRule", "monitoring", "prometheus"),
                    action=Action.CHANGED,
                    fields=("spec.trafficPolicy.tls.mode",),
                    unit_before=UNIT,
                    unit_after=UNIT,
                ),
            ),
            statements=(
                Statement(about="policy trafficPolicy.tls.mode", before=("ISTIO_MUTUAL",), after=("DISABLE",)),
            ),
        ),
    )
    assert there.untouched == ("b", "c")
    assert there.rewritten > 3
    back = plan_of(after, before)
    assert changes(back) == [("a", "changed", "DestinationRule monitoring/prometheus")]


def test_a_changed_base_is_a_change_in_each_cluster_that_has_the_workload() -> None:
    other = {"c": pods("c", "data/kafka", [0])}
    before = {**{name: [*pods(name, KEY, [0]), a_policy(KEY)] for name in "ab"}, **other}
    after = {**{name: [*pods(name, KEY, [0]), a_policy(KEY, "DISABLE")] for name in "ab"}, **other}
    plan = plan_of(before, after)
    assert plan.rewritten == 1
    assert changes(plan) == [
        ("a", "changed", "DestinationRule monitoring/prometheus"),
        ("b", "changed", "DestinationRule monitoring/prometheus"),
    ]
    assert plan.untouched == ("c",)


def test_a_cluster_that_joins_or_leaves_an_unchanged_base_gains_or_loses_what_is_in_it() -> None:
    two = {name: [*pods(name, KEY, [0], host=None), a_policy(KEY)] for name in "ab"}
    three = {**two, "c": [*pods("c", KEY, [0], host=None), a_policy(KEY)]}
    there, back = plan_of(two, three), plan_of(three, two)
    assert changes(there) == [
        ("c", "added", "Service monitoring/c-prometheus-0"),
        ("c", "added", "DestinationRule monitoring/prometheus"),
    ]
    assert there.clusters[0].presence is Presence.NEW
    assert there.clusters[0].units[0].resources_before == 0
    assert changes(back) == [
        ("c", "added", "ConfigMap monitoring/gitops-gen-retired-monitoring"),
        ("c", "removed", "Service monitoring/c-prometheus-0"),
        ("c", "removed", "DestinationRule monitoring/prometheus"),
    ]
    assert back.clusters[0].presence is Presence.GONE
    assert back.clusters[0].units == (
        UnitChange(
            unit="overlays/c/monitoring",
            resources_before=2,
            resources_after=0,
            moved_in=0,
            folders_before=1,
            folders_after=0,
        ),
    )


def test_a_base_that_is_held_back_is_taken_as_it_is_there() -> None:
    before: Mesh = {name: [*pods(name, KEY, [0], host=None), a_policy(KEY)] for name in "ab"}
    after = {**before, "c": [*pods("c", KEY, [0], host=None), a_policy(KEY)]}
    old, new = tree_of(before), tree_of(after)
    base = "base/monitoring/prometheus/destination-rule.yaml"
    there = tree_of({name: [*pods(name, KEY, [0], host=None), a_policy(KEY, "SIMPLE")] for name in "ab"})[base]
    plan = plan_changes(
        inventory_digest="",
        sync_unit=SyncUnit.NAMESPACE,
        census=take_census(after, SyncUnit.NAMESPACE),
        before={base: there},
        after={path: content for path, content in new.items() if old.get(path) != content},
        deletes=[],
        kept=new,
        paths_before=list(old),
    )
    shared = plan.clusters[0].workloads[0].subjects[1]
    assert Statement(about="policy trafficPolicy.tls.mode", after=("SIMPLE",)) in shared.statements


def test_files_that_stay_are_not_read() -> None:
    policy = a_manifest("PeerAuthentication", "monitoring", "prometheus", {"mtls": {"mode": "STRICT"}})
    other = Compiled(policy, Place("monitoring", "prometheus", "peer-authentication", "", shared=True))
    before = {name: [*pods(name, KEY, [0]), a_policy(KEY), other] for name in "ab"}
    after = {name: [*pods(name, KEY, [0]), a_policy(KEY, "DISABLE"), other] for name in "ab"}
    old, new = tree_of(before), tree_of(after)
    changed = {path for path in new if old[path] != new[path]}
    assert changed == {"base/monitoring/prometheus/destination-rule.yaml"}
    plan = plan_changes(
        inventory_digest="",
        sync_unit=SyncUnit.NAMESPACE,
        census=take_census(after, SyncUnit.NAMESPACE),
        before={path: old[path] for path in changed},
        after={path: new[path] for path in changed},
        deletes=[],
        kept={path: b"{ not read" for path in new if path not in changed},
        paths_before=list(old),
    )
    assert plan.unreadable == ()
    assert [cluster for cluster, _action, _id in changes(plan)] == ["a", "b"]


def test_files_that_were_just_compiled_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {"a": pods("a", KEY, [0])}
    after = {"a": [*pods("a", KEY, [0, 1]), a_policy(KEY)]}
    old, new = tree_of(before), tree_of(after)
    expected = plan_of_trees(old, new, after)
    parsed = []

    def load(text: str) -> Iterator[dict[str, Any]]:
        parsed.append(text)
        return manifest.load(text)

    monkeypatch.setattr("gitops_gen.plan.rendered.load", load)
    assert plan_of_trees(old, new, after, compiled=resources_of(after)) == expected
    assert all("kind: Kustomization\n" in text for text in parsed)


def test_a_workload_that_moves_to_another_folder_is_gone_in_one_and_new_in_the_other() -> None:
    before = {"a": pods("a", "ns/one", [0], host=None)}
    moved = [type(member)(member.manifest, member.place._replace(folder="two")) for member in before["a"]]
    plan = plan_of(before, {"a": moved}, sync_unit=SyncUnit.WORKLOAD)
    assert [(change.folder, change.presence) for change in plan.clusters[0].workloads] == [
        ("one", Presence.GONE),
        ("two", Presence.NEW),
    ]
    assert [(change.action, change.unit_before, change.unit_after) for change in plan.resources()] == [
        (Action.ADDED, None, "overlays/a/ns/one"),
        (Action.MOVED, "overlays/a/ns/one", "overlays/a/ns/two"),
    ]
    assert [unit.moved_in for unit in plan.clusters[0].units] == [0, 1]
    assert [unit.resources_before for unit in plan.clusters[0].units] == [1, 0]


def test_a_pod_that_changes_its_backend_is_changed_not_new() -> None:
    plan = plan_of({"a": pods("a", KEY, [0], entry=True)}, {"a": pods("a", KEY, [0])})
    (subject,) = plan.clusters[0].workloads[0].subjects
    assert subject.action is Action.CHANGED
    assert [(change.action, change.id.kind) for change in subject.resources] == [
        (Action.ADDED, "Service"),
        (Action.REMOVED, "ServiceEntry"),
    ]
    assert subject.statements == (Statement(about="backend", before=("ServiceEntry",), after=("Service",)),)


def test_pods_are_told_in_order_of_their_numbers() -> None:
    plan = plan_of({"a": pods("a", KEY, [0])}, {"a": pods("a", KEY, range(12))})
    added = tuple(f"prometheus-{ordinal}" for ordinal in range(1, 12))
    assert plan.clusters[0].workloads[0].pods_added == added
    assert tuple(subject.pod for subject in plan.clusters[0].workloads[0].subjects) == added


def test_pods_of_other_clusters_are_no_pods_of_this_one() -> None:
    stubs = [
        type(member)(member.manifest, member.place._replace(file="prometheus-0.b"))
        for member in pods("b", KEY, [0], host=None)
    ]
    mesh: Mesh = {"a": pods("a", KEY, range(2), host=None)}
    plan = plan_of(mesh, {"a": [*mesh["a"], *stubs]})
    (change,) = plan.clusters[0].workloads
    assert (change.pods_before, change.pods_after, change.pods_added) == (2, 2, ())
    assert [(subject.pod, subject.action) for subject in change.subjects] == [("prometheus-0.b", Action.ADDED)]


def test_rewritten_files_that_render_the_same_are_no_change() -> None:
    mesh = {"a": pods("a", KEY, [0])}
    old = tree_of(mesh)
    new = {path: b"# another header\n" + content for path, content in old.items()}
    plan = plan_of_trees(old, new, mesh)
    assert (plan.clusters, plan.untouched, plan.rewritten) == ((), ("a",), len(old))
    assert not plan.empty


def test_an_emptied_cluster_and_a_persons_folder_are_no_clusters_of_ours() -> None:
    mesh = {"a": pods("a", KEY, [0])}
    old = tree_of(mesh, ["overlays/b/monitoring"])
    theirs = {"overlays/notes/from/people/readme.yaml": b"a: 1\n"}
    tombstone = "overlays/b/monitoring/retired.yaml"
    plan = plan_of_trees({**old, **theirs}, {**old, **theirs, tombstone: b"# resealed\n" + old[tombstone]}, mesh)
    assert (plan.clusters, plan.untouched, plan.rewritten) == ((), ("a",), 1)


def test_what_was_published_is_no_part_of_a_plan() -> None:
    mesh = {"a": pods("a", KEY, [0])}
    old = tree_of(mesh)
    plan = plan_of_trees({**old, "published/a.yaml": b"serial: 1\n"}, {**old, "published/a.yaml": b"serial: 2\n"}, mesh)
    assert plan == plan_of_trees(old, old, mesh)


def test_engine_objects_are_told_apart_from_what_clusters_render() -> None:
    mesh = {"a": pods("a", KEY, [0])}
    tree = tree_of(mesh)

    def kustomization(name: str, interval: str) -> str:
        return f"apiVersion: v1\nkind: Kustomization\nmetadata: {{name: {name}}}\nspec: {{interval: {interval}}}\n"

    old = "---\n".join([kustomization("data", "5m"), kustomization("gone", "5m"), kustomization("same", "5m")])
    new = "---\n".join([kustomization("data", "10m"), kustomization("more", "5m"), kustomization("same", "5m")])
    path = "engines/flux/a/gitops-gen.yaml"
    plan = plan_of_trees({**tree, path: old.encode()}, {**tree, path: new.encode()}, mesh)
    assert plan.clusters == ()
    assert [(str(change.id), change.action, change.fields) for change in plan.engine_objects] == [
        ("Kustomization data", Action.CHANGED, ("spec.interval",)),
        ("Kustomization gone", Action.REMOVED, ()),
        ("Kustomization more", Action.ADDED, ()),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"{",
        b"just text",
        b"- a\n- b\n",
        b"kind: A\n",
        b"apiVersion: v1\nkind: A\nmetadata: []\n",
        b"apiVersion: v1\nkind: A\nmetadata: {name: [x]}\n",
        b"apiVersion: v1\nkind: A\nmetadata: {name: 5}\n",
        b"? [a]\n: b\n",
    ],
)
def test_a_file_that_holds_no_resources_is_named(content: bytes) -> None:
    mesh = {"a": pods("a", KEY, [0])}
    new = tree_of(mesh)
    path = "overlays/a/monitoring/prometheus/prometheus-0.yaml"
    plan = plan_of_trees({**new, path: content}, new, mesh)
    assert plan.unreadable == (path,)
    assert [action for _cluster, action, _id in changes(plan)] == [Action.ADDED] * 3


@pytest.mark.parametrize("content", [b"{", b"resources: 5\n", b"- a\n"])
def test_a_kustomization_that_cannot_be_read_lists_nothing(content: bytes) -> None:
    mesh: Mesh = {name: [*pods(name, KEY, [0]), a_policy(KEY)] for name in "ab"}
    new = tree_of(mesh)
    plan = plan_of_trees({**new, "overlays/a/monitoring/prometheus/kustomization.yaml": content}, new, mesh)
    assert changes(plan) == [("a", "added", "DestinationRule monitoring/prometheus")]


def test_the_digest_follows_the_inventory_and_the_files_not_what_else_is_there() -> None:
    before, after = {"a": pods("a", KEY, [0])}, {"a": pods("a", KEY, range(2))}
    plan = plan_of(before, after)
    assert plan_of(before, after, inventory="sha256:2").digest != plan.digest
    assert plan_of({"a": pods("a", KEY, [0], attempts=1)}, after).digest != plan.digest
    other = {"b": pods("b", "data/kafka", [0])}
    assert plan_of({**before, **other}, {**after, **other}).clusters == plan.clusters


def test_the_census_counts_resources_by_unit_and_hosts_by_cluster() -> None:
    mesh = {"a": [*pods("a", KEY, range(2)), *pods("a", "data/kafka", [0], host=None), an_endpoint_list("data/q", [])]}
    assert take_census(mesh, SyncUnit.WORKLOAD) == Census(
        resources={
            "overlays/a/monitoring/prometheus": 6,
            "overlays/a/data/kafka": 1,
            "overlays/a/data/consumer.q": 1,
        },
        hosts={"a": 2},
    )
    assert take_census(mesh, SyncUnit.CLUSTER).resources == {"overlays/a": 8}
