"""What `plan` and `publish` have to say beside the plan itself: guards, refusals, and what became of the push."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitops_gen.plan.guards import Verdict
from gitops_gen.report.inventory import count
from gitops_gen.report.outcome import refusals_text, refusals_value
from gitops_gen.report.plan import plan_summary, plan_text
from gitops_gen.report.plan_value import plan_value
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.layout.ownership import Refusal
    from gitops_gen.plan.changes import Plan
    from gitops_gen.plan.guards import GuardFinding


def planned_text(plan: Plan, findings: Sequence[GuardFinding], refusals: Sequence[Refusal], *, approved: bool) -> str:
    """Write a plan with all that would keep it, or a part of it, from being published."""
    parts = [plan_text(plan)]
    if findings:
        parts.append(findings_text(plan, findings, approved=approved))
    if refusals:
        parts.append(refusals_text(refusals))
    return "\n".join(part.rstrip("\n") for part in parts if part)


def findings_text(plan: Plan, findings: Sequence[GuardFinding], *, approved: bool) -> str:
    """Write what the guards found, and how to approve exactly this plan where that is possible."""
    lines = [f"guard {finding.guard} ({finding.verdict}): {printable(finding.message)}" for finding in findings]
    verdicts = {finding.verdict for finding in findings}
    if Verdict.REFUSED in verdicts:
        lines.append("  help: this cannot be approved; change the inventory")
    elif Verdict.NEEDS_APPROVAL in verdicts and not approved:
        lines.append(f"  help: if this is meant, publish with --approve {plan.digest}")
    return "\n".join(lines)


def planned_json(  # noqa: PLR0913 - each is a part of the result
    plan: Plan,
    findings: Sequence[GuardFinding],
    refusals: Sequence[Refusal],
    *,
    base: str | None,
    outcome: dict[str, object] | None = None,
    more: dict[str, object] | None = None,
) -> str:
    """Return a plan, what guards and refusals say, and what became of it, as JSON (docs/reference/plan-json.md).

    `more` are further fields: what stays as it is published.
    """
    value: dict[str, object] = {"summary": plan_summary(plan), **plan_value(plan), "base": base}
    value["guards"] = [
        {
            "guard": finding.guard,
            "verdict": str(finding.verdict),
            "scope": finding.scope,
            "number": finding.number,
            "limit": finding.limit,
            "message": finding.message,
        }
        for finding in findings
    ]
    value["refusals"] = refusals_value(refusals)
    value.update(more or {})
    if outcome is not None:
        value["outcome"] = outcome
    return json.dumps(value, indent=2)


def landed_text(commit: str, *, repository: str, branch: str, verified: int, tries: int) -> str:
    """Say that a commit landed, and what is known of it."""
    said = f"published: commit {commit} on {branch} of {printable(repository)}"
    return "\n".join([said, *rendered_lines(verified=verified, tries=tries)])


def rendered_lines(*, verified: int, tries: int) -> list[str]:
    """Say how a commit came about: what kustomize confirmed, and how often it had to begin again."""
    lines = []
    if verified:
        lines.append(f"{count(verified, 'sync unit')} rendered by kustomize: exactly what was compiled")
    if tries > 1:
        lines.append(f"other commits came first {count(tries - 1, 'time')}; it was compiled again each time")
    return lines
