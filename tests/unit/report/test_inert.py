from __future__ import annotations

import pytest

from gitops_gen.report.inert import LINE_LENGTH, code, fenced, inert


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("monitoring/prometheus in cluster-a: 2 -> 3 pods", "monitoring/prometheus in cluster-a: 2 -> 3 pods"),
        ("  +prometheus-2: Service; +host a.example.com", "  +prometheus-2: Service; +host a.example.com"),
        ("\n::error::gone", "\\x0a::error::gone"),
        ("::error::gone", "\\x3a:error::gone"),
        ("  ::error::gone", "  \\x3a:error::gone"),
        ("a ##[add-mask]b ##vso[task.x]", "a \\x23#[add-mask]b \\x23#vso[task.x]"),
        ("\x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
        ("ask @team or a@b.example", "ask \\x40team or a\\x40b.example"),
        ("fixes #12, # alone", "fixes \\x2312, # alone"),
        ("```", "\\x60\\x60\\x60"),
        ("~~~", "\\x7e~~"),
        ("/merge", "\\x2fmerge"),
        ("<script>, <!-- x, a < b, -> c", "\\x3cscript>, \\x3c!-- x, a < b, -> c"),
        ("[x](https://example.com)", "[x\\x5d(https://example.com)"),
    ],
)
def test_nothing_means_anything(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_a_line_ends() -> None:
    assert inert("x" * LINE_LENGTH) == "x" * LINE_LENGTH
    assert inert("x" * (LINE_LENGTH + 1)) == f"{'x' * (LINE_LENGTH - 3)}..."


def test_a_span_and_a_fence() -> None:
    assert code("a|b`c") == "`a\\x7cb\\x60c`"
    assert fenced(["a", "```", "::stop::"]) == ["```text", "a", "\\x60\\x60\\x60", "\\x3a:stop::", "```"]
