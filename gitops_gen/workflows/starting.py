"""Starting: a commented inventory, the schemas that editors check it with, and files for CI, in a folder.

The texts are the files in `starter/`. They are examples that work as they stand, down to the names.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from gitops_gen.delivery import worktree
from gitops_gen.errors import RefusedError
from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.schema import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INVENTORY = "inventory"
"""The folder of the inventory. Schemas stand outside: every JSON file of an inventory is read as a part of it."""

SYSTEMS = {"github": ".github/workflows/gitops-gen.yml", "gitlab": ".gitlab-ci.yml"}
"""The CI systems that there is a file for, and where each looks for it."""


def starter_files(systems: Iterable[str]) -> dict[str, bytes]:
    """Return path -> content of an inventory to begin with, its schemas, and a file for each of these CI systems."""
    files = {f"{INVENTORY}/{kind}.yaml": _text(f"{kind}.yaml") for kind in ("mesh", "cluster", "workload")}
    for kind in DOCUMENTS:
        schema = json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"
        files[f"schema/{kind.lower()}.schema.json"] = schema.encode()
    for system in systems:
        files[SYSTEMS[system]] = _text(f"{system}.yml")
    return dict(sorted(files.items()))


def start(folder: Path, systems: Iterable[str]) -> tuple[str, ...]:
    """Write the starter files into a folder, which is made if need be, and return their paths.

    Raises RefusedError when one of them is there already, and ToolError when they cannot be written; nothing was
    written then.
    """
    files = starter_files(systems)
    there = worktree.standing(folder, files)
    if there:
        raise RefusedError(
            f"there already: {', '.join(there)}",
            help="nothing was written; name another folder, or leave out CI files with --ci",
        )
    worktree.replace(folder, files, ())
    return tuple(files)


def _text(name: str) -> bytes:
    return resources.files("gitops_gen").joinpath("workflows", "starter", name).read_bytes()
