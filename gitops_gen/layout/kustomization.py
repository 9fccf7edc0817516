"""kustomization.yaml: what a folder is made of.

Only `resources`, the order and people's `components` are written. Names, namespaces and labels are final in the
resources themselves, because kustomize does not know the references inside Istio's kinds
(docs/explanation/what-engines-and-kustomize-do.md, "References inside Istio's kinds").
"""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING

from gitops_gen.layout.paths import KUSTOMIZATION, TOMBSTONE, component_from_overlay, parent
from gitops_gen.layout.seal import seal
from gitops_gen.layout.units import source_of
from gitops_gen.manifest import scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.tree import Tree

# kustomize heeds the order of the folder that it is asked to build and, without a word, passes over those of the
# folders below, so each folder has it: every level builds in the order of its files.
_HEAD = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
sortOptions:
  order: fifo
resources:
"""
_COMPONENTS = "components:\n"


def kustomization(resources: Iterable[str], components: Iterable[str] = ()) -> str:
    """Return a kustomization.yaml that lists files and folders, and the components on top, in the order given.

    Raises ValueError for none: kustomize fails on a folder that is empty.
    """
    lines = [f"- {scalar(resource)}\n" for resource in resources]
    if not lines:
        msg = "a kustomization without resources cannot be built"
        raise ValueError(msg)
    on_top = [f"- {scalar(component)}\n" for component in components]
    return "".join([_HEAD, *lines, *([_COMPONENTS, *on_top] if on_top else [])])


def listed(content: bytes) -> list[str]:
    """Return the resources that a kustomization.yaml of `kustomization` lists; nothing for one in another form."""
    return _entries(content, "\nresources:\n")


def components_listed(content: bytes) -> list[str]:
    """Return the names of the components that a kustomization.yaml of ours lists, those of `components/` alone."""
    way = component_from_overlay("")
    return [entry.removeprefix(way) for entry in _entries(content, f"\n{_COMPONENTS}") if entry.startswith(way)]


def extended_folders(tree: Tree) -> list[str]:
    """Return the folders of overlays in a tree that have people's components on top."""
    mark = f"\n{_COMPONENTS}".encode()
    return [parent(path) for path, content in tree.items() if path.endswith(f"/{KUSTOMIZATION}") and mark in content]


def _entries(content: bytes, key: str) -> list[str]:
    _, _, lines = content.decode(errors="replace").partition(key)
    entries = [line.removeprefix("- ") for line in takewhile(lambda line: line.startswith("- "), lines.splitlines())]
    return [json.loads(entry) if entry.startswith('"') else entry for entry in entries]


def connections(paths: Iterable[str], mesh: str) -> dict[str, bytes]:
    """Return the kustomizations that lead from each cluster and namespace to the folders among these paths.

    A folder of a workload brings its own kustomization.yaml; a tombstone is listed by the folder that it stands in.
    """
    members: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if not folder.startswith("overlays/"):
            continue
        if name == TOMBSTONE:
            members.setdefault(folder, set()).add(name)
        elif name != KUSTOMIZATION:
            continue
        while (above := parent(folder)) != "overlays":
            members.setdefault(above, set()).add(folder.rpartition("/")[2])
            folder = above
    return {
        f"{folder}/{KUSTOMIZATION}": seal(kustomization(sorted(names)), mesh, source_of(folder))
        for folder, names in sorted(members.items())
    }
