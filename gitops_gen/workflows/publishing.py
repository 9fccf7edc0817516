"""Plan and publish: the tree of an inventory against a branch of the GitOps repository.

The remote ref update is the only commit point. Everything before it happens in memory and in a private temporary
clone; a lost race is compiled again from the new tip, never merged
(docs/explanation/how-a-publish-works.md).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.clone import open_clone, repository_folder
from gitops_gen.delivery.fence import Fence, check_fence
from gitops_gen.delivery.message import commit_message
from gitops_gen.delivery.push import Result
from gitops_gen.delivery.url import parse_repository
from gitops_gen.errors import (
    DeadlineError,
    InputError,
    InterruptedPushError,
    OutcomeUnknownError,
    RejectedError,
)
from gitops_gen.layout.build import manifests_by_path
from gitops_gen.plan import compare as comparing
from gitops_gen.plan.census import take_census
from gitops_gen.plan.guards import GuardFinding, Verdict, check_guards, passes
from gitops_gen.report.plan import plan_subject, plan_text
from gitops_gen.workflows.branch import Branch, look
from gitops_gen.workflows.desired import compare
from gitops_gen.workflows.keeping import check_mixture, settle
from gitops_gen.workflows.records import next_records
from gitops_gen.workflows.rendering import verify
from gitops_gen.workflows.selecting import Selection, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Identity
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.delivery.provenance import Provenance
    from gitops_gen.model import Inventory
    from gitops_gen.plan.changes import Plan
    from gitops_gen.tree import Entry
    from gitops_gen.workflows.desired import Comparison
    from gitops_gen.workflows.rendering import Verification

PAUSE_S = 0.5
"""Mean pause before a lost race is tried again; doubled with each try, up to MOST_PAUSE_S."""

MOST_PAUSE_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where the GitOps repository is and how to talk to it.

    `repository` and `branch` replace what the Mesh says, when given. `environment` is that of our own process;
    `relative_to` the folder from which a relative local path is meant; `timeout_s` bounds each git call.
    """

    environment: Mapping[str, str]
    relative_to: str
    repository: str | None = None
    branch: str | None = None
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a publish would do now, and what the guards say to it.

    `found` is every entry below our top-level folders. `branch` has the clusters' records, and what stays as it is.
    `base` is the commit that all was judged by, None where there is no branch yet.
    """

    comparison: Comparison
    plan: Plan
    findings: tuple[GuardFinding, ...]
    found: Mapping[str, Entry]
    branch: Branch
    base: str | None

    @property
    def superseded(self) -> bool:
        """Whether nothing that this run is about could go on: newer inventories are published everywhere."""
        kept = self.branch.kept
        return bool(kept.superseded) and not {*self.comparison.desired.compiled} - {*kept.superseded, *kept.unchosen}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` did.

    `commit` is None when there was nothing to change, and when `guarded` says that the guards held the plan back.
    `tries` counts lost races, too.
    """

    planned: Planned
    commit: str | None
    guarded: bool
    verified: int
    tries: int
    branch: str
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and chance, handed in so that nothing below the command line reads them.

    `now` gives seconds since 1970, `monotonic` seconds since some moment, `sleep` waits for seconds, and `chance` a
    number from 0 to 1.
    """

    now: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whose commit it is, when it was made (seconds since 1970), and by which version of gitops-gen."""

    identity: Identity
    date: int
    version: str


@contextmanager
def gitops_clone(inventory: Inventory, remote: Remote) -> Iterator[Clone]:
    """Open the private clone of an inventory's GitOps repository.

    Raises InputError when no repository is named or its URL will not do, ToolError when it cannot be read.
    """
    gitops = inventory.mesh.gitops
    text = remote.repository or gitops.repository
    if not text:
        raise InputError(
            "no GitOps repository is named",
            help="write spec.gitops.repository in the Mesh, or give --repository",
        )
    with open_clone(
        parse_repository(text, relative_to=remote.relative_to),
        remote.branch or gitops.branch,
        environment=remote.environment,
        timeout_s=remote.timeout_s,
        folder=repository_folder(gitops.path),
    ) as clone:
        yield clone


