"""The index of rules lists each rule as the catalogue says it, and leads to its page; the code raises just these."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from gitops_gen.rules import RULES

CODE = Path(__file__).parents[2] / "gitops_gen"
PAGES = Path(__file__).parents[2] / "docs" / "reference" / "rules"


def test_the_index_lists_every_rule_as_the_catalogue_says_it() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (PAGES / "README.md").read_text(), re.MULTILINE)
    rows = [row for row in rows if row[0].startswith("[")]
    assert sorted(rows) == sorted((f"[{rule.id}]({rule.id}.md)", rule.name, rule.holds) for rule in RULES.values())


def test_every_rule_of_the_index_has_its_page_and_every_page_its_rule() -> None:
    assert {page.stem for page in PAGES.glob("GGI*.md")} == set(RULES)


def test_the_code_raises_every_rule_of_the_catalogue_and_no_other() -> None:
    named: dict[str, set[str]] = {}
    for file in sorted(CODE.rglob("*.py")):
        if file != CODE / "rules.py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and re.fullmatch(r"GGI\d{3}", str(node.value)):
                    named.setdefault(str(node.value), set()).add(file.relative_to(CODE).as_posix())
    assert {rule: files for rule, files in named.items() if rule not in RULES} == {}
    assert set(RULES) - set(named) == set()
