"""The index of rules lists each rule once, as the catalogue says it, and leads to its page."""

from __future__ import annotations

import re
from pathlib import Path

from gitops_gen.rules import RULES

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "rules"


def test_the_index_lists_every_rule_as_the_catalogue_says_it() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (PAGES / "README.md").read_text(), re.MULTILINE)
    rows = [row for row in rows if row[0].startswith("[")]
    assert sorted(rows) == sorted((f"[{rule.id}]({rule.id}.md)", rule.name, rule.holds) for rule in RULES.values())


def test_every_rule_of_the_index_has_its_page_and_every_page_its_rule() -> None:
    assert {page.stem for page in PAGES.glob("GGI*.md")} == set(RULES)
