"""gitops-gen: per-pod Istio routing for StatefulSets, from one inventory, through GitOps.

The library in five functions; what they need is imported when one of them is first used.

- `load_inventory(path)` reads and judges an inventory: `Judged`, with every problem.
- `compile_tree(inventory)` makes path -> bytes of every generated file.
- `plan_changes(inventory, remote)` says what a publish would do: `Planned`.
- `publish(inventory, remote, ...)` does it: one commit, one push.
- `trace(inventory, host)` follows a request to its pod, object by object: `Traced`.

The errors that they raise are those of `gitops_gen.errors`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gitops_gen._version import __version__

if TYPE_CHECKING:
    from gitops_gen.workflows.desired import compile_tree
    from gitops_gen.workflows.publishing import plan_changes, publish
    from gitops_gen.workflows.reading import load_inventory
    from gitops_gen.workflows.tracing import trace

__all__ = ["__version__", "compile_tree", "load_inventory", "plan_changes", "publish", "trace"]

_HOMES = {
    "compile_tree": "gitops_gen.workflows.desired",
    "load_inventory": "gitops_gen.workflows.reading",
    "plan_changes": "gitops_gen.workflows.publishing",
    "publish": "gitops_gen.workflows.publishing",
    "trace": "gitops_gen.workflows.tracing",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of several functions
    """Import a function of the library when it is first asked for, so that `--help` stays quick."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
