"""Replays the list of mutants: each is one deliberate mistake in the code, and tests that must notice it.

Works on copies of the tree, never in place. First all named tests have to pass in a copy as it is; then each mutant
is applied to a copy, its tests are run, and one that they let pass is a survivor. Ends with 1 when there is a
survivor, when a mutant's text is not there exactly once, or when its tests could not be run.
`script/mutants WORD...` replays those whose name holds one of the words.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
LIST = ROOT / "tests" / "mutants.toml"
COPIED = ("gitops_gen", "tests", "docs", "examples", "schema", "script", "base", "overlays", "pyproject.toml")
TIMEOUT_S = 120.0
FAILED = 1
"""What pytest ends with when tests ran and failed; anything else is no answer."""


class Mutant(NamedTuple):
    """A mistake: `text` of a module replaced by `instead`, and the tests of which one has to fail."""

    name: str
    module: str
    text: str
    instead: str
    tests: tuple[str, ...]

    @property
    def path(self) -> str:
        """Return where the module's file is in the tree."""
        return f"{self.module.replace('.', '/')}.py"


def mutants(listed: Path = LIST) -> list[Mutant]:
    """Read the list."""
    return [
        Mutant(one["name"], one["module"], one["text"], one["instead"], tuple(one["tests"]))
        for one in tomllib.loads(listed.read_text())["mutant"]
    ]


def misplaced(mutant: Mutant, root: Path = ROOT) -> str:
    """Say why a mutant cannot be applied to a tree; "" when it can."""
    path = root / mutant.path
    if not path.is_file():
        return f"there is no {mutant.path}"
    found = path.read_text().count(mutant.text)
    return "" if found == 1 else f"its text is {found} times in {mutant.path}"


def copy(target: Path) -> None:
    """Copy what the tests need."""
    target.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).is_file():
            shutil.copy2(ROOT / name, target / name)


def run(tree: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy, up to the first failure; each process compiles the code anew."""
    arguments = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree), "CI": "true"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=TIMEOUT_S,
    )


def replay(tree: Path, mutant: Mutant) -> str:
    """Apply a mutant to a copy, run its tests, and undo it; return what is wrong, "" when they noticed."""
    problem = misplaced(mutant, tree)
    if problem:
        return problem
    file = tree / mutant.path
    good = file.read_text()
    file.write_text(good.replace(mutant.text, mutant.instead))
    try:
        ended = run(tree, list(mutant.tests))
    except subprocess.TimeoutExpired:
        return f"its tests did not end within {TIMEOUT_S:g} s"
    finally:
        file.write_text(good)
    if ended.returncode == 0:
        return "survived"
    return "" if ended.returncode == FAILED else f"its tests could not be run:\n{ended.stdout}{ended.stderr}"


def main(words: list[str]) -> int:
    """Replay all mutants, or those whose name holds one of these words."""
    chosen = [mutant for mutant in mutants() if not words or any(word in mutant.name for word in words)]
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            copy(Path(scratch) / str(number))
            free.put(Path(scratch) / str(number))
        tests = sorted({test for mutant in chosen for test in mutant.tests})
        sound = run(Path(scratch) / "0", tests)
        if sound.returncode:
            print(f"the tests do not pass as it is:\n{sound.stdout}{sound.stderr}")
            return 1

        def judge(mutant: Mutant) -> str:
            tree = free.get()
            try:
                return replay(tree, mutant)
            finally:
                free.put(tree)

        bad = 0
        with ThreadPoolExecutor(workers) as pool:
            for mutant, problem in zip(chosen, pool.map(judge, chosen), strict=True):
                print(f"{'noticed ' if not problem else 'PROBLEM '} {mutant.name}", flush=True)
                if problem:
                    bad += 1
                    print(f"         {mutant.module}: {problem}", flush=True)
    print(f"{len(chosen)} mutants, {bad} not noticed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
