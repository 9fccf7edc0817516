"""What `generate` and `check` say, whole."""

from __future__ import annotations

import json

import pytest

from gitops_gen.layout.ownership import CHANGES_TOGETHER, Reconciled, Refusal
from gitops_gen.report.outcome import checked_json, checked_text, generated_json, generated_text, refusals_text

EDITED = Refusal(
    path="overlays/a/data/db/db-0.yaml",
    unit="overlays/a/data",
    reason="somebody has edited it",
    diff="-  replicas: 1\n+  replicas: 2\n",
    change_instead="Workload data/db",
)
LINKED = Refusal(path="overlays/b", unit="overlays/b/data", reason="it is a symlink")
REFUSED = """\
refused: overlays/a/data/db/db-0.yaml: somebody has edited it
  | -  replicas: 1
  | +  replicas: 2
  help: change Workload data/db in the inventory instead, or see --accept-edits
refused: overlays/b: it is a symlink
  help: move it away or rename it; until then overlays/b/data stays as it is"""


IN_THE_WAY = "\n".join(REFUSED.splitlines()[-2:])


def reconciled(writes: int = 0, deletes: int = 0, refusals: tuple[Refusal, ...] = ()) -> Reconciled:
    return Reconciled(
        writes={f"base/{number}.yaml": b"" for number in range(writes)},
        deletes=tuple(f"overlays/{number}.yaml" for number in range(deletes)),
        refusals=refusals,
    )


POD = "overlays/east/streaming/kafka/kafka-0.yaml"
UNIT = "overlays/east/streaming"


def test_refusals_stand_one_below_the_other() -> None:
    assert refusals_text([EDITED, LINKED]) == REFUSED
    assert refusals_text([]) == ""


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


@pytest.mark.parametrize(
    ("outcome", "verified", "text"),
    [
        (reconciled(), 0, "nothing to do: 7 files up to date"),
        (reconciled(writes=1), 0, "1 file written, 0 deleted, 7 files in the tree"),
        (reconciled(deletes=2), 0, "0 files written, 2 deleted, 7 files in the tree"),
        (
            reconciled(writes=2),
            1,
            """\
2 files written, 0 deleted, 7 files in the tree
1 sync unit rendered by kustomize: exactly what was compiled""",
        ),
        (reconciled(refusals=(EDITED, LINKED)), 0, REFUSED),
        (
            reconciled(writes=1, refusals=(LINKED,)),
            0,
            f"{IN_THE_WAY}\n1 file written, 0 deleted, 7 files in the tree",
        ),
    ],
)
def test_what_generate_did(outcome: Reconciled, verified: int, text: str) -> None:
    assert generated_text(outcome, files=7, verified=verified) == text


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (reconciled(), "up to date: 1 file"),
        (reconciled(writes=1), "stale: 1 file to write, 0 to delete, 0 refused; run `gitops-gen generate`"),
        (reconciled(deletes=1), "stale: 0 files to write, 1 to delete, 0 refused; run `gitops-gen generate`"),
        (
            reconciled(refusals=(LINKED,)),
            f"{IN_THE_WAY}\nstale: 0 files to write, 0 to delete, 1 refused; run `gitops-gen generate`",
        ),
    ],
)
def test_what_check_found(outcome: Reconciled, text: str) -> None:
    assert checked_text(outcome, files=1) == text


def test_the_same_as_json() -> None:
    outcome = reconciled(writes=1, deletes=1, refusals=(EDITED, LINKED))
    found = {
        "files": 7,
        "writes": ["base/0.yaml"],
        "deletes": ["overlays/0.yaml"],
        "refusals": [
            {
                "path": "overlays/a/data/db/db-0.yaml",
                "unit": "overlays/a/data",
                "reason": "somebody has edited it",
                "diff": "-  replicas: 1\n+  replicas: 2\n",
                "help": "Workload data/db",
            },
            {"path": "overlays/b", "unit": "overlays/b/data", "reason": "it is a symlink", "diff": "", "help": ""},
        ],
    }
    assert json.loads(checked_json(outcome, files=7, kept={})) == {**found, "kept": {}}
    assert json.loads(generated_json(outcome, files=7, verified=3, kept={})) == {
        **found,
        "kept": {},
        "verifiedUnits": 3,
    }
