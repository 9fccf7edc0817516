"""What `plan` and `publish` say, whole."""

from __future__ import annotations

import json

import pytest

from gitops_gen.layout.ownership import Refusal
from gitops_gen.plan.guards import GuardFinding, Verdict
from gitops_gen.report.plan import plan_summary, plan_text
from gitops_gen.report.plan_value import plan_value
from gitops_gen.report.published import findings_text, landed_text, planned_json, planned_text
from tests.meshes import plan_of, pods

PLAN = plan_of({"a": pods("a", "data/db", range(1))}, {"a": pods("a", "data/db", range(2))})
MOVE = "\n  help: move it away or rename it; until then overlays/b/data stays as it is"
LINKED = Refusal(path="overlays/b", unit="overlays/b/data", reason="it is a symlink")


def a_finding(verdict: Verdict, message: str = "cluster a would be emptied") -> GuardFinding:
    return GuardFinding(guard="emptied-cluster", verdict=verdict, scope="a", number=4, limit=0, message=message)


APPROVE = f"\n  help: if this is meant, publish with --approve {PLAN.digest}"
CANNOT = "\n  help: this cannot be approved; change the inventory"


@pytest.mark.parametrize(
    ("verdict", "approved", "text"),
    [
        (Verdict.WARNING, False, "guard emptied-cluster (warning): cluster a would be emptied"),
        (
            Verdict.NEEDS_APPROVAL,
            False,
            "guard emptied-cluster (needs approval): cluster a would be emptied" + APPROVE,
        ),
        (Verdict.NEEDS_APPROVAL, True, "guard emptied-cluster (needs approval): cluster a would be emptied"),
        (Verdict.REFUSED, False, "guard emptied-cluster (refused): cluster a would be emptied" + CANNOT),
        (Verdict.REFUSED, True, "guard emptied-cluster (refused): cluster a would be emptied" + CANNOT),
    ],
)
def test_a_finding_says_what_may_be_done(verdict: Verdict, text: str, *, approved: bool) -> None:
    assert findings_text(PLAN, [a_finding(verdict)], approved=approved) == text


def test_what_is_refused_is_not_offered_for_approval() -> None:
    findings = [a_finding(Verdict.NEEDS_APPROVAL, "one\x1b[2J"), a_finding(Verdict.REFUSED, "two")]
    lines = findings_text(PLAN, findings, approved=False).splitlines()
    assert "\x1b" not in lines[0]
    assert lines[1:] == ["guard emptied-cluster (refused): two", CANNOT.strip("\n")]


def test_a_plan_with_all_that_keeps_it_back() -> None:
    plan = plan_text(PLAN).rstrip("\n")
    finding = a_finding(Verdict.WARNING)
    said = "guard emptied-cluster (warning): cluster a would be emptied"
    assert planned_text(PLAN, [], [], approved=False) == plan
    assert planned_text(PLAN, [finding], [], approved=False) == f"{plan}\n{said}"
    assert planned_text(PLAN, [], [LINKED], approved=False) == f"{plan}\nrefused: overlays/b: it is a symlink{MOVE}"
    assert planned_text(PLAN, [finding], [LINKED], approved=False) == (
        f"{plan}\n{said}\nrefused: overlays/b: it is a symlink{MOVE}"
    )


def test_the_same_as_json() -> None:
    finding = a_finding(Verdict.NEEDS_APPROVAL)
    found = {
        "summary": plan_summary(PLAN),
        **plan_value(PLAN),
        "base": "c0ffee",
        "guards": [
            {
                "guard": "emptied-cluster",
                "verdict": "needs approval",
                "scope": "a",
                "number": 4,
                "limit": 0,
                "message": "cluster a would be emptied",
            }
        ],
        "refusals": [
            {"path": "overlays/b", "unit": "overlays/b/data", "reason": "it is a symlink", "diff": "", "help": ""}
        ],
    }
    assert json.loads(planned_json(PLAN, [finding], [LINKED], base="c0ffee")) == found
    outcome: dict[str, object] = {"result": "nothing"}
    assert json.loads(planned_json(PLAN, [finding], [LINKED], base="c0ffee", outcome=outcome)) == {
        **found,
        "outcome": outcome,
    }


@pytest.mark.parametrize(
    ("verified", "tries", "more"),
    [
        (0, 1, ""),
        (1, 1, "\n1 sync unit rendered by kustomize: exactly what was compiled"),
        (0, 2, "\nother commits came first 1 time; it was compiled again each time"),
        (
            5,
            3,
            """
5 sync units rendered by kustomize: exactly what was compiled
other commits came first 2 times; it was compiled again each time""",
        ),
    ],
)
def test_a_commit_that_landed(verified: int, tries: int, more: str) -> None:
    text = landed_text("c0ffee", repository="/srv/\x07mesh.git", branch="main", verified=verified, tries=tries)
    head, _, rest = text.partition("\n")
    assert head.startswith("published: commit c0ffee on main of /srv/")
    assert head.endswith("mesh.git")
    assert "\x07" not in head
    assert rest == more.lstrip("\n")
