"""Programs that are really started: what they get, what comes back, and that nothing of them stays."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NoReturn

import pytest

from gitops_gen import process
from gitops_gen.errors import ExitCode, ToolError
from gitops_gen.process import Completed, Leash, run, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PYTHON = (sys.executable, "-I", "-c")


def test_what_a_program_writes_comes_back_apart_and_unchanged(tmp_path: Path) -> None:
    program = "import sys; sys.stdout.buffer.write(b'\\xff\\0\\r\\n'); sys.stderr.write('oh'); sys.exit(3)"
    assert run([*PYTHON, program], cwd=tmp_path, env={}, timeout_s=30) == Completed(3, b"\xff\0\r\n", b"oh")


def test_a_git_that_cannot_write_its_answer_does_not_seem_to_have_an_empty_one(tmp_path: Path) -> None:
    """It minds a file that takes nothing more; of a pipe it would not."""
    environment = {"PATH": os.environ["PATH"]}
    full = "trap '' XFSZ; ulimit -f 0; exec git help -a"
    done = run(["sh", "-c", full], cwd=tmp_path, env=environment, timeout_s=30)
    assert done.returncode
    assert done.stdout == b""
    assert b"File too large" in done.stderr


def test_a_program_gets_its_arguments_as_they_are(tmp_path: Path) -> None:
    arguments = ["a b", "$HOME", "; true", "*", "-x", ""]
    program = "import sys; print(sys.argv[1:])"
    assert run([*PYTHON, program, *arguments], cwd=tmp_path, env={}, timeout_s=30).stdout == f"{arguments}\n".encode()


def test_a_program_sees_the_environment_and_the_folder_it_was_given_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_SECRET", "leaked")
    program = "import os; print(os.getcwd(), sorted(set(os.environ) - {'LC_CTYPE', '__CF_USER_TEXT_ENCODING'}))"
    done = run([*PYTHON, program], cwd=tmp_path, env={"ONLY": "this"}, timeout_s=30)
    assert done.stdout.decode() == f"{tmp_path.resolve()} ['ONLY']\n"


def test_input_is_fed_and_without_any_the_program_reads_an_empty_file(tmp_path: Path) -> None:
    program = "import sys; print(len(sys.stdin.buffer.read()))"
    # More than a pipe holds, so that writing and reading must take turns.
    assert run([*PYTHON, program], cwd=tmp_path, env={}, timeout_s=30, input=b"x" * 300_000).stdout == b"300000\n"
    assert run([*PYTHON, program], cwd=tmp_path, env={}, timeout_s=30).stdout == b"0\n"


def test_a_program_that_ends_before_it_has_read_its_input_is_no_error(tmp_path: Path) -> None:
    assert run([*PYTHON, "print(1)"], cwd=tmp_path, env={}, timeout_s=30, input=b"x" * 300_000).stdout == b"1\n"


def test_a_program_has_no_terminal_to_ask_at(tmp_path: Path) -> None:
    program = "import os; print(os.getsid(0) == os.getpid())"
    assert run([*PYTHON, program], cwd=tmp_path, env={}, timeout_s=30).stdout == b"True\n"


def test_the_path_that_counts_is_the_one_given(tmp_path: Path) -> None:
    tool = tmp_path / "our-tool"
    tool.write_text("#!/bin/sh\necho ours\n")
    tool.chmod(0o755)
    assert run(["our-tool"], cwd=tmp_path, env={"PATH": str(tmp_path)}, timeout_s=30).stdout == b"ours\n"
    with pytest.raises(ToolError) as caught:
        run(["our-tool"], cwd=tmp_path, env={"PATH": "/nowhere"}, timeout_s=30)
    assert caught.value.message == "our-tool not found"
    assert caught.value.help == "install our-tool, or add its folder to PATH"
    assert caught.value.exit_code is ExitCode.TOOL


def test_a_missing_folder_is_not_blamed_on_the_program(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot run .*python.* in .*/gone: no such folder"):
        run([*PYTHON, ""], cwd=tmp_path / "gone", env={}, timeout_s=30)


def test_a_file_that_is_no_program_is_said(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a program")
    with pytest.raises(ToolError, match="text cannot be started: Permission denied"):
        run([str(text)], cwd=tmp_path, env={}, timeout_s=30)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # What init has not yet collected is dead all the same.
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - not a path of ours
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:  # it ended while it was looked at
        return False
    except FileNotFoundError:
        return sys.platform != "linux"


def _until(holds: Callable[[], bool], timeout_s: float = 10) -> bool:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# A program with a child of its own, both deaf to polite signals; the child holds the pipes.
FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-I", "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"])
with open("pids.part", "w") as out:
    print(os.getpid(), child.pid, file=out)
os.rename("pids.part", "pids")
print("said before", file=sys.stderr, flush=True)
time.sleep(600)
"""


