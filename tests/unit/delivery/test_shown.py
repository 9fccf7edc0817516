from __future__ import annotations

import time

import pytest

from gitops_gen.delivery.failure import GitError, advice
from gitops_gen.delivery.shown import LONGEST, shown
from gitops_gen.errors import ExitCode


@pytest.mark.parametrize(
    ("said", "safe"),
    [
        (b"remote: denied        \nfatal: no\n", "remote: denied\nfatal: no"),
        (b"remote: \x1b[31mred\x1b[0m\x1b[K\n", "remote: \\x1b[31mred\\x1b[0m"),
        (b"one\r\ntwo\rthree", "one\ntwo\\rthree"),
        (b"tab\there", "tab\\there"),
        (b"::error::x\n  ::set-output name=a::b\n##[group]", "\\::error::x\n  \\::set-output name=a::b\n\\##[group]"),
        ("nel\x85 bidi\u202e zero\u200b".encode(), "nel\\x85 bidi\\u202e zero\\u200b"),
        (b"not \xff text", "not \\xff text"),
        (b"token s3cret in https://u:p@host/x", "token *** in https://host/x"),
        ("h\u00e4ppy", "h\u00e4ppy"),
        (b"", ""),
    ],
)
def test_words_are_made_safe(said: bytes | str, safe: str) -> None:
    assert shown(said, ["s3cret"]) == safe


def test_long_words_keep_their_end() -> None:
    assert shown("a" * 9 * LONGEST + "the end").endswith("the end")
    assert len(shown("a" * 9 * LONGEST)) < LONGEST + 10


def test_words_of_any_length_are_looked_through_once() -> None:
    begin = time.monotonic()
    assert shown("a" * 100 * LONGEST + "://u:p@host/the-end").endswith("aaa://host/the-end")
    assert time.monotonic() - begin < 60


def test_a_failed_git_is_a_failed_tool_with_advice() -> None:
    error = GitError("fetch", 128, "fatal: Authentication failed for 'https://host/'", b"")
    assert error.exit_code is ExitCode.TOOL
    assert error.message == "git fetch failed with exit code 128"
    assert "GITOPS_GEN_TOKEN" in error.help
    assert error.details == error.words


def test_advice_is_given_for_anything() -> None:
    assert "network" in advice("something new")
    assert "known_hosts" in advice("Host key verification failed.")
