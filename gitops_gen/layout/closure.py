"""What a folder of a tree is built from: itself, and everything that its kustomizations name, to the end.

Here a kustomization may be anybody's: people add components to what gitops-gen wrote.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from gitops_gen.layout.paths import KUSTOMIZATION, OTHER_KUSTOMIZATIONS
from gitops_gen.manifest import UNREADABLE, load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

_NAMES = frozenset({KUSTOMIZATION, *OTHER_KUSTOMIZATIONS})
_PLAIN_KEYS = frozenset({"apiVersion", "kind", "resources", "sortOptions"})
"""The keys of a kustomization that only lists: what it renders is what its files hold."""


_NAMING_KEYS = _PLAIN_KEYS | {"components"}
"""The keys of a kustomization that names all that it is built from as `resources` and `components`."""


def is_kustomization(path: str) -> bool:
    """Tell whether a file says what its folder is made of."""
    return path.rpartition("/")[2] in _NAMES


def near(paths: Iterable[str], folder: str) -> list[str]:
    """Return those paths that a folder of an overlay may be built from: the overlays of other clusters are not."""
    cluster = "/".join(folder.split("/")[:2])
    return [path for path in paths if not path.startswith("overlays/") or path.startswith(f"{cluster}/")]


def closure_of(folder: str, there: Collection[str], read: Callable[[str], bytes]) -> list[str]:
    """Return the files that a folder is built from, in order. `read` is asked for kustomizations only.

    What is named and is not there is left out. Of a folder whose kustomization does more than to name files, all that
    stands in it counts.
    """
    found: set[str] = set()
    met: set[str] = set()
    left = [folder]
    while left:
        at = left.pop()
        if at in there:
            found.add(at)
            continue
        file = next((path for path in (f"{at}/{name}" for name in sorted(_NAMES)) if path in there), None)
        if file is not None and file not in met:
            met.add(file)
            found.add(file)
            fields = read_kustomization(read(file))
            left += [posixpath.normpath(f"{at}/{entry}") for entry in _named(fields)]
            if not _NAMING_KEYS.issuperset(fields):
                # Patches, generators and the like read files, and only from the folder that they stand in.
                found |= {path for path in there if path.startswith(f"{at}/")}
    return sorted(found)


def read_kustomization(content: bytes) -> Mapping[str, Any]:
    """Return the fields of a kustomization, none of what is none."""
    try:
        documents = list(load(content.decode()))
    except UNREADABLE:
        return {}
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def only_lists(content: bytes) -> bool:
    """Tell whether a kustomization does nothing but list files and folders."""
    return _PLAIN_KEYS.issuperset(read_kustomization(content))


def _named(kustomization: Mapping[str, Any]) -> list[str]:
    """Return the files and folders that a kustomization names."""
    found = []
    for key in ("resources", "components"):
        entries = kustomization.get(key)
        found += [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    return found
