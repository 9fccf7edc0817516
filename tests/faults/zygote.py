"""A process in which everything is imported already: it forks once for each run, with a fault of its own in it.

A run costs a fork instead of a new interpreter, so that each of some thousand points takes a tenth of a second. What
a killed run leaves behind (git goes on without it) is waited for, so that what is looked at afterwards has settled.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

ROOT = Path(__file__).parents[2]

HARMLESS = "builtins.id"
"""The one audit event that touches nothing; there are hundreds, and they do not count."""

UNBEGUN = 99
"""Exit code of a run that the suite itself could not begin or end: a fault hit it there."""

SUBREAPER = 36
"""Of prctl(2): whoever loses its parent becomes our child, so that we can wait for it."""

PARENT_DEATH_SIGNAL = 1
"""Of prctl(2): the signal that we get when our parent has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the command line.

    `environment` is all that it sees; `said` the file for what it writes to both outputs. `kill_at` is the audit event
    at which it kills itself, 0 for none. `tracer` is a program with its arguments that watches the run from its first
    step (the process id is appended). `file_size` bounds files, in bytes, 0 for no bound.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    said: str
    kill_at: int = 0
    tracer: tuple[str, ...] = ()
    file_size: int = 0
    timeout_s: float = 120.0


class Ended(NamedTuple):
    """How a run ended: exit code (negative: the signal), audit events seen, the last one's name, and its words."""

    code: int
    hung: bool
    seconds: float
    events: int
    event: str
    said: str


@dataclass
class Zygote:
    """The process, from outside.

    `warming` are runs without a fault that it does by itself, before the first fork: what they import is there then.
    """

    environment: Mapping[str, str]
    warming: Sequence[Run] = ()
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            env={**self.environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._ask([asdict(run) for run in self.warming])
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait(timeout=60)
            self._process.stdout.close()

    def run(self, run: Run) -> Ended:
        """Do one run."""
        (ended,) = self.run_all([run])
        return ended

    def run_all(self, runs: Sequence[Run]) -> list[Ended]:
        """Do some runs at the same time; return when all of them have ended, and all that they started."""
        answers = self._ask([asdict(run) for run in runs])
        return [
            Ended(**answer, said=Path(run.said).read_text(encoding="utf-8", errors="replace"))
            for run, answer in zip(runs, answers, strict=True)
        ]

    def _ask(self, request: list[dict[str, Any]]) -> list[dict[str, Any]]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"the zygote ended: {process.wait()}"
        told: list[dict[str, Any]] = json.loads(answer)
        return told


# --- inside ----------------------------------------------------------------------------------------------------------


def serve(asking: IO[str], answering: IO[str]) -> None:
    """Answer requests until nobody asks any more."""
    from gitops_gen.cli.main import main
    from gitops_gen.delivery import push

    push.PAUSE_S = 0.05  # nobody has to be waited for
    signal.signal(signal.SIGTERM, _ended)
    end_with_the_parent()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    for run in json.loads(asking.readline()):
        os.environ.clear()
        os.environ.update(run["environment"])
        tempfile.tempdir = None
        assert not main(run["arguments"])
    gc.freeze()  # what a fork never writes to, it never copies
    answering.write("[]\n")
    answering.flush()
    for line in asking:
        answering.write(json.dumps(run_all(json.loads(line), main)) + "\n")
        answering.flush()


def end_with_the_parent() -> None:
    """Get SIGTERM when whoever has started this process ends, however that is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)


def _ended(*_: object) -> NoReturn:
    """End with all that runs."""
    _kill_all({})
    os._exit(128 + signal.SIGTERM)


def run_all(requests: list[dict[str, Any]], main: Callable[[Sequence[str]], int]) -> list[dict[str, Any]]:
    begun = time.monotonic()
    places: dict[int, int] = {}
    answers: list[dict[str, Any]] = [{} for _ in requests]
    for place, request in enumerate(requests):
        places[_begin(request, main)] = place
    deadline = begun + max((request["timeout_s"] for request in requests), default=0.0)
    hung = False
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if ended in places:
            seconds = time.monotonic() - begun
            answers[places[ended]] = {"code": os.waitstatus_to_exitcode(status), "hung": hung, "seconds": seconds}
        elif not ended:
            left = deadline - time.monotonic()
            if left <= 0:
                hung = True
                _kill_all(places)
                deadline = time.monotonic() + 5
            else:
                _wait_for_a_child(left)
    if sys.platform != "linux" and any(answer["code"] < 0 for answer in answers):
        time.sleep(0.5)  # Orphans are nobody's here; give them time.
    for answer, request in zip(answers, requests, strict=True):
        answer.update(_events(Path(f"{request['said']}.events")))
    return answers


def _wait_for_a_child(seconds: float) -> None:
    if sys.platform == "linux":
        signal.sigtimedwait({signal.SIGCHLD}, min(seconds, 1.0))
    else:
        time.sleep(0.005)


def _events(file: Path) -> dict[str, Any]:
    """Read how many audit events a run saw, and which was the last."""
    count, _, name = file.read_text().partition(" ") if file.exists() else ("0", "", "")
    file.unlink(missing_ok=True)
    return {"events": int(count or 0), "event": name}


def _begin(request: dict[str, Any], main: Callable[[Sequence[str]], int]) -> int:
    """Fork a run, and let it begin when its tracer, if there is one, watches it."""
    waiting, beginning = os.pipe()
    child = os.fork()
    if not child:
        os.close(beginning)
        _child(request, main, waiting)
    os.close(waiting)
    if request["tracer"]:
        tracer = request["tracer"]
        following = os.posix_spawnp(tracer[0], [*tracer, str(child)], os.environ)
        while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
            if os.waitid(os.P_PID, following, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                os.kill(child, signal.SIGKILL)
                message = f"{tracer[0]} cannot watch a process here"
                raise OSError(message)
            time.sleep(0.0005)
    os.close(beginning)
    return child


def _child(request: dict[str, Any], main: Callable[[Sequence[str]], int], waiting: int) -> NoReturn:
    """Be the run, from its first step to its end; it begins when `waiting` is closed at the other end."""
    code = UNBEGUN
    try:
        os.read(waiting, 1)
        os.close(waiting)
        os.environ.clear()
        os.environ.update(request["environment"])
        tempfile.tempdir = None
        said = os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(said, 1)
        os.dup2(said, 2)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        seen = _watch(request)
        if request["file_size"]:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python has it, and what it starts has it not
            resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], request["file_size"]))
        code = main(request["arguments"])
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        seen()
    finally:
        os._exit(code)


def _watch(request: dict[str, Any]) -> Callable[[], None]:
    """Count audit events and die at one; return what notes how many there were."""
    note = os.open(f"{request['said']}.events", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    last = request["kill_at"]
    count = 0

    def heard(event: str, _arguments: object) -> None:
        nonlocal count
        count += event != HARMLESS
        if count == last and event != HARMLESS:
            os.write(note, f"{count} {event}".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)
    return lambda: void(os.pwrite(note, f"{count} ".encode(), 0))


def void(_: object) -> None:
    """Make nothing of a value."""


def _kill_all(children: Mapping[int, int]) -> None:
    """End our runs and all that they started."""
    if sys.platform != "linux":
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    for process in ours - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(os.fdopen(os.dup(0), encoding="utf-8"), protocol)
