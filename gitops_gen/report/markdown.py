"""A plan as Markdown: for the body of a change request, a comment, or the summary of a CI job.

Three levels of detail; the most detailed one that fits the limit is written. Whatever comes from an inventory or a
repository stands inside fences and code spans, made inert.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.plan.changes import Action
from gitops_gen.plan.guards import Verdict, passes
from gitops_gen.report.inert import code, fenced, inert
from gitops_gen.report.inventory import count
from gitops_gen.report.outcome import refusals_text
from gitops_gen.report.plan import plan_headlines, plan_lines, plan_summary, resource_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.layout.ownership import Refusal
    from gitops_gen.plan.changes import ClusterPlan, Plan
    from gitops_gen.plan.guards import GuardFinding

MOST = 65_536
"""Longest body of a change request that GitHub takes; other forges take more. Counted in bytes, as it may be there."""

LEAST = 2_000
"""The counts alone always fit into this."""

_ROWS = 20
_LINES = 60
_FINDINGS = 10


class Detail(StrEnum):
    """How much is said."""

    FULL = "full"
    """Every change, and every resource in a part that unfolds."""
    CONCISE = "concise"
    """One line for each workload that changes, the largest first."""
    COUNTS = "counts"
    """How much, and nothing by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """A plan and all that keeps it, or a part of it, from being published.

    `stays` are the lines on what stays as it is published; `approved` is the digest that somebody has approved.
    `command` is what publishes the plan, without `--approve`.
    """

    plan: Plan
    findings: Sequence[GuardFinding] = ()
    refusals: Sequence[Refusal] = ()
    stays: str = ""
    approved: str | None = None
    command: str = "gitops-gen publish INVENTORY"


def plan_markdown(report: PlanReport, *, detail: Detail = Detail.FULL, most: int = MOST) -> str:
    """Write a plan, at most as detailed as asked for, in no more than `most` bytes of UTF-8 (at least LEAST)."""
    levels = list(Detail)[list(Detail).index(detail) :]
    for level in levels:
        text = _written(report, level, shortened=level is not levels[0])
        if len(text.encode()) <= most or level is Detail.COUNTS:
            return text
    raise AssertionError  # pragma: no cover - the last level is always returned


def _written(report: PlanReport, detail: Detail, *, shortened: bool) -> str:
    plan = report.plan
    blocks = [[f"### gitops-gen: {inert(plan_summary(plan))}"]]
    if shortened:
        blocks.append(["Shortened to fit in here. `gitops-gen plan INVENTORY` says every change."])
    blocks += _kept_back(report, detail)
    if not plan.empty:
        blocks += _counts(plan) if detail is Detail.COUNTS else _changes(plan, detail)
        blocks.append([f"Plan {code(plan.digest)}"])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


# --- what keeps it back -----------------------------------------------------------------------------------------------


def _kept_back(report: PlanReport, detail: Detail) -> list[list[str]]:
    """Say what guards, refusals and holds keep back, and how to approve this very plan."""
    blocks: list[list[str]] = []
    findings, plan = report.findings, report.plan
    if findings:
        blocks.append([_guards_title(report)])
        lines = [f"{finding.guard} ({finding.verdict}): {finding.message}" for finding in findings]
        numbers = Counter(f"{finding.guard} ({finding.verdict})" for finding in findings)
        counts = [f"{name}: {number:,}" for name, number in numbers.items()]
        blocks.append(fenced(_told(lines, counts, detail)))
    if _approvable(report):
        blocks.append(["If this is meant, publish this very plan:"])
        blocks.append(fenced([f"{report.command} --approve {plan.digest}"]))
    if report.refusals:
        number = len(report.refusals)
        blocks.append([f"**Refused:** {count(number, 'file')} of somebody else or edited by hand; the rest goes on."])
        lines = refusals_text(report.refusals).splitlines()
        if detail is not Detail.FULL:
            lines = [line for line in lines if not line.startswith("  |")]
        blocks.append(fenced(_told(lines, [f"refused: {number:,}"], detail)))
    if report.stays:
        lines = report.stays.splitlines()
        heads = Counter(line.partition(":")[0] for line in lines if not line.startswith(" "))
        blocks.append(["**Stays as it is published:**"])
        blocks.append(fenced(_told(lines, [f"{head}: {number:,}" for head, number in heads.items()], detail)))
    return blocks