def _pids(folder: Path) -> list[int]:
    assert _until((folder / "pids").exists)
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def test_a_program_that_takes_too_long_is_ended_with_all_its_children(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(ToolError) as caught:
        run([*PYTHON, FAMILY], cwd=tmp_path, env={}, timeout_s=2)
    assert time.monotonic() - start < 10
    assert caught.value.message.endswith("did not end within 2 s and was stopped")
    assert caught.value.details == f"in {tmp_path}\nsaid before"
    assert caught.value.help
    pids = _pids(tmp_path)
    assert _until(lambda: not any(map(_alive, pids)))


def test_a_child_that_left_the_group_cannot_keep_us_waiting(tmp_path: Path) -> None:
    program = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(25)"], start_new_session=True)
time.sleep(600)
"""
    start = time.monotonic()
    with pytest.raises(ToolError, match="did not end within 1 s"):
        run([*PYTHON, program], cwd=tmp_path, env={}, timeout_s=1)
    assert time.monotonic() - start < 15


def test_an_interrupt_ends_the_program_with_all_its_children(tmp_path: Path) -> None:
    def interrupt() -> None:
        _until((tmp_path / "pids").exists)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        run([*PYTHON, FAMILY], cwd=tmp_path, env={}, timeout_s=30)
    interrupter.join()
    pids = _pids(tmp_path)
    assert _until(lambda: not any(map(_alive, pids)))


def test_a_cut_leash_ends_what_runs_and_what_comes(tmp_path: Path) -> None:
    leash = Leash()
    ended: list[Completed] = []
    runner = threading.Thread(
        target=lambda: ended.append(run([*PYTHON, FAMILY], cwd=tmp_path, env={}, timeout_s=30, leash=leash))
    )
    runner.start()
    pids = _pids(tmp_path)
    leash.cut()
    runner.join(10)
    assert [done.returncode for done in ended] == [-signal.SIGKILL]
    assert _until(lambda: not any(map(_alive, pids)))
    later = run([*PYTHON, "import time; time.sleep(600)"], cwd=tmp_path, env={}, timeout_s=30, leash=leash)
    assert later.returncode == -signal.SIGKILL


def test_an_interrupt_ends_what_runs_side_by_side_while_it_is_begun(tmp_path: Path) -> None:
    """The thread may be one that its pool does not know yet: nobody waits for it, so it has to be ended."""

    class Interrupted(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> NoReturn:
            threading.Thread(target=fn, args=args, kwargs=kwargs).start()
            _pids(tmp_path)
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(process, "ThreadPoolExecutor", Interrupted)
        with pytest.raises(KeyboardInterrupt), side_by_side(2, "slow") as (pool, leash):
            pool.submit(run, [*PYTHON, FAMILY], cwd=tmp_path, env={}, timeout_s=30, leash=leash)
    pids = _pids(tmp_path)
    assert _until(lambda: not any(map(_alive, pids)))
    assert time.monotonic() - begun < 20


def test_a_program_that_has_ended_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its id may be somebody else's by now.
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("somebody else was killed"))
    leash = Leash()
    with subprocess.Popen([*PYTHON, ""]) as process:
        process.wait()
        with leash.holding(process):
            leash.cut()
    assert process.returncode == 0


def test_a_program_that_cannot_be_heard_is_a_failed_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(subprocess.Popen, "communicate", fails)
    with pytest.raises(ToolError, match="what sleep says cannot be read: Input/output error"):
        run(["sleep", "60"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, timeout_s=30)


def test_a_program_that_has_nowhere_to_answer_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(process, "_answer", fails)
    with pytest.raises(ToolError, match="sleep cannot be started: No space left on device"):
        run(["sleep", "60"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, timeout_s=30)


def test_an_answer_is_a_file_on_every_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert run([*PYTHON, "print(1)"], cwd=tmp_path, env={}, timeout_s=30).stdout == b"1\n"
