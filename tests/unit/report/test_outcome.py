from __future__ import annotations

from gitops_gen.layout.ownership import CHANGES_TOGETHER, Refusal
from gitops_gen.report.outcome import refusals_text

POD = "overlays/east/streaming/kafka/kafka-0.yaml"
UNIT = "overlays/east/streaming"


def test_a_hand_edit_is_shown_with_what_to_change_instead() -> None:
    refusal = Refusal(
        path=POD, unit=UNIT, reason="it was edited by hand", diff="-a\n+b\n", change_instead="Workload streaming/kafka"
    )
    assert refusals_text([refusal]) == (
        f"refused: {POD}: it was edited by hand\n"
        "  | -a\n"
        "  | +b\n"
        "  help: change Workload streaming/kafka in the inventory instead, or see --accept-edits"
    )


def test_what_stands_in_the_way_is_to_be_moved() -> None:
    refusals = [Refusal(path="Overlays", unit=unit, reason="its name differs") for unit in (UNIT, "overlays/east")]
    assert refusals_text(refusals).splitlines() == [
        "refused: Overlays: its name differs",
        f"  help: move it away or rename it; until then {UNIT} stays as it is",
        "refused: Overlays: its name differs",
        "  help: move it away or rename it; until then overlays/east stays as it is",
    ]


def test_what_waits_for_others_needs_nothing_itself() -> None:
    refusal = Refusal(path="base/streaming/kafka", unit=UNIT, reason=CHANGES_TOGETHER)
    assert refusals_text([refusal]) == f"refused: base/streaming/kafka: {CHANGES_TOGETHER}"


def test_nothing_of_a_repository_s_is_shown_raw() -> None:
    nasty = "\x1b[31m\n::error::\u202e"
    refusal = Refusal(path=nasty, unit=nasty, reason=nasty, diff=f"+{nasty}\n", change_instead=nasty)
    for told in (refusal, Refusal(path=nasty, unit=nasty, reason=nasty)):
        text = refusals_text([told])
        assert all(line.isprintable() and not line.startswith("::") for line in text.splitlines())
