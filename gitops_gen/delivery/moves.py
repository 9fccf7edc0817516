"""Moves under way: parts of a cluster whose resources are on their way from one sync unit to another.

They are written in `published/<cluster>.yaml`, so that every other run sees them and leaves those parts alone
(docs/explanation/what-engines-and-kustomize-do.md, "Moves").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitops_gen.model import Engine, SyncUnit

_FOLDER = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?", re.ASCII)
_FIELDS = frozenset({"step", "since", "by", "from", "folders"})
_FROM_FIELDS = frozenset({"engine", "syncUnit"})


class Step(StrEnum):
    """What was done last: the resources are kept from being pruned, or they have moved and still are."""

    KEPT = "kept"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The move that is under way in a cluster.

    `folders` are the parts that it is about (`namespace/folder`, sorted), none for the whole cluster. `since` is when
    the last step was done, in UTC (`2026-01-31T12:00:00Z`), `by` a name with its address. `engine` and `sync_unit` say
    how the cluster was synced before the move: what that had must be gone before the move ends.
    """

    step: Step
    since: str
    by: str
    folders: tuple[str, ...] = ()
    engine: Engine = Engine.NONE
    sync_unit: SyncUnit = SyncUnit.NAMESPACE


def move_value(move: Move) -> dict[str, object]:
    """Return a move as it is written."""
    before = {"engine": str(move.engine), "syncUnit": str(move.sync_unit)}
    value: dict[str, object] = {"step": str(move.step), "since": move.since, "by": move.by, "from": before}
    return {**value, "folders": list(move.folders)} if move.folders else value


def read_move(value: Any) -> Move | None:  # noqa: ANN401 - whatever stands in a file
    """Read a move as it is written; None for anything else: what a newer gitops-gen wrote must not be passed over."""
    if not isinstance(value, Mapping) or not set(value) <= _FIELDS:
        return None
    step, since, by = (value.get(name) for name in ("step", "since", "by"))
    if not all(isinstance(text, str) and text for text in (step, since, by)) or step not in [*Step]:
        return None
    folders, before = value.get("folders", []), value.get("from")
    if not isinstance(folders, list) or not isinstance(before, Mapping) or set(before) != _FROM_FIELDS:
        return None
    if before["engine"] not in [*Engine] or before["syncUnit"] not in [*SyncUnit]:
        return None
    if not all(isinstance(folder, str) and _FOLDER.fullmatch(folder) for folder in folders):
        return None
    return Move(
        step=Step(str(step)),
        since=str(since),
        by=str(by),
        folders=tuple(folders),
        engine=Engine(before["engine"]),
        sync_unit=SyncUnit(before["syncUnit"]),
    )
