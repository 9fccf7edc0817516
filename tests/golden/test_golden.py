"""Whole cases as files: an inventory, and beside it the tree and plan, or the problems, that it makes.

`inventory.yaml` is published into an empty repository, or after `before.yaml` where there is one. `tree/` is what the
repository then holds without its records, `plan.txt` and `plan.md` what `plan` says before, `problems.txt` what
`validate` says of an inventory with errors. `tree/components/` are people's own, and there before the plan. `pytest
tests/golden --update-golden` writes them anew: read the difference before it is committed.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from gitops_gen.kustomize import build_all
from tests.command import bare_repository, checked_out, committed, files_of, run

if TYPE_CHECKING:
    from gitops_gen.kustomize import Kustomize

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir())
WRITTEN = ("inventory.yaml", "before.yaml")
"""The files of a case that people write."""

COMPONENTS = "components/"

TREES = [name for name in NAMES if (CASES / name / "tree").is_dir() and name != "components"]
"""Cases whose resources are rendered as they stand: components change them."""


def made(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, bytes]:
    """Return every file of a case that is made from its inventories."""
    judged = run(capsys, "validate", "inventory.yaml")
    if judged.code != 0:
        assert judged.code == 1
        return {"problems.txt": (judged.out + judged.err).encode()}
    bare = bare_repository(tmp_path / "mesh.git")
    if (case / "before.yaml").exists():
        assert run(capsys, "publish", "before.yaml", "--repository", bare).code == 0
    components = {path: text.decode() for path, text in files_of(case / "tree").items() if path.startswith(COMPONENTS)}
    if components:
        committed(bare, tmp_path / "people", components)
    planned = run(capsys, "plan", "inventory.yaml", "--repository", bare)
    markdown = run(capsys, "plan", "inventory.yaml", "--repository", bare, "--format", "markdown")
    approval = re.search(r"--approve (\S+)", planned.out)
    assert planned.code == (3 if approval else 0)
    approve = ("--approve", approval[1]) if approval else ()
    assert run(capsys, "publish", "inventory.yaml", "--repository", bare, "--verify", "all", *approve).code == 0
    tree = {
        f"tree/{path}": content
        for path, content in files_of(checked_out(bare, tmp_path / "checkout")).items()
        if not path.startswith("published/")
    }
    return {"plan.txt": planned.out.encode(), "plan.md": markdown.out.encode(), **tree}


@pytest.mark.parametrize("name", NAMES)
def test_a_case_makes_exactly_these_files(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    case = CASES / name
    monkeypatch.chdir(case)
    files = made(case, tmp_path, capsys)
    if pytestconfig.getoption("--update-golden"):
        _write(case, files)
    there = {path: content for path, content in files_of(case).items() if path not in WRITTEN}
    assert {path: content.decode() for path, content in files.items()} == {
        path: content.decode() for path, content in there.items()
    }


def _write(case: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(case / "tree", ignore_errors=True)
    for name in ("plan.txt", "plan.md", "problems.txt"):
        (case / name).unlink(missing_ok=True)
    for path, content in files.items():
        (case / path).parent.mkdir(parents=True, exist_ok=True)
        (case / path).write_bytes(content)


@pytest.mark.parametrize("name", TREES)
def test_every_resource_of_a_tree_is_rendered_once_and_none_is_changed(name: str, kustomize: Kustomize) -> None:
    tree = CASES / name / "tree"
    overlays = sorted((tree / "overlays").iterdir())
    rendered = build_all(kustomize, overlays, 2, 60)
    written = [
        one
        for path in tree.rglob("*.yaml")
        if path.name != "kustomization.yaml"
        for one in yaml.safe_load_all(path.read_text())
    ]
    found = [one for text in rendered.values() for one in yaml.safe_load_all(text)]
    assert found
    assert all(one in written for one in found)
    assert all(one in found for one in written)


def test_each_kind_of_resource_stands_in_some_case() -> None:
    kinds = {
        one["kind"]
        for path in CASES.rglob("tree/**/*.yaml")
        for one in yaml.safe_load_all(path.read_text())
        if "kind" in one
    }
    assert kinds >= {
        "ConfigMap",
        "DestinationRule",
        "Gateway",
        "PeerAuthentication",
        "Service",
        "ServiceEntry",
        "VirtualService",
    }
