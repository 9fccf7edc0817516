"""Finding a commit of the branch: only git's "no" is one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.history import find_commit
from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from gitops_gen.delivery.clone import Clone

COMMIT, BASE = "a" * 40, "b" * 40


def clone(found: bytes | GitError, *, ancestor: bool) -> Clone:
    def rev_parse(*_: str) -> bytes:
        if isinstance(found, GitError):
            raise found
        return found

    local = SimpleNamespace(rev_parse=rev_parse, is_ancestor=lambda _commit, base: ancestor and base == BASE)
    return cast("Clone", SimpleNamespace(base=BASE, local=local))


def test_a_commit_of_the_branch_is_found_by_the_start_of_its_id() -> None:
    assert find_commit(clone(f"{COMMIT}\n".encode(), ancestor=True), "aaaaaaaa") == COMMIT


def test_a_commit_that_the_branch_does_not_have_is_none_of_it() -> None:
    with pytest.raises(InputError, match="'aaaaaaaa' is no commit of the branch"):
        find_commit(clone(f"{COMMIT}\n".encode(), ancestor=False), "aaaaaaaa")


def test_an_id_that_git_does_not_know_is_no_commit_of_the_branch() -> None:
    unknown = GitError("rev-parse", 1, "", b"")
    with pytest.raises(InputError, match="is no commit of the branch"):
        find_commit(clone(unknown, ancestor=True), "aaaaaaaa")


def test_a_git_that_was_killed_does_not_say_no() -> None:
    killed = GitError("rev-parse", -9, "", b"")
    with pytest.raises(GitError):
        find_commit(clone(killed, ancestor=True), "aaaaaaaa")
