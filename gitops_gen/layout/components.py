"""People's Kustomize components, `components/<name>/`: what of a repository one is made of, and whether it is one.

They are read and never written. kustomize reads files of a folder only for a kustomization that stands in it, so a
component is its folder as a whole, and those of other components that it leads to.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.layout.closure import is_kustomization, read_kustomization
from gitops_gen.layout.obstacles import is_file
from gitops_gen.layout.paths import COMPONENTS, KUSTOMIZATION, OTHER_KUSTOMIZATIONS, component_folder, parent
from gitops_gen.manifest import UNREADABLE, load_placed
from gitops_gen.problems import Location
from gitops_gen.tree import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitops_gen.manifest import ResourceId
    from gitops_gen.tree import Entry, Tree

_FOLDERS = ("resources", "components", "bases", "generators", "transformers", "validators")
"""The keys of a kustomization that may name other folders; all others name files, or nothing."""

_MAKE_ONE = "write its kustomization.yaml with `kind: Component`, or take it out of `components`"


class Fault(NamedTuple):
    """Why something is no component that can be put on top: by which rule, what is wrong, and what to do."""

    rule: str
    message: str
    help: str


class Reached(NamedTuple):
    """A component: all files that it is built from, or why it will not do."""

    files: dict[str, bytes]
    fault: Fault | None


def reach(name: str, found: Mapping[str, Entry], read: Callable[[Sequence[str]], dict[str, bytes]]) -> Reached:
    """Return what a component is built from; `found` is everything below `components/`, `read` returns contents."""
    files: dict[str, bytes] = {}
    met: set[str] = set()
    waiting = [name]
    while waiting:
        folder = component_folder(waiting.pop())
        if folder in met:
            continue
        met.add(folder)
        paths = below(found, folder)
        for path in paths:
            if not is_file(found[path]):
                message = f"{path} is a link or a submodule, and nobody knows what is behind it"
                return Reached(files, Fault("GGI062", message, "put the files themselves there"))
        contents = read(paths)
        files |= contents
        for path, target in _leads(contents):
            top, _, other = target.partition("/")
            if top != COMPONENTS or not other:
                message = f"{path} leads to {target}, out of {COMPONENTS}/"
                return Reached(files, Fault("GGI062", message, f"put what it needs into {COMPONENTS}/"))
            waiting.append(other.partition("/")[0])
    return Reached(files, _missing(name, files))


def place_in(files: Tree, resource: ResourceId) -> Location | None:
    """Return where a resource, or a patch of it, is written in the files of a component."""
    for path, content in sorted(files.items()):
        if is_kustomization(path):
            continue
        try:
            documents = list(load_placed(content.decode()))
        except UNREADABLE:
            continue
        for line, document in documents:
            if _names(document) == (resource.kind, resource.name):
                return Location(path, line, 1)
    return None


def kustomization_in(files: Iterable[str], name: str) -> str:
    """Return the path of a component's own kustomization, in whatever spelling."""
    folder = component_folder(name)
    names = (KUSTOMIZATION, *OTHER_KUSTOMIZATIONS)
    return next((path for path in (f"{folder}/{one}" for one in names) if path in files), f"{folder}/{KUSTOMIZATION}")


def _missing(name: str, files: Tree) -> Fault | None:
    """Say why a folder is no component, None for one that is."""
    folder, path = component_folder(name), kustomization_in(files, name)
    if path not in files:
        there = any(one.startswith(f"{folder}/") for one in files)
        message = f"{folder} has no {KUSTOMIZATION}" if there else f"there is no {folder}"
        return Fault("GGI061", message, _MAKE_ONE)
    if read_kustomization(files[path]).get("kind") != "Component":
        return Fault("GGI061", f"{path} does not say that it is a component", _MAKE_ONE)
    return None


def _leads(contents: Tree) -> Iterator[tuple[str, str]]:
    """Yield each kustomization among some files with every place that it names."""
    for path, content in sorted(contents.items()):
        fields = read_kustomization(content) if is_kustomization(path) else {}
        for entry in _entries(fields):
            yield path, posixpath.normpath(f"{parent(path)}/{entry}")


def _entries(fields: Mapping[str, Any]) -> Iterator[str]:
    for key in _FOLDERS:
        entries = fields.get(key)
        # What stands there in full, over several lines, is no place.
        yield from (
            entry
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, str) and "\n" not in entry
        )


def _names(document: object) -> tuple[object, object] | None:
    """Return kind and name of a resource, None for what is none."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(metadata, dict):
        return None
    return document.get("kind"), metadata.get("name")
