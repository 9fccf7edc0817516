"""Did you mean: the known name that is nearest to an unknown one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_NEAR_IN_LENGTH = 3
_LISTED = 8
_LONGEST = 80
"""Longer names are somebody's mistake and not suggested."""


def did_you_mean(unknown: str, known: Collection[str], *, otherwise: str = "") -> str:
    """Return one line of help: the nearest known name, else the known names if they are few, else `otherwise`."""
    known = [name for name in known if len(name) <= _LONGEST]
    near = [name for name in known if abs(len(name) - len(unknown)) <= _NEAR_IN_LENGTH]
    matches = get_close_matches(unknown, sorted(near), n=1)
    if matches:
        return f"did you mean `{matches[0]}`?"
    if 0 < len(known) <= _LISTED:
        return "known are: " + ", ".join(f"`{name}`" for name in sorted(known))
    return otherwise
