"""Holds branch coverage, room by room, against the floors in pyproject.toml (`tool.gitops-gen.coverage`).

A room is a module or a package below `gitops_gen/`. What is measured is lines and branches together, as coverage.py
counts them. Called with the JSON report of coverage.py; prints what lies below its floor and ends with 1 if any does.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def share(files: dict[str, Any], room: str) -> float:
    """Return which percentage of the lines and branches of a room was run."""
    inside = [
        measured["summary"]
        for path, measured in files.items()
        if path == f"gitops_gen/{room}.py" or path.startswith(f"gitops_gen/{room}/") or room == "."
    ]
    run = sum(summary["covered_lines"] + summary["covered_branches"] for summary in inside)
    all_ = sum(summary["num_statements"] + summary["num_branches"] for summary in inside)
    return 100.0 * run / all_ if all_ else 100.0


def missing(files: dict[str, Any], room: str) -> list[str]:
    """Return where a room was not run, as `file: lines; branches`."""
    return [
        f"{path}: lines {measured['missing_lines']} branches {measured['missing_branches']}"
        for path, measured in sorted(files.items())
        if (path == f"gitops_gen/{room}.py" or path.startswith(f"gitops_gen/{room}/"))
        and (measured["missing_lines"] or measured["missing_branches"])
    ]


def main(report: str) -> int:
    """Print a line for each room, and what is missing in those below their floor."""
    with (ROOT / "pyproject.toml").open("rb") as pyproject:
        floors: dict[str, int] = tomllib.load(pyproject)["tool"]["gitops-gen"]["coverage"]
    files: dict[str, Any] = json.loads(Path(report).read_text(encoding="utf-8"))["files"]
    low = False
    for room, floor in floors.items():
        found = share(files, room)
        print(f"{room:<24} {found:6.1f} % (at least {floor} %)")
        if found < floor:
            low = True
            print(*missing(files, room), sep="\n")
    return int(low)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
