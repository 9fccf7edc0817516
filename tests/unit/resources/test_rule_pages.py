"""The example that fails on a rule's page fails by that rule alone; the one that passes has no problem at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops_gen.inventory.load import load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.resources.check import check_shapes
from gitops_gen.rules import RULES

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "rules"
MINE = (
    "004",
    "006",
    "007",
    "008",
    "010",
    "013",
    "016",
    "019",
    "020",
    "023",
    "026",
    "027",
    "028",
    "029",
    "030",
    "032",
    "033",
    "035",
    "036",
    "056",
    "057",
    "058",
    "060",
)


def found(page: str, heading: str) -> set[str]:
    (text,) = re.findall(rf"^## {heading}\n\n```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    loaded = load_inventory([Source(name="inventory.yaml", content=text.encode())])
    problems = list(loaded.problems)
    if loaded.inventory is not None:
        problems += check_shapes(loaded.inventory)
    return {problem.rule for problem in problems}


@pytest.mark.parametrize("number", MINE)
def test_a_rules_page_shows_what_fails_and_what_passes(number: str) -> None:
    rule = RULES[f"GGI{number}"]
    page = (PAGES / f"{rule.id}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule.id}: {rule.name}\n\n{rule.holds}\n\n")
    assert found(page, "Fails") == {rule.id}
    assert found(page, "Passes") == set()
