"""A TCP proxy that lets a connection break after so many bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

DIRECTIONS = ("up", "down")
"""What the client sends, and what the server sends."""


@dataclass
class Proxy:
    """Forwards to a port on loopback; `break_after` of all bytes in `direction` the connection at hand breaks.

    `how`: it is closed, reset, or stalls. `for_good`: nobody gets through afterwards.
    """

    target: int
    direction: str = "up"
    break_after: int | None = None
    how: str = "close"
    for_good: bool = False
    passed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIRECTIONS, 0))
    broken: bool = False

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close whatever is open."""
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def begin(self, direction: str, break_after: int | None, how: str, *, for_good: bool) -> None:
        """Count from nothing, for the next run."""
        self.hang_up()
        with self._lock:
            self.direction, self.break_after, self.how, self.for_good = direction, break_after, how, for_good
            self.passed = dict.fromkeys(DIRECTIONS, 0)
            self.broken = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.broken and self.for_good:
                self._reset(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            for direction, here, there in (("up", client, server), ("down", server, client)):
                threading.Thread(target=self._forward, args=(direction, here, there), daemon=True).start()

    def _forward(self, direction: str, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := here.recv(16384):
                left = self._allowed(direction, len(data))
                there.sendall(data[:left])
                if left < len(data):
                    self._break(here, there)
                    break
            else:
                with contextlib.suppress(OSError):
                    there.shutdown(socket.SHUT_WR)

    def _allowed(self, direction: str, wanted: int) -> int:
        """Return how many bytes may still pass; the one who hits the bound breaks the connection."""
        with self._lock:
            before = self.passed[direction]
            self.passed[direction] = before + wanted
            if self.break_after is None or self.broken or direction != self.direction:
                return wanted
            left = self.break_after - before
            if left >= wanted:
                return wanted
            self.broken = True
            return max(left, 0)

    def _break(self, here: socket.socket, there: socket.socket) -> None:
        if self.how == "stall":
            while here.recv(16384):
                pass
            return
        for one in (here, there):
            if self.how == "reset":
                self._reset(one)
            else:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _reset(one: socket.socket) -> None:
        """End a connection without a farewell."""
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.shutdown(socket.SHUT_RD)
            one.close()
