"""`gitops-gen publish`: one commit in the GitOps repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    accept_edits_option,
    approve_option,
    change_request_options,
    commit_options,
    engine_options,
    inventory_argument,
    kustomize_option,
    repository_options,
    result_format,
    selection_options,
    verify_option,
    wait_options,
)

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.cli.options import CommitOptions
    from gitops_gen.workflows.proposing import Proposed


@click.command(
    "publish",
    epilog="""\b
Examples:
  gitops-gen publish inventory/
  gitops-gen publish inventory/ --repository git@git.example.com:platform/mesh.git --branch main
  gitops-gen publish inventory/ --select ring=canary
  gitops-gen publish inventory/ --approve sha256:4f1c...
  gitops-gen publish inventory/ --change-request
  gitops-gen publish inventory/ --wait --context "prod-{cluster}"
  gitops-gen publish inventory/ --signing-key ~/.ssh/mesh-bot

\b
A token for an https repository is read from GITOPS_GEN_TOKEN; ssh uses the keys and the agent of the account.
The forge's token is read from GITOPS_GEN_FORGE_TOKEN, or else from GITOPS_GEN_TOKEN.
""",
)
@inventory_argument
@repository_options
@selection_options
@approve_option("Publish")
@accept_edits_option("gitops.path")
@change_request_options
@commit_options
@verify_option("changed")
@kustomize_option
@wait_options
@engine_options
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
    commit: CommitOptions,
    verify: str,
    kustomize: str | None,
    *,
    change_request: bool,
    change_branch: str | None,
    forge: str,
    forge_url: str | None,
    body_file: Path,
    wait: bool,
    wait_deadline: int,
    contexts: tuple[str, ...],
    argocd_context: str,
    kubectl: str | None,
    style: str,
) -> None:
    """Commit the tree of INVENTORY to the GitOps repository: one commit, one push, or nothing.

    The push is a compare-and-swap on the server; when another commit comes first, everything is compiled again on top
    of it. Nothing to change: no commit, and it says so. What is held stays as it is, and so do clusters that have a
    newer inventory already. With --wait it ends when the engines have applied the sync units that changed, or all units
    when nothing was to do.

    With --change-request the commit goes to a bot branch, and a change request is opened, brought up to date or, when
    nothing is left to change, closed. Commits of others on the bot branch are kept.

    Exit code 0: published, or nothing to do; 1: problems in the inventory, nothing published; 3: something was refused
    or held back, the report says what was published all the same; 4: superseded by a newer inventory, or other commits
    came first until the deadline, or the engines had not applied it by theirs; 5: rejected by the remote or the forge;
    6: outcome unknown; 7: git, kustomize, kubectl or the forge failed, there is no way to the forge, or the commit
    cannot be signed.
    """
    from gitops_gen.cli.kept import kept_code, kept_report
    from gitops_gen.cli.landed import telling
    from gitops_gen.cli.programs import clock, dated, engines, lineage, remote, rendering, signature, verification
    from gitops_gen.cli.proposed import asked, bot_branch, landed, proposed_code
    from gitops_gen.cli.waiting import require_engine, say_waited, wait_for, waited_code, waited_value
    from gitops_gen.report.published import planned_json, planned_text
    from gitops_gen.workflows.proposing import propose
    from gitops_gen.workflows.publishing import publish
    from gitops_gen.workflows.selecting import Selection

    if wait and change_request:
        raise click.UsageError("--wait waits for what is published: a change request has to be merged first")
    signed = signature(commit)
    told = console.read(inventory, style)
    where = remote(repository, branch, timeout)
    hear = None
    if wait:
        require_engine(told.inventory)
        hear = engines(told.inventory, contexts, argocd_context, kubectl, timeout)
    with console.proven(told, style):
        known = lineage(inventory, told.judged, timeout)
        settings: dict[str, Any] = {
            "lineage": known,
            "signature": dated(signed, commit, known.provenance),
            "clock": clock(),
            "deadline_s": float(deadline),
            "approved": approve,
            "selection": Selection(clusters=clusters, labels=labels, workloads=workloads),
            "verification": verification(verify, kustomize),
            "rendering": rendering(kustomize),
            "accepted": frozenset(accept_edits),
            "told": console.progress,
        }
        proposed: Proposed | None = None
        if change_request:
            head = bot_branch(change_branch, inventory, told.inventory.mesh.name, timeout)
            proposed = propose(told.inventory, where, head=head, asked=asked(forge, forge_url, timeout), **settings)
            done = proposed.published
        else:
            done = publish(told.inventory, where, **settings)
    planned = done.planned
    refusals = planned.comparison.reconciled.refusals
    with telling(done):
        if style == "text":
            console.result(planned_text(planned.plan, planned.findings, refusals, approved=not done.guarded))
            for said in (kept_report(planned.branch.kept, style=style), landed(done, proposed, body_file, style=style)):
                if said:
                    console.result(said)
        waited = wait_for(done, told.inventory, where, hear, wait_deadline) if hear else None
        if style == "text":
            say_waited(waited)
        else:
            more: dict[str, object] = {"kept": kept_report(planned.branch.kept, style=style)}
            if hear:
                more["waited"] = waited_value(waited)
            outcome = landed(done, proposed, body_file, style=style)
            console.result(
                planned_json(planned.plan, planned.findings, refusals, base=planned.base, outcome=outcome, more=more)
            )
    code = kept_code(planned, refused=bool(refusals) or done.guarded) or waited_code(waited)
    code = proposed_code(proposed, code)
    if code:
        console.end(code)
