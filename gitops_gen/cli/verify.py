"""`gitops-gen verify`: the rules on rendered resources, for any folder of manifests."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import kustomize_option, option, problem_format
from gitops_gen.errors import ExitCode


@click.command(
    "verify",
    epilog="""\b
Examples:
  gitops-gen verify gitops/overlays/cluster-a
  gitops-gen verify manifests/ --ingress-namespace istio-ingress
  gitops-gen verify manifests/ --ingress-namespace istio=ops:istio-ops --format github
  gitops-gen verify manifests/ --mtls permissive
""",
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@option(
    "--ingress-namespace",
    multiple=True,
    metavar="[LABEL=VALUE:]NAMESPACE",
    help="The namespace of the gateway pods, of those with this label or of all. Without it nobody can tell whether "
    "they see what they need.",
)
@option("--cluster-domain", default="cluster.local", show_default=True, help="The DNS domain of the cluster.")
@option(
    "--mtls",
    type=click.Choice(["strict", "permissive", "disabled"]),
    default="strict",
    show_default=True,
    help="The mode of the mesh's TLS in the cluster.",
)
@kustomize_option
@problem_format
def command(
    folder: Path, ingress_namespace: tuple[str, ...], cluster_domain: str, mtls: str, kustomize: str | None, style: str
) -> None:
    """Judge what DIR renders by the rules on Istio resources, without an inventory.

    DIR holds manifests, or kustomizations: each that no other one names is built and taken for one cluster. What the
    manifests refer to and do not hold is a warning, as it may be there already. Exit code 0: no errors; 1: errors.
    """
    from gitops_gen.cli.programs import verification
    from gitops_gen.inventory.written import Documents
    from gitops_gen.problems import has_errors
    from gitops_gen.workflows.reading import Judged
    from gitops_gen.workflows.verifying import Surroundings, verify_folder

    namespaces = {label: namespace for label, _, namespace in (one.rpartition(":") for one in ingress_namespace)}
    known = Surroundings(cluster_domain=cluster_domain, namespaces=namespaces, mtls=mtls)
    done = verify_folder(folder, known, lambda: verification("all", kustomize))
    judged = Judged(inventory=None, problems=done.problems, texts=done.texts, sources=(), documents=Documents())
    console.show_problems(judged, style, result_of_command=True)
    if style == "text" and not done.problems:
        clusters = f" in {done.clusters} clusters" if done.clusters > 1 else ""
        console.note(f"no problems: {done.resources} resources{clusters}")
    if has_errors(done.problems):
        console.end(ExitCode.PROBLEMS)
