from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gitops_gen.delivery.commit import Identity, Signature, _check, write_commit
from gitops_gen.errors import RefusedError, ToolError
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
