"""What was measured, as a table in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.measure import Figures, Measured

_HEAD = ("what", "gitops-gen, s", "peak, MiB", "held against", "its time, s", "peak, MiB", "ratio", "goal")


def results(machine: Mapping[str, str], measured: Sequence[Measured]) -> str:
    """Write the page of results: what it was measured on, and every case."""
    rounds = max(len(one.pairs) for one in measured)
    lines = [
        "# Results",
        "",
        "Written by `script/bench`; every number here was measured by it, in one run on one machine.",
        f"Both sides of a line ran in turn, A B A B, once to warm up and then {rounds} times. Times are of wall clock:",
        "median (least to most). Ratios are of the two runs of a pair, so that a busy moment meets both. Peak is the",
        "most memory that any process of a side held. Before anything was measured, both sides were seen to make the",
        "same resources.",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
        "",
        *table(measured),
    ]
    return "".join(f"{line}\n" for line in lines)


def table(measured: Iterable[Measured]) -> list[str]:
    """Return the lines of the table, a case in each."""
    rows = [_row(_HEAD), _row(["---"] * len(_HEAD))]
    for one in measured:
        goal = "" if one.case.goal is None else f"{one.case.goal:g}"
        ours, theirs = one.seconds(0), one.seconds(1)
        peaks = [f"{one.peak(side) / 2**20:.0f}" for side in (0, 1)]
        rows.append(
            _row(
                [
                    one.case.title,
                    _shown(ours),
                    peaks[0],
                    one.case.theirs.label,
                    _shown(theirs),
                    peaks[1],
                    _shown(one.ratios()),
                    goal,
                ]
            )
        )
    return rows


def _shown(figures: Figures) -> str:
    return f"{figures.median:.2f} ({figures.least:.2f} to {figures.most:.2f})"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
