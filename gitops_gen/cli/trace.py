"""`gitops-gen trace`: the way of a request, object by object."""

from __future__ import annotations

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import inventory_argument, option, result_format
from gitops_gen.errors import ExitCode

_HIGHEST_PORT = 65535


@click.command(
    "trace",
    epilog="""\b
Examples:
  gitops-gen trace cluster-a-prometheus-0.example.com inventory/
  gitops-gen trace cluster-a-prometheus-0.example.com:10901 inventory/ --cluster cluster-a
  gitops-gen trace cluster-a-prometheus-0.monitoring.svc.cluster.local inventory/ --from thanos
""",
)
@click.argument("request", metavar="HOST[:PORT]")
@inventory_argument
@option("--cluster", help="Look in this cluster only.")
@option("--from", "caller", metavar="NAMESPACE", help="The client is in the mesh, in this namespace.")
@result_format
def command(request: str, inventory: str, cluster: str | None, caller: str | None, style: str) -> None:
    """Tell the way of a request for HOST from its client to a container's port, through what INVENTORY compiles to.

    Each step names its object, with the file and line in the tree, and what the declared mTLS makes of it. For a host
    that goes nowhere: at which step, and what is missing. Exit code 0: it arrives; 1: it does not.
    """
    from gitops_gen.report.trace import trace_json, trace_text
    from gitops_gen.workflows.tracing import trace

    host, port = _parts(request)
    told = console.read(inventory, style)
    traced = trace(told.inventory, host, port=port, cluster=cluster, caller=caller)
    show = trace_json if style == "json" else trace_text
    console.result(show(traced.journeys, traced.advice))
    if not traced.arrives:
        console.end(ExitCode.PROBLEMS)


def _parts(request: str) -> tuple[str, int | None]:
    host, colon, port = request.rpartition(":")
    if not colon:
        return request, None
    if not (port.isdecimal() and port.isascii() and 0 < int(port) <= _HIGHEST_PORT):
        raise click.BadParameter(f"{port!r} is no port from 1 to {_HIGHEST_PORT}", param_hint="HOST[:PORT]")
    return host, int(port)
