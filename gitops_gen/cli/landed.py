"""What a command that pushes has to say of its commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.workflows.publishing import Published


def outcome_value(done: Published) -> dict[str, object]:
    """Return what became of a push, for JSON."""
    return {
        "commit": done.commit,
        "repository": done.repository,
        "branch": done.branch,
        "tries": done.tries,
        "verifiedUnits": done.verified,
    }


def outcome_text(done: Published) -> str:
    """Say what became of a push; empty when no commit was made."""
    from gitops_gen.report.published import landed_text

    if done.commit is None:
        return ""
    return landed_text(
        done.commit,
        repository=done.repository,
        branch=done.branch,
        verified=done.verified,
        tries=done.tries,
    )
