"""Programs that run beside the tests: started with a log each, and all ended whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

PATIENCE_S = 10.0
"""How long a program may take to end when it is asked to."""


class Processes:
    """Programs of one folder of logs; leaving the context ends them, the last first."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        owner: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own; `env` is what changes, `owner` the user that its log is given to."""
        with self.log(name).open("ab") as log:
            if owner is not None:
                os.fchown(log.fileno(), owner, owner)
            self._running[name] = subprocess.Popen(
                [str(word) for word in command],
                env={**os.environ, **(env or {})},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._running[name]

    def log(self, name: str) -> Path:
        """Return the file that a program writes to."""
        return self.logs / f"{name}.log"

    def check(self, name: str) -> None:
        """Raise RuntimeError, with the end of its log, when a program has ended."""
        code = self._running[name].poll()
        if code is not None:
            lines: IO[str]
            with self.log(name).open(errors="replace") as lines:
                end = "".join(lines.readlines()[-15:])
            raise RuntimeError(f"{name} ended with {code}:\n{end}")

    def check_all(self) -> None:
        """Raise RuntimeError when one of the programs has ended."""
        for name in self._running:
            self.check(name)

    def peaks(self) -> dict[str, int]:
        """Return the most memory that each program had at one time, in MiB."""
        found = {}
        for name, process in self._running.items():
            with open(f"/proc/{process.pid}/status") as status:  # noqa: PTH123 - no folder of ours
                peak = next((line for line in status if line.startswith("VmHWM:")), "VmHWM: 0 kB")
            found[name] = int(peak.split()[1]) // 1024
        return found

    def stop(self, name: str) -> None:
        """End a program and what it has started; does nothing when it is not running."""
        process = self._running.pop(name, None)
        if process is None:
            return
        _signal(process, signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()
        # whoever it left behind in its session
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
