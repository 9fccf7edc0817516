"""Problems that a workload has set aside."""

from __future__ import annotations

import pytest

from gitops_gen.problems import Location, Problem, Severity, set_aside

REASONS = {("shop/web", "GGI034"): "opened next week"}


def problem(subject: str, rule: str = "GGI034", severity: Severity = Severity.ERROR, workload: str = "") -> Problem:
    place = Location("a.yaml", 1, 1)
    return Problem(
        rule=rule, message="no", location=place, subject=subject, severity=severity, help="do", workload=workload
    )


@pytest.mark.parametrize(
    ("subject", "workload"),
    [("Workload shop/web", ""), ("Workload shop/web, cluster a", ""), ("Gateway shop/web-0", "shop/web")],
)
def test_an_error_becomes_a_warning_with_the_reason(subject: str, workload: str) -> None:
    (left,) = set_aside([problem(subject, workload=workload)], REASONS)
    assert (left.severity, left.message, left.help) == (Severity.WARNING, "no (set aside: opened next week)", "")


def test_a_warning_is_gone() -> None:
    assert list(set_aside([problem("Workload shop/web", severity=Severity.WARNING)], REASONS)) == []


@pytest.mark.parametrize(
    "other",
    [
        problem("Workload shop/web-2"),
        problem("Workload shop/web", rule="GGI002"),
        problem("Consumer shop/web"),
        problem("Gateway shop/web"),
        problem("Workload shop/web", workload="shop/other"),
    ],
)
def test_others_problems_and_other_rules_stay(other: Problem) -> None:
    assert list(set_aside([other], REASONS)) == [other]
