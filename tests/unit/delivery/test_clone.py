from __future__ import annotations

import pytest

from gitops_gen.delivery.clone import repository_folder
from gitops_gen.errors import InputError


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
