from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.engines.objects import engine_files
from gitops_gen.model import Engine, GitOps, Guards, Limit, SyncUnit
from gitops_gen.plan.guards import GuardFinding, Verdict, allowed, check_guards, passes
from tests.factories import a_cluster, a_mesh, an_inventory
from tests.meshes import Mesh, an_endpoint_list, plan_of, plan_of_trees, pods, tree_of

if TYPE_CHECKING:
    from gitops_gen.plan.changes import Plan

GUARDS = Guards()
KEY = "monitoring/prometheus"


def workloads(cluster: str, number: int, *, pods_each: int = 1) -> Mesh:
    return {cluster: [pod for place in range(number) for pod in pods(cluster, f"ns/w{place:02}", range(pods_each))]}


def found(before: Mesh, after: Mesh, guards: Guards = GUARDS, sync_unit: SyncUnit = SyncUnit.NAMESPACE) -> list[str]:
    return [finding.guard for finding in check_guards(plan_of(before, after, sync_unit=sync_unit), guards)]


@pytest.mark.parametrize(
    ("limit", "whole", "always", "most"),
    [
        (Limit(at_most=3, percent=10), 1, 1, 1),
        (Limit(at_most=3, percent=10), 19, 1, 1),
        (Limit(at_most=3, percent=10), 20, 1, 2),
        (Limit(at_most=3, percent=10), 29, 1, 2),
        (Limit(at_most=3, percent=10), 30, 1, 3),
        (Limit(at_most=3, percent=10), 1000, 1, 3),
        (Limit(at_most=0, percent=10), 1000, 1, 0),
        (Limit(at_most=None, percent=10), 109, 10, 10),
        (Limit(at_most=None, percent=10), 110, 10, 11),
        (Limit(at_most=5, percent=10), 1000, 10, 5),
        (Limit(at_most=None, percent=30), 16, 5, 5),
        (Limit(at_most=None, percent=30), 20, 5, 6),
        (Limit(at_most=None, percent=0), 1000, 5, 5),
        (Limit(at_most=None, percent=100), 1000, 5, 1000),
    ],
)
def test_a_limit_is_a_share_with_a_floor_and_a_ceiling(limit: Limit, whole: int, always: int, most: int) -> None:
    assert allowed(limit, whole, always) == most


@pytest.mark.parametrize(
    ("before", "after", "guards"),
    [
        (3, 2, []),
        (3, 1, ["removed-workloads"]),
        (20, 18, []),
        (20, 17, ["removed-workloads"]),
        (40, 37, []),
        (40, 36, ["removed-workloads"]),
        (40, 35, ["removed-workloads", "removed-resources"]),
    ],
)
def test_workloads_removed(before: int, after: int, guards: list[str]) -> None:
    assert found(workloads("a", before), workloads("a", after)) == guards


def test_says_the_numbers_in_words() -> None:
    plan = plan_of(workloads("a", 20), workloads("a", 17))
    assert check_guards(plan, GUARDS) == [
        GuardFinding(
            guard="removed-workloads",
            verdict=Verdict.NEEDS_APPROVAL,
            scope="a",
            number=3,
            limit=2,
            message="cluster a: 3 of 20 workloads would be removed; without approval at most 2",
        )
    ]


@pytest.mark.parametrize(
    ("before", "after", "guards"),
    [
        # Without hosts a pod is one resource, so that pods are the figures of this guard.
        (20, 10, []),
        (20, 9, ["removed-resources"]),
        (110, 99, []),
        (110, 98, ["removed-resources"]),
    ],
)
def test_resources_removed(before: int, after: int, guards: list[str]) -> None:
    old = {"a": pods("a", KEY, range(before), host=None)}
    new = {"a": pods("a", KEY, range(after), host=None)}
    assert found(old, new) == guards


