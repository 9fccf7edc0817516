"""Plan and publish: the tree of an inventory against a branch of the GitOps repository.

The remote ref update is the only commit point. Everything before it happens in memory and in a private temporary
clone; a lost race is compiled again from the new tip, never merged
(docs/explanation/how-a-publish-works.md).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.delivery.clone import open_clone, repository_folder
from gitops_gen.delivery.fence import Fence, check_fence
from gitops_gen.delivery.message import commit_message
from gitops_gen.delivery.states import other_folders
from gitops_gen.delivery.url import parse_repository
from gitops_gen.errors import InputError
from gitops_gen.layout.build import manifests_by_path
from gitops_gen.plan import compare as comparing
from gitops_gen.plan.census import take_census
from gitops_gen.plan.guards import GuardFinding, Verdict, check_guards, passes
from gitops_gen.report.plan import plan_subject, plan_text
from gitops_gen.workflows.branch import Branch, look, people_of
from gitops_gen.workflows.desired import compare
from gitops_gen.workflows.extending import extend
from gitops_gen.workflows.keeping import check_mixture, settle
from gitops_gen.workflows.landing import land
from gitops_gen.workflows.owners import elsewhere_finding, resynced_clusters, resynced_finding
from gitops_gen.workflows.records import next_records
from gitops_gen.workflows.rendering import verify
from gitops_gen.workflows.selecting import Selection, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Signature
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.delivery.provenance import Provenance
    from gitops_gen.delivery.published import Published as PublishedState
    from gitops_gen.model import Inventory
    from gitops_gen.plan.changes import Plan
    from gitops_gen.tree import Entry
    from gitops_gen.workflows.branch import Found
    from gitops_gen.workflows.desired import Comparison
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.rendering import Verification


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


def plan_changes(  # noqa: PLR0913 - what a run knows
    inventory: Inventory,
    remote: Remote,
    accepted: frozenset[str] = frozenset(),
    *,
    lineage: Lineage | None = None,
    selection: Selection | None = None,
    rendering: Rendering | None = None,
) -> Planned:
    """Say what publish would do; write nothing.

    Without `lineage` it is not asked whether a newer inventory is published. One without order is only warned of:
    plans are asked for on branches that are not merged yet. `rendering` finds what renders, where people's components
    take part. Raises as `gitops_clone` does, and UnprovenError for what components break.
    """
    with gitops_clone(inventory, remote) as clone:
        return plan_on(
            inventory,
            clone,
            accepted,
            lineage=lineage,
            selection=selection,
            unordered=Verdict.WARNING,
            rendering=rendering,
        )


def plan_on(  # noqa: PLR0913 - what a run knows
    inventory: Inventory,
    clone: Clone,
    accepted: frozenset[str] = frozenset(),
    *,
    lineage: Lineage | None = None,
    selection: Selection | None = None,
    unordered: Verdict = Verdict.NEEDS_APPROVAL,
    proposed: Mapping[str, PublishedState] | None = None,
    rendering: Rendering | None = None,
) -> Planned:
    """Compile for what a clone holds now, find out what of it has to stay, and compare.

    `unordered` is what an inventory without order gets. `proposed` are the records of a proposal that is under way:
    the fence takes them for published. `rendering` is needed where people's components take part.
    """
    found = look(inventory, clone, accepted)
    inventory = found.inventory
    chosen = choose(
        selection or Selection(),
        inventory,
        published={*found.standing.clusters(), *found.states},
        standing=found.standing.workloads(),
    )
    newest = {cluster: state.newest for cluster, state in found.states.items() if state.newest}
    clusters = {*chosen.clusters, *newest, *found.whole.desired.compiled}
    fence = check_fence(lineage, clusters, newest) if lineage else Fence()
    if lineage and proposed:
        fence = fence.behind(check_fence(lineage, clusters, proposed))
    kept = settle(inventory, found.standing, clone, found.states, fence, chosen)
    comparison = compare(inventory, found.target, accepted, kept.mixture) if kept.mixture else found.whole
    comparison = extend(comparison, people_of(clone), rendering, stays=kept.parts, mixed=kept.mixture is not None)
    changes = plan_of(comparison, found.entries)
    check_mixture(changes, kept.parts)
    resynced = resynced_clusters(inventory, found)
    kept = replace(kept, settled=kept.settled | {*resynced})
    return Planned(
        comparison=comparison,
        plan=changes,
        findings=(
            *check_guards(changes, inventory.mesh.guards),
            *(resynced_finding(cluster, number) for cluster, number in resynced.items()),
            *(elsewhere_finding(clone.folder, other) for other in _others(clone, inventory, found)),
            *_unordered(changes, fence, unordered),
        ),
        found=found.entries,
        branch=Branch(
            states=found.states,
            kept=kept,
            advances=fence.advances - {*kept.unchosen, *kept.superseded, *kept.lost},
        ),
        base=clone.base,
    )


def _others(clone: Clone, inventory: Inventory, found: Found) -> list[str]:
    """Return the other folders in which a mesh is published that was never in this one: `gitops.path` has changed."""
    return [] if found.states else other_folders(clone, inventory.mesh.name)


def plan_of(comparison: Comparison, entries: Mapping[str, Entry]) -> Plan:
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


def _unordered(plan: Plan, fence: Fence, verdict: Verdict) -> list[GuardFinding]:
    """Ask for approval where an inventory of which nobody knows how old it is would change a cluster."""
    changed = {cluster.name for cluster in plan.clusters}
    return [
        GuardFinding(
            guard="unordered-inventory",
            verdict=verdict,
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
    rendering: Rendering | None = None,
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
    last: list[tuple[Planned, int]] = []
    told("reading the GitOps repository")
    with gitops_clone(inventory, remote) as clone:

        def prepare() -> str | None:
            told("compiling")
            planned = plan_on(inventory, clone, accepted, lineage=lineage, selection=selection, rendering=rendering)
            last[:] = [(planned, 0)]
            if planned.superseded or not passes(planned.findings, planned.plan, approved):
                return None
            records = records_of(clone, planned, lineage.provenance)
            if planned.plan.empty and not records:
                return None
            if verification is not None:
                told("rendering with kustomize")
                last[:] = [(planned, verify(planned.comparison, verification))]
            subject = subject_of(planned.plan, records)
            return commit_plan(clone, planned, records, signature, subject=subject, provenance=lineage.provenance)

        commit, tries = land(clone, clock, deadline_s=deadline_s, told=told, prepare=prepare)
        planned, verified = last[0]
        return Published(
            planned=planned,
            commit=commit,
            guarded=not passes(planned.findings, planned.plan, approved),
            verified=verified,
            tries=tries,
            branch=remote.branch or inventory.mesh.gitops.branch,
            repository=str(clone.url),
        )


def subject_of(plan: Plan, records: Iterable[str]) -> str:
    """Return the subject of a plan's commit; `records` are the paths of the records that it changes."""
    clusters = ", ".join(sorted(path.rpartition("/")[2].removesuffix(".yaml") for path in records))
    return f"Record what is published in {clusters}" if plan.empty else plan_subject(plan)


