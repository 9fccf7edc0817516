"""Guards: the limits on how much one publish may take away or change (docs/explanation/guards.md).

A truncated inventory, a wrong label or a doubled list is valid YAML, and an engine applies what it makes within a
minute. So a plan that goes beyond a limit is published only with an approval of that very plan, by its digest.
All arithmetic is in whole numbers: a percentage of n allows `n * percent // 100`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.plan.changes import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.model import Guards, Limit
    from gitops_gen.plan.changes import ClusterPlan, Plan, UnitChange

WORKLOADS_ALWAYS = 1
"""As many workloads may go whatever their share is, so that one of three can be retired."""
RESOURCES_ALWAYS = 10
HOSTS_ALWAYS = 5
PODS_FROM = 10
"""Below this many pods, doubling says nothing."""

UNIT_WARNING = 400
"""Resources in a sync unit above which we warn (docs/explanation/what-engines-and-kustomize-do.md, "Sizes")."""
UNIT_GUARD = 1_000
UNIT_MOST = 2_500
"""Above this an Argo CD Application comes close to what etcd stores; never published."""


class Verdict(StrEnum):
    """What a guard asks for. Nothing approves what is `refused`."""

    WARNING = "warning"
    NEEDS_APPROVAL = "needs approval"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFinding:
    """A limit that a plan goes beyond.

    `scope` is the cluster, the sync unit, or empty for the whole inventory; `number` is what the guard counted and
    `limit` the most that it lets pass; `message` says both in words.
    """

    guard: str
    verdict: Verdict
    scope: str
    number: int
    limit: int
    message: str


def check_guards(plan: Plan, guards: Guards) -> list[GuardFinding]:
    """Return every limit that a plan goes beyond, the whole inventory first, then by cluster and unit.

    Who publishes compares an approval with `plan.digest`; see `passes`.
    """
    findings = [*_inventory(plan), *_engine_objects(plan)]
    for cluster in plan.clusters:
        findings += _cluster(cluster, guards)
        for unit in cluster.units:
            findings += _unit(unit)
    return findings


def passes(findings: Iterable[GuardFinding], plan: Plan, approved: str | None) -> bool:
    """Tell whether a plan may be published, `approved` being the digest of the plan that somebody has approved."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.REFUSED in verdicts:
        return False
    return Verdict.NEEDS_APPROVAL not in verdicts or approved == plan.digest


