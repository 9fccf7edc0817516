"""Plan and publish: the tree of an inventory against a branch of the GitOps repository.

The remote ref update is the only commit point. Everything before it happens in memory and in a private temporary
clone; a lost race is compiled again from the new tip, never merged (DESIGN section 9).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.clone import open_clone, repository_folder
from gitops_gen.delivery.message import commit_message
from gitops_gen.delivery.published import recorded_addresses
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
from gitops_gen.plan.guards import check_guards, passes
from gitops_gen.report.plan import plan_subject, plan_text
from gitops_gen.tree import OWNED_ROOTS, below
from gitops_gen.workflows.desired import Target, compare
from gitops_gen.workflows.records import next_records
from gitops_gen.workflows.rendering import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Identity
    from gitops_gen.delivery.provenance import Provenance
    from gitops_gen.model import Inventory
    from gitops_gen.plan.changes import Plan
    from gitops_gen.plan.guards import GuardFinding
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

    `found` is every entry below our top-level folders, `records` the files of `published/` among them. `base` is the
    commit that all was judged by, None where there is no branch yet.
    """

    comparison: Comparison
    plan: Plan
    findings: tuple[GuardFinding, ...]
    found: Mapping[str, Entry]
    records: Mapping[str, bytes]
    base: str | None


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


def plan_changes(inventory: Inventory, remote: Remote, accepted: frozenset[str] = frozenset()) -> Planned:
    """Say what publish would do; write nothing. Raises as `gitops_clone` does."""
    with gitops_clone(inventory, remote) as clone:
        return plan_on(inventory, clone, accepted)


def plan_on(inventory: Inventory, clone: Clone, accepted: frozenset[str] = frozenset()) -> Planned:
    """Compile for what a clone holds now, and compare."""
    entries = clone.entries(*OWNED_ROOTS)
    records = _read(clone, entries, below(entries, "published"))
    target = Target(
        # What was published is remembered beside the tree; it is no part of it.
        found={path: entry for path, entry in entries.items() if not path.startswith("published/")},
        read=lambda paths: _read(clone, entries, paths),
        addresses=recorded_addresses(records),
    )
    comparison = compare(inventory, target, accepted)
    desired, reconciled = comparison.desired, comparison.reconciled
    sync_unit = inventory.mesh.gitops.sync_unit
    changes = comparing.plan_changes(
        inventory_digest=inventory.digest,
        sync_unit=sync_unit,
        census=take_census(desired.compiled, sync_unit),
        before=comparison.contents,
        after=reconciled.writes,
        deletes=reconciled.deletes,
        kept=desired.tree,
        paths_before=list(entries),
        compiled=manifests_by_path(inventory, desired.compiled),
    )
    findings = tuple(check_guards(changes, inventory.mesh.guards))
    return Planned(
        comparison=comparison,
        plan=changes,
        findings=findings,
        found=entries,
        records=records,
        base=clone.base,
    )


def publish(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    *,
    provenance: Provenance,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    approved: str | None = None,
    verification: Verification | None = None,
    accepted: frozenset[str] = frozenset(),
    told: Callable[[str], None] = lambda _: None,
) -> Published:
    """Commit the tree of an inventory without errors to its GitOps repository, in one commit and one push.

    What is refused (a hand edit, somebody else's file) holds back its own sync unit only and stands in the result.
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
            planned = plan_on(inventory, clone, accepted)
            verified = 0
            commit = None
            guarded = not passes(planned.findings, planned.plan, approved)
            if not planned.plan.empty and not guarded:
                if verification is not None:
                    told("rendering with kustomize")
                    verified = verify(planned.comparison, verification)
                commit = _commit(inventory, clone, planned, provenance, signature)
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


def _commit(inventory: Inventory, clone: Clone, planned: Planned, provenance: Provenance, signature: Signature) -> str:
    """Write the one commit of a plan into the clone, with the record of what is published in each cluster."""
    reconciled = planned.comparison.reconciled
    records = next_records(
        planned.comparison,
        planned.found,
        planned.records,
        provenance=provenance,
        object_format=clone.object_format,
    )
    return clone.write_commit(
        writes={**reconciled.writes, **records},
        deletes=reconciled.deletes,
        message=commit_message(
            plan_subject(planned.plan),
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


def _read(clone: Clone, entries: Mapping[str, Entry], paths: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of some paths, in one batch."""
    contents = clone.read([entries[path].blob for path in paths])
    return {path: contents[entries[path].blob] for path in paths}