def records_of(clone: Clone, planned: Planned, provenance: Provenance) -> dict[str, bytes]:
    """Return the records that a plan changes, by path."""
    return next_records(
        planned.comparison,
        planned.found,
        planned.branch,
        provenance=provenance,
        object_format=clone.object_format,
        only_settled=planned.plan.empty,
    )


def commit_plan(  # noqa: PLR0913 - all that goes into a commit
    clone: Clone,
    planned: Planned,
    records: Mapping[str, bytes],
    signature: Signature,
    *,
    subject: str,
    provenance: Provenance,
    reason: str = "",
) -> str:
    """Write the one commit of a plan into the clone, with the record of what is published in each cluster.

    `reason` are a person's words. A plan that has no provenance was not made from the inventory, and does not name it.
    """
    reconciled = planned.comparison.reconciled
    known = bool(provenance.revision or provenance.reason)
    return clone.write_commit(
        writes={**reconciled.writes, **records},
        deletes=reconciled.deletes,
        message=commit_message(
            subject,
            "\n\n".join(filter(None, [reason, plan_text(planned.plan)])),
            provenance=provenance,
            inventory_digest=planned.plan.inventory_digest if known else "",
            plan_digest=planned.plan.digest,
            version=signature.version,
        ),
        signature=signature,
    )
