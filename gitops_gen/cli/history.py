"""`gitops-gen history`: what was published, held and taken back."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import clusters_option, inventory_argument, option, repository_options, result_format


@click.command(
    "history",
    epilog="""\b
Examples:
  gitops-gen history inventory/
  gitops-gen history inventory/ --cluster cluster-a --lines 5
""",
)
@inventory_argument
@repository_options
@clusters_option("Only this cluster; without it, all.")
@option("--lines", type=click.IntRange(min=1), default=50, show_default=True, help="Show at most so many.")
@result_format
def command(
    inventory: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    clusters: tuple[str, ...],
    lines: int,
    style: str,
) -> None:
    """List what became of each cluster, the newest first: publishes, rollbacks, holds, releases, reverts.

    Each line has what `gitops-gen rollback` takes: the commit, and the serial of the cluster. INVENTORY says where the
    GitOps repository is. Exit code 0: listed; 1: problems in the inventory, or a cluster that was never published.
    """
    from gitops_gen.cli.programs import remote
    from gitops_gen.report.history import history_json, history_text
    from gitops_gen.workflows.history import read_history

    told = console.read(inventory, style)
    events = read_history(told.inventory, remote(repository, branch, timeout), clusters)
    values = [
        {
            "cluster": event.cluster,
            "kind": str(event.kind),
            "serial": event.serial,
            "commit": event.commit,
            "date": event.date,
            "by": event.by,
            "subject": event.subject,
            "revision": event.revision,
            "holds": event.holds,
        }
        for event in events[:lines]
    ]
    console.result(history_json(values) if style == "json" else history_text(values, len(events)))
