"""Runs of programs, in pairs: seconds of wall clock, and the most memory that each held."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024
"""What the kernel counts memory in."""


class Run(NamedTuple):
    """One run: `seconds` of wall clock, and the peak resident memory of its largest process, in bytes."""

    seconds: float
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A command to be measured.

    `command` makes its arguments for a folder that is new for each run. `told` says that what counts is not the whole
    process but the seconds that it prints on its last line.
    """

    label: str
    command: Callable[[Path], Sequence[str]]
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Two commands side by side; `goal` is the ratio of their times that is aimed at, None where there is none."""

    title: str
    ours: Side
    theirs: Side
    goal: float | None = None


class Figures(NamedTuple):
    """Median, least and most of some numbers."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a case: one pair of runs for each round."""

    case: Case
    pairs: tuple[tuple[Run, Run], ...]

    def seconds(self, side: int) -> Figures:
        """Return the times of one side, 0 or 1."""
        return figures([pair[side].seconds for pair in self.pairs])

    def peak(self, side: int) -> int:
        """Return the most memory that a run of one side held, in bytes."""
        return max(pair[side].peak for pair in self.pairs)

    def ratios(self) -> Figures:
        """Return our time by theirs, pair by pair: both of a pair met the machine in the same mood."""
        return figures([ours.seconds / theirs.seconds for ours, theirs in self.pairs])


def figures(numbers: Sequence[float]) -> Figures:
    """Sum up some numbers."""
    return Figures(statistics.median(numbers), min(numbers), max(numbers))


def measure(case: Case, rounds: int, scratch: Path, root: Path) -> Measured:
    """Run both sides of a case in turn: once to warm up, then `rounds` times, each in a new folder below `scratch`.

    Nothing is removed between runs, because a file system is still busy with that afterwards.
    """
    pairs = []
    for number in range(rounds + 1):
        runs = []
        for name, side in (("ours", case.ours), ("theirs", case.theirs)):
            folder = scratch / f"{name}-{number}"
            folder.mkdir(parents=True)
            runs.append(run(side, folder, root))
        pairs.append((runs[0], runs[1]))
    return Measured(case=case, pairs=tuple(pairs[1:]))


def run(side: Side, folder: Path, root: Path) -> Run:
    """Run one side in `root`, with standard output in `folder`/stdout. Raises RuntimeError when it fails.

    The memory counted is never less than this process's own, which is why nothing big is loaded into it.
    """
    arguments = [str(argument) for argument in side.command(folder)]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=root, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = (folder / "stderr").read_text(errors="replace") or (folder / "stdout").read_text(errors="replace")
        raise RuntimeError(f"{side.label} ended with {process.returncode}: {' '.join(arguments)}\n{said[-2000:]}")
    if side.told:
        seconds = float((folder / "stdout").read_text().split()[-1])
    return Run(seconds, usage.ru_maxrss * BYTES_OF_MAXRSS)
