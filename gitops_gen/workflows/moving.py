"""Move: resources from one sync unit, or engine, to another in three commits, so that no engine ever deletes one.

First all that is to move is kept from being pruned, where it stands. Then it moves. Then it may be pruned again. What
comes next follows from what stands on the branch alone, so that each step can be the last for a while, and be run again
(docs/explanation/what-engines-and-kustomize-do.md, "Moves").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.delivery.fence import Fence
from gitops_gen.delivery.holds import moment
from gitops_gen.delivery.moves import Step
from gitops_gen.delivery.provenance import Provenance
from gitops_gen.engines.commands import let_go, take_away
from gitops_gen.engines.objects import ARGOCD_FILE, flux_files
from gitops_gen.engines.units import engine_of, unit_at, units_by_engine
from gitops_gen.errors import RefusedError
from gitops_gen.layout.mixture import Parts, folder_of_resource
from gitops_gen.layout.paths import TOMBSTONE, parent
from gitops_gen.layout.units import units_of
from gitops_gen.plan.guards import check_guards, passes
from gitops_gen.workflows.branch import Branch, look, moves_in_argocd, people_of, synced_as_recorded
from gitops_gen.workflows.desired import Mixture, compare
from gitops_gen.workflows.extending import extend
from gitops_gen.workflows.keeping import Kept, check_whole, settle, untouched
from gitops_gen.workflows.landing import land
from gitops_gen.workflows.owners import changed_engine_files
from gitops_gen.workflows.preconditions import check_newest, check_readable, check_unrefused
from gitops_gen.workflows.publishing import Planned, Published, commit_plan, gitops_clone, plan_of, records_of
from gitops_gen.workflows.rendering import verify
from gitops_gen.workflows.selecting import Chosen
from gitops_gen.workflows.stages import (
    Situation,
    Stage,
    after_stage,
    folders_on_the_way,
    situation_of,
    stage_of,
    synced_before,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Signature
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.delivery.published import Published as Record
    from gitops_gen.engines.commands import Command
    from gitops_gen.model import Inventory
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.branch import Found
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.rendering import Verification


EXPECTED = frozenset({"moved-resources", "engine-objects", "emptied-unit"})
"""The guards that ask about the very thing that a move is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What `move` did: the step, None where there was nothing to move; resources by cluster, and the commit.

    `files` are the engine objects that it changed, `commands` those of which nobody knows whether they are pruned.
    """

    stage: Stage | None
    resources: Mapping[str, int]
    files: tuple[str, ...]
    commands: tuple[Command, ...]
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One try: what it would do."""

    stage: Stage | None
    resources: Mapping[str, int]
    commands: tuple[Command, ...]
    planned: Planned


