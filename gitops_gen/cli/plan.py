"""`gitops-gen plan`: what publish would change."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    accept_edits_option,
    inventory_argument,
    kustomize_option,
    plan_format,
    repository_options,
    selection_options,
)


@click.command(
    "plan",
    epilog="""\b
Examples:
  gitops-gen plan inventory/
  gitops-gen plan inventory/ --repository ../mesh.git --format json
  gitops-gen plan inventory/ --format markdown >> "$GITHUB_STEP_SUMMARY"
""",
)
@inventory_argument
@repository_options
@selection_options
@accept_edits_option("gitops.path")
@kustomize_option
@plan_format
def command(
    inventory: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    clusters: tuple[str, ...],
    labels: tuple[str, ...],
    workloads: tuple[str, ...],
    accept_edits: tuple[str, ...],
    kustomize: str | None,
    style: str,
    detail: str,
    max_chars: int,
) -> None:
    """Say what publishing INVENTORY would change; write nothing.

    Compares what the inventory says with what the branch holds: by resource, not by line, and by meaning. Where a
    guard would hold the plan back, its digest is shown, for `publish --approve`; give both the same --accept-edits.
    Exit code 0: a plan, empty or not;
    1: problems in the inventory; 3: something would be refused or held back; 4: a newer inventory is published already.
    """
    from gitops_gen.cli.kept import kept_code, kept_report
    from gitops_gen.cli.programs import lineage, remote, rendering
    from gitops_gen.plan.guards import passes
    from gitops_gen.report.markdown import Detail, PlanReport, plan_markdown
    from gitops_gen.report.published import planned_json, planned_text
    from gitops_gen.workflows.publishing import plan_changes
    from gitops_gen.workflows.selecting import Selection

    told = console.read(inventory, style)
    console.progress("reading the GitOps repository")
    with console.proven(told, style):
        planned = plan_changes(
            told.inventory,
            remote(repository, branch, timeout),
            frozenset(accept_edits),
            lineage=lineage(inventory, told.judged, timeout),
            selection=Selection(clusters=clusters, labels=labels, workloads=workloads),
            rendering=rendering(kustomize),
        )
    refusals = planned.comparison.reconciled.refusals
    if style == "json":
        kept = {"kept": kept_report(planned.branch.kept, style=style)}
        console.result(planned_json(planned.plan, planned.findings, refusals, base=planned.base, more=kept))
    elif style == "markdown":
        report = PlanReport(
            plan=planned.plan,
            findings=planned.findings,
            refusals=refusals,
            stays=kept_report(planned.branch.kept, style=style),
        )
        console.result(plan_markdown(report, detail=Detail(detail), most=max_chars))
    else:
        console.result(planned_text(planned.plan, planned.findings, refusals, approved=False))
        stays = kept_report(planned.branch.kept, style=style)
        if stays:
            console.result(stays)
    code = kept_code(planned, refused=bool(refusals) or not passes(planned.findings, planned.plan, None))
    if code:
        console.end(code)
