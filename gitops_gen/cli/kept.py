"""What `plan`, `publish`, `generate` and `check` print and return for all that stays as it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.errors import ExitCode

if TYPE_CHECKING:
    from gitops_gen.workflows.keeping import Kept
    from gitops_gen.workflows.publishing import Planned


def kept_report(kept: Kept, *, style: str) -> Any:  # noqa: ANN401 - text, or values for JSON
    """Return what stays, as text or as values for JSON."""
    from gitops_gen.report.kept import kept_text, kept_value

    return kept.told(kept_value if style == "json" else kept_text)


def kept_code(planned: Planned, *, refused: bool) -> ExitCode:
    """Return the exit code: what needs a person comes before what another run has seen to."""
    kept = planned.branch.kept
    if planned.superseded:
        return ExitCode.SUPERSEDED
    if refused or kept.refuses:
        return ExitCode.REFUSED
    return ExitCode.SUPERSEDED if kept.superseded else ExitCode.OK
