"""What the lines of `git push --porcelain` mean."""

from __future__ import annotations

import pytest

from gitops_gen.delivery.push import _Answer, _read_report

REF = "refs/heads/main"


@pytest.mark.parametrize(
    ("flag", "summary", "answer"),
    [
        (" ", "1234567..89abcde", _Answer.TAKEN),
        ("*", "[new branch]", _Answer.TAKEN),
        ("=", "[up to date]", _Answer.TAKEN),
        ("!", "[rejected] (stale info)", _Answer.STALE),
        ("!", "[rejected] (fetch first)", _Answer.STALE),
        ("!", "[remote rejected] (cannot lock ref 'refs/heads/main')", _Answer.STALE),
        ("!", "[remote rejected] (pre-receive hook declined)", _Answer.REFUSED),
        # The server ended before it said what became of the ref.
        ("!", "[remote failure] (remote failed to report status)", _Answer.NONE),
        # What we never ask for says nothing about what we did.
        ("-", "[deleted]", _Answer.NONE),
    ],
)
def test_a_line_about_our_ref(flag: str, summary: str, answer: _Answer) -> None:
    report = f"To https://git.example.com/mesh.git\n{flag}\t1234567:{REF}\t{summary}\nDone\n"
    told = summary if answer in {_Answer.STALE, _Answer.REFUSED} else ""
    assert _read_report(report, REF) == (answer, told)


def test_lines_about_other_refs_and_none_at_all_say_nothing() -> None:
    assert _read_report("*\t1234567:refs/heads/other\t[new branch]\n", REF) == (_Answer.NONE, "")
    assert _read_report("", REF) == (_Answer.NONE, "")
