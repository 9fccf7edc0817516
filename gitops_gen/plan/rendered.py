"""What clusters render, as far as it differs: the changed files of base and overlays, read and laid out by cluster.

A cluster renders its overlay, and of base what its overlays' kustomizations list. Files that stay as they are are
never parsed, with one exception: a base that a cluster begins or ceases to list.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.layout.paths import KUSTOMIZATION
from gitops_gen.manifest import UNREADABLE, Manifest, ResourceId, load, resource_id
from gitops_gen.plan.places import Place, TreeFolder, place_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


class Rendered(NamedTuple):
    """A resource that a cluster renders, and its place in that cluster's overlay (its file may stand in base)."""

    manifest: Manifest
    place: Place


@dataclass(slots=True)
class Reading:
    """Files parsed once, however many clusters render them; `unreadable` collects what is no list of resources.

    `known` has the resources of files that need no parsing, by path and content: those that were just compiled.
    """

    known: dict[tuple[str, bytes], Sequence[Manifest]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    def resources(self, path: str, content: bytes) -> Sequence[Manifest]:
        """Return the resources in a file; none where it holds anything else, which is remembered."""
        key = (path, content)
        if key not in self.known:
            found = _read(content)
            if found is None or not all(_is_resource(document) for document in found):
                # Only a hand edit that the user gave up (`--accept-edits`) can look like this.
                self.unreadable.add(path)
                found = []
            self.known[key] = [manifest for manifest in found if isinstance(manifest, dict)]
        return self.known[key]

    def listed(self, path: str, content: bytes, key: str = "resources") -> list[str]:
        """Return what a kustomization lists under a key."""
        documents = _read(content)
        if documents is None:
            self.unreadable.add(path)
            return []
        lists = [document.get(key) for document in documents if isinstance(document, dict)]
        return [str(entry) for entries in lists if isinstance(entries, list) for entry in entries]


def _read(content: bytes) -> list[Any] | None:
    """Return the documents in a file, None for one that is no YAML."""
    try:
        return list(load(content.decode()))
    except UNREADABLE:
        return None


def _is_resource(manifest: object) -> bool:
    """Tell whether a document has a resource id, of text throughout."""
    if not isinstance(manifest, dict) or not isinstance(manifest.get("metadata"), dict):
        return False
    metadata = manifest["metadata"]
    words = (manifest.get("apiVersion"), manifest.get("kind"), metadata.get("namespace", ""), metadata.get("name"))
    return all(isinstance(word, str) for word in words)


class Side:
    """The tree before or after: which paths there are, and the content of those that differ from the other side."""

    def __init__(self, paths: Collection[str], differing: Mapping[str, bytes], kept: Mapping[str, bytes]) -> None:
        """Sort the paths into folders. `kept` has the content of files that are the same on both sides."""
        self.differing = differing
        self.kept = kept
        self.folders: dict[TreeFolder, list[Place]] = defaultdict(list)
        """Files by folder."""
        for path in paths:
            place = place_of(path)
            if place is not None:
                self.folders[place.folder].append(place)

    def lists_base(self, folder: TreeFolder, reading: Reading) -> bool:
        """Tell whether an overlay's folder takes in the base of its workload, if there is one.

        By its kustomization where that is at hand. Elsewhere by the layout's own rule: a base exists only for what all
        clusters of the workload have in common, so all of them list it.
        """
        if not any(place.file == KUSTOMIZATION for place in self.folders.get(folder, ())):
            return False
        path = f"{folder.path}/{KUSTOMIZATION}"
        content = self.differing.get(path)
        listed = [] if content is None else reading.listed(path, content)
        return content is None or any(entry.endswith(f"/{folder.base.path}") for entry in listed)

    def components(self, folder: TreeFolder, reading: Reading) -> tuple[str, ...]:
        """Return the components that a folder has on top, by a kustomization that differs from the other side's."""
        path = f"{folder.path}/{KUSTOMIZATION}"
        content = self.differing.get(path)
        found = () if content is None else reading.listed(path, content, "components")
        return tuple(entry.rpartition("/")[2] for entry in found)

    def content(self, path: str) -> bytes | None:
        """Return the content of a file, None where it is neither different nor one that we keep."""
        return self.differing.get(path, self.kept.get(path))


Resources = dict[ResourceId, Rendered]


def differing_resources(before: Side, after: Side, reading: Reading) -> dict[str, tuple[Resources, Resources]]:
    """Return cluster -> what it renders before and after from files that differ.

    A resource that stays the same may be on both sides (its file changed elsewhere, or it moved between base and
    overlay); one that is on neither side did not change.
    """
    found: dict[str, tuple[Resources, Resources]] = defaultdict(lambda: ({}, {}))
    for number, side in enumerate((before, after)):
        for path, content in side.differing.items():
            place = place_of(path)
            if place is not None and place.folder.cluster and place.file != KUSTOMIZATION:
                _add(found[place.folder.cluster][number], place, reading.resources(path, content))
    for overlay in sorted(_overlays_with_base(before, after)):
        listed = before.lists_base(overlay, reading), after.lists_base(overlay, reading)
        if any(listed):
            for number, side in enumerate((before, after)):
                if listed[number]:
                    whole = listed[0] is not listed[1]
                    _add_base(found[overlay.cluster][number], side, overlay, reading, whole=whole)
    return {cluster: sides for cluster, sides in found.items() if sides[0] or sides[1]}


def differing_components(
    before: Side, after: Side, reading: Reading
) -> dict[TreeFolder, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the folders of overlays that have other components on top, with those before and after."""
    folders = {
        place.folder
        for side in (before, after)
        for path in side.differing
        if (place := place_of(path)) is not None and place.folder.cluster and place.file == KUSTOMIZATION
    }
    found = {folder: (before.components(folder, reading), after.components(folder, reading)) for folder in folders}
    return {folder: sides for folder, sides in found.items() if sides[0] != sides[1]}


def _overlays_with_base(before: Side, after: Side) -> set[TreeFolder]:
    """Return the overlays' folders whose base differs, or whose own list of what they take in does."""
    concerned: set[TreeFolder] = set()
    bases: set[TreeFolder] = set()
    for side in (before, after):
        for path in side.differing:
            place = place_of(path)
            if place is None:
                continue
            if not place.folder.cluster:
                bases.add(place.folder)
            elif place.file == KUSTOMIZATION:
                concerned.add(place.folder)
    if bases:
        for side in (before, after):
            concerned.update(folder for folder in side.folders if folder.cluster and folder.base in bases)
    return concerned


def _add_base(into: Resources, side: Side, overlay: TreeFolder, reading: Reading, *, whole: bool) -> None:
    """Add what a cluster takes from a base: the files that differ, or all of them."""
    for place in side.folders.get(overlay.base, ()):
        if place.file == KUSTOMIZATION:
            continue
        content = side.content(place.path) if whole else side.differing.get(place.path)
        if content is not None:
            _add(into, Place(overlay, place.file), reading.resources(place.path, content))


def _add(into: Resources, place: Place, manifests: Iterable[Manifest]) -> None:
    for manifest in manifests:
        into[resource_id(manifest)] = Rendered(manifest, place)