def allowed(limit: Limit, whole: int, always: int) -> int:
    """Return how many of `whole` a limit lets go: its percentage, but at least `always`, and never over `at_most`."""
    share = max(always, whole * limit.percent // 100)
    return share if limit.at_most is None else min(limit.at_most, share)


def _inventory(plan: Plan) -> Iterator[GuardFinding]:
    emptied = [cluster for cluster in plan.clusters if cluster.folders_before]
    if emptied and not plan.untouched and not any(cluster.folders_after for cluster in plan.clusters):
        yield GuardFinding(
            guard="emptied-inventory",
            verdict=Verdict.NEEDS_APPROVAL,
            scope="",
            number=len(emptied),
            limit=0,
            message=f"nothing would be left: {_count(len(emptied), 'cluster')} would lose everything",
        )


def _engine_objects(plan: Plan) -> Iterator[GuardFinding]:
    """Ask when units would be synced under other names, or by nobody, as with another `syncUnit` or engine.

    A unit never goes by itself (it keeps a tombstone). Who applies the objects and prunes what is missing would delete
    a Flux Kustomization, and with it all that it synced.
    """
    lost = [change for change in plan.engine_objects if change.action is Action.REMOVED or _RENAMED in change.fields]
    if lost:
        shown = ", ".join(str(change.id) for change in lost[:_SHOWN]) + (", ..." if len(lost) > _SHOWN else "")
        yield GuardFinding(
            guard="engine-objects",
            verdict=Verdict.NEEDS_APPROVAL,
            scope="",
            number=len(lost),
            limit=0,
            message=f"{_count(len(lost), 'engine object')} would go or sync units under other names ({shown}): "
            "an engine may delete what they synced",
        )


_RENAMED = "spec.template.metadata.name"
"""The field of an ApplicationSet by which each Application is called."""

_SHOWN = 3


def _cluster(cluster: ClusterPlan, guards: Guards) -> Iterator[GuardFinding]:
    name = cluster.name
    if _emptied(cluster):
        has = _count(cluster.workloads_before, "workload"), _count(cluster.resources_before, "resource")
        yield GuardFinding(
            guard="emptied-cluster",
            verdict=Verdict.NEEDS_APPROVAL,
            scope=name,
            number=cluster.workloads_before,
            limit=0,
            message=f"cluster {name} would be emptied: it has {', '.join(has)}",
        )
    for loss in _losses(cluster, guards):
        most = allowed(loss.limit, loss.whole, loss.always)
        if loss.number > most:
            told = f"{loss.number:,} of {_count(loss.whole, loss.word)} {loss.happens}"
            yield GuardFinding(
                guard=loss.guard,
                verdict=Verdict.NEEDS_APPROVAL,
                scope=name,
                number=loss.number,
                limit=most,
                message=f"cluster {name}: {told}; without approval at most {most:,}",
            )
    if cluster.pods_before >= PODS_FROM and cluster.pods_after > 2 * cluster.pods_before:
        yield GuardFinding(
            guard="doubled-pods",
            verdict=Verdict.NEEDS_APPROVAL,
            scope=name,
            number=cluster.pods_after,
            limit=2 * cluster.pods_before,
            message=f"cluster {name}: {cluster.pods_before:,} -> {cluster.pods_after:,} pods, more than doubled",
        )


def _emptied(cluster: ClusterPlan) -> bool:
    """Tell whether a cluster loses its last workload, or all else that it had."""
    loses_workloads = cluster.workloads_before > 0 and cluster.workloads_after == 0
    return loses_workloads or (cluster.folders_before > 0 and cluster.folders_after == 0)


class _Loss(NamedTuple):
    """Something of which a share may go: how many of how many, and the limit on that."""

    guard: str
    number: int
    whole: int
    limit: Limit
    always: int
    word: str
    happens: str


def _losses(cluster: ClusterPlan, guards: Guards) -> tuple[_Loss, ...]:
    return (
        _Loss(
            guard="removed-workloads",
            number=len(cluster.removed_workloads()),
            whole=cluster.workloads_before,
            limit=guards.removed_workloads,
            always=WORKLOADS_ALWAYS,
            word="workload",
            happens="would be removed",
        ),
        _Loss(
            guard="removed-resources",
            number=cluster.resources_removed,
            whole=cluster.resources_before,
            limit=guards.removed_resources,
            always=RESOURCES_ALWAYS,
            word="resource",
            happens="would be removed",
        ),
        _Loss(
            guard="changed-hosts",
            number=len(cluster.hosts_lost),
            whole=cluster.hosts_before,
            limit=guards.changed_hosts,
            always=HOSTS_ALWAYS,
            word="host",
            happens="would no longer lead where they do",
        ),
    )


def _unit(unit: UnitChange) -> Iterator[GuardFinding]:
    if unit.resources_after > max(unit.resources_before, UNIT_WARNING):
        yield _over_budget(unit)
    if unit.moved_in:
        yield GuardFinding(
            guard="moved-resources",
            verdict=Verdict.NEEDS_APPROVAL,
            scope=unit.unit,
            number=unit.moved_in,
            limit=0,
            message=f"{_count(unit.moved_in, 'resource')} would move to {unit.unit} from other sync units: "
            "an engine may delete them in between",
        )
    if unit.emptied:
        gone = _count(unit.resources_before, "resource")
        yield GuardFinding(
            guard="emptied-unit",
            verdict=Verdict.NEEDS_APPROVAL,
            scope=unit.unit,
            number=unit.resources_before,
            limit=0,
            message=f"sync unit {unit.unit} would become empty: {gone} go, a ConfigMap keeps its place",
        )


def _over_budget(unit: UnitChange) -> GuardFinding:
    """Tell by how much a unit that grows is over budget; one that shrinks is on its way and is let be."""
    size = unit.resources_after
    if size > UNIT_MOST:
        verdict, limit, advice = Verdict.REFUSED, UNIT_MOST, "no engine syncs that reliably; use smaller sync units"
    elif size > UNIT_GUARD:
        verdict, limit, advice = Verdict.NEEDS_APPROVAL, UNIT_GUARD, "engines get slow; use smaller sync units"
    else:
        verdict, limit, advice = Verdict.WARNING, UNIT_WARNING, "kustomize's time grows with the square of that"
    return GuardFinding(
        guard="unit-budget",
        verdict=verdict,
        scope=unit.unit,
        number=size,
        limit=limit,
        message=f"sync unit {unit.unit} would hold {size:,} resources, budget {limit:,}: {advice}",
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
