"""`gitops-gen artifact`: what a cluster is built from, for an OCI registry."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import inventory_argument, option, repository_options, result_format

PACKED = (".tgz", ".tar.gz")
"""How the name of an archive ends; anything else is a folder."""


@click.command(
    "artifact",
    epilog="""\b
Examples:
  gitops-gen artifact inventory/ --cluster cluster-a --output cluster-a.tgz
  gitops-gen artifact inventory/ --cluster cluster-a --output out/ --to oci://ghcr.io/acme/mesh/cluster-a:main
  gitops-gen artifact inventory/ --cluster cluster-a --output out/ --commit 4f1c2a9
  gitops-gen artifact inventory/ --cluster cluster-a --output out/ --directory gitops/
""",
)
@inventory_argument
@repository_options
@option("--cluster", required=True, metavar="CLUSTER", help="The cluster.")
@option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="What to write: an archive where the name ends in .tgz or .tar.gz, else a folder that is new or empty.",
)
@option("--commit", default="", metavar="REVISION", help="The commit of the GitOps repository; without it, the newest.")
@option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read this directory, which generate wrote, in place of the GitOps repository.",
)
@option("--to", metavar="oci://URL", help="Where it is to be pushed, for the command that is shown.")
@result_format
def command(
    inventory: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    cluster: str,
    output: Path,
    commit: str,
    directory: Path | None,
    to: str | None,
    style: str,
) -> None:
    """Write what CLUSTER is built from as an artifact for an OCI registry.

    That is its overlay with bases and components, and what Flux applies before them.

    The same files make the same bytes, whoever makes them and when. Nothing is pushed: the command for that is shown.
    INVENTORY says where the GitOps repository is. Exit code 0: written; 1: problems in the inventory, nothing is
    published for the cluster; 7: git failed, or it cannot be written.
    """
    from gitops_gen.cli.programs import remote
    from gitops_gen.report.artifact import artifact_json, artifact_text, push_command
    from gitops_gen.workflows.artifact import artifact_of_commit, artifact_of_folder, write_archive, write_folder

    if directory is not None and commit:
        raise click.UsageError("--commit and --directory exclude each other")
    told = console.read(inventory, style)
    if directory is not None:
        made = artifact_of_folder(told.inventory, directory, cluster)
    else:
        made = artifact_of_commit(told.inventory, remote(repository, branch, timeout), cluster, commit)
    packed = output.name.endswith(PACKED)
    (write_archive if packed else write_folder)(made, output)
    unpacked = output.name.removesuffix(".gz").rpartition(".")[0] if packed else str(output)
    push = push_command(
        unpacked,
        to=to or f"oci://registry.example.com/mesh/{cluster}:{made.branch}",
        source=made.source,
        revision=made.revision,
    )
    if style == "json":
        value: dict[str, object] = {
            "cluster": cluster,
            "output": str(output),
            "files": sorted(made.tree),
            "digest": made.digest,
            "content": made.content,
            "source": made.source,
            "revision": made.revision,
            "command": push,
        }
        console.result(artifact_json(value))
        return
    console.result(
        artifact_text(
            str(output),
            files=len(made.tree),
            size=len(made.packed),
            digest=made.digest,
            content=made.content,
            command=push,
            unpack=unpacked if packed else "",
        )
    )
