"""The page of promises names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "promises.md").read_text(encoding="utf-8")


def test_there_are_twenty_and_each_names_what_shows_it() -> None:
    parts = re.split(r"^## (\d+)\. ", PAGE, flags=re.MULTILINE)
    numbers, texts = parts[1::2], parts[2::2]
    assert numbers == [str(number) for number in range(1, 21)]
    lacking = [number for number, text in zip(numbers, texts, strict=True) if "`tests/" not in text]
    assert lacking == []


def test_every_named_test_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 40
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert not test or f"\ndef {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"
