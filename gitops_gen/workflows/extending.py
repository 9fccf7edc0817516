"""People's components on top of what was compiled: what comes of it is rendered by kustomize and proven, always.

A component may patch, add and take away what it likes, so nothing that was proven of the compiled resources holds for
it. What breaks is told of the component, before anything is written (docs/how-to/components.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from gitops_gen.errors import ToolError
from gitops_gen.layout.build import components_on_top
from gitops_gen.layout.components import reach
from gitops_gen.layout.mixture import Parts, folder_of_resource
from gitops_gen.manifest import resource_id
from gitops_gen.workflows.component_rules import Case, broken, not_built, not_fitting, not_there
from gitops_gen.workflows.desired import Extension
from gitops_gen.workflows.on_top import build_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.manifest import ResourceId
    from gitops_gen.tree import Entry
    from gitops_gen.workflows.desired import Comparison
    from gitops_gen.workflows.on_top import Where
    from gitops_gen.workflows.rendering import Verification

Rendering: TypeAlias = "Callable[[], Verification]"
"""Finds the program that renders; asked only where there is something to render."""

_NOTHING_STAYS = Parts()


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What people have beside the tree: `entries` is everything below `components/`, `read` returns contents."""

    entries: Callable[[], Mapping[str, Entry]]
    read: Callable[[Sequence[str]], dict[str, bytes]]


def extend(
    comparison: Comparison,
    people: People,
    rendering: Rendering | None,
    *,
    stays: Parts = _NOTHING_STAYS,
    mixed: bool = False,
) -> Comparison:
    """Render and prove what components make of a desired tree; return the comparison that knows it.

    What is on top of parts that stay need not be whole: it is as it was. `mixed` is as for `require_proof`. Raises
    UnprovenError for a component that is not there, cannot be built, adds what does not belong there or breaks a
    route; ToolError without a program to render with.
    """
    desired = comparison.desired
    on_top = components_on_top(desired.compiled)
    if not on_top:
        return comparison
    if rendering is None:
        raise ToolError("components are on top of what is generated, and nothing was given to render them with")
    there = people.entries()
    names = sorted({name for of_folder in on_top.values() for name in of_folder})
    reached = {name: reach(name, there, people.read) for name in names}
    files = {path: content for one in reached.values() for path, content in one.files.items()}
    compiled: dict[Where, dict[ResourceId, Compiled]] = {where: {} for where in on_top}
    for cluster, pieces in desired.compiled.items():
        for one in pieces:
            if (where := (cluster, folder_of_resource(one))) in compiled:
                compiled[where][resource_id(one.manifest)] = one
    case = Case(
        desired=desired,
        on_top=on_top,
        asked=tuple(where for where in on_top if where not in stays),
        files=files,
        how=rendering(),
        compiled=compiled,
    )
    case.require(not_there(case, reached))
    built = build_folders(desired.tree, files, on_top, case.how)
    case.require(not_built(case, built.failed))
    case.require(not_fitting(case, built.rendered))
    case.require(broken(case, built.rendered, mixed=mixed))
    return replace(comparison, extension=Extension(files=files, rendered=built.rendered))
