"""A change request: what it says at the forge, and what a run says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.delivery.forges.request import RequestState
from gitops_gen.report.inert import code
from gitops_gen.report.markdown import MOST, plan_markdown
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from gitops_gen.delivery.forges.request import Request
    from gitops_gen.report.markdown import PlanReport

_DONE = {
    RequestState.OPENED: "opened",
    RequestState.UPDATED: "brought up to date",
    RequestState.UNCHANGED: "is up to date",
    RequestState.CLOSED: "closed: nothing is left to change",
}


def request_body(report: PlanReport, *, head: str, trailers: str) -> str:
    """Return the body: the plan, what a merge does, and the commit's trailers, which a squash may make its own."""
    foot = (
        "Merge this to publish it. gitops-gen replaces the branch "
        f"{code(head)} as long as it holds nothing but this commit; commits of others are kept.\n\n{trailers}\n"
    )
    return f"{plan_markdown(report, most=MOST - len(foot.encode()) - 1)}\n{foot}"


def closing_body(base: str) -> str:
    """Return the body of a change request that is closed."""
    return f"Nothing is left to change: {code(base)} holds what the inventory says.\n"


def request_text(told: Request, *, commit: str | None, repository: str, body_file: str) -> str:
    """Say what became of the change request, and where a person has to do it, every step."""
    branch = printable(f"{told.head} of {repository}")
    lines = []
    if commit is not None and told.title:
        lines.append(f"proposed: commit {commit} on {branch}, to go into {told.base}")
    if told.state in _DONE:
        lines.append(printable(f"change request {told.number} {_DONE[told.state]}: {told.url}"))
    elif told.state is RequestState.KEPT:
        lines.append(printable(f"kept: {branch} as it is: {told.why}"))
        lines.append("  help: merge or close its change request and delete the branch; then run again")
    elif told.state is RequestState.MANUAL and told.title:
        lines += _steps(told, branch, body_file)
    elif told.state is RequestState.MANUAL:
        lines.append(printable(f"nothing is left to change: close the change request of {branch} if one is open"))
    return "\n".join(lines)


def _steps(told: Request, branch: str, body_file: str) -> list[str]:
    why = f": {told.why}" if told.why else ""
    page = f"open {told.page}" if told.page else f"open a change request from {told.head} into {told.base}"
    steps = [f"the branch is pushed: {branch}", page, f"title: {told.title}", f"body: what stands in {body_file}"]
    return [
        printable(f"change request not opened{why}; to open it by hand:"),
        *(printable(f"  {number}. {step}") for number, step in enumerate(steps, 1)),
    ]


def request_value(told: Request) -> dict[str, object]:
    """Return the change request as JSON (docs/reference/json.md)."""
    return {
        "state": str(told.state),
        "number": told.number,
        "url": told.url,
        "branch": told.head,
        "into": told.base,
        "title": told.title,
        "body": told.body,
        "page": told.page,
        "reason": told.error.message if told.error else told.why,
    }
