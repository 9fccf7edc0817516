"""The other programs that a command needs, found by its options and its environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitops_gen.cli import console

if TYPE_CHECKING:
    from gitops_gen.kustomize import Kustomize


def kustomize_program(path: str | None) -> Kustomize:
    """Find kustomize. Raises ToolError with advice when there is none, or when it is too old."""
    from gitops_gen.kustomize import find_kustomize

    return find_kustomize(console.environment(), path)


def jobs() -> int:
    """Return how many programs may run side by side: one per processor that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
