"""What `move` and `retire` say beside the plan: the step, and what a person has to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.report.inventory import count
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.engines.commands import Command

_DONE = {
    "keep": "are kept from being pruned, where they are",
    "move": "move to other sync units, and are still kept from being pruned",
    "release": "have moved, and may be pruned again",
}

_WAIT = {
    "keep": "wait until the engines have applied this commit everywhere, then run the same command again",
    "move": "wait until the new units have applied this commit, and do what is listed above; then run the same command "
    "again",
    "release": "nothing: the move is over",
}


def step_text(step: str | None, number: int, resources: Mapping[str, int]) -> str:
    """Say which step of a move this is; `resources` counts what moves, by cluster."""
    if step is None:
        return "nothing is to move: every resource is in the sync unit that the inventory gives it"
    clusters = f"{', '.join(sorted(resources))}"
    return printable(
        f"move, step {number} of 3 ({step}): {count(sum(resources.values()), 'resource')} in {clusters} {_DONE[step]}"
    )


def next_text(step: str, files: Sequence[str], commands: Sequence[Command]) -> str:
    """Say what comes after a step that was published."""
    lines = [*commands_text(files, commands), f"next: {_WAIT[step]}"]
    return "\n".join(lines)


def remain_text(units: Sequence[tuple[str, str]]) -> str:
    """Say which units of before a move an engine still has; each is folder and engine."""
    lines = [f"{engine} still has {folder}, or could not be asked" for folder, engine in units]
    lines.append("take these units away as the move's second step says, then run gitops-gen move --wait again")
    return "\n".join(map(printable, lines))


def commands_text(files: Sequence[str], commands: Sequence[Command]) -> list[str]:
    """Write what a person has to do: apply engine objects that changed, and take away those that nobody prunes."""
    lines = [f"apply {file}, unless an engine does" for file in files]
    for command in commands:
        where = f"in cluster {command.cluster}" if command.cluster else "where Argo CD runs"
        lines.append(f"run {where}: {command.text}  ({command.note})")
    return [printable(line) for line in lines]


def tombstones_text(units: Sequence[str]) -> str:
    """List the sync units that have nothing left."""
    if not units:
        return "every sync unit has something to sync; there is nothing to retire"
    return "\n".join(["sync units that have nothing left:", *(f"  {unit}" for unit in units)])


def commands_value(files: Sequence[str], commands: Sequence[Command]) -> dict[str, object]:
    """Return what a person has to do, for JSON."""
    return {
        "apply": list(files),
        "commands": [{"cluster": one.cluster, "command": one.text, "note": one.note} for one in commands],
    }
