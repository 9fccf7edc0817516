"""Moves under way, as every other run sees them: what is on its way from one sync unit to another stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.engines.pruning import pruned_again
from gitops_gen.layout.mixture import Parts, folder_of_resource, same_resources
from gitops_gen.layout.paths import Folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.moves import Move
    from gitops_gen.delivery.states import State
    from gitops_gen.layout.mixture import Mesh


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A move that is under way. `changes`: without it, this run would change what is on its way."""

    cluster: str
    move: Move
    changes: bool


def recorded_moves(states: Mapping[str, State]) -> dict[str, Move]:
    """Return the move of each cluster whose record has one."""
    return {one: state.record.move for one, state in sorted(states.items()) if state.record and state.record.move}


def moves_under_way(
    moves: Mapping[str, Move], live: Mesh, there: Mesh, *, judged: Collection[str]
) -> tuple[tuple[Moving, ...], Parts]:
    """Return the moves that a run has to tell of, those of `judged` clusters, and the parts that all of them keep."""
    parts = [moving_parts(cluster, move) for cluster, move in moves.items()]
    all_of_them = Parts(
        clusters=frozenset().union(*(one.clusters for one in parts)),
        folders=frozenset().union(*(one.folders for one in parts)),
    )
    told = tuple(
        Moving(
            cluster=cluster,
            move=move,
            changes=_would_change(all_of_them, cluster, live.get(cluster, ()), there.get(cluster, ())),
        )
        for cluster, move in moves.items()
        if cluster in judged
    )
    return told, all_of_them


def moving_parts(cluster: str, move: Move) -> Parts:
    """Return the parts of a cluster that a move is about."""
    if not move.folders:
        return Parts(clusters=frozenset({cluster}))
    return Parts(folders=frozenset((cluster, Folder(*folder.split("/"))) for folder in move.folders))


def _would_change(parts: Parts, cluster: str, live: Sequence[Compiled], there: Sequence[Compiled]) -> bool:
    """Tell whether an inventory makes anything else of some parts, beside what the move itself has written on them."""
    sides = [[one for one in side if (cluster, folder_of_resource(one)) in parts] for side in (live, there)]
    return not same_resources(sides[0], without_marks(sides[1]))


def without_marks(resources: Iterable[Compiled]) -> list[Compiled]:
    """Return resources without what a move has written on them."""
    return [replace(one, manifest=pruned_again(one.manifest)) for one in resources]
