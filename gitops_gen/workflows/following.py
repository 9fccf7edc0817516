"""Following a move: whether the engines have come so far that the next step may be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.engines.status import Relation, State, Wanted
from gitops_gen.engines.units import in_repository, unit_at, units_by_engine
from gitops_gen.layout.units import units_of
from gitops_gen.workflows.asking import statuses
from gitops_gen.workflows.branch import look
from gitops_gen.workflows.publishing import gitops_clone
from gitops_gen.workflows.status import PAUSE_S, wait_until_applied
from gitops_gen.workflows.underway import recorded_moves

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_gen.engines.status import UnitStatus
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.asking import Heard
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.status import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """A move as it stands on the branch: how its clusters are synced now.

    `gone` are the units that no engine may have any more, because their resources are in others now.
    """

    inventory: Inventory
    clusters: frozenset[str]
    gone: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How it was waited: for the units as they are, and for those that are to be gone; these `remain`."""

    report: Report
    remain: tuple[UnitStatus, ...]

    @property
    def landed(self) -> bool:
        """Whether the next step may be done."""
        return self.report.landed and not self.remain


def read_underway(inventory: Inventory, remote: Remote) -> Underway | None:
    """Return the move that is under way on the branch, None for none. Raises as `gitops_clone` does."""
    with gitops_clone(inventory, remote) as clone:
        found = look(inventory, clone)
        moves = recorded_moves(found.states)
        if not moves:
            return None
        now = units_by_engine(found.inventory, units_of(found.standing.tree, found.inventory.mesh.gitops.sync_unit))
        owners = {(engine, unit) for engine, units in now.items() for unit in units}
        gone = [
            (move.engine, unit)
            for cluster, move in moves.items()
            for unit in map(unit_at, units_of(found.standing.tree, move.sync_unit))
            if unit.cluster == cluster and (move.engine, unit) not in owners
        ]
        return Underway(
            inventory=found.inventory,
            clusters=frozenset(moves),
            gone=tuple(
                Wanted(unit=unit, engine=engine, path=in_repository(inventory, unit.folder), closure=frozenset())
                for engine, unit in sorted(gone)
            ),
        )


def follow(  # noqa: PLR0913 - each is a fact that only the caller knows
    underway: Underway,
    remote: Remote,
    hear: Callable[[Sequence[Wanted]], Heard],
    clock: Clock,
    *,
    deadline_s: float,
    told: Callable[[str], None] = lambda _: None,
) -> Followed:
    """Wait until the engines have applied what is published, and have no unit any more that is to be gone.

    Raises as `gitops_clone` does.
    """
    report = wait_until_applied(
        underway.inventory,
        remote,
        hear,
        clock,
        commit=None,
        clusters=underway.clusters,
        deadline_s=deadline_s,
        told=told,
    )
    end = clock.monotonic() - report.seconds + deadline_s
    while True:
        there = statuses(underway.gone, hear(underway.gone), lambda _one, _revision: Relation.UNKNOWN)
        remain = tuple(one for one in there if one.state is not State.MISSING)
        if not remain or not report.landed or clock.monotonic() + PAUSE_S >= end:
            return Followed(report=report, remain=remain)
        told(f"{len(remain)} old units are still there")
        clock.sleep(PAUSE_S)
