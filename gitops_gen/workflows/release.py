"""Release: end holds, so that the next publish goes on where they stood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.delivery.message import commit_message
from gitops_gen.delivery.provenance import Provenance
from gitops_gen.delivery.published import Published, dump_published, published_path
from gitops_gen.engines.units import engine_of
from gitops_gen.errors import RefusedError
from gitops_gen.workflows.branch import look
from gitops_gen.workflows.landing import land
from gitops_gen.workflows.publishing import gitops_clone
from gitops_gen.workflows.records import addresses_in
from gitops_gen.workflows.selecting import Selection, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Signature
    from gitops_gen.delivery.holds import Hold
    from gitops_gen.delivery.states import State
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.branch import Found
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What `release` did: the holds that it ended, and the clusters of which it took what stands there as given.

    `commit` is None when there was nothing to release.
    """

    ended: tuple[tuple[str, Hold], ...]
    accepted: tuple[str, ...]
    commit: str | None
    tries: int
    branch: str
    repository: str


def release(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    *,
    clusters: tuple[str, ...],
    workload: str,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    told: Callable[[str], None] = lambda _: None,
) -> Released:
    """End the holds of some clusters (none named: of all), or those of one workload in them.

    Without a workload it also takes as given what a person took back and no publish has seen yet, and writes a new
    record where somebody edited one. Raises RefusedError when the workload is held only as a part of its cluster, and
    the rest as `publish` does.
    """
    last: list[tuple[dict[str, bytes], tuple[tuple[str, Hold], ...], tuple[str, ...]]] = []
    told("reading the GitOps repository")
    with gitops_clone(inventory, remote) as clone:

        def prepare() -> str | None:
            last[:] = [_records(inventory, clone, clusters, workload)]
            records, ended, accepted = last[0]
            if not records:
                return None
            names = {cluster for cluster, _ in ended} | {*accepted}
            scope = f"{workload} in {', '.join(sorted(names))}" if workload else ", ".join(sorted(names))
            return clone.write_commit(
                writes=records,
                deletes=(),
                message=commit_message(
                    f"Release {scope}",
                    "\n".join(f"{cluster}: {hold.scope} is no longer held" for cluster, hold in ended),
                    provenance=Provenance(),
                    inventory_digest="",
                    plan_digest="",
                    version=signature.version,
                ),
                signature=signature,
            )

        commit, tries = land(clone, clock, deadline_s=deadline_s, told=told, prepare=prepare)
        _, ended, accepted = last[0]
        return Released(
            ended=ended,
            accepted=accepted,
            commit=commit,
            tries=tries,
            branch=remote.branch or inventory.mesh.gitops.branch,
            repository=str(clone.url),
        )


def _records(
    inventory: Inventory, clone: Clone, clusters: tuple[str, ...], workload: str
) -> tuple[dict[str, bytes], tuple[tuple[str, Hold], ...], tuple[str, ...]]:
    """Return the records to write, the holds that end with them, and the clusters that are taken as they stand."""
    found = look(inventory, clone)
    there = {*found.standing.clusters(), *found.states}
    chosen = choose(Selection(clusters=clusters), inventory, published=there, standing=())
    records: dict[str, bytes] = {}
    ended: list[tuple[str, Hold]] = []
    accepted: list[str] = []
    for cluster in sorted(chosen.clusters & set(found.states)):
        state = found.states[cluster]
        holds = state.record.holds if state.record else ()
        left = tuple(hold for hold in holds if workload and hold.workload != workload)
        if workload and left == holds and any(not hold.workload for hold in holds):
            raise RefusedError(
                f"{workload} is held in {cluster} because the whole cluster is",
                help=f"release the cluster: gitops-gen release --cluster {cluster}",
            )
        takes = not workload and _differs(found, clone, state)
        if left == holds and not takes:
            continue
        ended += [(cluster, hold) for hold in holds if hold not in left]
        if takes:
            accepted.append(cluster)
        records[published_path(cluster)] = dump_published(_record(found, clone, found.inventory, state, left))
    return records, tuple(ended), tuple(accepted)


def _differs(found: Found, clone: Clone, state: State) -> bool:
    """Tell whether the record does not say what stands there."""
    if state.unreadable or state.went_back or state.record is None:
        return True
    stands = found.standing.tree_id(state.cluster, clone.object_format) == state.record.tree
    return not stands and not found.standing.edited(state.cluster)


def _record(found: Found, clone: Clone, inventory: Inventory, state: State, holds: tuple[Hold, ...]) -> Published:
    known = inventory.clusters.get(state.cluster)
    before = state.newest or Published(
        mesh=inventory.mesh.name,
        cluster=state.cluster,
        serial=1,
        output=known.output if known else 1,
        tree="",
        digest=inventory.digest,
        engine=engine_of(inventory, state.cluster),
        sync_unit=inventory.mesh.gitops.sync_unit,
    )
    # How the cluster is synced, and is on its way to be, is no matter of holds: that goes on as it stands.
    now = state.record or before
    return replace(
        before,
        serial=state.highest + 1,
        tree=found.standing.tree_id(state.cluster, clone.object_format),
        addresses=addresses_in(found.standing.resources([state.cluster])[state.cluster]),
        holds=holds,
        engine=now.engine,
        sync_unit=now.sync_unit,
        move=now.move,
    )