def move(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    *,
    lineage: Lineage,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    approved: str | None = None,
    verification: Verification | None = None,
    rendering: Rendering | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Moved:
    """Do the next step of moving resources to the units that an inventory gives them; nothing else changes.

    Guards judge what is not meant by a move. Raises RefusedError when a newer inventory than that of `lineage` is
    published, when a cluster cannot be judged, and when anything of it is not gitops-gen's to change; the rest as
    `publish` does.
    """
    last: list[tuple[_Way, int]] = []
    told("reading the GitOps repository")
    with gitops_clone(inventory, remote) as clone:

        def prepare() -> str | None:
            told("compiling")
            way = _prepare(inventory, clone, lineage, signature, rendering)
            last[:] = [(way, 0)]
            if way.stage is None or not passes(way.planned.findings, way.planned.plan, approved):
                return None
            if verification is not None:
                told("rendering with kustomize")
                last[:] = [(way, verify(way.planned.comparison, verification))]
            return commit_plan(
                clone,
                way.planned,
                records_of(clone, way.planned, Provenance()),
                signature,
                subject=_subject(way.stage, way.resources),
                provenance=Provenance(),
            )

        commit, tries = land(clone, clock, deadline_s=deadline_s, told=told, prepare=prepare)
        way, verified = last[0]
        return Moved(
            stage=way.stage,
            resources=way.resources,
            files=changed_engine_files(way.planned.plan),
            commands=way.commands,
            published=Published(
                planned=way.planned,
                commit=commit,
                guarded=not passes(way.planned.findings, way.planned.plan, approved),
                verified=verified,
                tries=tries,
                branch=remote.branch or inventory.mesh.gitops.branch,
                repository=str(clone.url),
            ),
        )


def _subject(stage: Stage, resources: Mapping[str, int]) -> str:
    words = {
        Stage.KEEP: "keep what is to move from being pruned",
        Stage.MOVE: "move to other sync units",
        Stage.RELEASE: "let be pruned again what has moved",
    }
    return f"Move {stage.number} of 3: {words[stage]} in {', '.join(sorted(resources))}"


def _prepare(
    inventory: Inventory,
    clone: Clone,
    lineage: Lineage,
    signature: Signature,
    rendering: Rendering | None,
) -> _Way:
    """Work out which step comes next, and what the branch becomes by it."""
    found = look(inventory, clone)
    check_readable(found)
    inventory = replace(inventory, left=found.inventory.left)
    situations = _situations(inventory, found, clone)
    concerned = {one.cluster: one for one in situations if one.concerned}
    check_newest(lineage, found, concerned)
    stage = stage_of(concerned.values())
    if stage is Stage.MOVE:
        _check_tombstones(inventory, found)
    records = {one.cluster: one.record for one in situations if one.record}
    before = synced_as_recorded(inventory, records)
    # Only the middle step makes anything of what the inventory says.
    after = inventory if stage is Stage.MOVE else before
    compiled = {one.cluster: after_stage(stage, one) for one in situations}
    step = {Stage.KEEP: Step.KEPT, Stage.MOVE: Step.MOVED}.get(stage) if stage else None
    by = f"{signature.identity.name} <{signature.identity.email}>"
    moves = {
        cluster: None
        if step is None
        else replace(
            synced_before(one, engine_of(inventory, cluster), inventory.mesh.gitops.sync_unit),
            step=step,
            since=moment(signature.date),
            by=by,
            folders=folders_on_the_way(one, compiled[cluster]),
        )
        for cluster, one in concerned.items()
    }
    in_argocd = moves_in_argocd(inventory, {cluster: record for cluster, record in records.items() if cluster in moves})
    comparison = compare(
        after,
        replace(found.target, moving=in_argocd and step is not None),
        frozenset(),
        Mixture(compiled=compiled, untouched=_untouched(found, concerned, in_argocd=in_argocd)),
    )
    comparison = extend(comparison, people_of(clone), rendering, mixed=True)
    if stage is not None:
        check_unrefused(comparison, "the move")
    plan = plan_of(comparison, found.entries)
    findings = [one for one in check_guards(plan, inventory.mesh.guards) if one.guard not in EXPECTED]
    return _Way(
        stage=stage,
        resources={one.cluster: len(one.needed | one.kept) for one in concerned.values()},
        commands=tuple(_commands(before, found.standing.tree, after, comparison.desired.tree, concerned)),
        planned=Planned(
            comparison=comparison,
            plan=plan,
            findings=tuple(findings) if stage else (),
            found=found.entries,
            branch=Branch(
                states=found.states,
                kept=Kept(settled=frozenset(concerned), unchosen=frozenset(found.standing.clusters())),
                moves=moves,
            ),
            base=clone.base,
        ),
    )


def _situations(inventory: Inventory, found: Found, clone: Clone) -> list[Situation]:
    """Return how each cluster on the branch stands to what the inventory makes of it."""
    standing = found.standing
    clusters = standing.clusters()
    everything = Parts(clusters=frozenset(clusters))
    check_whole(standing, everything, clusters)
    # What is held stays where it is; a move under way is no reason for this run to let anything be.
    states = {one: replace(state, record=_without_move(state.record)) for one, state in found.states.items()}
    kept = settle(inventory, standing, clone, states, Fence(), Chosen(clusters=everything.clusters, workloads=None))
    for cluster in sorted(kept.settled & everything.clusters):
        raise RefusedError(
            f"what somebody took back, or what is no longer held, in {cluster} has not been taken note of yet",
            help="run gitops-gen publish first, then this again",
        )
    here = standing.resources(clusters)
    return [
        situation_of(
            inventory,
            cluster,
            record=state.record if (state := found.states.get(cluster)) else None,
            here=here[cluster],
            live=[
                one for one in standing.live.get(cluster, ()) if (cluster, folder_of_resource(one)) not in kept.parts
            ],
        )
        for cluster in clusters
    ]


def _without_move(record: Record | None) -> Record | None:
    return replace(record, move=None) if record else None


def _check_tombstones(inventory: Inventory, found: Found) -> None:
    """Refuse other units while one that is a tombstone would come to stand inside or around them."""
    for path in sorted(found.standing.tree):
        if not path.endswith(f"/{TOMBSTONE}"):
            continue
        unit = parent(path)
        record = found.states[cluster].record if (cluster := unit_at(unit).cluster) in found.states else None
        if record and record.sync_unit is not inventory.mesh.gitops.sync_unit:
            raise RefusedError(
                f"{unit} is a sync unit that has nothing left, and there are to be other units",
                help=f"take it away first: gitops-gen retire INVENTORY {unit}",
            )


def _untouched(found: Found, concerned: Collection[str], *, in_argocd: bool) -> dict[str, bytes | None]:
    """Return the files that no step writes: engine objects of other clusters, and what somebody edited."""
    files = untouched(found.standing, Parts(clusters=frozenset(found.standing.clusters())), engines=True)
    for cluster in concerned:
        for path in flux_files(cluster):
            files.pop(path, None)
    if not in_argocd:
        files[ARGOCD_FILE] = found.standing.tree.get(ARGOCD_FILE)
    return files


def _commands(
    before: Inventory, tree_before: Tree, after: Inventory, tree_after: Tree, clusters: Mapping[str, Situation]
) -> list[Command]:
    """Return the commands for the engine objects of units that are no more, and for what has another engine."""
    owners = [
        {(engine, unit) for engine, units in units_by_engine(inventory, folders).items() for unit in units}
        for inventory, folders in (
            (before, units_of(tree_before, before.mesh.gitops.sync_unit)),
            (after, units_of(tree_after, after.mesh.gitops.sync_unit)),
        )
    ]
    gone = sorted(owners[0] - owners[1])
    commands = [one for engine, unit in gone if unit.cluster in clusters for one in take_away(engine, unit)]
    for cluster, situation in sorted(clusters.items()):
        if engine_of(before, cluster) is not engine_of(after, cluster):
            commands += let_go(cluster, situation.needed)
    return commands
