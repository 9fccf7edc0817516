"""The only place that prints: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import click

from gitops_gen.errors import ExitCode, GitopsGenError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO, NoReturn, TextIO

    from gitops_gen.model import Inventory
    from gitops_gen.workflows.reading import Judged


def never_fail_to_show() -> None:
    """Show what the encoding of a terminal or pipe does not have as escapes, where Python would stop with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def result(text: str) -> None:
    """Print a result, with one newline at its end."""
    click.echo(text.removesuffix("\n"))


def give_up_result() -> None:
    """Throw the rest of standard output away once its reader is gone: Python flushes it at its end and would fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Tell the person something beside the result. Where that cannot be told, the result still counts."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def progress(text: str) -> None:
    """Say what is going on, on a terminal only."""
    if sys.stderr.isatty():
        note(f"{text} ...")


def end(code: ExitCode) -> NoReturn:
    """End the command with this exit code."""
    raise click.exceptions.Exit(int(code))


def standard_input() -> BinaryIO | None:
    """Return standard input, None where it is closed."""
    # Python has no stream for a closed descriptor, whatever its stubs say.
    stream: TextIO | None = sys.stdin
    return None if stream is None else stream.buffer


def environment() -> dict[str, str]:
    """Return the environment of this process; no other module reads it."""
    return dict(os.environ)


def contents(files: Sequence[str]) -> dict[str, bytes]:
    """Return name -> content of some files, `-` for standard input. Raises InputError for what cannot be read."""
    found = {}
    for name in files:
        try:
            with click.open_file(name, "rb") as opened:
                found[name] = opened.read()
        except OSError as error:
            raise InputError(f"{name}: {error.strerror}") from error
    return found


class Told(NamedTuple):
    """An inventory without errors, and what it was read from."""

    inventory: Inventory
    judged: Judged


def read(inventory: str, style: str) -> Told:
    """Read an inventory or end the command: with its problems and exit code 1 when there is an error.

    Warnings are shown and do not stop anything.
    """
    from gitops_gen.workflows.reading import load_inventory

    judged = load_inventory(inventory, standard_input())
    if judged.inventory is None:
        show_problems(judged, style, result_of_command=True)
        end(ExitCode.PROBLEMS)
    if judged.problems:
        show_problems(judged, style, result_of_command=False)
    return Told(judged.inventory, judged)


@contextlib.contextmanager
def proven(told: Told, style: str) -> Iterator[None]:
    """End the command with its problems and exit code 1 where what is done here finds the routes not proven."""
    from gitops_gen.workflows.proving import UnprovenError

    try:
        yield
    except UnprovenError as error:
        texts = {**told.judged.texts, **error.texts}
        show_problems(replace(told.judged, problems=error.problems, texts=texts), style, result_of_command=True)
        note(f"gitops-gen: error: {error.message}\n  help: {error.help}")
        end(ExitCode.PROBLEMS)


def show_problems(judged: Judged, style: str, *, result_of_command: bool) -> None:
    """Print problems: on standard output when they are what the command was asked for, else beside its result."""
    from gitops_gen.report.problems import problems_github, problems_json, problems_summary, problems_text

    show = result if result_of_command else note
    if style == "json":
        show(problems_json(judged.problems))
        return
    text = problems_github(judged.problems) if style == "github" else problems_text(judged.problems, judged.texts)
    if text:
        show(text)
    if judged.problems:
        note(problems_summary(judged.problems))


def failure(error: GitopsGenError) -> str:
    """Write an error for people: what happened, the tool's own words, what to do."""
    from gitops_gen.report.printable import printable

    lines = [f"gitops-gen: error: {printable(error.message)}"]
    lines += [f"  | {printable(line)}" for line in error.details.strip().splitlines()]
    if error.help:
        lines.append(f"  help: {printable(error.help)}")
    return "\n".join(lines)
