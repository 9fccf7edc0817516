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

    Files are replaced atomically; only files that gitops-gen wrote and nobody changed are replaced or deleted. Exit
    code 0: written, or nothing to do; 1: problems in the inventory, nothing written; 3: something was refused, the
    other sync units were written.
    """
    from gitops_gen.cli.programs import verification
    from gitops_gen.report.outcome import generated_json, generated_text
    from gitops_gen.workflows.generate import generate

    told = console.read(inventory, style)
    console.progress("compiling")
    how = verification(verify, kustomize)
    with console.proven(told, style):
        done = generate(told.inventory, output, accepted=frozenset(accept_edits), verification=how)
    reconciled = done.comparison.reconciled
    report = generated_json if style == "json" else generated_text
    console.result(report(reconciled, files=len(done.comparison.desired.tree), verified=done.verified))
    if reconciled.refusals:
        console.end(ExitCode.REFUSED)
