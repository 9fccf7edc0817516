"""Plans over random meshes, held against an oracle that reads nothing but two trees of YAML."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_gen.compiled import with_components
from gitops_gen.layout.units import lost_units
from gitops_gen.model import Guards, Limit, SyncUnit
from gitops_gen.plan.groups import group_changes
from gitops_gen.plan.guards import check_guards
from gitops_gen.report.plan import plan_json, plan_subject, plan_text
from tests.guard_oracle import rendered, stopped, unit
from tests.meshes import a_policy, an_endpoint_list, plan_of_trees, pods, resources_of, tree_of

if TYPE_CHECKING:
    from gitops_gen.plan.changes import Plan
    from tests.meshes import Mesh

KEYS = ("ns/one", "ns/two", "other/three", "other/four")
HOSTS = ("{cluster}-{pod}.example.com", "{pod}.{cluster}.example.org", None)


@st.composite
def meshes(draw: st.DrawFn) -> Mesh:
    """Make a mesh of up to three clusters in which workloads come in few sizes and shapes."""
    mesh: Mesh = {}
    for cluster in draw(st.sets(st.sampled_from(["a", "b", "c-1"]))):
        mesh[cluster] = []
        for key in sorted(draw(st.sets(st.sampled_from(KEYS)))):
            settings_ = {
                "host": draw(st.sampled_from(HOSTS)),
                "entry": draw(st.booleans()),
                "port": draw(st.sampled_from([80, 81])),
            }
            start = draw(st.integers(0, 2))
            mesh[cluster] += pods(cluster, key, range(start, start + draw(st.integers(0, 12))), **settings_)
            if draw(st.booleans()):
                mesh[cluster].append(a_policy(key, draw(st.sampled_from(["SIMPLE", "DISABLE"]))))
            if draw(st.booleans()):
                namespace, _, name = key.partition("/")
                mesh[cluster] = with_components(mesh[cluster], {(namespace, name): ("team",)})
        if draw(st.booleans()):
            mesh[cluster].append(an_endpoint_list("ns/query", draw(st.lists(st.sampled_from(["x:1", "y:1", "z:1"])))))
    return mesh


limits = st.builds(Limit, at_most=st.none() | st.integers(0, 12), percent=st.integers(0, 100))
guards_of = st.builds(Guards, removed_workloads=limits, removed_resources=limits, changed_hosts=limits)
sync_units = st.sampled_from(SyncUnit)


def trees(before: Mesh, after: Mesh, sync_unit: SyncUnit) -> tuple[dict[str, bytes], dict[str, bytes]]:
    old, new = tree_of(before), tree_of(after)
    return old, tree_of(after, lost_units(new, old, "example", sync_unit))


@settings(max_examples=100, deadline=None)
@given(before=meshes(), after=meshes(), guards=guards_of, sync_unit=sync_units)
def test_guards_decide_as_an_oracle_does(before: Mesh, after: Mesh, guards: Guards, sync_unit: SyncUnit) -> None:
    old, new = trees(before, after, sync_unit)
    plan = plan_of_trees(old, new, after, sync_unit=sync_unit)
    found = Counter((finding.guard, finding.scope) for finding in check_guards(plan, guards))
    limits = {
        "removed-workloads": (guards.removed_workloads.at_most, guards.removed_workloads.percent),
        "removed-resources": (guards.removed_resources.at_most, guards.removed_resources.percent),
        "changed-hosts": (guards.changed_hosts.at_most, guards.changed_hosts.percent),
    }
    assert found == stopped(old, new, limits, sync_unit)


@settings(max_examples=50, deadline=None)
@given(before=meshes(), after=meshes(), sync_unit=sync_units)
def test_a_plan_tells_every_changed_resource_once_per_cluster(before: Mesh, after: Mesh, sync_unit: SyncUnit) -> None:
    old, new = trees(before, after, sync_unit)
    told = Counter(
        (cluster.name, change.action.value, change.id.kind, change.id.namespace, change.id.name)
        for cluster in plan_of_trees(old, new, after, sync_unit=sync_unit).clusters
        for change in cluster.resources()
    )
    expected: Counter[tuple[str, ...]] = Counter()
    sides = rendered(old), rendered(new)
    for cluster in {*sides[0], *sides[1]}:
        was, becomes = sides[0].get(cluster, {}), sides[1].get(cluster, {})
        for identity in {*was, *becomes}:
            if identity not in was:
                expected[cluster, "added", *identity[1:]] += 1
            elif identity not in becomes:
                expected[cluster, "removed", *identity[1:]] += 1
            elif unit(was[identity]["overlay"], sync_unit) != unit(becomes[identity]["overlay"], sync_unit):
                expected[cluster, "moved", *identity[1:]] += 1
            elif was[identity]["resource"] != becomes[identity]["resource"]:
                expected[cluster, "changed", *identity[1:]] += 1
    assert told == expected


@settings(max_examples=50, deadline=None)
@given(before=meshes(), after=meshes(), sync_unit=sync_units)
def test_the_numbers_of_a_plan_are_those_of_the_trees(before: Mesh, after: Mesh, sync_unit: SyncUnit) -> None:
    old, new = trees(before, after, sync_unit)
    sides = rendered(old), rendered(new)
    for cluster in plan_of_trees(old, new, after, sync_unit=sync_unit).clusters:
        counted = [
            [member for member in side.get(cluster.name, {}) if not member[3].startswith("gitops-gen-retired-")]
            for side in sides
        ]
        assert (cluster.resources_before, cluster.resources_after) == (len(counted[0]), len(counted[1]))
        assert cluster.hosts_before == len([member for member in counted[0] if member[1] == "VirtualService"])
        assert cluster.pods_after - cluster.pods_before == sum(
            len(change.pods_added) - len(change.pods_removed) for change in cluster.workloads
        )


@settings(max_examples=50, deadline=None)
@given(before=meshes(), after=meshes(), sync_unit=sync_units)
def test_a_plan_is_the_same_whether_files_are_parsed_or_known(before: Mesh, after: Mesh, sync_unit: SyncUnit) -> None:
    old, new = trees(before, after, sync_unit)
    known = plan_of_trees(old, new, after, sync_unit=sync_unit, compiled=resources_of(after))
    assert known == plan_of_trees(old, new, after, sync_unit=sync_unit)


@settings(max_examples=50, deadline=None)
@given(mesh=meshes(), sync_unit=sync_units)
def test_the_plan_of_equal_trees_is_empty(mesh: Mesh, sync_unit: SyncUnit) -> None:
    tree = tree_of(mesh)
    plan = plan_of_trees(tree, tree, mesh, sync_unit=sync_unit)
    assert plan.empty
    assert (plan.clusters, plan.engine_objects, plan.unreadable) == ((), (), ())
    assert check_guards(plan, Guards()) == []


@settings(max_examples=50, deadline=None)
@given(before=meshes(), after=meshes())
def test_collapsing_loses_nothing(before: Mesh, after: Mesh) -> None:
    plan = plan_of_trees(*trees(before, after, SyncUnit.NAMESPACE), after)
    changes = [change for cluster in plan.clusters for change in cluster.workloads]
    groups = group_changes(changes)
    assert Counter(id(change) for group in groups for change in group.changes) == Counter(map(id, changes))
    assert sum(group.resources for group in groups) == sum(1 for _ in plan.resources())
    for group in groups:
        # Each cluster of a group changes as the one that is shown: by as many resources.
        shown = sum(remark.resources for remark in group.remarks)
        assert {sum(1 for _ in change.resources()) for change in group.changes} == {shown}


def test_the_order_in_which_files_are_given_changes_nothing() -> None:
    before: Mesh = {"a": [*pods("a", "ns/one", range(3)), a_policy("ns/one")], "b": pods("b", "ns/one", [0])}
    after: Mesh = {"b": [*pods("b", "ns/one", [0, 2]), a_policy("ns/one")], "a": pods("a", "ns/two", range(12))}
    old, new = trees(before, after, SyncUnit.NAMESPACE)
    plans: list[Plan] = [
        plan_of_trees(old, new, after),
        plan_of_trees(dict(reversed(old.items())), dict(reversed(new.items())), after),
    ]
    assert plan_json(plans[0]) == plan_json(plans[1])
    assert plan_text(plans[0]) == plan_text(plans[1])


@settings(max_examples=60, deadline=None)
@given(before=meshes(), after=meshes(), limit=st.integers(1, 20))
def test_texts_stay_within_their_bounds(before: Mesh, after: Mesh, limit: int) -> None:
    plan = plan_of_trees(*trees(before, after, SyncUnit.NAMESPACE), after)
    subject = plan_subject(plan)
    assert 0 < len(subject) <= 72
    written = plan_text(plan, limit=limit)
    assert len(written.splitlines()) <= limit + 7
    assert written.replace("\n", "").isprintable()
