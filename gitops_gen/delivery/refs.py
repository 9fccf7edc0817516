"""Branch names as refs, decided before git sees the name."""

from __future__ import annotations

from gitops_gen.errors import InputError
from gitops_gen.naming import is_branch


def branch_ref(name: str) -> str:
    """Return the full name of the ref. Raises InputError for a name that is no branch name."""
    if not is_branch(name):
        raise InputError(f"{name!r} is no name for a branch", help="write letters, digits, and -, _, . or / in between")
    return f"refs/heads/{name}"
