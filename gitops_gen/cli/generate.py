"""`gitops-gen generate`: write the tree into a directory, for people who commit by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    accept_edits_option,
    inventory_argument,
    kustomize_option,
    output_option,
    result_format,
    verify_option,
)
from gitops_gen.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "generate",
    epilog="""\b
Examples:
  gitops-gen generate inventory/ --output gitops/
  gitops-gen generate inventory/ --output gitops/ --verify all
  gitops-gen generate inventory/ --output . --accept-edits overlays/a/monitoring/prometheus/prometheus-0.yaml
""",
)
@inventory_argument
@output_option("The directory to write into: base/, overlays/, engines/. Files of others stay as they are.")
@accept_edits_option("--output")
@verify_option("none")
@kustomize_option
@result_format
def command(
    inventory: str, output: Path, accept_edits: tuple[str, ...], verify: str, kustomize: str | None, style: str
) -> None:
    """Write the tree of INVENTORY into a directory.

    Files are replaced atomically; only files that gitops-gen wrote and nobody changed are replaced or deleted. What the
    records of a publish in that directory hold, and what is on its way to another sync unit, stays as it is. Exit code
    0: written, or nothing to do; 1: problems in the inventory, nothing written; 3: something was refused or held, the
    rest was written; 7: it cannot be written.
    """
    from gitops_gen.cli.kept import kept_report
    from gitops_gen.cli.programs import rendering, verification
    from gitops_gen.report.outcome import generated_json, generated_text
    from gitops_gen.workflows.generate import generate

    told = console.read(inventory, style)
    console.progress("compiling")
    how = verification(verify, kustomize)
    with console.proven(told, style):
        done = generate(
            told.inventory,
            output,
            accepted=frozenset(accept_edits),
            verification=how,
            rendering=rendering(kustomize),
        )
    comparison, kept = done.compared.comparison, done.compared.kept
    stays = kept_report(kept, style=style)
    files = len(comparison.desired.tree)
    if style == "json":
        console.result(generated_json(comparison.reconciled, files=files, verified=done.verified, kept=stays))
    else:
        console.result(generated_text(comparison.reconciled, files=files, verified=done.verified))
        if stays:
            console.result(stays)
    if comparison.reconciled.refusals or kept.refuses:
        console.end(ExitCode.REFUSED)
