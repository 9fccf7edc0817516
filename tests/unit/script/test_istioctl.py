"""The page that holds our rules against istioctl speaks of every example, and of every rule shown on resources."""

from __future__ import annotations

import re
from pathlib import Path

from gitops_gen.workflows.reading import load_inventory
from script.istioctl import PAGE, ROOT, SILENT, WHY, _pages


def rows(heading: str) -> list[list[str]]:
    part = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    return found[2:]


def test_the_page_has_each_cluster_of_each_example() -> None:
    clusters = []
    for folder in sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir()):
        inventory = load_inventory(str(folder)).inventory
        assert inventory is not None
        clusters += [[folder.name, cluster] for cluster in inventory.clusters]
    assert [row[:2] for row in rows("The examples")] == clusters


def test_the_page_has_each_rule_and_says_why_istioctl_is_silent() -> None:
    shown = rows("The pages of the rules")
    assert [re.findall(r"GGI\d{3}", row[0])[0] for row in shown] == [rule for rule, _, _ in _pages()]
    for row in shown:
        assert bool(row[3]) == (row[1] == row[2]), row
        assert row[2] == "nothing"


def test_each_code_is_explained_and_no_reason_is_left_over() -> None:
    text = PAGE.read_text(encoding="utf-8")
    said = [row[3] for row in rows("The examples")]
    said += [cell for row in rows("The pages of the rules") for cell in row[1:3]]
    codes = {code for cell in said for code in re.findall(r"IST\d+", cell)}
    assert {row[0]: row[1] for row in rows("Where the two differ, and why")} == {code: WHY[code] for code in codes}
    assert all(reason in text for reason in SILENT.values())
    assert Path(PAGE).is_file()
