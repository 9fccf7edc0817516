from __future__ import annotations

import pytest

from gitops_gen.delivery.failure import GitError


@pytest.mark.parametrize(
    ("status", "words", "is_fault"),
    [
        (1, "", False),
        (128, "fatal: not a git repository (or any of the parent directories): .git", False),
        (128, "fatal: Needed a single revision", False),
        (-9, "", True),
        (-15, "fatal: Needed a single revision", True),
        (128, "fatal: unable to read tree: Input/output error", True),
        (128, "error: copy-fd: write returned: No space left on device", True),
        (128, "fatal: Out of memory, malloc failed", True),
    ],
)
def test_a_fault_of_the_machine_is_told_from_an_answer(status: int, words: str, *, is_fault: bool) -> None:
    assert GitError("rev-parse", status, words, b"").is_fault is is_fault
