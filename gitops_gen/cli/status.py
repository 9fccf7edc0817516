"""`gitops-gen status`: what the engines have applied of what is published."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    clusters_option,
    engine_options,
    inventory_argument,
    option,
    repository_options,
    result_format,
)
from gitops_gen.errors import ExitCode


@click.command(
    "status",
    epilog="""\b
Examples:
  gitops-gen status inventory/
  gitops-gen status inventory/ --context cluster-a=prod-a --context cluster-b=prod-b
  gitops-gen status inventory/ --context "eks-{cluster}" --argocd-context hub --format json
  kubectl get applications.argoproj.io -A -o json | gitops-gen status inventory/ --objects -
""",
)
@inventory_argument
@repository_options
@clusters_option("Only this cluster; without it, all.")
@option(
    "--objects",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Read the engines' objects from this file (- for standard input), JSON or YAML, in place of asking through "
    "kubectl. May be given several times.",
)
@engine_options
@result_format
def command(
    inventory: str,
    repository: str | None,
    branch: str | None,
    timeout: int,
    clusters: tuple[str, ...],
    objects: tuple[str, ...],
    contexts: tuple[str, ...],
    argocd_context: str,
    kubectl: str | None,
    style: str,
) -> None:
    """Say for each sync unit whether what is published is applied, healthy, and unchanged since.

    What is published is what the newest commit of the GitOps repository renders. It is compared with what each engine
    says that it has applied, not only with the commit that it names: an engine may be at the newest commit and not have
    applied it. Nothing is changed anywhere. Exit code 0: everything is applied; 1: something is not, or problems in the
    inventory; 7: git or kubectl is missing or failed.
    """
    from gitops_gen.cli.programs import engines, remote
    from gitops_gen.report.status import status_json, status_text, status_value
    from gitops_gen.workflows.asking import hear_files
    from gitops_gen.workflows.status import read_status

    told = console.read(inventory, style)
    if objects:
        heard = hear_files(console.contents(objects))
        found = read_status(told.inventory, remote(repository, branch, timeout), lambda _: heard, clusters)
    else:
        hear = engines(told.inventory, contexts, argocd_context, kubectl, timeout)
        console.progress("asking the engines")
        found = read_status(told.inventory, remote(repository, branch, timeout), hear, clusters)
    if style == "json":
        place = {"commit": found.commit, "repository": found.repository, "branch": found.branch}
        console.result(status_json(status_value(found.units, **place)))
    else:
        console.result(status_text(found.units, found.commit))
    if not all(one.in_order for one in found.units):
        console.end(ExitCode.PROBLEMS)
