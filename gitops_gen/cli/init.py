"""`gitops-gen init`: an inventory to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import option


@click.command(
    "init",
    epilog="""\b
Examples:
  gitops-gen init
  gitops-gen init mesh-inventory/ --ci gitlab
""",
)
@click.argument("folder", metavar="[FOLDER]", default=".", type=click.Path(file_okay=False, path_type=Path))
@option(
    "--ci",
    type=click.Choice(["all", "github", "gitlab", "none"]),
    default="all",
    show_default=True,
    help="The CI systems to write a file for.",
)
def command(folder: Path, ci: str) -> None:
    """Write an inventory to begin with into FOLDER (default: here), with comments that say what to change.

    Beside it come the JSON Schemas that editors check it with, and files for CI that show the plan on pull requests
    and publish on the default branch. Nothing that exists is overwritten: when one of the files is there already,
    nothing is written and the exit code is 3.
    """
    from gitops_gen.workflows.starting import INVENTORY, SYSTEMS, start

    systems = {"all": tuple(SYSTEMS), "none": ()}.get(ci, (ci,))
    written = start(folder, systems)
    console.result("\n".join(str(folder / path) for path in written))
    inventory = folder / INVENTORY
    console.note(
        f"{len(written)} files written; look for CHANGE THIS in {inventory}, then:\n"
        f"  gitops-gen validate {inventory}\n"
        f"  gitops-gen plan {inventory}\n"
        f"  gitops-gen publish {inventory}"
    )
