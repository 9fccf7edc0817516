"""Runs the commands in README.md, docs/ and the examples' pages, and holds what they print against what the page shows.

A block marked `console` is run: each line that begins with `$ ` is a command (one that ends in a backslash goes on in
the next), the lines after it are what it prints, on standard output and standard error together. A line `...` stands
for any number of lines. Each page has a folder of its own, with a copy of `examples/` in it; its commands run one after
the other, without a network and with a home of their own.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 120
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """One command of a page: its line there, what is typed and what the page says it prints."""

    line: int
    typed: str
    shown: list[str]


def commands(page: str) -> list[Command]:
    """Return the commands of a page, in order."""
    found: list[Command] = []
    for block in BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(1)) + 1
        goes_on = False
        for number, line in enumerate(block[1].splitlines(), first):
            if goes_on:
                found[-1] = found[-1]._replace(typed=f"{found[-1].typed}\n{line}")
            elif line.startswith("$ "):
                found.append(Command(number, line[2:], []))
            elif found:
                found[-1].shown.append(line)
            goes_on = (goes_on or line.startswith("$ ")) and line.endswith("\\")
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    """Tell whether a command printed what the page shows."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else f"{re.escape(line)}\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a reader with nothing set up but gitops-gen."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A. Reader",
        "GIT_AUTHOR_EMAIL": "reader@example.com",
        "GIT_COMMITTER_NAME": "A. Reader",
        "GIT_COMMITTER_EMAIL": "reader@example.com",
    }


def check(page: Path) -> list[str]:
    """Run a page and return what is wrong with it."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as made:
        home, folder = Path(made, "home"), Path(made, "work")
        home.mkdir()
        folder.mkdir()
        if (ROOT / "examples").is_dir():
            shutil.copytree(ROOT / "examples", folder / "examples")
        for command in commands(page.read_text(encoding="utf-8")):
            done = subprocess.run(
                ["bash", "-c", command.typed],
                cwd=folder,
                env=environment(home),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S,
                check=False,
            )
            printed = done.stdout.decode("utf-8", "backslashreplace").splitlines()
            if not matches(command.shown, printed):
                difference = difflib.unified_diff(command.shown, printed, "the page", "the command", lineterm="")
                place = f"{page.relative_to(ROOT)}:{command.line}"
                wrong.append("\n".join([f"{place}: $ {command.typed}", *difference]))
    return wrong


def main() -> int:
    """Check every page."""
    below = [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").glob("*/README.md"))]
    pages = [page for page in (ROOT / "README.md", *below) if page.is_file()]
    counted = sum(len(commands(page.read_text(encoding="utf-8"))) for page in pages)
    wrong = [problem for page in pages for problem in check(page)]
    for problem in wrong:
        print(problem)
    print(f"{counted} commands on {len(pages)} pages, {len(wrong)} of them not as shown")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
