"""Crash points: a publish kills itself at each audit event, the moments at which Python touches anything outside."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

from tests.faults.part import Case, Part
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from tests.faults.zygote import Zygote

STAGES = ("next", "first", "rendered")
"""A publish onto a branch, one that makes the branch, and one that lets kustomize render what it changes."""

SPARE = 10
"""Events beyond those that were counted: not every run has the same number."""


class Crashes(Part):
    name: ClassVar = "crashes"
    promise: ClassVar = "killed at every audit event: the branch has the old or the new tree, and a rerun finishes"
    goal: ClassVar = 1_000
    cases: ClassVar = "crash points"

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._stages: dict[str, Stage] = {}
        self._zygotes: dict[str, Zygote] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _stage(self, name: str) -> Stage:
        if name not in self._stages:
            verify = "changed" if name == "rendered" else "none"
            stage = Stage(self.scratch / name, verify=verify, first=name == "first")
            self._zygotes[name] = stage.build()
            self._stack.push(self._zygotes[name])
            self._stages[name] = stage
        return self._stages[name]

    def points(self, *, short: bool) -> Sequence[str]:
        return [
            f"{name} event={event}"
            for name in (["next"] if short else STAGES)
            for event in range(1, self._stage(name).events + SPARE)
        ]

    def check(self, point: str) -> Case:
        name, _, event = point.partition(" event=")
        stage = self._stage(name)
        stage.fresh()
        ended = self._zygotes[name].run(stage.a_run(kill_at=int(event)))
        if ended.code >= 0:
            return Case(tried=0, outcome="ended before")
        problem, outcome = stage.judge(ended, killed=True)
        return Case(problem or stage.converges(self._zygotes[name]), outcome)
