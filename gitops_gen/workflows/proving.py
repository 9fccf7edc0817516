"""The proof of everything that an inventory makes, before any of it is written anywhere."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitops_gen.errors import ExitCode, GitopsGenError
from gitops_gen.layout.paths import Folder, base_folder, file_name, overlay_folder
from gitops_gen.manifest import load_placed, resource_id
from gitops_gen.problems import Location, Problem, Severity, has_errors, in_order, set_aside
from gitops_gen.routes.proof import prove_mesh, prove_mixture
from gitops_gen.routes.resource import Resource, read_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.model import Inventory
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.desired import Desired


class UnprovenError(GitopsGenError):
    """What was compiled does not do what the inventory says: nothing may be written.

    `problems` say where; `texts` hold the generated files that they point into.
    """

    exit_code = ExitCode.PROBLEMS

    def __init__(
        self,
        problems: Sequence[Problem],
        texts: Mapping[str, str],
        message: str = "the generated resources do not do what the inventory says; nothing was written",
        advice: str = "this is a fault of gitops-gen: please report it",
    ) -> None:
        """Keep the problems for those who report them as such."""
        super().__init__(
            message,
            details="\n".join(f"{problem.location}: {problem.message} [{problem.rule}]" for problem in problems),
            help=advice,
        )
        self.problems = tuple(problems)
        self.texts = texts


def require_proof(desired: Desired, *, mixed: bool = False) -> None:
    """Raise UnprovenError when the proof of any cluster finds an error; `mixed` as for `prove_all`."""
    problems = prove_all(desired, mixed=mixed)
    if has_errors(problems):
        files = {place.file for problem in problems for place in (problem.location, *(p for _, p in problem.related))}
        raise UnprovenError(problems, {file: desired.tree[file].decode() for file in files if file in desired.tree})


def prove_all(desired: Desired, *, mixed: bool = False) -> list[Problem]:
    """Prove what was compiled for each cluster, in memory; return what is wrong, each with file and line of the tree.

    `mixed` says that parts of it are held as they were, so that only the rules can judge the whole.
    Places cost as much as the proof itself, so they are looked up only when there is something to point at. Warnings
    are left out: the inventory's own rules have given them, with its own lines.
    """
    with _collector_paused():
        problems = _prove(desired, lambda _cluster, _compiled: NOWHERE, mixed=mixed)
        if problems:
            problems = _prove(desired, Places(desired.tree), mixed=mixed)
    return problems


NOWHERE = Location("", 1, 1)


def _prove(desired: Desired, place: Callable[[str, Compiled], Location], *, mixed: bool) -> list[Problem]:
    resources = {
        cluster: [read_resource(piece.manifest, place(cluster, piece)) for piece in compiled]
        for cluster, compiled in desired.compiled.items()
    }
    return errors_in(desired.inventory, resources, mixed=mixed)


def errors_in(inventory: Inventory, resources: Mapping[str, Sequence[Resource]], *, mixed: bool) -> list[Problem]:
    """Return the errors that the proof finds in the resources of each cluster; `mixed` as for `prove_all`."""
    with _collector_paused():
        if mixed:
            found = [
                problem
                for cluster, members in resources.items()
                for problem in prove_mixture(inventory, cluster, members)
            ]
        else:
            found = prove_mesh(inventory, resources)
        found = list(set_aside(found, inventory.reasons()))
        return in_order(problem for problem in found if problem.severity is Severity.ERROR)


class Places:
    """File and line of compiled resources in the tree; each file is read once."""

    def __init__(self, tree: Tree) -> None:
        """Begin with no file read."""
        self._tree = tree
        self._lines: dict[str, dict[object, int]] = {}

    def __call__(self, cluster: str, piece: Compiled) -> Location:
        """Return where a resource of a cluster stands: in its overlay, else in base."""
        folder, name = Folder(piece.place.namespace, piece.place.folder), file_name(piece.place.file)
        wanted = resource_id(piece.manifest)
        paths = [f"{overlay_folder(cluster, folder)}/{name}", f"{base_folder(folder)}/{name}"]
        for path in paths:
            if path not in self._lines:
                found = load_placed(self._tree[path].decode()) if path in self._tree else ()
                self._lines[path] = {resource_id(manifest): line for line, manifest in found}
            if wanted in self._lines[path]:
                return Location(path, self._lines[path][wanted], 1)
        return Location(paths[0], 1, 1)


def located(desired: Desired, cluster: str) -> list[Resource]:
    """Return the resources of one cluster, each with its file and line in the tree."""
    places = Places(desired.tree)
    return [read_resource(piece.manifest, places(cluster, piece)) for piece in desired.compiled.get(cluster, ())]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Hold Python's cycle collector off: the table makes a million values and not one cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
