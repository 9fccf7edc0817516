"""Signals: being told to end is like being interrupted by hand, so that everything that was begun is put away."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

GRACE_S = 5.0
"""How long putting things away may take before another signal breaks into it."""

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, what a CI system or a service manager sends, and a terminal that is closed."""


@contextmanager
def ending_as_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt for each of these signals while the block runs, and one signal once.

    Where somebody had a signal ignored (`nohup`), it stays ignored. Presupposes the main thread.
    """
    last = -GRACE_S

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        # A second Ctrl-C, or the SIGTERM that follows it, must not stop the removal of what is private.
        if time.monotonic() - last >= GRACE_S:
            last = time.monotonic()
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        for number, was in before.items():
            if was in {signal.SIG_DFL, signal.default_int_handler}:
                signal.signal(number, interrupt)
        yield
    finally:
        for number, was in before.items():
            if was is not None:
                signal.signal(number, was)
