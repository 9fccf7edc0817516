"""The manifests that fail on a rule's page fail by that rule alone; those that pass have no problem at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops_gen.rules import RULES
from gitops_gen.workflows.verifying import Surroundings, verify_folder

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "rules"
EXAMPLE = re.compile(r"^## (Fails|Passes)\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(rule: str) -> dict[str, str]:
    return dict(EXAMPLE.findall((PAGES / f"{rule}.md").read_text(encoding="utf-8")))


MINE = [rule for rule in RULES if "gitops-gen.io" not in "".join(examples(rule).values()) and rule.startswith("GGI0")]
"""Pages whose examples are rendered resources; those of the others are inventories."""


def judged(text: str, folder: Path) -> set[str]:
    (folder / "rendered.yaml").write_text(text)
    known = Surroundings(namespaces={"": "istio-ingress"})
    return {problem.rule for problem in verify_folder(folder, known, lambda: None).problems}


def test_there_are_such_pages() -> None:
    assert len(MINE) > 20


@pytest.mark.parametrize("rule", MINE)
def test_a_page_shows_what_fails_and_what_passes(rule: str, tmp_path: Path) -> None:
    page = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule}: {RULES[rule].name}\n\n{RULES[rule].holds}\n\n")
    assert list(examples(rule)) == ["Fails", "Passes"]
    assert judged(examples(rule)["Fails"], tmp_path) == {rule}
    assert judged(examples(rule)["Passes"], tmp_path) == set()
