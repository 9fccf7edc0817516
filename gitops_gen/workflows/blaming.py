"""Whose doing it is: problems of what components make, told of the component that makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.layout.components import kustomization_in, place_in
from gitops_gen.layout.paths import component_folder
from gitops_gen.problems import Location

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.problems import Problem
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.on_top import Where


def changed_between(before: Mapping[ResourceId, Manifest], after: Mapping[ResourceId, Manifest]) -> set[ResourceId]:
    """Return the resources that are added, gone or different."""
    return {one for one in {*before, *after} if before.get(one) != after.get(one)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What one component does in one folder: the resources that differ by it, and where to look.

    `written`: one of these resources, or a patch of it, stands in a file of the component, and that is where.
    """

    where: Where
    component: str
    changes: Collection[ResourceId]
    location: Location
    written: bool


def doing_of(where: Where, component: str, changes: Collection[ResourceId], files: Tree) -> Doing:
    """Say what a component does; its place is that of a resource or patch it has, else its kustomization."""
    own = {path: content for path, content in files.items() if path.startswith(f"{component_folder(component)}/")}
    places = (place_in(own, one) for one in sorted(changes))
    location = next((place for place in places if place is not None), None)
    return Doing(
        where=where,
        component=component,
        changes=changes,
        location=location or Location(kustomization_in(files, component), 1, 1),
        written=location is not None,
    )


def blamed(problem: Problem, doings: Sequence[Doing], owners: Mapping[Location, tuple[Where, ResourceId]]) -> Problem:
    """Tell a problem of the components that are behind it.

    `owners` says which resource stands where. Those that change a resource that the problem names come first, then
    those on top of the workload that it is about, else all that change anything.
    """
    named = [owners[place] for place in (problem.location, *(one for _, one in problem.related)) if place in owners]
    about = {where for where, _ in named} | {
        where for one in doings if f"{(where := one.where)[1].namespace}/{where[1].name}" in _workloads(problem)
    }
    guilty = (
        [one for one in doings if any(where == one.where and each in one.changes for where, each in named)]
        or [one for one in doings if one.where in about]
        or list(doings)
    )
    first = guilty[0]
    names = list(dict.fromkeys(one.component for one in guilty))
    folder = first.where[1]
    return replace(
        problem,
        message=f"with {_listed(names)} on top, {problem.message}",
        location=first.location,
        help=f"change what {component_folder(first.component)} does, or take it out of the `components` of "
        f"Workload {folder.namespace}/{folder.name}",
        related=(("what it comes to", problem.location), *problem.related),
    )


def _workloads(problem: Problem) -> set[str]:
    """Return the workload that a problem says it is about, as `namespace/name`."""
    return {problem.workload, problem.subject.partition(",")[0].removeprefix("Workload ")}


def _listed(names: Sequence[str]) -> str:
    return f"component{'' if len(names) == 1 else 's'} {' and '.join(names)}"