@pytest.mark.parametrize(
    ("total", "changed", "guards"), [(10, 5, []), (10, 6, ["changed-hosts"]), (20, 6, []), (20, 7, ["changed-hosts"])]
)
def test_hosts_changed(total: int, changed: int, guards: list[str]) -> None:
    old = {"a": pods("a", KEY, range(total))}
    new = {"a": [*pods("a", KEY, range(changed), host="{pod}.example.org"), *pods("a", KEY, range(changed, total))]}
    assert found(old, new) == guards


def test_a_host_that_another_pod_takes_over_counts_as_changed() -> None:
    old = {"a": pods("a", KEY, range(7))}
    swapped = [
        member
        for ordinal in range(7)
        for member in pods("a", KEY, [ordinal], host=f"a-prometheus-{(ordinal + 1) % 7}.example.com")
    ]
    assert plan_of(old, {"a": swapped}).clusters[0].hosts_lost == tuple(
        f"a-prometheus-{n}.example.com" for n in range(7)
    )
    assert found(old, {"a": swapped}) == ["changed-hosts"]


@pytest.mark.parametrize(
    ("before", "after", "guards"), [(9, 50, []), (10, 20, []), (10, 21, ["doubled-pods"]), (0, 50, [])]
)
def test_pods_doubled(before: int, after: int, guards: list[str]) -> None:
    old = {"a": pods("a", KEY, range(before))} if before else {}
    assert found(old, {"a": pods("a", KEY, range(after))}) == guards


def test_a_cluster_is_emptied() -> None:
    both = {"a": pods("a", KEY, range(2)), "b": pods("b", KEY, range(2))}
    plan = plan_of(both, {"a": both["a"]})
    assert [(finding.guard, finding.scope, finding.message) for finding in check_guards(plan, GUARDS)] == [
        ("emptied-cluster", "b", "cluster b would be emptied: it has 1 workload, 6 resources"),
        (
            "emptied-unit",
            "overlays/b/monitoring",
            "sync unit overlays/b/monitoring would become empty: 6 resources go, a ConfigMap keeps its place",
        ),
    ]


def test_a_cluster_that_keeps_only_a_consumer_is_emptied() -> None:
    lists = an_endpoint_list("thanos/query", ["a:1"])
    assert found({"a": [*pods("a", KEY, [0]), lists]}, {"a": [lists]}) == ["emptied-cluster", "emptied-unit"]


def test_a_cluster_that_had_only_a_consumer_is_emptied() -> None:
    lists = {"b": [an_endpoint_list("thanos/query", ["a:1"])]}
    rest = {"a": pods("a", KEY, [0])}
    assert found({**rest, **lists}, rest) == ["emptied-cluster", "emptied-unit"]


def test_a_cluster_that_never_had_a_workload_is_not_emptied() -> None:
    one, two = (an_endpoint_list("thanos/query", hosts) for hosts in (["a:1"], ["a:1", "b:1"]))
    assert found({}, {"a": [one]}) == []
    assert found({"a": [one]}, {"a": [two]}) == []


def test_the_inventory_is_emptied() -> None:
    both = {"a": pods("a", KEY, range(2)), "b": pods("b", KEY, range(2))}
    findings = check_guards(plan_of(both, {}), GUARDS)
    assert [(finding.guard, finding.scope) for finding in findings] == [
        ("emptied-inventory", ""),
        ("emptied-cluster", "a"),
        ("emptied-unit", "overlays/a/monitoring"),
        ("emptied-cluster", "b"),
        ("emptied-unit", "overlays/b/monitoring"),
    ]
    assert findings[0].message == "nothing would be left: 2 clusters would lose everything"


def test_an_emptied_inventory_stays_empty_without_another_word() -> None:
    assert found({}, {}) == []


def test_a_first_publish_passes() -> None:
    assert found({}, {"a": pods("a", KEY, range(50))}) == []


