from __future__ import annotations

import pytest

from gitops_gen.delivery.moves import Move, Step, move_value, read_move
from gitops_gen.model import Engine, SyncUnit

MOVE = {
    "step": "kept",
    "since": "2026-01-31T12:00:00Z",
    "by": "A <a@b.org>",
    "from": {"engine": "none", "syncUnit": "namespace"},
}


def test_a_move_is_read_as_it_was_written() -> None:
    whole = Move(step=Step.KEPT, since="2026-01-31T12:00:00Z", by="A <a@b.org>")
    assert move_value(whole) == MOVE
    assert read_move(MOVE) == whole
    part = Move(
        step=Step.MOVED,
        since="now",
        by="A",
        folders=("data/gateways.ingress", "data/kafka"),
        engine=Engine.FLUX,
        sync_unit=SyncUnit.CLUSTER,
    )
    assert read_move(move_value(part)) == part


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {**MOVE, "more": 1},
        {**MOVE, "step": "gone"},
        {**MOVE, "step": []},
        {**MOVE, "since": ""},
        {**MOVE, "since": 1},
        {**MOVE, "by": ""},
        {**MOVE, "by": None},
        {**MOVE, "from": None},
        {**MOVE, "from": {"engine": "none"}},
        {**MOVE, "from": {"engine": "fleet", "syncUnit": "cluster"}},
        {**MOVE, "from": {"engine": "flux", "syncUnit": []}},
        {**MOVE, "folders": "data/kafka"},
        {**MOVE, "folders": [1]},
        {**MOVE, "folders": ["../kafka"]},
    ],
)
def test_what_is_not_understood_is_no_move(value: object) -> None:
    assert read_move(value) is None
