"""`gitops-gen release`: end holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    clusters_option,
    commit_options,
    inventory_argument,
    option,
    repository_options,
    result_format,
)

if TYPE_CHECKING:
    from gitops_gen.cli.options import CommitOptions


@click.command(
    "release",
    epilog="""\b
Examples:
  gitops-gen release inventory/ --cluster cluster-a
  gitops-gen release inventory/ --cluster cluster-a --workload monitoring/prometheus
""",
)
@inventory_argument
@repository_options
@clusters_option("Only this cluster's holds; without it, those of all.")
@option("--workload", default="", metavar="NS/NAME", help="Only the holds of this workload.")
@commit_options
@result_format
def command(
    inventory: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    clusters: tuple[str, ...],
    workload: str,
    deadline: int,
    commit: CommitOptions,
    style: str,
) -> None:
    """End holds, so that the next publish of INVENTORY goes on where they stood.

    Nothing that is rendered changes now. Without --workload it also accepts what somebody took back by hand and no
    publish has seen yet, and mends a record that somebody edited. Exit code 0: released, or nothing was held; 1:
    problems in the inventory; 3: refused; 4 to 7 as for publish.
    """
    from gitops_gen.cli.landed import telling
    from gitops_gen.cli.programs import clock, remote, signature
    from gitops_gen.report.kept import released_json, released_text
    from gitops_gen.workflows.release import release

    signed = signature(commit)
    told = console.read(inventory, style)
    with console.proven(told, style):
        done = release(
            told.inventory,
            remote(repository, branch, timeout),
            clusters=clusters,
            workload=workload,
            signature=signed,
            clock=clock(),
            deadline_s=float(deadline),
            told=console.progress,
        )
    report = released_json if style == "json" else released_text
    with telling(done):
        console.result(
            report(done.ended, done.accepted, commit=done.commit, repository=done.repository, branch=done.branch)
        )
