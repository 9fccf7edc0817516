"""`gitops-gen explain`: where something comes from."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import inventory_argument, option, result_format


@click.command(
    "explain",
    epilog="""\b
Examples:
  gitops-gen explain overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml inventory/
  gitops-gen explain VirtualService/monitoring/cluster-a-prometheus-0 inventory/
  gitops-gen explain monitoring/prometheus-0 inventory/ --cluster cluster-a
  gitops-gen explain backend inventory/ --workload monitoring/prometheus
  gitops-gen explain ingresses.public.credentialName inventory/
""",
)
@click.argument("target", metavar="FILE|OBJECT|POD|SETTING")
@inventory_argument
@option("--cluster", help="What it is in this cluster only.")
@option("--workload", metavar="NS/NAME", help="What it is for this workload only.")
@result_format
def command(target: str, inventory: str, cluster: str | None, workload: str | None, style: str) -> None:
    """Tell where a generated file, a resource, a pod or the value of a setting comes from, and why it is so.

    A resource is named Kind/namespace/name, a setting as below `spec` (members of lists by their names). Of settings
    that several documents may say, the one that counts is shown with what it overrules. Exit code 1: nothing has that
    name.
    """
    from gitops_gen.report.explain import explain_json, explain_text
    from gitops_gen.workflows.explaining import explain

    told = console.read(inventory, style)
    found = explain(told.inventory, told.judged.documents, target, cluster=cluster, workload=workload)
    console.result(explain_json(found) if style == "json" else explain_text(found))
