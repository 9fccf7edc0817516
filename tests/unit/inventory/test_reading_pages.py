"""Each rule on the text of an inventory has a page, and its two examples do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_gen.inventory.load import load_inventory
from gitops_gen.inventory.source import LARGEST_FILE, Source
from gitops_gen.rules import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "rules"
READING = [rule for rule in RULES.values() if rule.id.startswith("GGI1")]

BY_COMMAND: dict[str, Callable[[bytes], bytes]] = {
    "GGI101": lambda good: good.decode().encode("utf-16"),
    "GGI102": lambda good: good + b"# nothing\n" * (LARGEST_FILE // 10),
    "GGI110": lambda good: good + b"---\n" * 30_000,
}
"""What no block of YAML on a page can hold: the page has a command instead, which does this to the good file."""


def example(page: str, heading: str) -> bytes | None:
    found = re.search(rf"^## {heading}\n\n```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return found[1].encode() if found else None


@pytest.mark.parametrize("rule", READING, ids=lambda rule: rule.id)
def test_a_page_says_what_holds_and_its_examples_fail_and_pass(rule: Rule) -> None:
    page = (PAGES / f"{rule.id}.md").read_text()
    assert page.startswith(f"# {rule.id}: {rule.name}\n\n{rule.holds}\n\n")
    good = example(page, "Passes")
    assert good is not None
    loaded = load_inventory([Source("good.yaml", good)])
    assert loaded.problems == ()
    bad = BY_COMMAND[rule.id](good) if rule.id in BY_COMMAND else example(page, "Fails")
    assert bad is not None
    problems = load_inventory([Source("bad.yaml", bad)]).problems
    assert rule.id in {problem.rule for problem in problems}
    # One mistake, one message: where what is left is still an inventory, and an alias has its anchor.
    if rule.id not in {"GGI101", "GGI102", "GGI104", "GGI106", "GGI109"}:
        assert len(problems) == 1
    assert all(problem.help for problem in problems if problem.rule == rule.id)


def test_every_page_is_of_a_rule() -> None:
    assert {path.stem for path in PAGES.glob("GGI1*.md")} == {rule.id for rule in READING}
