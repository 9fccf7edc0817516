from __future__ import annotations

import errno
import os

import pytest

from gitops_gen.cli.main import _failed


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (errno.ENOSPC, 7, "cannot write: No space left on device\n  help: make room"),
        (errno.EFBIG, 7, "cannot write: File too large\n  help: make room"),
        (errno.EIO, 7, "the machine fails: Input/output error\n  help: mend that"),
        (errno.ENOMEM, 7, "the machine fails: Cannot allocate memory\n  help: mend that"),
        (errno.EMFILE, 7, "the machine fails: Too many open files\n  help: mend that"),
        (errno.EBADF, 70, "this is a bug"),
    ],
)
def test_what_the_machine_fails_at_is_no_bug(
    capsys: pytest.CaptureFixture[str], number: int, code: int, said: str
) -> None:
    assert _failed(OSError(number, os.strerror(number))) == code
    assert said in capsys.readouterr().err
