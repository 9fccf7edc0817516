"""`gitops-gen validate`: the inventory alone; needs neither kustomize nor git."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import inventory_argument, problem_format
from gitops_gen.errors import ExitCode


@click.command(
    "validate",
    epilog="""\b
Examples:
  gitops-gen validate inventory/
  gitops-gen validate - < inventory.yaml
  gitops-gen validate inventory/ --format github
""",
)
@inventory_argument
@problem_format
def command(inventory: str, style: str) -> None:
    """Check INVENTORY and report every problem in one run.

    INVENTORY is a file, a directory (all *.yaml, *.yml and *.json below it), or - for standard input. Each problem
    comes with file, line, column, rule id, and what to write instead. Exit code 0: no errors; 1: errors.
    """
    from gitops_gen.workflows.reading import load_inventory

    judged = load_inventory(inventory, console.standard_input())
    console.show_problems(judged, style, result_of_command=True)
    if judged.inventory is None:
        console.end(ExitCode.PROBLEMS)
    if style == "text":
        from gitops_gen.report.inventory import inventory_summary

        console.note(inventory_summary(judged.inventory))
