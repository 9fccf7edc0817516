"""What is rare between us and a forge: answers without an end, programs that hang or are missing, endless lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pytest
import urllib3

from gitops_gen.delivery.forges import asking, rest, tool
from gitops_gen.delivery.forges.asking import Questions
from gitops_gen.delivery.forges.protocol import NoAnswerError
from gitops_gen.delivery.forges.rest import Rest
from gitops_gen.delivery.forges.tool import Tool
from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Endless:
    """An answer that goes on and on."""

    given = 0
    closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.closed, "the rest would be read, so that the connection can be used again"

    def close(self) -> None:
        self.closed = True

    def stream(self, _amount: int) -> Iterator[bytes]:
        while self.given < 1000:
            self.given += 1
            yield b"x" * 100


@pytest.mark.parametrize(("bound", "parts"), [("largest", 11), ("time", 1)])
def test_an_answer_that_does_not_end_is_cut_off(monkeypatch: pytest.MonkeyPatch, bound: str, parts: int) -> None:
    timeout_s = 60.0 if bound == "largest" else -1.0
    asked = Rest("https://forge.example.com/api", "token", headers={}, environment={}, timeout_s=timeout_s)
    answer = Endless()
    monkeypatch.setattr(rest, "LARGEST", 1000)
    monkeypatch.setattr(urllib3, "Timeout", lambda **_: None)
    monkeypatch.setattr(asked._pool, "request", lambda *_arguments, **_options: answer)
    with pytest.raises(NoAnswerError, match="its answer does not end") as failed:
        asked.send("GET", "/x", {}, None)
    assert failed.value.sent
    assert answer.given == parts


@pytest.mark.parametrize(
    ("message", "raised"), [("gh did not end within 1 s and was stopped", NoAnswerError), ("gh not found", ToolError)]
)
def test_a_program_that_hangs_did_not_answer_and_one_that_is_missing_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, raised: type[Exception]
) -> None:
    def fails(*_arguments: object, **_options: object) -> None:
        raise ToolError(message, details="the token is s3cret")

    monkeypatch.setattr(tool, "run", fails)
    asked = Tool("gh", "github.com", token="s3cret", headers={}, environment={}, folder=tmp_path, timeout_s=1)  # noqa: S106
    with pytest.raises(raised, match=message) as failed:
        asked.send("POST", "/x", {}, {})
    if isinstance(failed.value, NoAnswerError):
        assert failed.value.sent
        assert "s3cret" not in str(failed.value)


def test_no_list_is_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAGES", 3)
    asked: list[str] = []

    def full(_questions: Questions, _method: str, _path: str, query: dict[str, str]) -> list[int]:
        asked.append(query["page"])
        return list(range(asking.PAGE))

    monkeypatch.setattr(Questions, "ask", full)
    nothing: Any = None
    found = Questions(transport=nothing, name="a forge", advice="", waits=nothing, end=0.0).pages("/x", {})
    assert asked == ["1", "2", "3"]
    assert len(found) == 3 * asking.PAGE