@pytest.mark.parametrize(
    ("before", "after", "verdicts"),
    [
        (0, 400, []),
        (0, 401, [Verdict.WARNING]),
        (0, 1000, [Verdict.WARNING]),
        (0, 1001, [Verdict.NEEDS_APPROVAL]),
        (0, 2500, [Verdict.NEEDS_APPROVAL]),
        (0, 2501, [Verdict.REFUSED]),
        (405, 401, []),
        (401, 402, [Verdict.WARNING]),
        (2600, 2595, []),
    ],
)
def test_a_unit_over_its_budget_may_shrink_but_not_grow(before: int, after: int, verdicts: list[Verdict]) -> None:
    old = {"a": pods("a", KEY, range(before), host=None)} if before else {}
    findings = check_guards(plan_of(old, {"a": pods("a", KEY, range(after), host=None)}), GUARDS)
    assert [finding.verdict for finding in findings if finding.guard == "unit-budget"] == verdicts


def test_resources_that_would_change_their_unit() -> None:
    old = {"a": [*pods("a", "ns/one", [0]), *pods("a", "ns/two", [0])]}
    moved = [member.manifest for member in old["a"]]
    new = {
        "a": [type(m)(manifest, m.place._replace(folder="two")) for m, manifest in zip(old["a"], moved, strict=True)]
    }
    findings = check_guards(plan_of(old, new, sync_unit=SyncUnit.WORKLOAD), GUARDS)
    assert [(finding.guard, finding.number, finding.message) for finding in findings] == [
        (
            "emptied-unit",
            3,
            "sync unit overlays/a/ns/one would become empty: 3 resources go, a ConfigMap keeps its place",
        ),
        (
            "moved-resources",
            3,
            "3 resources would move to overlays/a/ns/two from other sync units: an engine may delete them in between",
        ),
    ]
    assert {finding.limit for finding in findings} == {0}
    assert found(old, new, sync_unit=SyncUnit.NAMESPACE) == []


def test_limits_are_settings() -> None:
    strict = Guards(
        removed_workloads=Limit(at_most=0, percent=0),
        removed_resources=Limit(at_most=2, percent=0),
        changed_hosts=Limit(at_most=0, percent=0),
    )
    assert found(workloads("a", 3), workloads("a", 2), strict) == [
        "removed-workloads",
        "removed-resources",
        "changed-hosts",
    ]


def test_only_the_digest_of_that_very_plan_approves() -> None:
    plan = plan_of(workloads("a", 20), workloads("a", 10))
    other = plan_of(workloads("a", 20), workloads("a", 9))
    findings = check_guards(plan, GUARDS)
    assert passes([], plan, None)
    assert not passes(findings, plan, None)
    assert not passes(findings, plan, other.digest)
    assert passes(findings, plan, plan.digest)


def test_nothing_approves_what_is_refused() -> None:
    plan = plan_of({}, {"a": pods("a", KEY, range(2501), host=None)})
    assert not passes(check_guards(plan, GUARDS), plan, plan.digest)


def test_a_warning_passes() -> None:
    plan = plan_of({}, {"a": pods("a", KEY, range(401), host=None)})
    findings = check_guards(plan, GUARDS)
    assert [finding.verdict for finding in findings] == [Verdict.WARNING]
    assert passes(findings, plan, None)


def engines_plan(
    before: SyncUnit, after: SyncUnit, engine: Engine, engine_after: Engine | None = None, *, number: int = 2
) -> Plan:
    """Plan nothing but another sync unit, or another engine, for some workloads."""
    mesh = workloads("a", number)
    trees = []
    for unit, chosen in ((before, engine), (after, engine_after or engine)):
        gitops = GitOps(repository="https://git.example.com/mesh.git", engine=chosen, sync_unit=unit)
        inventory = an_inventory(mesh=a_mesh(gitops=gitops), clusters=[a_cluster(name="a", engine=chosen)])
        tree = tree_of(mesh)
        files = engine_files(inventory, tree)
        trees.append({**tree, **{path: body.encode() for path, body in files.items()}})
    return plan_of_trees(trees[0], trees[1], mesh, sync_unit=after)


