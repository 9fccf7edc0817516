"""Full disks: the place for temporary files holds so much and no more, or no file may grow beyond a size."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, ClassVar

from tests.faults.part import Case, Part
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

SIZES = range(40, 904, 24)
"""KiB of a file system in memory; making it needs the rights of root."""

LIMITS = (0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""KiB that a file may have, for everybody; 0 means a few bytes."""


class Disk(Part):
    name: ClassVar = "disk"
    promise: ClassVar = "a disk that is full: old or new tree, true report, a rerun with room finishes"
    goal: ClassVar = 36
    cases: ClassVar = "full disks"

    @classmethod
    def missing(cls) -> str:
        if sys.platform != "linux" or os.geteuid() or not shutil.which("mount"):
            return "a file system of a given size is needed: run it as root on Linux"
        return ""

    def __enter__(self) -> Self:
        self._stage = Stage(self.scratch / "stage")
        self._zygote = self._stage.build()
        self._small = self.scratch / "small"
        self._small.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self._zygote.__exit__()

    def points(self, *, short: bool) -> Sequence[str]:
        points = [f"disk={size}" for size in SIZES] + [f"file={size}" for size in LIMITS]
        return points[::6] if short else points

    def check(self, point: str) -> Case:
        what, _, size = point.partition("=")
        self._stage.fresh()
        if what == "file":
            ended = self._zygote.run(self._stage.a_run(file_size=int(size) * 1024 or 100))
        else:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=0700", "small", str(self._small)]
            subprocess.run(mount, check=True)
            try:
                environment = {**self._stage.environment(), "TMPDIR": str(self._small)}
                ended = self._zygote.run(self._stage.a_run(environment=environment))
                left = [one.name for one in self._small.iterdir()]
            finally:
                subprocess.run(["umount", str(self._small)], check=True)
            if left:
                return Case(f"it left {left}")
        problem, outcome = self._stage.judge(ended)
        return Case(problem or self._stage.converges(self._zygote), outcome)
