from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_gen.delivery.holds import Cause, Hold, hold_value, moment, one_line, read_hold, with_hold
from gitops_gen.delivery.published import Published, dump_published, load_published, next_published

HOLD = Hold(
    workload="monitoring/prometheus",
    cause=Cause.ROLLBACK,
    revision="0123456789" * 4,
    since="2026-01-31T12:00:00Z",
    by="O. Operator <o@example.com>",
    reason="503: since 14:00",
)
WHOLE = replace(HOLD, workload="", cause=Cause.REVERT, reason="")
RECORD = Published(mesh="example", cluster="east", serial=3, output=1, tree="ab" * 20, digest="sha256:aa")


@pytest.mark.parametrize("holds", [(), (HOLD,), (WHOLE,), (WHOLE, HOLD)])
def test_holds_are_read_back_as_they_are_written(holds: tuple[Hold, ...]) -> None:
    record = replace(RECORD, holds=holds)
    assert load_published(dump_published(record), mesh="example", cluster="east") == record


def test_a_hold_in_the_file() -> None:
    assert dump_published(replace(RECORD, holds=(HOLD,))).decode().partition("\nholds:\n")[2] == (
        "- workload: monitoring/prometheus\n"
        "  cause: rollback\n"
        '  revision: "0123456789012345678901234567890123456789"\n'
        '  since: "2026-01-31T12:00:00Z"\n'
        '  by: "O. Operator <o@example.com>"\n'
        '  reason: "503: since 14:00"\n'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"cause": "whim"},
        {"revision": "main"},
        {"revision": ""},
        {"since": ""},
        {"by": ""},
        {"by": 1},
        {"workload": "prometheus"},
        {"workload": "../prometheus"},
        {"workload": "a/b/c"},
        {"until": "tomorrow"},
        {"reason": None},
    ],
)
def test_a_hold_that_is_not_understood_is_none(change: dict[str, Any]) -> None:
    assert read_hold(hold_value(HOLD)) == HOLD
    assert read_hold({**hold_value(HOLD), **change}) is None


def test_what_is_no_mapping_is_no_hold() -> None:
    assert read_hold(["hold"]) is None


def test_a_new_hold_takes_the_place_of_the_same_scope_and_a_cluster_s_of_all() -> None:
    other = replace(HOLD, workload="a/b")
    later = replace(HOLD, reason="again")
    assert with_hold((), HOLD) == (HOLD,)
    assert with_hold((HOLD,), other) == (other, HOLD)
    assert with_hold((other, HOLD), later) == (other, later)
    assert with_hold((other, HOLD), WHOLE) == (WHOLE,)
    assert with_hold((WHOLE,), HOLD) == (WHOLE, HOLD)


def test_reasons_are_one_line() -> None:
    assert one_line("  a\n::error::b\tc\u202ed\0 ") == "a ::error::b c d"
    assert one_line("x" * 400) == "x" * 297 + "..."
    assert one_line("x" * 300) == "x" * 300


def test_moments_are_in_utc() -> None:
    assert moment(0) == "1970-01-01T00:00:00Z"
    assert moment(4294967296) == "2106-02-07T06:28:16Z"


def test_a_hold_counts_as_a_change() -> None:
    assert next_published(RECORD, replace(RECORD, holds=(HOLD,))).serial == 4
    assert next_published(replace(RECORD, holds=(HOLD,)), RECORD) == replace(RECORD, serial=4)


def test_serials_go_on_from_the_highest_that_ever_was() -> None:
    assert next_published(RECORD, RECORD, highest=7).serial == 8
    assert next_published(RECORD, replace(RECORD, output=2), highest=7).serial == 8
    assert next_published(RECORD, RECORD, highest=3) is RECORD
    assert next_published(None, RECORD, highest=7).serial == 8
    assert next_published(None, RECORD).serial == 1


def test_a_record_that_advances_keeps_its_serial() -> None:
    current = replace(RECORD, serial=1, revision="f" * 40, digest="sha256:bb")
    assert next_published(RECORD, current, highest=3) is RECORD
    assert next_published(RECORD, current, highest=3, advances=True) == replace(current, serial=3)


def test_causes_and_scopes_are_words_that_stand_in_files_and_reports() -> None:
    assert [cause.value for cause in Cause] == ["rollback", "revert"]
    assert (HOLD.scope, WHOLE.scope) == ("monitoring/prometheus", "the whole cluster")
    assert "workload" not in hold_value(WHOLE)
    assert "reason" not in hold_value(WHOLE)
