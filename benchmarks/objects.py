"""Do both sides make the same objects? Resources of a tree of ours against those of a stream of YAML, as data.

    python -m benchmarks.objects TREE STREAM

prints how many there are and ends with 0, or prints in which they differ and ends with 1. A process of its own: what
it holds in memory must not be counted as that of what is measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.manifest import load, resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Objects = dict[str, str]
"""Id -> the whole resource as JSON with sorted keys, which tells 1, "1" and true apart."""

MOST_SHOWN = 20


def objects(texts: Iterable[str]) -> Objects:
    """Read the resources in YAML texts. Raises ValueError for one that is there twice."""
    found: Objects = {}
    for text in texts:
        for manifest in load(text):
            key = str(resource_id(manifest))
            if key in found:
                raise ValueError(f"{key} is there twice")
            found[key] = json.dumps(manifest, sort_keys=True)
    return found


def in_tree(folder: Path) -> Objects:
    """Read the resources of a generated tree; kustomizations are none."""
    files = sorted(path for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml")
    return objects(path.read_text() for path in files)


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Say in which resources the sides differ; empty when both make the same."""
    lines = [f"only ours: {key}" for key in sorted({*ours} - {*theirs})]
    lines += [f"only theirs: {key}" for key in sorted({*theirs} - {*ours})]
    for key in sorted({*ours} & {*theirs}):
        if ours[key] != theirs[key]:
            lines += [f"different: {key}", f"  ours:   {ours[key]}", f"  theirs: {theirs[key]}"]
    return lines


def main(tree: str, stream: str) -> int:
    """Compare, print, and return the exit code."""
    ours, theirs = in_tree(Path(tree)), objects([Path(stream).read_text()])
    found = differences(ours, theirs)
    print(*found[:MOST_SHOWN], sep="\n", end="\n" if found else "")
    if found or not ours:
        print("the two sides do not make the same objects")
        return 1
    print(f"{len(ours):,} resources, the same on both sides")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
