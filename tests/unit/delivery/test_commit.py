from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gitops_gen.delivery.commit import Identity, Signature, _check, _commit_tree, write_commit
from gitops_gen.delivery.failure import GitError
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import blob_id

ZERO = "0" * 40
WRITES = {"base/a": b"1"}
DELETES = frozenset({"base/b"})


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_what_was_asked_for_passes(object_format: str) -> None:
    changed = {"base/a": ("100644", blob_id(b"1", object_format)), "base/b": ("000000", ZERO)}
    _check(changed, WRITES, DELETES, object_format)
    _check({}, WRITES, DELETES, object_format)


@pytest.mark.parametrize(
    "changed",
    [
        {"base/a": ("100644", blob_id(b"2"))},
        {"base/a": ("100755", blob_id(b"1"))},
        {"base/a": ("120000", blob_id(b"1"))},
        {"base/a": ("000000", ZERO)},
        {"base/b": ("100644", blob_id(b"1"))},
        {"README.md": ("100644", blob_id(b"1"))},
        {"README.md": ("000000", ZERO)},
    ],
)
def test_anything_else_blows_the_fuse(changed: dict[str, tuple[str, str]]) -> None:
    with pytest.raises(RefusedError) as refused:
        _check(changed, WRITES, DELETES, "sha1")
    assert next(iter(changed)) in refused.value.message


def test_a_git_that_names_no_tree_has_written_none() -> None:
    git: Any = SimpleNamespace(fast_import=lambda *_words, **_options: b"missing \n")
    with pytest.raises(ToolError, match="does not say which tree it wrote"):
        write_commit(
            git,
            base=None,
            writes={"a": b"1"},
            deletes=[],
            message="",
            signature=Signature(identity=Identity("a", "a@example.com"), date=0),
        )


class Signer:
    """Plays a signer: what it signs is noted, and what it is asked to verify."""

    option = "-Skey"

    def __init__(self, *, broken: bool = False) -> None:
        self.git = self
        self.broken = broken
        self.asked: list[object] = []

    def commit_tree(self, *words: str, istream: Any, env: dict[str, str]) -> bytes:
        if self.broken:
            raise GitError("commit-tree", 128, "no key", b"")
        self.asked.append((words, istream.read(), env["GIT_AUTHOR_NAME"], env["GIT_COMMITTER_NAME"]))
        return b"c0ffee\n"

    def failed(self, error: GitError) -> ToolError:
        return ToolError(f"not signed: {error.words}")

    def verify(self, commit: str) -> None:
        self.asked.append(commit)


def commit_with(signer: Signer) -> str:
    def unsigned(*_words: object, **_options: object) -> bytes:
        raise AssertionError("it would not be signed")

    git: Any = SimpleNamespace(commit_tree=unsigned)
    played: Any = signer
    signature = Signature(
        identity=Identity("Bot", "bot@example.com"), date=7, committer=Identity("CI", "ci@example.com")
    )
    return _commit_tree(git, "7ee", "ba5e", "Why\n", signature, played)


def test_a_commit_is_made_by_the_signer_and_verified_before_anybody_gets_it() -> None:
    signer = Signer()
    assert commit_with(signer) == "c0ffee"
    made = (("7ee", "-p", "ba5e", "-Skey", "-F", "-"), b"Why\n", "Bot", "CI")
    assert signer.asked == [made, "c0ffee"]


def test_what_cannot_be_signed_is_said_in_the_signers_words() -> None:
    with pytest.raises(ToolError, match="not signed: no key"):
        commit_with(Signer(broken=True))


def test_an_identity_says_which_part_of_it_is_wrong() -> None:
    with pytest.raises(InputError, match="'<' is no name for a commit"):
        Identity("<", "bot@example.com")
    with pytest.raises(InputError, match="' ' is no e-mail address for a commit"):
        Identity("Bot", " ")


def test_a_path_that_is_no_text_is_held_against_the_plan_as_well() -> None:
    """Someone's file may have such a name; that it changes is seen all the same."""
    git: Any = SimpleNamespace(
        fast_import=lambda *_words, **_options: b"040000 tree " + b"a" * 40 + b"\t\n",
        commit_tree=lambda *_words, **_options: b"c0ffee\n",
        diff_tree=lambda *_words: b":100644 000000 " + b"a" * 40 + b" " + b"0" * 40 + b" D\0\xff\0",
    )
    with pytest.raises(RefusedError, match=r"would change '\\udcff'"):
        write_commit(
            git,
            base="ba5e",
            writes={},
            deletes=[],
            message="",
            signature=Signature(identity=Identity("a", "a@example.com"), date=0),
        )
