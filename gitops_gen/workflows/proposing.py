"""Change-request mode: the plan of an inventory as one commit on a bot branch, and the change request for it.

The bot branch counts as published for the fence, so that a late run does not replace a newer proposal by an older one.
Its push is the only commit point; opening, updating and closing the change request follows from what stands there, and
the next run makes up for whatever failed (docs/explanation/how-a-publish-works.md, "Change requests").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.delivery.forges.choose import choose_forge
from gitops_gen.delivery.forges.request import Request, RequestState, Wanted, request
from gitops_gen.delivery.message import trailers_of
from gitops_gen.delivery.proposal import Outstanding, Proposal
from gitops_gen.delivery.scratch import private_folder
from gitops_gen.errors import InputError
from gitops_gen.plan.guards import passes
from gitops_gen.report.kept import kept_text
from gitops_gen.report.markdown import PlanReport
from gitops_gen.report.request import closing_body, request_body
from gitops_gen.workflows.landing import land
from gitops_gen.workflows.publishing import (
    Planned,
    Published,
    commit_plan,
    gitops_clone,
    plan_on,
    records_of,
    subject_of,
)
from gitops_gen.workflows.rendering import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.delivery.commit import Signature
    from gitops_gen.delivery.forges.choose import Asked, Chosen
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.rendering import Verification
    from gitops_gen.workflows.selecting import Selection

COMMAND = "gitops-gen publish INVENTORY --change-request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What `propose` did: the publish onto the bot branch, and what became of the change request.

    The commit in `published` is the one that stands on the bot branch, ours of an earlier run too.
    """

    published: Published
    request: Request


@dataclass(slots=True)
class _Try:
    """What one try found out; the last one counts."""

    planned: Planned
    outstanding: Outstanding
    guarded: bool
    commit: str | None = None
    verified: int = 0
    empty: bool = False
    """Nothing is left to change."""
    silent: bool = False
    """All that changes is which inventory is recorded: remembered on the bot branch, for nobody to merge."""
    included: bool = False
    """The commits of others on the bot branch stand on just what would be proposed."""


def branch_name(mesh: str, inventory_branch: str) -> str:
    """Return the name of the bot branch for a branch of the inventory; it is the same in every run."""
    return f"gitops-gen/{mesh}/{inventory_branch or 'inventory'}"


def propose(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    *,
    head: str,
    asked: Asked,
    lineage: Lineage,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    approved: str | None = None,
    selection: Selection | None = None,
    verification: Verification | None = None,
    rendering: Rendering | None = None,
    accepted: frozenset[str] = frozenset(),
    told: Callable[[str], None] = lambda _: None,
) -> Proposed:
    """Propose what `publish` would commit: one commit on the bot branch `head`, and its change request.

    What stands on the bot branch is replaced only while it is our own single commit, as we wrote it; commits of others
    are kept, and the result says so. Guards, fence, holds and selection are those of `publish`. A forge that says no or
    cannot be asked stands in the result, since the commit is pushed then. Raises as `publish` does, and InputError when
    the branch to go into does not exist or is the bot branch itself.
    """
    end = clock.monotonic() + deadline_s
    base = remote.branch or inventory.mesh.gitops.branch
    if head == base:
        raise InputError(f"the bot branch cannot be {base!r} itself", help="name another one in --change-branch")
    told("reading the GitOps repository")
    with private_folder() as folder, gitops_clone(inventory, remote) as clone:
        chosen = choose_forge(asked, clone.url, clock, end=end, folder=folder)
        if clone.base is None:
            raise InputError(
                f"there is no branch {base!r} in {clone.url}, which a change request could go into",
                help="push a first commit to it, or publish without --change-request once",
            )
        proposal = Proposal(clone, head, inventory.mesh.name)
        tries: list[_Try] = []

        def prepare() -> str | None:
            told("compiling")
            there = proposal.outstanding()
            planned = plan_on(
                inventory,
                clone,
                accepted,
                lineage=lineage,
                selection=selection,
                proposed=there.records,
                rendering=rendering,
            )
            now = _Try(planned, there, guarded=not passes(planned.findings, planned.plan, approved))
            tries[:] = [now]
            if planned.superseded or now.guarded:
                return None
            records = records_of(clone, planned, lineage.provenance)
            now.empty = planned.plan.empty and not records
            now.silent = planned.plan.empty and not planned.branch.kept.settled
            if now.empty:
                return None
            if verification is not None:
                told("rendering with kustomize")
                now.verified = verify(planned.comparison, verification)
            subject = subject_of(planned.plan, records)
            new = commit_plan(clone, planned, records, signature, subject=subject, provenance=lineage.provenance)
            return _replacing(proposal, now, new)

        _, number = land(proposal, clock, deadline_s=deadline_s, told=told, prepare=prepare)
        now = tries[0]
        told("asking the forge")
        done = _bring(proposal, now, chosen, base=base, approved=approved)
        published = Published(
            planned=now.planned,
            commit=now.commit,
            guarded=now.guarded,
            verified=now.verified,
            tries=number,
            branch=head,
            repository=str(clone.url),
        )
        return Proposed(published=published, request=done)


def _replacing(proposal: Proposal, now: _Try, new: str) -> str | None:
    """Return the new commit, where it is to replace what stands on the bot branch."""
    there = now.outstanding
    if there.foreign:
        now.included = proposal.same(there.commits[-1], new)
        return None
    if there.commits and proposal.same(there.commits[0], new):
        now.commit = there.commits[0]
        return None
    now.commit = new
    return new


def _bring(proposal: Proposal, now: _Try, chosen: Chosen, *, base: str, approved: str | None) -> Request:
    """Bring the change request to what stands on the bot branch now."""
    head = proposal.name
    untouched = Request(state=RequestState.UNTOUCHED, head=head, base=base)
    if now.planned.superseded or now.guarded:
        return untouched
    if now.outstanding.foreign:
        refused = not (now.included or now.empty or now.silent)
        return replace(untouched, state=RequestState.KEPT, why=now.outstanding.foreign, refused=refused)
    if now.empty or now.silent:
        there = proposal.base is not None
        done = request(Wanted(head=head, base=base, body=closing_body(base)), chosen)
        if now.empty and there:
            proposal.delete()
        # Where nothing was proposed before, nobody has anything to close.
        return done if there or done.state is not RequestState.MANUAL else replace(done, state=RequestState.NONE)
    message = proposal.message(str(now.commit))
    report = PlanReport(
        plan=now.planned.plan,
        findings=now.planned.findings,
        refusals=now.planned.comparison.reconciled.refusals,
        stays=now.planned.branch.kept.told(kept_text),
        approved=approved,
        command=COMMAND,
    )
    body = request_body(report, head=head, trailers=trailers_of(message))
    return request(Wanted(head=head, base=base, title=message.partition("\n")[0], body=body), chosen)
