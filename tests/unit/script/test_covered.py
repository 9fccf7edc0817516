"""The floors of coverage: a room is a module or a package, and nothing else counts for it."""

from __future__ import annotations

import tomllib

from script.covered import ROOT, missing, share


def _measured(run: int, of: int, branches_run: int = 0, branches: int = 0) -> dict[str, object]:
    return {
        "summary": {
            "covered_lines": run,
            "num_statements": of,
            "covered_branches": branches_run,
            "num_branches": branches,
        },
        "missing_lines": list(range(run, of)),
        "missing_branches": [],
    }


FILES = {
    "gitops_gen/plan/changes.py": _measured(8, 10, 1, 2),
    "gitops_gen/plan/digest.py": _measured(8, 8),
    "gitops_gen/planned.py": _measured(0, 5),
    "gitops_gen/tree.py": _measured(5, 5, 1, 2),
}


def test_lines_and_branches_of_a_room_count_together() -> None:
    assert share(FILES, "plan") == 100 * 17 / 20
    assert share(FILES, "tree") == 100 * 6 / 7
    assert share(FILES, ".") == 100 * 23 / 32
    assert share(FILES, "absent") == 100


def test_what_is_missing_is_named() -> None:
    assert missing(FILES, "plan") == ["gitops_gen/plan/changes.py: lines [8, 9] branches []"]


def test_every_floor_is_of_a_room_that_is_there() -> None:
    with (ROOT / "pyproject.toml").open("rb") as pyproject:
        floors = tomllib.load(pyproject)["tool"]["gitops-gen"]["coverage"]
    package = ROOT / "gitops_gen"
    assert [room for room in floors if not (package / f"{room}.py").is_file() and not (package / room).is_dir()] == []
