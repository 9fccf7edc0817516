"""The errors that gitops-gen raises on purpose, each with the exit code it ends a command with.

A user's mistake in the inventory is a `Problem` (problems.py), collected and reported with all the
others; an error here is for what stops the work at once: a tool that is missing, a remote that cannot
be reached. Everything else that escapes is a bug.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends; the table is in docs/reference/exit-codes.md."""

    OK = 0
    PROBLEMS = 1
    USAGE = 2
    REFUSED = 3
    SUPERSEDED = 4
    REJECTED = 5
    UNKNOWN = 6
    TOOL = 7
    BUG = 70
    INTERRUPTED = 130


class GitopsGenError(Exception):
    """Something stopped the work; `message` says what, `help` what to do about it.

    `details` holds a tool's own words, shown as they are (escaped) below the message.
    """

    exit_code = ExitCode.PROBLEMS

    def __init__(self, message: str, *, details: str = "", help: str = "") -> None:  # noqa: A002
        """Keep the three parts apart, so that a report can lay them out."""
        super().__init__(message)
        self.message = message
        self.details = details
        self.help = help


class InputError(GitopsGenError):
    """An inventory or a directory cannot be read."""


class RefusedError(GitopsGenError):
    """A safety rule says no: a hand edit, a foreign file, a symlink, a guard."""

    exit_code = ExitCode.REFUSED


class DeadlineError(GitopsGenError):
    """Every try to push lost a race until the deadline."""

    exit_code = ExitCode.SUPERSEDED


class RejectedError(GitopsGenError):
    """The remote received the push and said no: a hook, a protected branch."""

    exit_code = ExitCode.REJECTED


class OutcomeUnknownError(GitopsGenError):
    """The push may have landed, or has and its report cannot be written; the message holds the commit id."""

    exit_code = ExitCode.UNKNOWN


class InterruptedPushError(GitopsGenError):
    """Somebody ended the run while it pushed; the message holds the commit id to look for."""

    exit_code = ExitCode.INTERRUPTED


class ToolError(GitopsGenError):
    """git, kustomize or another program is missing, too old, timed out or failed, or a file cannot be written."""

    exit_code = ExitCode.TOOL
