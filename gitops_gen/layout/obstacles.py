"""What can stand in the way of a path, whatever is inside: links, submodules, folders for files, names that fold.

A symbolic link leads a naive write out of the repository; two names that differ only in case are one file on half of
the world's machines (docs/explanation/ownership-and-seals.md, "Links, and names that differ in case").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.layout.paths import KUSTOMIZATION, OTHER_KUSTOMIZATIONS, parent
from gitops_gen.tree import REGULAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.tree import Entry

_EXECUTABLE = "100755"
_KINDS = {"120000": "a symbolic link", "160000": "a submodule"}


class Obstacle(NamedTuple):
    """The path of what stands in the way, and what it is."""

    path: str
    reason: str


def is_file(entry: Entry) -> bool:
    """Tell whether an entry is a regular file, executable or not."""
    return entry.mode in {REGULAR, _EXECUTABLE}


class Obstacles:
    """Says what stands in the way of a path among a set of entries. Cost: linear in entries once, then next to none."""

    def __init__(self, found: Mapping[str, Entry]) -> None:
        """Take note of every folder, and of every name that has another spelling in lower case."""
        self._found = found
        self._folders: set[str] = set()
        for path in found:
            folder = parent(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = parent(folder)
        self._folded = {name.casefold(): name for name in (*found, *self._folders) if name.casefold() != name}
        self._of_folder: dict[str, Obstacle | None] = {"": None}

    def to_file(self, path: str) -> Obstacle | None:
        """Return what keeps a regular file from standing at a path, None if nothing does."""
        above = self._to_folder(parent(path))
        if above is not None:
            return above
        entry = self._found.get(path)
        if entry is not None and not is_file(entry):
            return Obstacle(path, f"it is {_kind(entry)}, where a file is needed")
        if path in self._folders:
            return Obstacle(path, "it is a folder, where a file is needed")
        if path in self._folded:
            return Obstacle(self._folded[path], f"its name differs from {path} only in case")
        if path.endswith(f"/{KUSTOMIZATION}"):
            for other in OTHER_KUSTOMIZATIONS:
                beside = f"{parent(path)}/{other}"
                if beside in self._found:
                    return Obstacle(beside, f"kustomize builds no folder that has both {KUSTOMIZATION} and {other}")
        return None

    def _to_folder(self, folder: str) -> Obstacle | None:
        if folder not in self._of_folder:
            self._of_folder[folder] = self._to_folder(parent(folder)) or self._at_folder(folder)
        return self._of_folder[folder]

    def _at_folder(self, folder: str) -> Obstacle | None:
        entry = self._found.get(folder)
        if entry is not None:
            return Obstacle(folder, f"it is {_kind(entry)}, where a folder is needed")
        if folder in self._folded:
            return Obstacle(self._folded[folder], f"its name differs from {folder} only in case")
        return None


def _kind(entry: Entry) -> str:
    return "a file" if is_file(entry) else _KINDS.get(entry.mode, "no regular file")
