from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import Any

import pytest

from gitops_gen.cli.landed import telling
from gitops_gen.errors import ToolError


def done(commit: str | None) -> Any:
    return SimpleNamespace(commit=commit, branch="main")


def test_a_commit_whose_report_cannot_be_written_is_told_all_the_same() -> None:
    with (
        pytest.raises(ToolError, match="commit c0ffee is on main, but the report cannot be written: No space left"),
        telling(done("c0ffee")),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("commit", "error"), [(None, OSError(errno.ENOSPC, "full")), ("c0ffee", BrokenPipeError(errno.EPIPE, "gone"))]
)
def test_where_there_is_no_commit_or_no_reader_the_error_stays_what_it_is(commit: str | None, error: OSError) -> None:
    with pytest.raises(OSError) as failed, telling(done(commit)):  # noqa: PT011 - the very error
        raise error
    assert failed.value is error
