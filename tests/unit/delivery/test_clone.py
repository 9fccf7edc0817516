from __future__ import annotations

import pytest

from gitops_gen.delivery.clone import _batch, repository_folder
from gitops_gen.errors import InputError, ToolError


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (".", ""),
        ("./", ""),
        ("mesh", "mesh"),
        ("mesh/", "mesh"),
        ("./deploy/./mesh", "deploy/mesh"),
        (".github/mesh", ".github/mesh"),
    ],
)
def test_a_folder_as_git_writes_it(path: str, folder: str) -> None:
    assert repository_folder(path) == folder


@pytest.mark.parametrize("path", ["..", "a/../b", "/srv/mesh", "a//b", "a//", ".git", "a/.GIT/b", "a\nb", "a/\x00"])
def test_what_is_no_folder_in_a_repository(path: str) -> None:
    with pytest.raises(InputError, match="is no folder in a repository"):
        repository_folder(path)


BLOBS = ["a" * 40, "b" * 40]
ANSWER = b"%s blob 3\nx\ny\n%s blob 0\n\n" % tuple(blob.encode() for blob in BLOBS)


def test_an_answer_of_many_blobs_is_taken_apart() -> None:
    assert dict(_batch(ANSWER, BLOBS)) == {BLOBS[0]: b"x\ny", BLOBS[1]: b""}


@pytest.mark.parametrize("end", [0, 10, 46, 50, 51, 53, 60, len(ANSWER) - 2])
def test_an_answer_that_ends_too_early_is_a_failure_of_git(end: int) -> None:
    with pytest.raises(ToolError, match=r"git (has no|hands out a part of) object"):
        dict(_batch(ANSWER[:end], BLOBS))


def test_a_blob_that_is_missing_is_named() -> None:
    with pytest.raises(ToolError, match=f"git has no object {BLOBS[1]}"):
        dict(_batch(ANSWER[:51] + BLOBS[1].encode() + b" missing\n", BLOBS))
