"""Asking a forge: with patience where that is safe, and with its own words where it says no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitops_gen.delivery.forges.protocol import ChangeRequest, NoAnswerError
from gitops_gen.errors import OutcomeUnknownError, RejectedError, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_gen.delivery.forges.protocol import Answer, Transport, Waits

TRIES = 4
"""How often a question is asked that a forge does not answer."""

PAUSE_S = 1.0
"""Pause before the next try, doubled each time."""

PAGE = 100
"""How many entries of a list are asked for at once: the most that forges give."""

PAGES = 20
"""How many pages of a list are looked at."""

_AGAIN = "the branch is pushed; running publish again is safe"
_TOO_MANY = 429


class ForgeRefusal(RejectedError):  # noqa: N818 - a refusal is what it is
    """A forge that says no; `status` is HTTP's."""

    status = 0


class LostAnswerError(Exception):
    """Something was asked for that must not be asked for twice, and no answer came."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Requests to one forge; all of them together wait at most until `end`, by the stop watch of `waits`."""

    transport: Transport
    name: str
    advice: str
    waits: Waits
    end: float

    def ask(self, method: str, path: str, query: Mapping[str, str] | None = None, value: object = None) -> Any:  # noqa: ANN401 - JSON
        """Return what the forge answers, as JSON.

        A question that is harmless to repeat, which all but POST are, is asked again when the forge does not answer.
        So is any, when the forge says that it is asked too often. Raises as the methods of a Forge, and
        LostAnswerError for a POST that may have been carried out.
        """
        tries = 0
        while True:
            tries += 1
            try:
                answer = self.transport.send(method, path, query or {}, value)
            except NoAnswerError as error:
                if method == "POST" and error.sent:
                    raise LostAnswerError(error.words) from error
                if error.hopeless or not self._pause(tries):
                    raise self._silent(error.words) from error
                continue
            if (wait := self._asked_to_wait(answer)) is not None:
                self._wait(wait, answer)
            elif answer.status >= 500 or (answer.status < 300 and not answer.body.strip()):  # noqa: PLR2004
                # The server's own failure, or an answer that was cut off within its headers.
                if method == "POST":
                    raise LostAnswerError(self._words(answer))
                if not self._pause(tries):
                    raise self._silent(f"HTTP {answer.status}\n{self._words(answer)}")
            else:
                return self._read(answer)

    def pages(self, path: str, query: Mapping[str, str]) -> list[Any]:
        """Return all entries of a list."""
        found: list[Any] = []
        for number in range(1, PAGES + 1):
            page = self.ask("GET", path, {**query, "per_page": str(PAGE), "page": str(number)})
            if not isinstance(page, list):
                raise self._nonsense()
            found += page
            if len(page) < PAGE:
                break
        return found

    def open(
        self,
        path: str,
        value: Mapping[str, object],
        *,
        find: Callable[[], ChangeRequest | None],
        read: Callable[[Any], ChangeRequest],
        taken: int,
    ) -> ChangeRequest:
        """Open a change request once, whatever becomes of the answers; `taken` is the status for "there is one"."""
        lost = ""
        for _ in range(2):
            try:
                return read(self.ask("POST", path, value=value))
            except LostAnswerError as error:
                lost = str(error)
            except ForgeRefusal as error:
                there = find() if error.status == taken else None
                if there is None:
                    raise
                return there
            try:
                there = find()
            except ToolError:
                break
            if there is not None:
                return there
        raise OutcomeUnknownError(
            f"{self.name} did not answer: the change request may or may not be open", details=lost, help=_AGAIN
        )

    def change(self, value: Any, fields: Mapping[str, str]) -> ChangeRequest:  # noqa: ANN401 - JSON
        """Read a change request by what this forge calls its parts."""
        try:
            return ChangeRequest(
                number=int(value[fields["number"]]),
                url=str(value[fields["url"]]),
                title=str(value[fields["title"]]),
                body=str(value[fields["body"]] or ""),
            )
        except (TypeError, KeyError, ValueError) as error:
            raise self._nonsense() from error

    # --- inside --------------------------------------------------------------------------------------------------

    def _pause(self, tries: int) -> bool:
        """Wait before the next try; False when there is to be none."""
        pause = PAUSE_S * 2 ** (tries - 1)
        if tries >= TRIES or self.waits.monotonic() + pause >= self.end:
            return False
        self.waits.sleep(pause)
        return True

    def _asked_to_wait(self, answer: Answer) -> float | None:
        """Return for how many seconds a forge wants to be left alone; None where it does not say so."""
        headers = answer.headers
        spent = headers.get("x-ratelimit-remaining") == "0"
        if answer.status != _TOO_MANY and not (answer.status == 403 and (spent or "retry-after" in headers)):  # noqa: PLR2004
            return None
        after = headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
        return max(float(reset) - self.waits.now(), PAUSE_S) if reset.isdecimal() else 60.0

    def _wait(self, seconds: float, answer: Answer) -> None:
        if self.waits.monotonic() + seconds >= self.end:
            raise ToolError(
                f"{self.name} is asked too often: it wants to be left alone for {seconds:,.0f} seconds",
                details=self._words(answer),
                help=f"{_AGAIN}, then or with a longer --deadline",
            )
        self.waits.sleep(seconds)

    def _read(self, answer: Answer) -> Any:  # noqa: ANN401 - JSON
        if answer.status >= 400:  # noqa: PLR2004 - it says no
            error = ForgeRefusal(
                f"{self.name} says no: HTTP {answer.status}", details=self._words(answer), help=self.advice
            )
            error.status = answer.status
            raise error
        if answer.status >= 300:  # noqa: PLR2004 - never followed: the token would go along
            raise ToolError(
                f"{self.name} redirects, and a token does not go along",
                details=self.transport.safe(answer.headers.get("location", "")),
                help="if the repository was renamed or moved, write its new URL",
            )
        try:
            return json.loads(answer.body)
        except ValueError as error:
            raise self._nonsense() from error

    def _words(self, answer: Answer) -> str:
        """Return a forge's reasons, of which JSON has but a few names."""
        try:
            value = json.loads(answer.body)
        except ValueError:
            return self.transport.safe(answer.body[:400])
        said = value if isinstance(value, dict) else {}
        reasons = [said.get("message"), said.get("error"), said.get("error_description"), said.get("errors")]
        texts = [reason if isinstance(reason, str) else json.dumps(reason) for reason in reasons if reason]
        return self.transport.safe("\n".join(texts)[:2_000])

    def _silent(self, words: str) -> ToolError:
        return ToolError(f"{self.name} does not answer", details=words, help=_AGAIN)

    def _nonsense(self) -> ToolError:
        return ToolError(
            f"{self.name} answers what it should not",
            help="is it the forge that --forge names, and the address that --forge-url or the repository's URL has?",
        )
