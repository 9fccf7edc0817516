"""`gitops-gen rollback`: a part of the mesh as it was, and held there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    approve_option,
    clusters_option,
    commit_options,
    inventory_argument,
    kustomize_option,
    option,
    repository_options,
    result_format,
    verify_option,
)
from gitops_gen.errors import ExitCode

if TYPE_CHECKING:
    from gitops_gen.cli.options import CommitOptions


@click.command(
    "rollback",
    epilog="""\b
Examples:
  gitops-gen rollback inventory/ 4f1c2a9 --reason "cluster-a answers 503 since 14:00"
  gitops-gen rollback inventory/ 4f1c2a9 --cluster cluster-a --workload monitoring/prometheus
  gitops-gen rollback inventory/ 17 --cluster cluster-a
""",
)
@inventory_argument
@click.argument("revision", metavar="REVISION")
@repository_options
@clusters_option("Only this cluster; without it, all.")
@option("--workload", default="", metavar="NS/NAME", help="Only this workload; without it, all that the clusters have.")
@option("--reason", default="", metavar="TEXT", help="Why; everybody whose change is held back gets to read it.")
@approve_option("Roll back")
@commit_options
@verify_option("changed")
@kustomize_option
@result_format
def command(
    inventory: str,
    revision: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    clusters: tuple[str, ...],
    workload: str,
    reason: str,
    approve: str | None,
    deadline: int,
    commit: CommitOptions,
    verify: str,
    kustomize: str | None,
    style: str,
) -> None:
    """Publish what clusters rendered at REVISION, as a new commit, and hold it there.

    REVISION is a commit of the GitOps repository or, with one --cluster, the serial of a publish; `gitops-gen history`
    lists both. INVENTORY says where that repository is; what it says of workloads is not published. Nothing but the
    part that was asked for changes what it renders. From then on publish leaves that part as it is, until
    `gitops-gen release`, or until the inventory says the same. Exit code 0: rolled back, or nothing to do; 1: problems
    in the inventory, or no such revision; 3: something was refused or held back; 4 to 7 as for publish.
    """
    from gitops_gen.cli.landed import outcome_text, outcome_value, telling
    from gitops_gen.cli.programs import clock, remote, rendering, signature, verification
    from gitops_gen.report.kept import hold_text, hold_value
    from gitops_gen.report.published import planned_json, planned_text
    from gitops_gen.workflows.rollback import Wish, roll_back

    signed = signature(commit)
    told = console.read(inventory, style)
    with console.proven(told, style):
        done = roll_back(
            told.inventory,
            remote(repository, branch, timeout),
            Wish(revision=revision, clusters=clusters, workload=workload, reason=reason),
            signature=signed,
            clock=clock(),
            deadline_s=float(deadline),
            approved=approve,
            verification=verification(verify, kustomize),
            rendering=rendering(kustomize),
            told=console.progress,
        )
    published = done.published
    planned = published.planned
    refusals = planned.comparison.reconciled.refusals
    with telling(published):
        if style == "json":
            outcome: dict[str, object] = {
                "target": done.target,
                "holds": [hold_value(cluster, hold) for cluster, hold in done.holds],
                **outcome_value(published),
            }
            console.result(planned_json(planned.plan, planned.findings, refusals, base=planned.base, outcome=outcome))
        else:
            console.result(planned_text(planned.plan, planned.findings, refusals, approved=not published.guarded))
            if published.commit is not None:
                console.result("\n".join(hold_text(cluster, hold) for cluster, hold in done.holds))
                console.result(outcome_text(published))
    if refusals or published.guarded:
        console.end(ExitCode.REFUSED)