def plan_changes(
    inventory: Inventory,
    remote: Remote,
    accepted: frozenset[str] = frozenset(),
    *,
    lineage: Lineage | None = None,
    selection: Selection | None = None,
) -> Planned:
    """Say what publish would do; write nothing.

    Without `lineage` it is not asked whether a newer inventory is published. Raises as `gitops_clone` does.
    """
    with gitops_clone(inventory, remote) as clone:
        return plan_on(inventory, clone, accepted, lineage=lineage, selection=selection)


def plan_on(
    inventory: Inventory,
    clone: Clone,
    accepted: frozenset[str] = frozenset(),
    *,
    lineage: Lineage | None = None,
    selection: Selection | None = None,
) -> Planned:
    """Compile for what a clone holds now, find out what of it has to stay, and compare."""
    found = look(inventory, clone, accepted)
    chosen = choose(
        selection or Selection(),
        inventory,
        published={*found.standing.clusters(), *found.states},
        standing=found.standing.workloads(),
    )
    newest = {cluster: state.newest for cluster, state in found.states.items() if state.newest}
    clusters = {*chosen.clusters, *newest, *found.whole.desired.compiled}
    fence = check_fence(lineage, clusters, newest) if lineage else Fence()
    kept = settle(inventory, found.standing, clone, found.states, fence, chosen)
    comparison = compare(inventory, found.target, accepted, kept.mixture) if kept.mixture else found.whole
    changes = _plan(comparison, found.entries)
    check_mixture(changes, kept.parts)
    return Planned(
        comparison=comparison,
        plan=changes,
        findings=(*check_guards(changes, inventory.mesh.guards), *_unordered(changes, fence)),
        found=found.entries,
        branch=Branch(
            states=found.states,
            kept=kept,
            advances=fence.advances - {*kept.unchosen, *kept.superseded, *kept.lost},
        ),
        base=clone.base,
    )


def _plan(comparison: Comparison, entries: Mapping[str, Entry]) -> Plan:
    """Plan what a comparison would write and delete."""
    desired, reconciled = comparison.desired, comparison.reconciled
    sync_unit = desired.inventory.mesh.gitops.sync_unit
    return comparing.plan_changes(
        inventory_digest=desired.inventory.digest,
        sync_unit=sync_unit,
        census=take_census(desired.compiled, sync_unit),
        before=comparison.contents,
        after=reconciled.writes,
        deletes=reconciled.deletes,
        kept=desired.tree,
        paths_before=list(entries),
        compiled=manifests_by_path(desired.inventory, desired.compiled),
    )


def _unordered(plan: Plan, fence: Fence) -> list[GuardFinding]:
    """Ask for approval where an inventory of which nobody knows how old it is would change a cluster."""
    changed = {cluster.name for cluster in plan.clusters}
    return [
        GuardFinding(
            guard="unordered-inventory",
            verdict=Verdict.NEEDS_APPROVAL,
            scope=cluster,
            number=1,
            limit=0,
            message=f"cluster {cluster}: {found.reason}; {found.help}",
        )
        for cluster, (_, found) in sorted(fence.unordered.items())
        if cluster in changed
    ]


