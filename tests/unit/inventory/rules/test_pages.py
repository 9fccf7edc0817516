from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops_gen.inventory import rules
from gitops_gen.inventory.load import Loaded, load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.rules import RULES

PAGES = Path(__file__).parents[4] / "docs" / "reference" / "rules"
EARLY = {"GGI009", "GGI011", "GGI012", "GGI021", "GGI022", "GGI034"}
"""Rules on resources that fire on the inventory already, before anything is made of it."""

MINE = sorted({rule for rule in RULES if rule.startswith("GGI2")} | EARLY)
SECTION = re.compile(r"^## (Fails|Passes)\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def example(rule: str, heading: str) -> str:
    sections: dict[str, str] = dict(SECTION.findall((PAGES / f"{rule}.md").read_text(encoding="utf-8")))
    assert list(sections) == ["Fails", "Passes"]
    return sections[heading]


def load(text: str) -> Loaded:
    return load_inventory([Source("inventory.yaml", text.encode())])


def test_there_are_rules() -> None:
    assert len(MINE) > 30


@pytest.mark.parametrize("rule", MINE)
def test_the_page_tells_name_and_meaning_of_its_rule(rule: str) -> None:
    text = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {rule}: {RULES[rule].name}\n\n{RULES[rule].holds}\n\n")


@pytest.mark.parametrize("rule", MINE)
def test_what_the_page_says_fails_breaks_this_rule_and_no_other(rule: str) -> None:
    loaded = load(example(rule, "Fails"))
    assert {problem.rule for problem in loaded.problems} == {rule}
    for problem in loaded.problems:
        assert problem.location.file == "inventory.yaml"
        assert len(problem.message) < 300


@pytest.mark.parametrize("rule", MINE)
def test_what_the_page_says_passes_has_no_problem_at_all(rule: str) -> None:
    loaded = load(example(rule, "Passes"))
    assert loaded.problems == ()
    assert loaded.inventory is not None


def test_no_page_is_of_a_rule_that_is_not_there() -> None:
    assert {path.stem for path in PAGES.glob("GGI2*.md")} == set(MINE) - EARLY


def test_every_rule_that_the_code_names_is_in_the_catalogue() -> None:
    folder = Path(rules.__file__).parent
    named = {
        rule for path in folder.glob("*.py") for rule in re.findall(r'"(GGI\d+)"', path.read_text(encoding="utf-8"))
    }
    assert named - RULES.keys() == set()
    assert named >= set(MINE)
