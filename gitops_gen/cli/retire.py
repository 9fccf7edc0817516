"""`gitops-gen retire`: take sync units away that have nothing left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    approve_option,
    commit_options,
    inventory_argument,
    kustomize_option,
    repository_options,
    result_format,
    verify_option,
)
from gitops_gen.errors import ExitCode

if TYPE_CHECKING:
    from gitops_gen.cli.options import CommitOptions
    from gitops_gen.workflows.retiring import Retired


@click.command(
    "retire",
    epilog="""\b
Examples:
  gitops-gen retire inventory/                                # which units have nothing left
  gitops-gen retire inventory/ overlays/cluster-a/monitoring
  gitops-gen retire inventory/ overlays/cluster-a/monitoring --approve sha256:4f1c...
""",
)
@inventory_argument
@click.argument("units", metavar="[UNIT]...", nargs=-1)
@repository_options
@approve_option("Retire")
@commit_options
@verify_option("changed")
@kustomize_option
@result_format
def command(
    inventory: str,
    units: tuple[str, ...],
    repository: str | None,
    branch: str | None,
    timeout: int,
    approve: str | None,
    deadline: int,
    commit: CommitOptions,
    verify: str,
    kustomize: str | None,
    style: str,
) -> None:
    """Take sync units away that have nothing left: their folders and their engine objects.

    UNIT is the folder of a unit, such as overlays/cluster-a/monitoring; without any, those that have nothing left are
    listed. Such a unit keeps a ConfigMap, so that its engine prunes what went and nothing else; retire it when that is
    done. It needs an approval, by the digest of the plan that it shows. What no commit can do is printed as commands.
    Exit code 0: retired or listed; 1: problems in the inventory; 3: not approved, or refused; 4 to 7 as for publish.
    """
    from gitops_gen.cli.landed import telling
    from gitops_gen.cli.programs import clock, dated, lineage, remote, rendering, signature, verification
    from gitops_gen.report.moves import tombstones_text
    from gitops_gen.workflows.retiring import retire, tombstones

    signed = signature(commit)
    told = console.read(inventory, style)
    if not units:
        with console.proven(told, style):
            found = tombstones(told.inventory, remote(repository, branch, timeout))
        console.result(json.dumps({"tombstones": found}, indent=2) if style == "json" else tombstones_text(found))
        return
    with console.proven(told, style):
        known = lineage(inventory, told.judged, timeout)
        done = retire(
            told.inventory,
            remote(repository, branch, timeout),
            units,
            lineage=known,
            signature=dated(signed, commit, known.provenance),
            clock=clock(),
            deadline_s=float(deadline),
            approved=approve,
            verification=verification(verify, kustomize),
            rendering=rendering(kustomize),
            told=console.progress,
        )
    published = done.published
    with telling(published):
        _say(done, style)
    if published.guarded:
        console.end(ExitCode.REFUSED)


def _say(done: Retired, style: str) -> None:
    """Report what was done."""
    from gitops_gen.cli.landed import outcome_text, outcome_value
    from gitops_gen.report.moves import commands_text, commands_value
    from gitops_gen.report.published import planned_json, planned_text

    published = done.published
    planned = published.planned
    if style == "json":
        more: dict[str, object] = {"retire": {"units": list(done.units), **commands_value(done.files, done.commands)}}
        console.result(
            planned_json(
                planned.plan, planned.findings, (), base=planned.base, outcome=outcome_value(published), more=more
            )
        )
    else:
        console.result(planned_text(planned.plan, planned.findings, (), approved=not published.guarded))
        if published.commit is not None:
            console.result(outcome_text(published))
            console.result("\n".join(commands_text(done.files, done.commands)))
