"""`gitops-gen hosts`: every external name, for people, programs and name servers."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import (
    LONGEST_S,
    clusters_option,
    inventory_argument,
    labels_option,
    option,
    workloads_option,
)
from gitops_gen.errors import ExitCode


@click.command(
    "hosts",
    epilog="""\b
Examples:
  gitops-gen hosts inventory/
  gitops-gen hosts inventory/ --format zone --origin example.com --ttl 60
  gitops-gen hosts inventory/ --format hosts --cluster cluster-a
""",
)
@inventory_argument
@clusters_option("Only this cluster.")
@labels_option
@workloads_option("Only this workload.")
@option(
    "--ingress",
    "ingresses",
    multiple=True,
    metavar="NAME",
    help="Only ingresses of this name. May be given several times.",
)
@option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "zone", "hosts"]),
    default="text",
    show_default=True,
    help="A table, JSON, records of a zone file, or lines of a hosts file.",
)
@option("--origin", metavar="DOMAIN", default="", help="Zone file: only names under this domain, relative to it.")
@option(
    "--ttl",
    type=click.IntRange(min=0, max=LONGEST_S),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="Zone file: how long a record may be kept.",
)
def command(
    inventory: str,
    clusters: tuple[str, ...],
    labels: tuple[str, ...],
    workloads: tuple[str, ...],
    ingresses: tuple[str, ...],
    style: str,
    origin: str,
    ttl: int,
) -> None:
    """List every host and gateway port of INVENTORY: where it is served, and to which pod and port it leads.

    The zone file has A, AAAA and CNAME records, to be included in a zone; the hosts file is for a machine without DNS.
    Both are made of the `addresses` of the ingresses. Exit code 0: all is listed; 1: problems in the inventory, or a
    host that cannot be written in this format, which is said on standard error.
    """
    from gitops_gen.naming import is_subdomain
    from gitops_gen.report.hosts import hosts_file, hosts_json, hosts_text, hosts_zone, under
    from gitops_gen.report.inventory import count
    from gitops_gen.workflows.host_list import list_hosts
    from gitops_gen.workflows.selecting import Selection

    if origin and not is_subdomain(origin.removesuffix(".")):
        raise click.BadParameter(f"{origin!r} is no domain", param_hint="--origin")
    told = console.read(inventory, "json" if style == "json" else "text")
    selection = Selection(clusters=clusters, labels=labels, workloads=workloads)
    names = list_hosts(told.inventory, selection, ingresses)
    if style in {"text", "json"}:
        console.result((hosts_json if style == "json" else hosts_text)(names))
        return
    if style == "zone" and origin:
        origin = origin.removesuffix(".")
        within = under(names, origin)
        if len(within) < len(names):
            console.note(f"gitops-gen: {len(names) - len(within)} of {count(len(names), 'name')} not under {origin}")
        names = within
    records = hosts_zone(names, origin, ttl) if style == "zone" else hosts_file(names)
    console.result(records.text)
    for said in records.left_out:
        console.note(f"gitops-gen: left out: {said}")
    if records.left_out:
        console.end(ExitCode.PROBLEMS)
