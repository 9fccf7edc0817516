"""Two trees as a unified diff that people can read and a terminal can show."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from gitops_gen.report.inventory import count
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_FILE = 5_000
"""Lines above which a file is not compared line by line: the time for that may grow with their square."""
_NAMED = 10
"""How many of the files that are not shown are named."""
_SEAL = "# gitops-gen: mesh="
_NOTHING = "/dev/null"


def tree_diff(before: Mapping[str, bytes], after: Mapping[str, bytes], limit: int = 500) -> str:
    """Return a unified diff from one tree to another, at most `limit` lines of it, and a word on what was left out.

    Seals are left out wherever anything else in a file differs. Characters that do not print are escaped. Equal trees
    give an empty text.
    """
    differing = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    lines: list[str] = []
    for place, path in enumerate(differing):
        shown = _file_diff(path, before.get(path), after.get(path))
        room = limit - len(lines)
        if len(shown) > room:
            # A file is shown whole or not at all, but for one that would not fit by itself.
            kept = shown[:limit] if not lines else []
            rest = differing[place + 1 :] if kept else differing[place:]
            lines += kept
            if kept:
                lines.append(f"... {count(len(shown) - len(kept), 'more line')} of {printable(path)}")
            lines += _left_out(rest)
            break
        lines += shown
    return "".join(f"{line}\n" for line in lines)


def _left_out(paths: list[str]) -> list[str]:
    if not paths:
        return []
    named = ", ".join(printable(path) for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return [f"... {count(len(paths), 'more file')} not shown: {named}{more}"]


def _file_diff(path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """Return the lines of one file's diff, with its two header lines."""
    name = printable(path)
    head = [f"--- {_NOTHING if before is None else f'a/{name}'}", f"+++ {_NOTHING if after is None else f'b/{name}'}"]
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        return [*head, "the two differ and at least one of them is no text"]
    if max(len(old), len(new)) > _LONGEST_FILE:
        return [*head, f"{count(len(old), 'line')} and {count(len(new), 'line')}, too many to compare"]
    bare = [line for line in old if not line.startswith(_SEAL)], [line for line in new if not line.startswith(_SEAL)]
    if bare[0] != bare[1]:
        old, new = bare
    return head + [printable(line) for line in list(difflib.unified_diff(old, new, lineterm=""))[2:]]


def _lines(content: bytes | None) -> list[str] | None:
    """Split a file at its line feeds only; None for one that is no UTF-8. A missing last line feed shows as a line."""
    if not content:
        return []
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    if lines[-1]:
        return [*lines, "\\ no line feed at the end"]
    return lines[:-1]
