"""The command `gitops-gen`: its sub-commands, loaded when they are asked for, and the one error boundary."""

from __future__ import annotations

import errno
import gc
import importlib
import traceback
from typing import TYPE_CHECKING

import click

from gitops_gen._version import __version__
from gitops_gen.cli import console
from gitops_gen.cli.signals import ending_as_interrupt
from gitops_gen.errors import ExitCode, GitopsGenError

if TYPE_CHECKING:
    from collections.abc import Sequence

GARBAGE_THRESHOLDS = (100_000, 20, 20)
"""How rarely Python looks for cycles. A run makes hardly any, and looking through what it holds took a fifth of it."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FAILING = frozenset({errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ESTALE})
"""What a machine answers that has no more of something, or whose disk is broken: no bug of ours."""

COMMANDS = {
    "init": "Write an inventory to begin with, its schemas and files for CI.",
    "validate": "Check an inventory: every problem, with its place and what to write.",
    "generate": "Write the tree of an inventory into a directory.",
    "check": "Tell whether a directory holds exactly what the inventory says.",
    "plan": "Say what publish would change, by resource and by meaning.",
    "publish": "Commit the tree of an inventory to the GitOps repository.",
    "rollback": "Publish what clusters rendered at an earlier commit, and hold it.",
    "release": "End holds, so that the next publish goes on.",
    "move": "Move resources to other sync units, in steps that lose none.",
    "retire": "Take sync units away that have nothing left.",
    "history": "List what was published, rolled back, held and taken back.",
    "status": "Say what the engines have applied of what is published.",
    "artifact": "Write what a cluster is built from as an artifact for an OCI registry.",
    "verify": "Judge rendered manifests by the rules on Istio resources, without an inventory.",
    "hosts": "List every external name: as a table, JSON, a zone file or a hosts file.",
    "trace": "Tell the way of a request from its client to a container's port.",
    "explain": "Tell where a file, a resource, a pod or the value of a setting comes from.",
    "schema": "Print the JSON Schema of an inventory document.",
    "completion": "Print the completion script of a shell.",
}
"""Name -> one line of help. Each is a module of the same name in this package, imported only when it is run."""

EPILOG = """\b
Exit codes:
  0    done, or nothing to do          5    rejected by the remote
  1    problems found, or stale        6    outcome unknown
  2    usage                           7    a program missing or failed, a disk full
  3    something was refused           70   a bug
  4    superseded, or deadline passed  130  interrupted

\b
Example:
  gitops-gen init
  gitops-gen validate inventory/
  gitops-gen plan inventory/
  gitops-gen publish inventory/
"""


class LazyCommands(click.Group):
    """A group that imports a sub-command when it runs, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(f"gitops_gen.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one suggest the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if not near:
                raise
            message = f"{error.message.rstrip('.')}. Did you mean '{near[0]}'?"
            raise click.UsageError(message, error.ctx) from error

    def invoke(self, ctx: click.Context) -> object:
        """Run the sub-command; end quietly when the reader of its output goes away (`| head`)."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # Nobody is left to tell.
            console.give_up_result()
            raise click.exceptions.Exit(int(ExitCode.TOOL)) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyCommands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="gitops-gen", message="%(prog)s %(version)s")
def cli() -> None:
    """Per-pod Istio routing for StatefulSets, from one inventory, through GitOps.

    Reads a workload inventory, writes a Kustomize base and per-cluster overlays in which every pod has its own
    Istio resources, and commits them to the repository that Argo CD or Flux syncs.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing that a user can cause ends in a traceback."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    console.never_fail_to_show()
    try:
        with ending_as_interrupt():
            code = cli.main(
                args=None if arguments is None else list(arguments), prog_name="gitops-gen", standalone_mode=False
            )
    except Exception as error:  # noqa: BLE001 - the boundary
        return _failed(error)
    except KeyboardInterrupt:
        return _failed(click.Abort())
    return code if isinstance(code, int) else int(ExitCode.OK)


def _failed(error: Exception) -> int:
    """Tell the person what happened, and return the exit code for it."""
    match error:
        case GitopsGenError():
            console.note(console.failure(error))
            return int(error.exit_code)
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            error.show()
            return error.exit_code
        case click.Abort():
            console.note("gitops-gen: interrupted")
            return int(ExitCode.INTERRUPTED)
        case OSError(errno=number) if number in FULL | FAILING:
            what = "cannot write" if number in FULL else "the machine fails"
            help_ = "make room and run it again" if number in FULL else "mend that and run it again"
            console.note(f"gitops-gen: error: {what}: {error.strerror}\n  help: {help_}")
            return int(ExitCode.TOOL)
        case _:
            trace = "".join(traceback.format_exception(error))
            console.note(f"gitops-gen {__version__}: this is a bug, please report it with what follows\n{trace}")
            return int(ExitCode.BUG)
