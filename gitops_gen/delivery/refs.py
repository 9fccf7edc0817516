"""Branch names: what git accepts, decided before git sees the name."""

from __future__ import annotations

import re

from gitops_gen.errors import InputError

# The rules of git-check-ref-format(1), narrowed to printable ASCII without quotes and shell signs.
_COMPONENT = re.compile(r"(?!\.)(?!.*\.\.)(?!.*@\{)(?!.*\.lock$)(?!.*\.$)[A-Za-z0-9_.@%+=,#{}-]+", re.ASCII)

_LENGTH = 200
"""Longest branch name; file systems under the remote end at 255 with `.lock` behind the last part."""


def is_branch(name: str) -> bool:
    """Tell whether `name` can be a branch that we write: git's own rules, printable ASCII, no leading dash."""
    return (
        0 < len(name) <= _LENGTH
        and not name.startswith("-")
        and name not in {"HEAD", "@"}
        and all(_COMPONENT.fullmatch(part) for part in name.split("/"))
    )


def branch_ref(name: str) -> str:
    """Return the full name of the ref. Raises InputError for a name that is no branch name."""
    if not is_branch(name):
        raise InputError(f"{name!r} is no name for a branch", help="write letters, digits, and -, _, . or / in between")
    return f"refs/heads/{name}"