def publish(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    *,
    lineage: Lineage,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    approved: str | None = None,
    selection: Selection | None = None,
    verification: Verification | None = None,
    accepted: frozenset[str] = frozenset(),
    told: Callable[[str], None] = lambda _: None,
) -> Published:
    """Commit the tree of an inventory without errors to its GitOps repository, in one commit and one push.

    What is refused (a hand edit, somebody else's file) holds back its own sync unit only and stands in the result. So
    does what stays: a hold, a cluster with a newer inventory than `lineage` has, all that `selection` leaves out.
    What the guards hold back is published only when `approved` is the digest of that very plan. A lost race is
    compiled again until `deadline_s` seconds have passed. `told` hears what is going on.
    Raises InputError and ToolError as `gitops_clone` does, ToolError when a unit does not render as compiled,
    RejectedError when the remote says no, DeadlineError when every try lost its race, and OutcomeUnknownError or
    InterruptedPushError when the push may have landed.
    """
    end = clock.monotonic() + deadline_s
    told("reading the GitOps repository")
    with gitops_clone(inventory, remote) as clone:
        tries = 1
        while True:
            told("compiling")
            planned = plan_on(inventory, clone, accepted, lineage=lineage, selection=selection)
            verified = 0
            commit = None
            guarded = not passes(planned.findings, planned.plan, approved)
            records = {} if guarded or planned.superseded else _records(clone, planned, lineage.provenance)
            if records or not (planned.plan.empty or guarded or planned.superseded):
                if verification is not None:
                    told("rendering with kustomize")
                    verified = verify(planned.comparison, verification)
                commit = _commit(inventory, clone, planned, records, lineage.provenance, signature)
                told("pushing")
            if commit is None or _landed(clone, commit):
                return Published(
                    planned=planned,
                    commit=commit,
                    guarded=guarded,
                    verified=verified,
                    tries=tries,
                    branch=remote.branch or inventory.mesh.gitops.branch,
                    repository=str(clone.url),
                )
            pause = clock.chance() * min(PAUSE_S * 2**tries, MOST_PAUSE_S)
            if clock.monotonic() + pause >= end:
                raise DeadlineError(
                    f"other commits were first in all {tries} tries of {deadline_s:g} seconds",
                    help="nothing was published; run it again, or raise --deadline",
                )
            told(f"another commit was first, compiling again (try {tries + 1})")
            clock.sleep(pause)
            clone.refresh()
            tries += 1


def _records(clone: Clone, planned: Planned, provenance: Provenance) -> dict[str, bytes]:
    """Return the records that a plan changes."""
    return next_records(
        planned.comparison,
        planned.found,
        planned.branch,
        provenance=provenance,
        object_format=clone.object_format,
        only_settled=planned.plan.empty,
    )


def _commit(  # noqa: PLR0913, PLR0917 - all that goes into a commit
    inventory: Inventory,
    clone: Clone,
    planned: Planned,
    records: Mapping[str, bytes],
    provenance: Provenance,
    signature: Signature,
) -> str:
    """Write the one commit of a plan into the clone, with the record of what is published in each cluster."""
    reconciled = planned.comparison.reconciled
    clusters = ", ".join(sorted(path.rpartition("/")[2].removesuffix(".yaml") for path in records))
    subject = f"Record what is published in {clusters}" if planned.plan.empty else plan_subject(planned.plan)
    return clone.write_commit(
        writes={**reconciled.writes, **records},
        deletes=reconciled.deletes,
        message=commit_message(
            subject,
            plan_text(planned.plan),
            provenance=provenance,
            inventory_digest=inventory.digest,
            plan_digest=planned.plan.digest,
            version=signature.version,
        ),
        identity=signature.identity,
        date=signature.date,
    )


def _landed(clone: Clone, commit: str) -> bool:
    """Push a commit and tell whether it landed; False means that another one was first.

    Raises RejectedError when the remote says no, OutcomeUnknownError when it cannot be asked what became of it, and
    InterruptedPushError when somebody does not wait for the answer.
    """
    look = f"look for {commit} on the branch; running publish again is safe either way"
    try:
        outcome = clone.push(commit)
    except KeyboardInterrupt as error:
        raise InterruptedPushError(
            f"interrupted while pushing: commit {commit} may or may not be on the branch", help=look
        ) from error
    if outcome.result is Result.REJECTED:
        raise RejectedError(
            f"{clone.url} rejected the push",
            details=outcome.words,
            help="nothing was published; the remote's words say what it wants",
        )
    if outcome.result is Result.UNKNOWN:
        raise OutcomeUnknownError(
            f"the connection broke: commit {commit} may or may not be on the branch",
            details=outcome.words,
            help=look,
        )
    return outcome.result is Result.LANDED
