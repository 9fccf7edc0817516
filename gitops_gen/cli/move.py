"""`gitops-gen move`: resources from one sync unit to another, in steps that lose none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    approve_option,
    commit_options,
    engine_options,
    inventory_argument,
    kustomize_option,
    repository_options,
    result_format,
    verify_option,
    wait_options,
)
from gitops_gen.errors import ExitCode

if TYPE_CHECKING:
    from gitops_gen.cli.options import CommitOptions
    from gitops_gen.workflows.moving import Moved


@click.command(
    "move",
    epilog="""\b
Examples:
  gitops-gen move inventory/          # step 1; wait until the engines have applied it
  gitops-gen move inventory/          # step 2; wait again, and do what it says
  gitops-gen move inventory/          # step 3
  gitops-gen move inventory/ --wait   # all of them, or those that are left
""",
)
@inventory_argument
@repository_options
@approve_option("Move")
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
    approve: str | None,
    deadline: int,
    commit: CommitOptions,
    verify: str,
    kustomize: str | None,
    *,
    wait: bool,
    wait_deadline: int,
    contexts: tuple[str, ...],
    argocd_context: str,
    kubectl: str | None,
    style: str,
) -> None:
    """Do the next step of moving resources to the sync units, or engines, that INVENTORY gives them.

    Use it after a change of gitops.syncUnit, of an engine, or of a name by which resources change their sync unit. An
    engine may delete what moves in one commit; so it takes three: the resources are kept from being pruned, they move,
    and they may be pruned again. Which step comes next follows from the branch: each may be the last for a while, and
    be run again. Until the last is done every other command leaves what is on its way alone, and publishes the rest.
    Nothing else changes in a move. With --wait all steps that are left are done, each when the engines have applied the
    one before and have no unit any more that is to be gone; with --format json, one object for each. Exit code 0: the
    step is published, or there was nothing to move; 1: problems in the inventory; 3: something was refused or held
    back; 4: also when --wait has reached its deadline: run it again; 5 to 7 as for publish.
    """
    from gitops_gen.cli.landed import telling
    from gitops_gen.cli.programs import clock, dated, engines, lineage, remote, rendering, signature, verification
    from gitops_gen.cli.waiting import require_engines, wait_for_move
    from gitops_gen.workflows.moving import move

    signed = signature(commit)
    told = console.read(inventory, style)
    where = remote(repository, branch, timeout)
    hear = None
    if wait:
        require_engines(told.inventory)
        hear = engines(told.inventory, contexts, argocd_context, kubectl, timeout)
        if not wait_for_move(told.inventory, where, hear, wait_deadline):
            console.end(ExitCode.SUPERSEDED)
    while True:
        with console.proven(told, style):
            known = lineage(inventory, told.judged, timeout)
            done = move(
                told.inventory,
                where,
                lineage=known,
                signature=dated(signed, commit, known.provenance),
                clock=clock(),
                deadline_s=float(deadline),
                approved=approve,
                verification=verification(verify, kustomize),
                rendering=rendering(kustomize),
                told=console.progress,
            )
        with telling(done.published):
            _say(done, style)
        if done.published.guarded:
            console.end(ExitCode.REFUSED)
        if hear is None or done.stage is None or not done.stage.goes_on:
            return
        if not wait_for_move(told.inventory, where, hear, wait_deadline):
            console.end(ExitCode.SUPERSEDED)


def _say(done: Moved, style: str) -> None:
    """Report one step."""
    from gitops_gen.cli.landed import outcome_text, outcome_value
    from gitops_gen.report.moves import commands_value, next_text, step_text
    from gitops_gen.report.published import planned_json, planned_text

    planned = done.published.planned
    stage = None if done.stage is None else str(done.stage)
    number = 0 if done.stage is None else done.stage.number
    if style == "json":
        step: dict[str, object] = {
            "step": stage,
            "number": number,
            "resources": dict(done.resources),
            **commands_value(done.files, done.commands),
        }
        outcome = outcome_value(done.published)
        console.result(
            planned_json(planned.plan, planned.findings, (), base=planned.base, outcome=outcome, more={"move": step})
        )
        return
    console.result(step_text(stage, number, done.resources))
    if stage is not None:
        console.result(planned_text(planned.plan, planned.findings, (), approved=not done.published.guarded))
    if done.published.commit is not None and stage is not None:
        console.result(outcome_text(done.published))
        console.result(next_text(stage, done.files, done.commands))
