"""What `artifact` wrote, and how it gets into a registry, as text and JSON."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from gitops_gen.report.inventory import count
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def push_command(folder: str, *, to: str, source: str, revision: str) -> list[str]:
    """Return the command that pushes a folder as an artifact of Flux's, with a digest that depends on it alone."""
    return [
        "flux",
        "push",
        "artifact",
        to,
        f"--path={folder}",
        f"--source={source}",
        f"--revision={revision}",
        "--reproducible",
    ]


def artifact_text(  # noqa: PLR0913 - each is a part of the result
    written: str, *, files: int, size: int, digest: str, content: str, command: Sequence[str], unpack: str
) -> str:
    """Say what was written, its digests, and what to do with it; `unpack` is a folder to unpack into, "" for none."""
    lines = [
        f"{printable(written)}: {count(files, 'file')}, {count(size, 'byte')} packed",
        f"digest {digest}",
        f"content {content}",
        "push it with:",
    ]
    if unpack:
        there = shlex.quote(unpack)
        lines.append(f"  mkdir {there} && tar -xzf {shlex.quote(written)} -C {there}")
    lines.append(f"  {shlex.join(command)}")
    return "\n".join(lines)


def artifact_json(value: dict[str, object]) -> str:
    """Return what was written as JSON (documented in docs/reference/json.md)."""
    return json.dumps(value, indent=2)