@pytest.mark.parametrize(
    ("engine", "lost"),
    [
        (Engine.FLUX, "1 engine object would go or sync units under other names (Kustomization flux-system/ns)"),
        (Engine.ARGOCD, "1 engine object would go or sync units under other names (ApplicationSet argocd/gitops-gen)"),
    ],
)
def test_another_sync_unit_does_not_go_unseen(engine: Engine, lost: str) -> None:
    plan = engines_plan(SyncUnit.NAMESPACE, SyncUnit.WORKLOAD, engine)
    (finding,) = check_guards(plan, GUARDS)
    assert (finding.guard, finding.verdict, finding.number, finding.limit) == (
        "engine-objects",
        Verdict.NEEDS_APPROVAL,
        1,
        0,
    )
    assert finding.message == f"{lost}: an engine may delete what they synced"
    assert not passes([finding], plan, None)
    assert passes([finding], plan, plan.digest)


@pytest.mark.parametrize(("number", "more"), [(3, ""), (4, ", ...")])
def test_three_engine_objects_are_named(number: int, more: str) -> None:
    plan = engines_plan(SyncUnit.WORKLOAD, SyncUnit.NAMESPACE, Engine.FLUX, number=number)
    (finding,) = check_guards(plan, GUARDS)
    named = ", ".join(f"Kustomization flux-system/ns.w{place:02}" for place in range(3))
    assert f" ({named}{more}): " in finding.message


def test_another_engine_does_not_go_unseen() -> None:
    plan = engines_plan(SyncUnit.NAMESPACE, SyncUnit.NAMESPACE, Engine.FLUX, Engine.ARGOCD)
    (finding,) = check_guards(plan, GUARDS)
    assert (finding.guard, finding.number) == ("engine-objects", 2)


def test_the_first_engine_is_no_loss() -> None:
    assert check_guards(engines_plan(SyncUnit.NAMESPACE, SyncUnit.NAMESPACE, Engine.NONE, Engine.FLUX), GUARDS) == []


def told(before: Mesh, after: Mesh) -> list[tuple[str, int, int, str]]:
    """Return name, number, limit and words of every finding."""
    findings = check_guards(plan_of(before, after), GUARDS)
    return [(finding.guard, finding.number, finding.limit, finding.message) for finding in findings]


def test_every_guard_says_its_number_its_limit_and_what_would_happen() -> None:
    bare = {"a": pods("a", KEY, range(20), host=None)}
    assert told(bare, {"a": pods("a", KEY, range(9), host=None)}) == [
        (
            "removed-resources",
            11,
            10,
            "cluster a: 11 of 20 resources would be removed; without approval at most 10",
        )
    ]
    assert told(bare, {"a": pods("a", KEY, range(41), host=None)}) == [
        ("doubled-pods", 41, 40, "cluster a: 20 -> 41 pods, more than doubled")
    ]
    moved = {"a": pods("a", KEY, range(20), host="other-{pod}.example.com")}
    words = "cluster a: 20 of 20 hosts would no longer lead where they do; without approval at most 6"
    assert ("changed-hosts", 20, 6, words) in told({"a": pods("a", KEY, range(20))}, moved)
    gone = told(bare, {})
    assert [(guard, number, limit) for guard, number, limit, _ in gone] == [
        ("emptied-inventory", 1, 0),
        ("emptied-cluster", 1, 0),
        ("removed-resources", 20, 10),
        ("emptied-unit", 20, 0),
    ]


def test_verdicts_are_words_that_people_read() -> None:
    assert [verdict.value for verdict in Verdict] == ["warning", "needs approval", "refused"]


def test_what_is_refused_passes_under_no_digest() -> None:
    plan = plan_of({}, {})
    refused = GuardFinding(guard="g", verdict=Verdict.REFUSED, scope="", number=1, limit=0, message="no")
    assert passes([refused], plan, plan.digest) is False
