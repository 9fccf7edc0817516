"""The one door to other programs: an argument list in, captured bytes out, nothing left running.

There is no shell, no inherited environment and no terminal: a program sees exactly what it is given here, and one
that would ask a question fails instead of waiting for an answer. It answers into a file, not a pipe: git passes over
what it could not write to a pipe and ends well, so that an answer that is empty or has a hole would look like a whole.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, NamedTuple

from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_DRAIN_S = 2.0
"""How long the pipes of an ended program may stay open: something that left its process group may hold them."""


class Completed(NamedTuple):
    """How a program ended: its exit code (negative: the signal that ended it) and what it wrote."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Leash:
    """Holds the programs that several threads run side by side, so that one call ends them all.

    Needed because an interrupt reaches the main thread only, while the programs belong to the others.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._lock = threading.Lock()
        self._held: set[subprocess.Popen[bytes]] = set()
        self._cut = False

    def cut(self) -> None:
        """End every program that is held; one that is started later ends at once."""
        with self._lock:
            self._cut = True
            for process in self._held:
                _kill_group(process)

    @contextlib.contextmanager
    def holding(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Hold a program while the block runs."""
        with self._lock:
            self._held.add(process)
            if self._cut:
                _kill_group(process)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(process)


@contextlib.contextmanager
def side_by_side(jobs: int, name: str) -> Iterator[tuple[ThreadPoolExecutor, Leash]]:
    """Give threads for several programs at once, and the leash that each is to be run on.

    When the block is left by an exception, an interrupt most of all, every program is ended and none is begun. Programs
    have to be begun inside the block: an interrupt may come as soon as the first of them runs.
    """
    leash = Leash()
    with ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix=name) as pool:
        try:
            yield pool, leash
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            leash.cut()
            raise


def run(  # noqa: PLR0913 - each is one fact that the program must not take from us by inheritance
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    input: bytes = b"",  # noqa: A002 - the word of subprocess
    leash: Leash | None = None,
) -> Completed:
    """Run one program to its end and return what it wrote, whatever its exit code.

    A name without a slash is looked up on the PATH in `env`. The program leads a process group of its own; when
    `timeout_s` has passed or we are interrupted, the whole group is killed before this returns.
    Raises ToolError when the program cannot be started, cannot be heard, or does not end in time.
    """
    with contextlib.ExitStack() as open_until_read:
        try:
            answer = open_until_read.enter_context(_answer())
            process = subprocess.Popen(  # noqa: S603 - a list, never a shell
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE if input else subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise _not_started(argv[0], cwd, error) from error
        with process, (leash or Leash()).holding(process):
            try:
                _, stderr = process.communicate(input or None, timeout=timeout_s)
                answer.seek(0)
                stdout = answer.read()
            except subprocess.TimeoutExpired as error:
                stderr = _end(process)
                message = f"{argv[0]} did not end within {timeout_s:g} s and was stopped"
                details = f"in {cwd}\n{words(stderr)}".rstrip()
                help_ = "see what it waits for by running it there by hand, or give it more time"
                raise ToolError(message, details=details, help=help_) from error
            except OSError as error:
                with contextlib.suppress(OSError):
                    _end(process)
                message = f"what {argv[0]} says cannot be read: {error.strerror}"
                raise ToolError(message, help="the machine fails: mend that and run it again") from error
            except BaseException:
                _end(process)
                raise
    return Completed(process.returncode, stdout, stderr)


def _answer() -> IO[bytes]:
    """Make the file that a program answers into: in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("answer"), "w+b")
    return tempfile.TemporaryFile()


def words(output: bytes) -> str:
    """Return what a program said as text; bytes that are not UTF-8 are shown as escapes."""
    return output.decode("utf-8", "backslashreplace").strip()


def _not_started(program: str, cwd: Path, error: OSError) -> ToolError:
    """Say why a program could not be started: most often it, or the folder to start it in, is missing."""
    if not cwd.is_dir():
        return ToolError(f"cannot run {program} in {cwd}: no such folder")
    if isinstance(error, FileNotFoundError):
        return ToolError(f"{program} not found", help=f"install {program}, or add its folder to PATH")
    return ToolError(
        f"{program} cannot be started: {error.strerror}", help="check that it is a program for this machine"
    )


def _end(process: subprocess.Popen[bytes]) -> bytes:
    """Kill the program with all that it started, and return the rest of what it said beside its answer."""
    # The leader is not reaped yet, so its id, which is the group's, cannot have been given to anybody else.
    _kill_group(process)
    try:
        return process.communicate(timeout=_DRAIN_S)[1]
    except subprocess.TimeoutExpired as late:
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()
        return late.stderr or b""


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
