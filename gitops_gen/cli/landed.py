"""What a command that pushes has to say of its commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from gitops_gen.cli import console
from gitops_gen.errors import OutcomeUnknownError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.workflows.publishing import Published


class Landed(Protocol):
    """What a command did that pushes; `commit` is None where it did not."""

    @property
    def commit(self) -> str | None:
        """The commit that landed."""

    @property
    def branch(self) -> str:
        """Where it landed."""


@contextmanager
def telling(done: Landed) -> Iterator[None]:
    """Let a report be written; where that fails, say at least that the commit is on the branch.

    Raises OutcomeUnknownError then, also where the report's reader went away: standard error may be just as broken,
    and the exit code alone must not read as if nothing had landed.
    """
    try:
        yield
    except OSError as error:
        if done.commit is None:
            raise
        if isinstance(error, BrokenPipeError):
            console.give_up_result()
        message = f"commit {done.commit} is on {done.branch}, but the report cannot be written: {error.strerror}"
        raise OutcomeUnknownError(
            message, help="nothing has to be done again; make room for the report of the next run"
        ) from error


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
