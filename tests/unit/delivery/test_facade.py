from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.delivery.environment import local_environment
from gitops_gen.delivery.facade import CleanGit, check_version
from gitops_gen.delivery.failure import GitError
from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Git:
    """Plays git; `said` is its answer."""

    def __init__(self, said: bytes) -> None:
        self.said = said

    def execute(self, _command: list[str]) -> bytes:
        return self.said


def asked(said: bytes) -> CleanGit:
    git: Any = Git(said)
    played: CleanGit = git
    return played


@pytest.mark.parametrize(
    "said", [b"git version 2.32.0\n", b"git version 2.50.1 (Apple Git-155)\n", b"git version 3.0\n"]
)
def test_a_git_that_is_new_enough_will_do(said: bytes) -> None:
    check_version(asked(said))


@pytest.mark.parametrize("said", [b"git version 2.31.9\n", b"git version 1.99\n", b"something else\n", b"\x1b[2J\xff"])
def test_an_older_git_or_another_program_is_refused_by_name(said: bytes) -> None:
    with pytest.raises(ToolError, match=r"git 2\.32 or newer is needed") as failed:
        check_version(asked(said))
    assert failed.value.message.isprintable()


class Ends(CleanGit):
    """Plays a git that ends as it is told, one time after the other: with an exit code and some words."""

    def __init__(self, folder: Path, ends: Sequence[tuple[int, str]]) -> None:
        super().__init__(folder, local_environment({}, home=str(folder)), timeout_s=1)
        self.ends = list(ends)

    def execute(self, command: Sequence[str], *_arguments: object, **_options: object) -> bytes:  # type: ignore[override]
        assert [*command] == ["git", "merge-base", "--is-ancestor", "older", "younger"]
        status, words = self.ends.pop(0)
        if status:
            raise GitError("merge-base", status, words, b"")
        return b""


NO = (1, "")


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ([(0, "")], True),
        ([NO, (0, "")], True),
        ([NO, NO], False),
        ([(1, "warning: something is deprecated"), NO], False),
    ],
)
def test_that_a_commit_is_not_behind_another_has_to_be_said_twice(
    tmp_path: Path, ends: list[tuple[int, str]], *, found: bool
) -> None:
    git = Ends(tmp_path, ends)
    assert git.is_ancestor("older", "younger") is found
    assert not git.ends


@pytest.mark.parametrize(
    "end", [(128, ""), (-9, ""), (2, ""), (1, "error: Could not read 1234"), (1, "x: Input/output error")]
)
@pytest.mark.parametrize("before", [[], [NO]])
def test_a_git_that_fails_says_nothing_of_the_order(
    tmp_path: Path, before: list[tuple[int, str]], end: tuple[int, str]
) -> None:
    with pytest.raises(GitError):
        Ends(tmp_path, [*before, end]).is_ancestor("older", "younger")
