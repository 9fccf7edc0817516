"""Pages lead somewhere and leave nothing out: links have targets, fields, codes and commands are explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops_gen.cli.main import COMMANDS
from gitops_gen.errors import ExitCode
from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.schema import json_schema

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """Return the target and the anchor of each relative link."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    relative = [link for link in found if "://" not in link]
    parted = [link.partition("#") for link in relative]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parted]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_something(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(target), f"{page}: {target}#{anchor}"


def test_every_page_is_reached_from_the_index() -> None:
    waiting, reached = [ROOT / "docs" / "index.md"], set()
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [target for target, _ in links(page) if target.is_relative_to(ROOT / "docs")]
    assert set((ROOT / "docs").rglob("*.md")) - reached == set()


def test_every_example_has_a_page() -> None:
    examples = [path for path in (ROOT / "examples").iterdir() if path.is_dir()]
    assert examples
    assert [path.name for path in examples if not (path / "README.md").is_file()] == []


def _fields(schema: object) -> set[str]:
    """Return the names of all fields of a schema, however deep they stand."""
    if isinstance(schema, list):
        return {name for inner in schema for name in _fields(inner)}
    if isinstance(schema, dict):
        return set(schema.get("properties", ())) | {name for inner in schema.values() for name in _fields(inner)}
    return set()


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_field_of_the_inventory_is_in_its_reference(kind: str) -> None:
    page = (ROOT / "docs" / "reference" / "inventory.md").read_text(encoding="utf-8")
    tables_and_prose = re.sub(r"^```yaml.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", tables_and_prose))))
    assert _fields(json_schema(kind)) - named - {"apiVersion", "kind", "metadata", "spec"} == set()


def test_every_exit_code_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    explained = {(int(code), name) for code, name in re.findall(r"^\| (\d+) \| (\w+) \|", page, re.MULTILINE)}
    assert explained == {(int(code), code.name.lower()) for code in ExitCode}


def test_every_command_has_its_line_in_help_and_a_module() -> None:
    modules = {path.stem for path in (ROOT / "gitops_gen" / "cli").glob("*.py")}
    assert set(COMMANDS) <= modules
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert re.findall(r"^## gitops-gen (\w+)$", page, re.MULTILINE) == list(COMMANDS)
