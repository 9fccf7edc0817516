"""What `publish --change-request` takes from its surroundings, prints, and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.cli import console
from gitops_gen.errors import ExitCode, ToolError

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.delivery.forges.choose import Asked
    from gitops_gen.delivery.forges.request import Request
    from gitops_gen.workflows.proposing import Proposed
    from gitops_gen.workflows.publishing import Published


def bot_branch(chosen: str | None, inventory: str, mesh: str, timeout: int) -> str:
    """Return the bot branch: the one that is named, else that of the inventory's branch.

    A CI job often has a commit checked out and no branch; it says the branch in its environment.
    """
    from gitops_gen.cli.programs import usage
    from gitops_gen.delivery.provenance import inventory_branch
    from gitops_gen.delivery.refs import branch_ref
    from gitops_gen.workflows.proposing import branch_name

    if chosen:
        with usage("--change-branch"):
            branch_ref(chosen)
        return chosen
    environment = console.environment()
    branch = inventory_branch(inventory, environment=environment, timeout_s=float(timeout))
    if not branch and environment.get("GITHUB_REF_TYPE") == "branch":
        branch = environment.get("GITHUB_REF_NAME", "")
    return branch_name(mesh, branch or environment.get("CI_COMMIT_BRANCH", ""))


def asked(forge: str, web: str | None, timeout: int) -> Asked:
    """Say which forge is meant and how it may be asked."""
    from gitops_gen.delivery.forges.choose import Asked, Way

    return Asked(way=Way(forge), web=web or "", environment=console.environment(), timeout_s=float(min(timeout, 60)))


def landed(done: Published, proposed: Proposed | None, body_file: Path, *, style: str) -> Any:  # noqa: ANN401 - see below
    """Return what became of a commit and of its change request, as text or as values for JSON.

    The body of a change request is in a file where a person needs that.
    """
    from gitops_gen.cli.landed import outcome_text, outcome_value
    from gitops_gen.report.published import rendered_lines
    from gitops_gen.report.request import request_text, request_value

    if proposed is None:
        return outcome_text(done) if style == "text" else outcome_value(done)
    request = proposed.request
    _write_body(request, body_file)
    if style != "text":
        return {**outcome_value(done), "changeRequest": request_value(request)}
    said = request_text(request, commit=done.commit, repository=done.repository, body_file=str(body_file))
    return "\n".join(filter(None, [said, *rendered_lines(verified=done.verified, tries=done.tries)]))


def proposed_code(proposed: Proposed | None, code: ExitCode) -> ExitCode:
    """Return the exit code; `code` is the one of the publish itself. Says what the forge said."""
    from gitops_gen.delivery.forges.request import RequestState

    if proposed is None:
        return code
    request = proposed.request
    if request.error is not None:
        console.note(console.failure(request.error))
        return request.error.exit_code
    if request.state is RequestState.MANUAL and request.refused:
        return ExitCode.TOOL
    return ExitCode.REFUSED if request.refused else code


def _write_body(request: Request, body_file: Path) -> None:
    """Write the body for a person who has to open the change request. Raises ToolError when that fails."""
    from gitops_gen.delivery.forges.request import RequestState

    by_hand = request.state in {RequestState.MANUAL, RequestState.FAILED}
    if not by_hand or not request.title:
        return
    try:
        body_file.write_text(request.body, encoding="utf-8")
    except OSError as error:
        raise ToolError(
            f"the body of the change request cannot be written to {body_file}: {error.strerror}",
            help="name another file in --body-file; the branch is pushed",
        ) from error
