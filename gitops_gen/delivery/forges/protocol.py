"""What a publish wants of a forge: to find, open, update and close the one change request of a branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """An open change request, as the forge shows it."""

    number: int
    url: str
    title: str
    body: str


class Forge(Protocol):
    """A project at a forge. `head` is the branch that is proposed, `base` the one that it is to go into.

    Every method raises RejectedError when the forge says no, ToolError when it does not answer or answers nonsense,
    and OutcomeUnknownError when what it was asked to do may have been done.
    """

    def find(self, head: str, base: str) -> ChangeRequest | None:
        """Return the open change request of these branches."""

    def open(self, head: str, base: str, title: str, body: str) -> ChangeRequest:
        """Open one; where there is one already, that is returned as it is."""

    def update(self, number: int, title: str, body: str) -> ChangeRequest:
        """Give it another title and body."""

    def close(self, number: int, body: str) -> None:
        """Close it; the body says why."""


class Answer(NamedTuple):
    """What a forge answered: names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswerError(Exception):
    """A request was not answered: `words` says why, safe to show.

    `sent` tells whether the forge may have got it, `hopeless` that asking again is of no use.
    """

    def __init__(self, words: str, *, sent: bool, hopeless: bool = False) -> None:
        """Keep what is known."""
        super().__init__(words)
        self.words = words
        self.sent = sent
        self.hopeless = hopeless


class Transport(Protocol):
    """A way to a forge's REST interface that carries the credentials."""

    def send(self, method: str, path: str, query: Mapping[str, str], value: object) -> Answer:
        """Send one request; `value` is the JSON of its body, None for none. Raises NoAnswerError."""

    def safe(self, said: bytes | str) -> str:
        """Return what the forge said, safe to show: without the secrets that it was given."""


class Waits(Protocol):
    """Time, handed in: seconds since 1970, seconds since some moment, and waiting for seconds."""

    @property
    def now(self) -> Callable[[], float]:
        """The clock."""

    @property
    def monotonic(self) -> Callable[[], float]:
        """The stop watch."""

    @property
    def sleep(self) -> Callable[[float], None]:
        """How to wait."""
