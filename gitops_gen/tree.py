"""Trees: what is, or should be, in a folder of the GitOps repository, as values.

A path is relative to the Mesh's path in the repository, with `/`; a file is its bytes. Git's own object ids
answer "is this file the same" without reading it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Tree: TypeAlias = "Mapping[str, bytes]"
"""Path -> content of every file, regular and not executable (mode 100644)."""

OWNED_ROOTS = ("base", "engines", "overlays", "published")
"""The top-level folders in which gitops-gen writes."""

REGULAR = "100644"
"""Git's mode of a regular file; the only one that gitops-gen writes."""

FILES = frozenset({REGULAR, "100755"})
"""Git's modes of files that are neither links nor submodules."""


class Entry(NamedTuple):
    """What stands at a path of a repository or folder: Git's mode (120000 symlink, 160000 submodule) and object id."""

    mode: str
    blob: str


def blob_id(content: bytes, algorithm: str = "sha1") -> str:
    """Return the id that Git gives this content; `algorithm` is the repository's object format."""
    return hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def blob_ids(tree: Tree, algorithm: str = "sha1") -> dict[str, str]:
    """Return path -> blob id for a whole tree."""
    return {path: blob_id(content, algorithm) for path, content in tree.items()}


def tree_id(blobs: Mapping[str, str], algorithm: str = "sha1") -> str:
    """Return the id of the Git tree that holds these blobs (path -> blob id), all of mode 100644."""
    folders: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}
    for path, blob in blobs.items():
        head, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(head, {})[rest] = blob
        else:
            files[head] = blob
    entries = [(name, b"100644", blob) for name, blob in files.items()]
    entries += [(name, b"40000", tree_id(inner, algorithm)) for name, inner in folders.items()]
    # Git sorts a folder as if its name ended in a slash.
    entries.sort(key=lambda entry: (entry[0] + "/" if entry[1] == b"40000" else entry[0]).encode())
    body = b"".join(mode + b" " + name.encode() + b"\0" + bytes.fromhex(oid) for name, mode, oid in entries)
    return hashlib.new(algorithm, b"tree %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def below(paths: Iterable[str], folder: str) -> list[str]:
    """Return the paths inside a folder, in order."""
    prefix = folder.rstrip("/") + "/"
    return sorted(path for path in paths if path.startswith(prefix))
