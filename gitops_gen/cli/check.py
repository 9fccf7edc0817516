"""`gitops-gen check`: tell whether a directory is exactly what the inventory says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import inventory_argument, kustomize_option, option, output_option, result_format
from gitops_gen.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

DIFF_LINES = 400
"""How many lines of differences are shown before the rest is only counted."""


@click.command(
    "check",
    epilog="""\b
Examples:
  gitops-gen check inventory/ --output gitops/
  gitops-gen check inventory/ --output gitops/ --format json
""",
)
@inventory_argument
@output_option("The directory that should hold the tree.")
@option(
    "--lines",
    type=click.IntRange(min=0),
    default=DIFF_LINES,
    show_default=True,
    help="Show at most this many lines of differences.",
)
@kustomize_option
@result_format
def command(inventory: str, output: Path, lines: int, kustomize: str | None, style: str) -> None:
    """Tell whether a directory holds exactly the tree of INVENTORY; write nothing.

    It is held against what a publish would leave there: with the tombstones of emptied units, and with what the records
    of a publish in that directory hold, or have on its way to another sync unit.

    Exit code 0: it does; 1: it is stale, and the differences are shown (or the inventory has problems).
    """
    from gitops_gen.cli.kept import kept_report
    from gitops_gen.cli.programs import rendering
    from gitops_gen.report.diff import tree_diff
    from gitops_gen.report.outcome import checked_json, checked_text
    from gitops_gen.workflows.generate import compare_folder

    told = console.read(inventory, style)
    with console.proven(told, style):
        compared = compare_folder(told.inventory, output, rendering=rendering(kustomize))
    comparison = compared.comparison
    reconciled = comparison.reconciled
    stays = kept_report(compared.kept, style=style)
    if style == "json":
        console.result(checked_json(reconciled, files=len(comparison.desired.tree), kept=stays))
    else:
        before = {
            path: comparison.contents[path]
            for path in (*reconciled.writes, *reconciled.deletes)
            if path in comparison.contents
        }
        diff = tree_diff(before, reconciled.writes, lines)
        if diff:
            console.result(diff)
        if stays:
            console.note(stays)
        console.note(checked_text(reconciled, files=len(comparison.desired.tree)))
    if reconciled.writes or reconciled.deletes or reconciled.refusals:
        console.end(ExitCode.PROBLEMS)
