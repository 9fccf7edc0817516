"""Text of others inside Markdown and CI logs: shown as it is, read as a command, a link or a mention by nobody."""

from __future__ import annotations

import re

from gitops_gen.report.printable import printable

LINE_LENGTH = 400
"""Most characters of one line; what is longer is somebody's mistake, or worse."""

# What means something wherever it stands: a code span's end, a mention, an issue, a command to an Azure or GitHub log,
# and what begins a tag or a link. A forge that takes a body for a commit's message reads it without its fences.
_ANYWHERE = re.compile(r"`|@(?=\w)|#(?=\d)|##(?=\[|vso)|<(?=[!/a-zA-Z])|\]\(")
# A command to GitHub's log, a quick action of GitLab, and the end of a fence made of tildes.
_FIRST = re.compile(r"^(\s*)(::|/|~~~)")


def inert(text: str) -> str:
    r"""Return one line in which nothing moves a cursor, runs, notifies, links or ends the fence around it.

    The first sign of what would is written as `\xNN`, as `printable` writes what does not print.
    """
    line = _ANYWHERE.sub(_escaped, printable(text))
    line = _FIRST.sub(lambda found: f"{found[1]}{_escaped(found[2])}", line)
    return line if len(line) <= LINE_LENGTH else f"{line[: LINE_LENGTH - 3]}..."


def code(text: str) -> str:
    """Return a text as a code span, safe in a cell of a table."""
    return f"`{inert(text).replace('|', _escaped('|'))}`"


def fenced(lines: list[str], language: str = "text") -> list[str]:
    """Return lines as a fenced block."""
    return [f"```{language}", *(inert(line) for line in lines), "```"]


def _escaped(found: re.Match[str] | str) -> str:
    sign = found if isinstance(found, str) else found[0]
    return f"\\x{ord(sign[0]):02x}{sign[1:]}"
