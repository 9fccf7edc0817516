from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import Any

import pytest

from gitops_gen.cli.landed import telling
from gitops_gen.errors import OutcomeUnknownError


def done(commit: str | None) -> Any:
    return SimpleNamespace(commit=commit, branch="main")


def test_a_commit_whose_report_cannot_be_written_is_told_all_the_same() -> None:
    told = "commit c0ffee is on main, but the report cannot be written: No space left"
    with pytest.raises(OutcomeUnknownError, match=told), telling(done("c0ffee")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), BrokenPipeError(errno.EPIPE, "gone")])
def test_where_there_is_no_commit_the_error_stays_what_it_is(error: OSError) -> None:
    with pytest.raises(OSError) as failed, telling(done(None)):  # noqa: PT011 - the very error
        raise error
    assert failed.value is error
