"""Git objects without git: written as loose files, and read by one process that stays.

People, and what looks at a branch after each step, need hundreds of objects; a process for each would take longer than
all that is tried. What runs do is done by git itself.
"""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BLOB, TREE = "100644", "40000"


class Commit(NamedTuple):
    """A commit: its tree, its parents, and its author's name."""

    tree: str
    parents: tuple[str, ...]
    author: str


class Objects:
    """The objects, and the branch `main`, of one repository; `folder` is that in which its `objects` are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, bytes] = {}
        self._reading: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End what reads."""
        if self._reading is not None:
            self._reading.communicate()

    # --- writing -------------------------------------------------------------------------------------------------

    def write(self, kind: str, content: bytes) -> str:
        """Write an object and return its id."""
        whole = f"{kind} {len(content)}\0".encode() + content
        found = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = self._folder / "objects" / found[:2] / found[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(whole, 1))
        self._read[found] = content
        return found

    def write_tree(self, blobs: Mapping[str, str]) -> str:
        """Write the tree that holds these blobs, given by path."""
        folders: dict[str, dict[str, str]] = {}
        entries: list[tuple[str, str, str]] = []
        for path, blob in blobs.items():
            first, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(first, {})[rest] = blob
            else:
                entries.append((first, BLOB, blob))
        entries += [(name, TREE, self.write_tree(inner)) for name, inner in folders.items()]
        entries.sort(key=lambda entry: f"{entry[0]}/" if entry[1] == TREE else entry[0])
        return self.write("tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(o) for name, mode, o in entries))

    def write_commit(self, tree: str, parents: Sequence[str], author: str, message: str, date: int) -> str:
        """Write a commit and return its id."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"{role} {author} <person@example.com> {date} +0000" for role in ("author", "committer")]
        return self.write("commit", "\n".join([*lines, "", message, ""]).encode())

    # --- the branch ----------------------------------------------------------------------------------------------

    def tip(self) -> str:
        """Return where the branch stands, "" when there is none."""
        ref = self._folder / "refs" / "heads" / "main"
        return ref.read_text().strip() if ref.exists() else ""

    def move(self, commit: str) -> None:
        """Let the branch stand at a commit."""
        ref = self._folder / "refs" / "heads" / "main"
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(f"{commit}\n")

    # --- reading -------------------------------------------------------------------------------------------------

    def read(self, wanted: str) -> bytes:
        """Return an object's content."""
        if wanted not in self._read:
            self._read[wanted] = self._asked(wanted)
        return self._read[wanted]

    def _asked(self, wanted: str) -> bytes:
        if self._reading is None:
            self._reading = subprocess.Popen(
                ["git", "--git-dir", str(self._folder), "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        asking, answering = self._reading.stdin, self._reading.stdout
        assert asking is not None
        assert answering is not None
        asking.write(f"{wanted}\n".encode())
        asking.flush()
        head = answering.readline().split()
        assert len(head) == 3, f"there is no object {wanted}"
        content = answering.read(int(head[2]))
        answering.read(1)
        return content

    def commit(self, wanted: str) -> Commit:
        """Return a commit."""
        head = self.read(wanted).partition(b"\n\n")[0].decode().splitlines()
        said: dict[str, list[str]] = {}
        for line in head:
            name, _, value = line.partition(" ")
            said.setdefault(name, []).append(value)
        return Commit(said["tree"][0], tuple(said.get("parent", ())), said["author"][0].partition(" <")[0])

    def blobs(self, tree: str, above: str = "") -> dict[str, str]:
        """Return path -> blob of everything in a tree."""
        found: dict[str, str] = {}
        left = self.read(tree)
        while left:
            head, _, left = left.partition(b"\0")
            mode, _, name = head.decode().partition(" ")
            entry, left = left[:20].hex(), left[20:]
            found |= self.blobs(entry, f"{above}{name}/") if mode == TREE else {above + name: entry}
        return found

    def first_parents(self, commit: str) -> list[str]:
        """Return a commit and its first parents, the newest first."""
        found = [commit]
        while parents := self.commit(found[-1]).parents:
            found.append(parents[0])
        return found
