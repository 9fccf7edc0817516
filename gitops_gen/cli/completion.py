"""`gitops-gen completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from gitops_gen.cli import console


@click.command(
    "completion",
    epilog="""\b
Example, for bash:
  gitops-gen completion bash > ~/.local/share/bash-completion/completions/gitops-gen
""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a script that completes commands and options in SHELL."""
    from gitops_gen.cli.main import cli

    found = get_completion_class(shell)
    if found is None:  # pragma: no cover - click knows the three shells of the argument
        return
    console.result(found(cli, {}, "gitops-gen", "_GITOPS_GEN_COMPLETE").source())
