"""Blobs, trees and a commit, written in one go, and the last check before the commit may leave.

`git fast-import` starts from the base commit's tree, so that foreign files are carried over by id, unread and
untouched; the commit itself is made by `git commit-tree`, from that tree.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.failure import GitError
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import REGULAR, blob_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitops_gen.delivery.facade import CleanGit
    from gitops_gen.delivery.keys import Signing
    from gitops_gen.delivery.signing import Signer

DRAFT = "refs/gitops-gen/draft"
"""Where fast-import keeps the commit that carries the new tree; it never leaves the clone."""

_ESCAPED = {'"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit is by. Raises InputError for what git would drop or take for something else."""

    name: str
    email: str

    def __post_init__(self) -> None:
        """Check both parts: git strips some characters silently and reads others as the end."""
        for part, text in (("name", self.name), ("e-mail address", self.email)):
            if not text.strip() or not text.isprintable() or "<" in text or ">" in text:
                raise InputError(f"{text!r} is no {part} for a commit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whose commit it is, when it was made (seconds since 1970), and by which version of gitops-gen.

    `identity` is the author; `committer` is the same where none is given. `signing` says with which key the commit is
    signed, None that it is not.
    """

    identity: Identity
    date: int
    version: str = ""
    committer: Identity | None = None
    signing: Signing | None = None


def write_commit(  # noqa: PLR0913 - each becomes a part of the commit
    git: CleanGit,
    *,
    base: str | None,
    writes: Mapping[str, bytes],
    deletes: Collection[str],
    message: str,
    signature: Signature,
    signer: Signer | None = None,
    object_format: str = "sha1",
) -> str:
    """Write a commit on top of `base` (None: a first commit) in which just these paths differ, and return its id.

    `signature` says by whom and when; with a `signer` the commit is signed, and its signature verified. Nothing but
    objects and a private ref is written. Raises RefusedError when the commit would touch any other path, ToolError
    when git fails, or the signature does.
    """
    try:
        tree = _write_tree(git, base, writes, deletes)
        commit = _commit_tree(git, tree, base, message, signature, signer)
        changed = _changed(git, base, commit)
    except GitError as error:
        raise ToolError("git cannot write the commit", details=error.words) from error
    _check(changed, writes, frozenset(deletes), object_format)
    return commit


def _commit_tree(  # noqa: PLR0913, PLR0917 - each becomes a part of the commit
    git: CleanGit, tree: str, base: str | None, message: str, signature: Signature, signer: Signer | None
) -> str:
    """Make the commit of a tree, signed where there is a signer, and verified then."""
    parents = () if base is None else ("-p", base)
    author, committer = signature.identity, signature.committer or signature.identity
    stamp = f"@{signature.date} +0000"
    env = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": stamp,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_DATE": stamp,
    }
    text = io.BytesIO(message.encode())
    if signer is None:
        return str(git.commit_tree(tree, *parents, "-F", "-", istream=text, env=env).decode().strip())
    try:
        made = signer.git.commit_tree(tree, *parents, signer.option, "-F", "-", istream=text, env=env)
    except GitError as error:
        raise signer.failed(error) from error
    commit = str(made.decode().strip())
    signer.verify(commit)
    return commit


def _write_tree(git: CleanGit, base: str | None, writes: Mapping[str, bytes], deletes: Collection[str]) -> str:
    """Write blobs and trees as one pack and return the id of the top tree."""
    parts = [b"feature done\n", f"commit {DRAFT}\ncommitter draft <> 0 +0000\ndata 0\n".encode()]
    if base is not None:
        parts.append(f"from {base}\n".encode())
    parts += [b"D %s\n" % _quoted(path) for path in sorted(deletes)]
    for path in sorted(writes):
        content = writes[path]
        parts += [b"M %s inline %s\ndata %d\n" % (REGULAR.encode(), _quoted(path), len(content)), content, b"\n"]
    parts.append(b'ls ""\ndone\n')
    # --force: the draft of an earlier try may stand there already.
    answer = git.fast_import("--quiet", "--force", "--done", istream=io.BytesIO(b"".join(parts)))
    found = re.fullmatch(rb"040000 tree ([0-9a-f]{40}|[0-9a-f]{64})\t\n", answer)
    if found is None:
        raise ToolError("git fast-import does not say which tree it wrote")
    return found[1].decode()


def _quoted(path: str) -> bytes:
    """Write a path as fast-import reads it, in quotes."""
    if not path or not path.isprintable():
        raise ValueError(path)
    return f'"{"".join(_ESCAPED.get(sign, sign) for sign in path)}"'.encode()


def _changed(git: CleanGit, base: str | None, commit: str) -> dict[str, tuple[str, str]]:
    """Return path -> (mode, blob) for everything in which `commit` differs from `base`; a deleted path has mode 0."""
    listed = (
        git.ls_tree("-r", "-z", "--full-tree", commit)
        if base is None
        else git.diff_tree("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none", base, commit)
    )
    records = listed.decode("utf-8", "surrogateescape").split("\0")[:-1]
    changed = {}
    if base is None:
        for record in records:
            head, _, path = record.partition("\t")
            mode, _, blob = head.split(" ")
            changed[path] = (mode, blob)
        return changed
    for head, path in zip(records[::2], records[1::2], strict=True):
        _, mode, _, blob, _ = head.split(" ")
        changed[path] = (mode, blob)
    return changed


def _check(
    changed: Mapping[str, tuple[str, str]],
    writes: Mapping[str, bytes],
    deletes: frozenset[str],
    object_format: str,
) -> None:
    """Hold what git wrote against what was asked for: the fuse that nothing above can bypass."""
    for path, (mode, blob) in changed.items():
        if path in writes:
            right = mode == REGULAR and blob == blob_id(writes[path], object_format)
        else:
            right = path in deletes and not int(mode)
        if not right:
            raise RefusedError(
                f"the commit would change {path!r} in a way that is not in the plan, so it is not pushed",
                help="a file, symlink or submodule of somebody else may stand where a folder is needed",
            )