def _guards_title(report: PlanReport) -> str:
    if Verdict.REFUSED in {finding.verdict for finding in report.findings}:
        return "**Refused by a guard:** nothing approves this; change the inventory."
    if _approvable(report):
        return "**Held back by a guard:** nothing is published until somebody approves this plan."
    if all(finding.verdict is Verdict.WARNING for finding in report.findings):
        return "**Warnings:**"
    return "**Approved**, although guards would hold it back:"


def _approvable(report: PlanReport) -> bool:
    refused = any(finding.verdict is Verdict.REFUSED for finding in report.findings)
    return not refused and not passes(report.findings, report.plan, report.approved)


def _told(lines: list[str], counts: list[str], detail: Detail) -> list[str]:
    """Return lines, the first of them, or just how many, by detail."""
    if detail is Detail.COUNTS:
        return _first(counts, _FINDINGS)
    return lines if detail is Detail.FULL else _first(lines, _FINDINGS)


def _first(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"... and {len(lines) - most:,} more"]


# --- what changes -----------------------------------------------------------------------------------------------------


def _changes(plan: Plan, detail: Detail) -> list[list[str]]:
    """Write the clusters as a table, then what changes in them."""
    full = detail is Detail.FULL
    blocks: list[list[str]] = []
    if plan.clusters:
        blocks.append(_table(plan, None if full else _ROWS))
    lines = plan_lines(plan) if full else _first(plan_headlines(plan), _LINES)
    if lines:
        blocks.append(fenced(lines))
    resources = resource_lines(plan) if full else []
    if resources:
        title = f"<details><summary>Every resource ({len(resources):,})</summary>"
        blocks += [[title], fenced(resources, "diff"), ["</details>"]]
    return blocks


def _table(plan: Plan, most: int | None) -> list[str]:
    by_size = sorted(plan.clusters, key=lambda cluster: -sum(1 for _ in cluster.resources()))
    shown = plan.clusters if most is None or len(plan.clusters) <= most else by_size[:most]
    rows = [_row(cluster) for cluster in shown]
    if len(shown) < len(plan.clusters):
        rows.append(f"| ... and {len(plan.clusters) - len(shown):,} more | | | | | | | |")
    head = "| cluster | pods | resources | added | changed | moved | removed | hosts lost |"
    return [head, "|---|---:|---:|---:|---:|---:|---:|---:|", *rows]


def _row(cluster: ClusterPlan) -> str:
    numbers = _actions(cluster)
    cells = [
        code(cluster.name),
        _step(cluster.pods_before, cluster.pods_after),
        _step(cluster.resources_before, cluster.resources_after),
        *(f"{numbers[action]:,}" for action in (Action.ADDED, Action.CHANGED, Action.MOVED, Action.REMOVED)),
        f"{len(cluster.hosts_lost):,}",
    ]
    return f"| {' | '.join(cells)} |"


def _actions(cluster: ClusterPlan) -> Counter[Action]:
    return Counter(change.action for change in cluster.resources() if not change.tombstone)


def _step(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"


def _counts(plan: Plan) -> list[list[str]]:
    """Write how much changes, without a name."""
    numbers = sum((_actions(cluster) for cluster in plan.clusters), Counter[Action]())
    lost = sum(len(cluster.hosts_lost) for cluster in plan.clusters)
    told = ", ".join(f"{numbers[action]:,} {action}" for action in Action)
    clusters = len(plan.clusters)
    lines = [
        f"- {count(clusters, 'cluster')} of {clusters + len(plan.untouched):,} will render otherwise",
        f"- resources: {told}",
        f"- {count(lost, 'host')} will no longer lead where they lead now",
    ]
    lines += [f"- {count(len(plan.engine_objects), 'engine object')} changed"] if plan.engine_objects else []
    return [lines]
