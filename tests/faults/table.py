"""The figures as a page of the reference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.faults.part import Case, Part

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"


@dataclass(frozen=True)
class Done:
    """What a run of a part came to."""

    part: type[Part]
    seed: int
    cases: Mapping[str, Case]
    """By point."""
    code: str = ""
    points: int = 0

    @property
    def tried(self) -> int:
        """How many cases were tried."""
        return sum(case.tried for case in self.cases.values())

    @property
    def bad(self) -> int:
        """How many of them broke a promise."""
        return sum(bool(case.problem) for case in self.cases.values())

    @property
    def outcomes(self) -> Counter[str]:
        """How often each outcome was seen."""
        found: Counter[str] = Counter()
        for case in self.cases.values():
            if case.outcome and case.tried:
                found[case.outcome] += case.tried
        return found

    @property
    def most(self) -> float:
        """The largest figure."""
        return max((case.figure for case in self.cases.values()), default=0.0)

    def told(self) -> str:
        """Say what came of it."""
        outcomes = ", ".join(f"{number:,} {outcome}" for outcome, number in self.outcomes.most_common())
        figure = f"; {self.part.figure}: {self.most:.3g}" if self.part.figure else ""
        part_of = (
            "" if len(self.cases) >= self.points else f" (stopped after {len(self.cases)} of {self.points} points)"
        )
        return f"{outcomes or 'nothing else to tell'}{figure}{part_of}"

    def line(self) -> str:
        """Say it in one line."""
        return f"{self.part.name}: {self.tried:,} {self.part.cases}, {self.bad} broken ({self.told()})"


HEAD = """\
# What the fault suite measured

`script/faults` breaks publishes on purpose and holds what comes of it against
[what is promised](../explanation/promises.md). `script/faults --table` wrote this page from its results. A run names
the seed that chance began with, and the Git tree of `gitops_gen` that it tried. One seed tries the same points, but for
`syscalls`: its points are every so many of the system calls that a run without a fault makes, and these are some more
or fewer each time, so that two runs share only a part of them.
"Broken" counts points at which a promise was not kept. A part that was stopped early says how far it came; what it was
to reach is not reached, then. Where two runs of one seed end a point in different good ways, it was met a moment
earlier or later: processes take turns as they like.

| part | promise | to reach | run | tried | broken |
|---|---|---|---|---|---|
"""


def write_table(runs: Mapping[str, Sequence[Done]]) -> None:
    """Write the page."""
    PAGE.write_text(page(runs))


def page(runs: Mapping[str, Sequence[Done]]) -> str:
    """Return the page: a table of all runs, then what came of each."""
    rows = [
        f"| `{done.part.name}` | {done.part.promise} | {done.part.goal:,} {done.part.cases} "
        f"| {number}: seed {done.seed}, code `{done.code}` | {done.tried} | {done.bad} |"
        for part in runs.values()
        for number, done in enumerate(part, 1)
    ]
    sections = [_section(part) for part in runs.values()]
    return HEAD + "".join(f"{row}\n" for row in rows) + "".join(sections)


def _section(runs: Sequence[Done]) -> str:
    part = runs[0].part
    lines = [f"\n## {part.name}\n", f"`script/faults {part.name} --seed {runs[0].seed}`\n"]
    lines += [f"- Run {number}: {done.told()}" for number, done in enumerate(runs, 1)]
    lines += [f"- {_agreement(*runs)}"] if len(runs) == 2 else []
    return "".join(f"{line}\n" for line in lines)


def _agreement(one: Done, other: Done) -> str:
    """Say whether two runs judged the points that both tried alike, and how many of these ended in another good way."""
    both = [(case, other.cases[point]) for point, case in one.cases.items() if point in other.cases]
    judged = sum(bool(first.problem) != bool(second.problem) for first, second in both)
    ended = sum(first.outcome != second.outcome for first, second in both) - judged
    verdict = f"differ in {judged:,} of" if judged else "agree in all"
    ways = f"; {ended:,} of them ended in another of the good ways" if ended > 0 else ""
    return f"The runs {verdict} {len(both):,} points that both tried{ways}"
