"""I/O errors: system calls of a run and of all that it starts fail as on a full disk or a broken one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tests.faults.part import Case
from tests.faults.syscalls import Traced
from tests.faults.zygote import UNBEGUN

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILING = {
    "ENOSPC": ("openat", "write", "pwrite64", "mkdir", "rename", "link", "ftruncate"),
    "EIO": ("openat", "read", "pread64", "write", "unlink", "rename", "newfstatat", "fsync"),
}
"""Error -> calls that give it on a real machine.

Left out is EIO when a folder is listed: git's server takes it for the folder's end when it moves a push out of
quarantine, and then has a branch without all of its objects (seen with 2.39). No client can mend that.
"""

ONWARD = "+"
"""strace's sign for a disk that stays as it is: the call fails from then on."""


class Io(Traced):
    name: ClassVar = "io"
    promise: ClassVar = "calls that fail with ENOSPC or EIO: old or new tree, true report, a rerun finishes"
    goal: ClassVar = 500
    cases: ClassVar = "injected errors"

    def points(self, *, short: bool) -> Sequence[str]:
        calls = {"itself": self.calls(0)}
        calls |= {f"git={command}": self.calls(command) for command in range(1, self.commands() + 1)}
        points = [
            f"{what} {error} {name}={number}{onward}"
            for what, found in calls.items()
            for error, names in FAILING.items()
            for name in names
            for number in range(1, found.get(name, 0) + 1)
            for onward in ("", ONWARD)
        ]
        stride = max(1, int(len(points) / (40 if short else 1.3 * self.goal)))
        return points[self.seed % stride :: stride]

    def check(self, point: str) -> Case:
        what, error, call = point.split()
        name, _, when = call.partition("=")
        self._stage.fresh()
        self._told.unlink(missing_ok=True)
        injected = f"{name}:error={error}:when={when}"
        if what == "itself":
            run = self._stage.a_run(tracer=(*self.tracer(injected), "-p"))
        else:
            tracer = self.tracer(injected, "-f")
            run = self._stage.a_run(environment=self.shimmed(int(what.removeprefix("git=")), tracer))
        ended = self._zygote.run(run)
        if ended.code == UNBEGUN or "(INJECTED)" not in self._told.read_text(errors="replace"):
            return Case(tried=0, outcome="nothing failed")
        # Who cannot remove files cannot be blamed for what it leaves.
        problem, outcome = self._stage.judge(ended, killed=what == "itself")
        return Case(problem or self._stage.converges(self._zygote), f"{error}: {outcome}")
