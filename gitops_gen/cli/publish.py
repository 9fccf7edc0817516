"""`gitops-gen publish`: one commit in the GitOps repository."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    accept_edits_option,
    approve_option,
    commit_options,
    inventory_argument,
    kustomize_option,
    repository_options,
    result_format,
    selection_options,
    verify_option,
)


@click.command(
    "publish",
    epilog="""\b
Examples:
  gitops-gen publish inventory/
  gitops-gen publish inventory/ --repository git@git.example.com:platform/mesh.git --branch main
  gitops-gen publish inventory/ --select ring=canary
  gitops-gen publish inventory/ --approve sha256:4f1c...

\b
A token for an https repository is read from GITOPS_GEN_TOKEN; ssh uses the keys and the agent of the account.
""",
)
@inventory_argument
@repository_options
@selection_options
@approve_option("Publish")
@accept_edits_option("gitops.path")
@commit_options
@verify_option("changed")
@kustomize_option
@result_format
def command(
    inventory: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    clusters: tuple[str, ...],
    labels: tuple[str, ...],
    workloads: tuple[str, ...],
    approve: str | None,
    accept_edits: tuple[str, ...],
    deadline: int,
    author: str,
    verify: str,
    kustomize: str | None,
    style: str,
) -> None:
    """Commit the tree of INVENTORY to the GitOps repository: one commit, one push, or nothing.

    The push is a compare-and-swap on the server; when another commit comes first, everything is compiled again on top
    of it. Nothing to change: no commit, and it says so. What is held stays as it is, and so do clusters that have a
    newer inventory already. Exit code 0: published, or nothing to do; 1: problems in the inventory, nothing published;
    3: something was refused or held back, the report says what was published all the same; 4: superseded by a newer
    inventory, or other commits came first until the deadline; 5: rejected by the remote; 6: outcome unknown; 7: git
    or kustomize failed.
    """
    from gitops_gen._version import __version__
    from gitops_gen.cli.kept import kept_code, kept_report
    from gitops_gen.cli.landed import outcome_text, outcome_value
    from gitops_gen.cli.programs import clock, identity, lineage, remote, verification
    from gitops_gen.report.published import planned_json, planned_text
    from gitops_gen.workflows.publishing import Signature, publish
    from gitops_gen.workflows.selecting import Selection

    signature = Signature(identity=identity(author), date=int(clock().now()), version=__version__)
    told = console.read(inventory, style)
    with console.proven(told, style):
        done = publish(
            told.inventory,
            remote(repository, branch, timeout),
            lineage=lineage(inventory, told.judged, timeout),
            signature=signature,
            clock=clock(),
            deadline_s=float(deadline),
            approved=approve,
            selection=Selection(clusters=clusters, labels=labels, workloads=workloads),
            verification=verification(verify, kustomize),
            accepted=frozenset(accept_edits),
            told=console.progress,
        )
    planned = done.planned
    refusals = planned.comparison.reconciled.refusals
    if style == "json":
        kept = {"kept": kept_report(planned, style=style)}
        console.result(
            planned_json(
                planned.plan, planned.findings, refusals, base=planned.base, outcome=outcome_value(done), more=kept
            )
        )
    else:
        console.result(planned_text(planned.plan, planned.findings, refusals, approved=not done.guarded))
        stays = kept_report(planned, style=style)
        if stays:
            console.result(stays)
        landed = outcome_text(done)
        if landed:
            console.result(landed)
    code = kept_code(planned, refused=bool(refusals) or done.guarded)
    if code:
        console.end(code)
