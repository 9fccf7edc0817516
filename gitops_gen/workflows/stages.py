"""The stages of a move: which comes next, and what a cluster renders after it.

Both follow from the facts: what stands on the branch, what of it is kept from pruning, and what the inventory makes.
Nothing but owners changes in a move: resources are neither added nor taken away, so none can be left behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.delivery.moves import Move, Step
from gitops_gen.engines.pruning import is_kept, kept_from_pruning
from gitops_gen.manifest import resource_id
from gitops_gen.workflows.owners import is_resynced, units_of_resources
from gitops_gen.workflows.underway import without_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.published import Published
    from gitops_gen.manifest import ResourceId
    from gitops_gen.model import Engine, Inventory, SyncUnit


class Stage(StrEnum):
    """The three steps of a move, by what they do."""

    KEEP = "keep"
    MOVE = "move"
    RELEASE = "release"

    @property
    def number(self) -> int:
        """Its place among the three; the first is 1."""
        return [*Stage].index(self) + 1

    @property
    def goes_on(self) -> bool:
        """Whether another step follows."""
        return self is not Stage.RELEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One cluster in a move: its record, what it renders, what the inventory makes of that, and which of it moves.

    `needed` are the resources that the inventory gives to another owner, `kept` those that are kept from pruning.
    `resynced`: everything gets another owner, because its engine or its sync unit changes.
    """

    cluster: str
    record: Published | None
    here: Sequence[Compiled]
    live: Sequence[Compiled]
    needed: AbstractSet[ResourceId]
    kept: AbstractSet[ResourceId]
    resynced: bool

    @property
    def concerned(self) -> bool:
        """Whether the move is about this cluster."""
        return bool(self.needed or self.kept or (self.record and self.record.move))


def situation_of(
    inventory: Inventory,
    cluster: str,
    *,
    record: Published | None,
    here: Sequence[Compiled],
    live: Sequence[Compiled],
) -> Situation:
    """Work out what of a cluster moves; `live` has what may move, and no more."""
    resynced = record is not None and is_resynced(inventory, record)
    sync_unit = inventory.mesh.gitops.sync_unit
    before, after = (units_of_resources(cluster, side, sync_unit) for side in (here, live))
    moved = {one for one, unit in before.items() if after.get(one, unit) != unit}
    return Situation(
        cluster=cluster,
        record=record,
        here=here,
        live=live,
        needed=set(before) if resynced else moved,
        kept={resource_id(one.manifest) for one in here if is_kept(one.manifest)},
        resynced=resynced,
    )


def stage_of(situations: Collection[Situation]) -> Stage | None:
    """Return the next stage: nothing moves before all that moves is kept, and nothing is let go before it has moved."""
    if any(one.needed - one.kept for one in situations):
        return Stage.KEEP
    if any(one.needed for one in situations):
        return Stage.MOVE
    return Stage.RELEASE if any(one.concerned for one in situations) else None


def after_stage(stage: Stage | None, one: Situation) -> list[Compiled]:
    """Return what a cluster renders after a stage."""
    match stage:
        case Stage.KEEP:
            return [_kept(each) if resource_id(each.manifest) in one.needed else each for each in one.here]
        case Stage.MOVE if not one.resynced:
            stays = [each for each in one.here if resource_id(each.manifest) not in one.needed]
            return stays + [_kept(each) for each in one.live if resource_id(each.manifest) in one.needed]
        case Stage.RELEASE:
            return without_marks(one.here)
        case _:
            return list(one.here)


def _kept(one: Compiled) -> Compiled:
    return replace(one, manifest=kept_from_pruning(one.manifest))


def synced_before(one: Situation, engine: Engine, sync_unit: SyncUnit) -> Move:
    """Return the move of a cluster as far as it stays the same in all steps: how the cluster was synced before.

    `engine` and `sync_unit` are those of a cluster that has no record.
    """
    under_way = one.record.move if one.record else None
    if under_way is not None:
        return under_way
    if one.record is not None:
        engine, sync_unit = one.record.engine, one.record.sync_unit
    return Move(step=Step.KEPT, since="", by="", engine=engine, sync_unit=sync_unit)


def folders_on_the_way(one: Situation, after: Sequence[Compiled]) -> tuple[str, ...]:
    """Return the folders that a move concerns as `namespace/folder`, none for the whole cluster."""
    under_way = one.record.move if one.record else None
    if one.resynced or (under_way and not under_way.folders):
        return ()
    moving = one.needed | one.kept
    found = {
        f"{each.place.namespace}/{each.place.folder}"
        for each in (*one.here, *after)
        if resource_id(each.manifest) in moving
    }
    return tuple(sorted(found | {*(under_way.folders if under_way else ())}))
