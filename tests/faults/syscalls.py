"""Kills at system calls: of the run itself, of any process, and of each git command and what that starts.

strace counts for each process, and for each name of a call, by itself: a point is the n-th call of a name, and may end
several processes. Who died is read from what strace tells afterwards.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from tests.faults.part import Case, Part
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

SHIM = """\
#!/bin/sh
# Counts git commands; the one that is asked for is watched.
number=$(($(cat '{count}') + 1))
echo $number >'{count}'
[ $number = '{command}' ] && exec {tracer} '{git}' "$@"
exec '{git}' "$@"
"""


class Traced(Part):
    """What runs under strace have in common: a stage, a shim for git, and who died."""

    def __enter__(self) -> Self:
        self._stage = Stage(self.scratch / "stage")
        self._zygote = self._stage.build()
        self._told = self.scratch / "told"
        self._shim = self.scratch / "bin" / "git"
        self._count = self.scratch / "count"
        self._shim.parent.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self._zygote.__exit__()

    @classmethod
    def missing(cls) -> str:
        if sys.platform != "linux":
            return "strace is a program of Linux"
        return "" if shutil.which("strace") else "strace is missing: install the package of that name"

    def tracer(self, injected: str, *more: str) -> tuple[str, ...]:
        """Return strace's command line; it notes what is started and what ends, and injects a fault."""
        # A fault is injected only into what is traced. Arguments are worth their time for what is started alone.
        quiet = ("-q", "-o", str(self._told), "-e", "raw=!execve", "-e", "signal=KILL")
        return ("strace", *more, *quiet, *(("-e", f"inject={injected}") if injected else ()))

    def shimmed(self, command: int, tracer: tuple[str, ...]) -> dict[str, str]:
        """Put a git in front of the real one that has its n-th command watched; return the environment for it."""
        real = shutil.which("git")
        text = SHIM.format(count=self._count, command=command, tracer=" ".join(map(_quoted, tracer)), git=real)
        self._shim.write_text(text)
        self._shim.chmod(0o700)
        self._count.write_text("0\n")
        environment = self._stage.environment()
        return {**environment, "PATH": f"{self._shim.parent}:{environment['PATH']}"}

    def commands(self) -> int:
        """Return how many git commands a run starts."""
        self._stage.fresh()
        ended = self._zygote.run(self._stage.a_run(environment=self.shimmed(0, ("true",))))
        assert ended.code == 0, ended.said
        return int(self._count.read_text())

    def calls(self, command: int) -> dict[str, int]:
        """Return how often each system call is made: by the run itself (command 0), or by a git command.

        Of all that the command starts, the process counts that makes the call most often.
        """
        self._stage.fresh()
        counting = self.tracer("", *(("-f",) if command else ()))
        if command:
            ended = self._zygote.run(self._stage.a_run(environment=self.shimmed(command, counting)))
        else:
            ended = self._zygote.run(self._stage.a_run(tracer=(*counting, "-p")))
        assert ended.code == 0, ended.said
        found: Counter[tuple[str, str]] = Counter()
        for line in self._told.read_text(errors="replace").splitlines():
            called = re.match(r"(\d+ +)?(\w+)\(", line)
            if called:
                found[called[1] or "", called[2]] += 1
        most: dict[str, int] = {}
        for (_, name), count in sorted(found.items()):
            most[name] = max(count, most.get(name, 0))
        return most

    def died(self) -> list[str]:
        """Return the programs that were killed, by their names, as far as strace saw them begin."""
        names: dict[str, str] = {}
        dead = []
        for line in self._told.read_text(errors="replace").splitlines() if self._told.exists() else ():
            process, _, rest = line.partition(" ")
            started = re.search(r'execve\("[^"]*", \["([^"]*)"(?:, "([^"]*)")?', rest)
            if started:
                program = started[1].rpartition("/")[2]
                names[process] = f"git {_command(rest)}" if program == "git" else program
            if "+++ killed by SIGKILL" in rest:
                dead.append(names.get(process, "a fork"))
        return dead


class Syscalls(Traced):
    name: ClassVar = "syscalls"
    promise: ClassVar = (
        "killed at a system call, the run or any git process: old or new tree, true report, a rerun finishes"
    )
    goal: ClassVar = 3000
    cases: ClassVar = "kills"

    def points(self, *, short: bool) -> Sequence[str]:
        calls = {"itself": self.calls(0)}
        calls |= {f"git={command}": self.calls(command) for command in range(1, self.commands() + 1)}
        names = sorted({name for found in calls.values() for name in found})
        calls["any"] = {name: max(found.get(name, 0) for found in calls.values()) for name in names}
        points = [
            f"{what} {name}={number}"
            for what, found in calls.items()
            for name, most in found.items()
            for number in range(1, most + 1)
        ]
        if len(points) < self.goal:
            return points
        # More than are asked for, and each takes its time; some kill nobody, because no two runs are alike.
        stride = 60 if short else max(1, int(len(points) / (1.15 * self.goal)))
        return points[self.seed % stride :: stride]

    def check(self, point: str) -> Case:
        what, _, call = point.rpartition(" ")
        self._stage.fresh()
        self._told.unlink(missing_ok=True)
        injected = "{}:signal=KILL:when={}".format(*call.split("="))
        if what.startswith("git="):
            tracer = self.tracer(injected, "-f")
            run = self._stage.a_run(environment=self.shimmed(int(what.removeprefix("git=")), tracer))
        else:
            following = ("-f",) if what == "any" else ()
            run = self._stage.a_run(tracer=(*self.tracer(injected, *following), "-p"))
        ended = self._zygote.run(run)
        dead = self.died()
        if ended.code < 0:
            dead.insert(0, "gitops-gen")
        problem, outcome = self._stage.judge(ended, killed=ended.code < 0)
        if not dead:
            return Case(problem, f"nobody died: {outcome}", 0)
        return Case(problem or self._stage.converges(self._zygote), f"{', '.join(dict.fromkeys(dead))}: {outcome}")


def _command(rest: str) -> str:
    """Return which of git's commands a line of strace starts."""
    words = re.findall(r'"([^"]*)"', rest)[2:]
    return next((word for word in words if not word.startswith("-") and "=" not in word), "")


def _quoted(word: str) -> str:
    return f"'{word}'"
