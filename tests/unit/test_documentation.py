"""Pages lead somewhere and leave nothing out: links and citations have targets, fields, codes and commands a place."""

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

CODE = {
    *(path for room in ("gitops_gen", "tests", "benchmarks", "script") for path in (ROOT / room).rglob("*.py")),
    *(path for path in (ROOT / "script").iterdir() if path.is_file()),
    *(path for room in ("gitops_gen", "examples", ".github") for path in (ROOT / room).rglob("*.y*ml")),
    *(ROOT / "schema").glob("*.json"),
    ROOT / "pyproject.toml",
} - {Path(__file__)}
"""Files whose comments may cite a page; this one has citations that lead nowhere, to see them found."""

CITED = re.compile(r"\bdocs/[\w/-]+\.md\b(?P<headings>`?, (?:\"[^\"]+\"(?:,? and )?)+)?")
"""A page, and what is named in it: `docs/explanation/guards.md, "Approve"`, or several headings joined by "and"."""

ELSEWHERE = re.compile(
    r"\bDESIGN\b"
    r"|\b[Rr]eference:? (?:on )?(?:istio|Istio|gitops|reliability|real-workloads|style|scenario)\b(?!\.)"
    r"|\b(?:istio|gitops|reliability|real-workloads|style)(?:\.md)?,? sections? \d"
    r"|(?:\(| of |see )sections? \d"
)
"""Citations of what is no part of the repository: papers by their names, or sections by their numbers."""

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


def in_one_line(path: Path) -> str:
    """Return a file's text without its line ends and the comment signs that follow them."""
    return re.sub(r"\s*\n[ \t]*#?[ \t]*", " ", path.read_text(encoding="utf-8"))


def dead_citations(text: str) -> list[str]:
    """Return the citations of pages or headings that are not there; each heading as its page writes it."""
    dead = []
    for cited in CITED.finditer(text):
        page = ROOT / cited[0].partition(".md")[0]
        page = page.with_name(f"{page.name}.md")
        titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE) if page.is_file() else []
        if not titles or not set(re.findall(r'"([^"]+)"', cited["headings"] or "")) <= set(titles):
            dead.append(cited[0])
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_something(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(target), f"{page}: {target}#{anchor}"


def test_every_citation_in_the_code_leads_to_a_page_and_its_heading() -> None:
    texts = {path.relative_to(ROOT).as_posix(): in_one_line(path) for path in sorted(CODE)}
    # Who cites nothing would find nothing dead.
    assert sum(len(CITED.findall(text)) for text in texts.values()) > 50
    assert {path: dead for path, text in texts.items() if (dead := dead_citations(text))} == {}


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ('(docs/explanation/guards.md, "Approve").', 0),
        ('docs/explanation/what-istio-does.md, "TCP" and "Visibility".', 0),
        ("the table is in `docs/reference/exit-codes.md`.", 0),
        ("docs/explanation/guard.md", 1),
        ('(docs/explanation/guards.md, "Approve it")', 1),
        ('docs/explanation/what-istio-does.md, "TCP" and "Visible".', 1),
    ],
)
def test_a_dead_citation_is_seen(text: str, dead: int) -> None:
    assert len(dead_citations(text)) == dead


def test_nothing_cites_what_is_no_part_of_the_repository() -> None:
    texts = {path.relative_to(ROOT).as_posix(): in_one_line(path) for path in sorted({*CODE, *PAGES})}
    assert {path: hits for path, text in texts.items() if (hits := ELSEWHERE.findall(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "one pure function (DESIGN section 5)",
        "(reference: istio, section 4.1)",
        "Source: reference istio, section 4.2.",
        "begin with a handshake (real-workloads, section 2)",
        "the commit of section 9 is",
        "the facts are in the reference on Istio: what was seen",
    ],
)
def test_a_citation_of_something_else_is_seen(text: str) -> None:
    assert ELSEWHERE.search(text)


def test_every_script_has_its_line_for_contributors() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    scripts = {path.name for path in (ROOT / "script").iterdir() if path.is_file() and not path.suffix}
    assert scripts == set(re.findall(r"^\| `script/([\w-]+)` \|", page, re.MULTILINE))


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
