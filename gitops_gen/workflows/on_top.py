"""Ask kustomize for single folders of overlays with people's components on top of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gitops_gen.errors import ToolError
from gitops_gen.kustomize import build, build_all
from gitops_gen.layout.kustomization import kustomization, listed
from gitops_gen.layout.paths import KUSTOMIZATION, Folder, base_folder, component_from_overlay, overlay_folder
from gitops_gen.manifest import UNREADABLE, load, resource_id
from gitops_gen.tree import below
from gitops_gen.workflows.rendering import BUILD_TIMEOUT_S, spread

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.rendering import Verification

Where: TypeAlias = tuple[str, Folder]
"""A cluster, and a folder of its overlay."""


class Built(NamedTuple):
    """What folders render, by id, and in kustomize's words why others render nothing."""

    rendered: dict[Where, Mapping[ResourceId, Manifest]]
    failed: dict[Where, str]


def build_folders(tree: Tree, files: Tree, wanted: Collection[Where], how: Verification) -> Built:
    """Render some folders of a tree, each by itself; `files` are those of the components."""
    with tempfile.TemporaryDirectory(prefix="gitops-gen-components-") as scratch:
        root = Path(scratch).resolve()
        places = {root / overlay_folder(*where): where for where in wanted}
        tops = {top for cluster, folder in wanted for top in (overlay_folder(cluster, folder), base_folder(folder))}
        paths = [path for top in sorted(tops) for path in below(tree, top)]
        spread({**files, **{path: tree[path] for path in paths}}, root)
        texts: dict[Path, str | ToolError] = {}
        try:
            texts.update(build_all(how.kustomize, places, how.jobs, BUILD_TIMEOUT_S))
        except ToolError:
            # One of them fails: now all that fail are wanted.
            for place in places:
                try:
                    texts[place] = build(how.kustomize, place, BUILD_TIMEOUT_S)
                except ToolError as error:
                    texts[place] = error
        built = Built({}, {})
        for place, where in places.items():
            text = texts[place]
            found = _unscratched(text, scratch, root) if isinstance(text, ToolError) else _resources(text)
            if isinstance(found, str):
                built.failed[where] = found
            else:
                built.rendered[where] = found
    return built


def with_first(tree: Tree, where: Where, names: Sequence[str]) -> Tree:
    """Return a tree in which a folder has these components on top, and no others."""
    path = f"{overlay_folder(*where)}/{KUSTOMIZATION}"
    body = kustomization(listed(tree[path]), map(component_from_overlay, names))
    return {**tree, path: body.encode()}


def _unscratched(error: ToolError, *folders: object) -> str:
    """Return what kustomize said, without the names of the private folder that it worked in."""
    said = " ".join((error.details or error.message).split())
    for folder in folders:
        said = said.replace(f"{folder}/", "")
    return said


def _resources(text: str) -> dict[ResourceId, Manifest] | str:
    """Return the resources in what kustomize made, or why these are none."""
    try:
        return {resource_id(manifest): manifest for manifest in load(text)}
    except (*UNREADABLE, KeyError, AttributeError) as error:
        return f"what it makes is no list of resources: {error}"
