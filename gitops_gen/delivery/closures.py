"""What a sync unit is built from, and what comes of it, at any commit of the branch.

An engine says which commit it has applied. Most commits change nothing of a unit, so what counts is whether the unit
renders there as it does at another commit: the same files, or other files that hold the same resources, as when
something moves between base and an overlay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.delivery.history import find_commit
from gitops_gen.errors import InputError
from gitops_gen.layout.closure import closure_of, is_kustomization, near, only_lists
from gitops_gen.layout.paths import is_record
from gitops_gen.layout.units import units_of
from gitops_gen.manifest import UNREADABLE, dump, load, resource_id
from gitops_gen.tree import FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.manifest import ResourceId
    from gitops_gen.model import SyncUnit


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
        return self._clone.local.is_ancestor(earlier, later)

    def refresh(self) -> None:
        """Read the branch again: what was no commit of it may be one now."""
        self._clone.refresh()
        self._commits.clear()

    def units(self, commit: str, sync_unit: SyncUnit) -> list[str]:
        """Return the folders of all sync units at a commit."""
        return units_of(self._listing(commit), sync_unit)

    def records(self, commit: str) -> dict[str, bytes]:
        """Return cluster -> content of the record that it has at a commit."""
        listing = self._listing(commit)
        paths = [path for path in listing if is_record(path)]
        self._read(listing[path] for path in paths)
        return {path.rpartition("/")[2].removesuffix(".yaml"): self._contents[listing[path]] for path in paths}

    def closure(self, commit: str, unit: str) -> Mapping[str, str]:
        """Return path -> blob id of every file that a unit is built from."""
        if (commit, unit) not in self._closures:
            self._closures[commit, unit] = self._walk(commit, unit)
        return self._closures[commit, unit]

    def folders(self, commit: str, unit: str) -> frozenset[str]:
        """Return the folders of a unit's closure, as they stand in the repository."""
        return frozenset(self._clone.place(path.rpartition("/")[0]) for path in self.closure(commit, unit))

    def contents(self, commit: str, unit: str) -> dict[str, bytes]:
        """Return the files that a folder is built from, by where they stand in the repository."""
        closure = self.closure(commit, unit)
        self._read(closure.values())
        return {self._clone.place(path): self._contents[blob] for path, blob in closure.items()}

    def same(self, one: str, other: str, unit: str) -> bool:
        """Tell whether a unit renders the same at two commits.

        Where a kustomization does more than to list files, only the same files count as the same.
        """
        if self.closure(one, unit) == self.closure(other, unit):
            return True
        rendered = self._rendering(one, unit)
        return rendered is not None and rendered == self._rendering(other, unit)

    def changed(self, one: str, other: str, unit: str) -> dict[ResourceId, bool] | None:
        """Return the resources of a unit that differ between two commits, and whether they are there at the second.

        None where kustomize alone can tell.
        """
        before, after = self._rendering(one, unit), self._rendering(other, unit)
        if before is None or after is None:
            return None
        sides = (before - after, False), (after - before, True)
        return {resource_id(manifest): there for texts, there in sides for text in texts for manifest in load(text)}

    # --- inside ----------------------------------------------------------------------------------------------------

    def _listing(self, commit: str) -> dict[str, str]:
        if commit not in self._entries:
            found = self._clone.entries(commit=commit)
            # kustomize follows no link out of the tree; what is none of a file is as if it were not there.
            self._entries[commit] = {path: one.blob for path, one in found.items() if one.mode in FILES}
        return self._entries[commit]

    def _read(self, blobs: Iterable[str]) -> None:
        missing = {blob for blob in blobs if blob not in self._contents}
        self._contents |= self._clone.read(missing)

    def _walk(self, commit: str, unit: str) -> dict[str, str]:
        listing = self._listing(commit)
        # All that may be needed in one batch.
        self._read(listing[path] for path in near(listing, unit) if is_kustomization(path))
        return {path: listing[path] for path in closure_of(unit, listing, lambda path: self._contents[listing[path]])}

    def _rendering(self, commit: str, unit: str) -> frozenset[str] | None:
        """Return the resources of a unit in one spelling, None where they cannot be known without kustomize."""
        if (commit, unit) not in self._renderings:
            self._renderings[commit, unit] = self._resources(self.closure(commit, unit))
        return self._renderings[commit, unit]

    def _resources(self, closure: Mapping[str, str]) -> frozenset[str] | None:
        self._read(closure.values())
        found: set[str] = set()
        for path, blob in closure.items():
            if is_kustomization(path):
                if not only_lists(self._contents[blob]):
                    return None
                continue
            try:
                manifests = list(load(self._contents[blob].decode()))
            except UNREADABLE:
                return None
            if not all(isinstance(manifest, dict) for manifest in manifests):
                return None
            found |= {dump([manifest]) for manifest in manifests}
        return frozenset(found)
