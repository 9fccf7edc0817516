from __future__ import annotations

import pytest

from gitops_gen.report.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, Ünïcode 日本", "plain text, Ünïcode 日本"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\rd", r"a\x0ab\x09c\x0dd"),
        ("\x7f\x85\xa0", r"\x7f\x85\xa0"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("\u2028\ufeff\u200b", r"\u2028\ufeff\u200b"),
        ("\U000e0001", r"\U000e0001"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_only_what_prints_is_shown_raw(text: str, shown: str) -> None:
    assert printable(text) == shown
