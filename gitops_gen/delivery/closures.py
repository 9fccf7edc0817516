"""What a sync unit is built from, and what comes of it, at any commit of the branch.

An engine says which commit it has applied. Most commits change nothing of a unit, so what counts is whether the unit
renders there as it does at another commit: the same files, or other files that hold the same resources, as when
something moves between base and an overlay.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.history import find_commit
from gitops_gen.errors import InputError
from gitops_gen.layout.paths import KUSTOMIZATION, OTHER_KUSTOMIZATIONS
from gitops_gen.layout.units import units_of
from gitops_gen.manifest import UNREADABLE, dump, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.model import SyncUnit

_NAMES = (KUSTOMIZATION, *OTHER_KUSTOMIZATIONS)
_PLAIN_KEYS = frozenset({"apiVersion", "kind", "resources", "sortOptions"})
"""The keys of a kustomization that only lists: what it renders is what its files hold."""


class Closures:
    """The closures of units at the commits of a clone's branch, each read once."""

    def __init__(self, clone: Clone) -> None:
        """Read nothing yet."""
        self._clone = clone
        self._entries: dict[str, dict[str, str]] = {}
        self._contents: dict[str, bytes] = {}
        self._closures: dict[tuple[str, str], dict[str, str]] = {}
        self._renderings: dict[tuple[str, str], frozenset[str] | None] = {}
        self._commits: dict[str, str | None] = {}

    def commit(self, revision: str) -> str | None:
        """Return the id of a commit of the branch, None for what is none."""
        if revision not in self._commits:
            try:
                self._commits[revision] = find_commit(self._clone, revision)
            except InputError:
                self._commits[revision] = None
        return self._commits[revision]

    def descends(self, later: str, earlier: str) -> bool:
        """Tell whether one commit of the branch has another behind it."""
        try:
            self._clone.local.merge_base("--is-ancestor", earlier, later)
        except GitError:
            return False
        return True

    def refresh(self) -> None:
        """Read the branch again: what was no commit of it may be one now."""
        self._clone.refresh()
        self._commits.clear()

    def units(self, commit: str, sync_unit: SyncUnit) -> list[str]:
        """Return the folders of all sync units at a commit."""
        return units_of(self._listing(commit), sync_unit)

    def closure(self, commit: str, unit: str) -> Mapping[str, str]:
        """Return path -> blob id of every file that a unit is built from."""
        if (commit, unit) not in self._closures:
            self._closures[commit, unit] = self._walk(commit, unit)
        return self._closures[commit, unit]

    def folders(self, commit: str, unit: str) -> frozenset[str]:
        """Return the folders of a unit's closure, as they stand in the repository."""
        return frozenset(self._clone.place(path.rpartition("/")[0]) for path in self.closure(commit, unit))

    def same(self, one: str, other: str, unit: str) -> bool:
        """Tell whether a unit renders the same at two commits.

        Where a kustomization does more than to list files, only the same files count as the same.
        """
        if self.closure(one, unit) == self.closure(other, unit):
            return True
        rendered = self._rendering(one, unit)
        return rendered is not None and rendered == self._rendering(other, unit)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _listing(self, commit: str) -> dict[str, str]:
        if commit not in self._entries:
            self._entries[commit] = {path: one.blob for path, one in self._clone.entries(commit=commit).items()}
        return self._entries[commit]

    def _read(self, blobs: Iterable[str]) -> None:
        missing = {blob for blob in blobs if blob not in self._contents}
        self._contents |= self._clone.read(missing)

    def _walk(self, commit: str, unit: str) -> dict[str, str]:
        """Follow the kustomizations from a unit's folder; what they name and is not there is left out."""
        listing = self._listing(commit)
        cluster = "/".join(unit.split("/")[:2])
        # All that may be needed in one batch: other clusters' overlays are no part of it.
        near = [path for path in listing if not path.startswith("overlays/") or path.startswith(f"{cluster}/")]
        self._read(listing[path] for path in near if path.rpartition("/")[2] in _NAMES)
        found: dict[str, str] = {}
        left = [unit]
        while left:
            at = left.pop()
            if at in listing:
                found[at] = listing[at]
                continue
            file = next((f"{at}/{name}" for name in _NAMES if f"{at}/{name}" in listing), None)
            if file is not None and file not in found:
                found[file] = listing[file]
                left += [posixpath.normpath(f"{at}/{entry}") for entry in _named(self._kustomization(listing[file]))]
        return found

    def _kustomization(self, blob: str) -> Mapping[str, Any]:
        try:
            documents = list(load(self._contents[blob].decode()))
        except UNREADABLE:
            return {}
        return documents[0] if documents and isinstance(documents[0], dict) else {}

    def _rendering(self, commit: str, unit: str) -> frozenset[str] | None:
        """Return the resources of a unit in one spelling, None where they cannot be known without kustomize."""
        if (commit, unit) not in self._renderings:
            self._renderings[commit, unit] = self._resources(self.closure(commit, unit))
        return self._renderings[commit, unit]

    def _resources(self, closure: Mapping[str, str]) -> frozenset[str] | None:
        self._read(closure.values())
        found: set[str] = set()
        for path, blob in closure.items():
            if path.rpartition("/")[2] in _NAMES:
                if not _PLAIN_KEYS.issuperset(self._kustomization(blob)):
                    return None
                continue
            try:
                found |= {dump([manifest]) for manifest in load(self._contents[blob].decode())}
            except UNREADABLE:
                return None
        return frozenset(found)


def _named(kustomization: Mapping[str, Any]) -> list[str]:
    """Return the files and folders that a kustomization names."""
    found = []
    for key in ("resources", "components"):
        entries = kustomization.get(key)
        found += [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    return found
