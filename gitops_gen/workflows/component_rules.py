"""The rules on people's components, on what is there of them and on what kustomize makes with them on top."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from gitops_gen.engines.kinds import KINDS
from gitops_gen.engines.units import engine_of
from gitops_gen.layout.mixture import folder_of_resource
from gitops_gen.layout.paths import KUSTOMIZATION, component_folder, overlay_folder
from gitops_gen.model import Engine
from gitops_gen.problems import Location, Problem, in_order
from gitops_gen.routes.resource import read_resource
from gitops_gen.workflows.blaming import blamed, changed_between, doing_of
from gitops_gen.workflows.on_top import build_folders, with_first
from gitops_gen.workflows.proving import NOWHERE, Places, UnprovenError, errors_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gitops_gen.compiled import Compiled
    from gitops_gen.layout.components import Reached
    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.model import Inventory
    from gitops_gen.routes.resource import Resource
    from gitops_gen.tree import Tree
    from gitops_gen.workflows.blaming import Doing
    from gitops_gen.workflows.desired import Desired
    from gitops_gen.workflows.on_top import Where
    from gitops_gen.workflows.rendering import Verification

OnTop: TypeAlias = "Mapping[Where, tuple[str, ...]]"
"""The names of the components on top of each folder that has any."""

Rendered: TypeAlias = "Mapping[Where, Mapping[ResourceId, Manifest]]"
"""What each of these folders renders."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is looked into: a desired tree, the components on top of it and all their files.

    `asked` are the folders that have to be right; the others stay as they are. `compiled` has the resources of all
    folders with components, by id.
    """

    desired: Desired
    on_top: OnTop
    asked: tuple[Where, ...]
    files: Tree
    how: Verification
    compiled: Mapping[Where, Mapping[ResourceId, Compiled]]

    @property
    def inventory(self) -> Inventory:
        """The inventory that all is made from."""
        return self.desired.inventory

    def named_at(self, where: Where, component: str) -> Location:
        """Return where a component is named: in the inventory, or by what is published of a part that stays."""
        cluster, folder = where
        named = [
            one.origin
            for workload in self.inventory.workloads
            for one in workload.components
            if (workload.namespace, workload.name, one.name) == (*folder, component)
        ]
        return named[0] if named else Location(f"{overlay_folder(cluster, folder)}/{KUSTOMIZATION}", 1, 1)

    def author(self, where: Where, resource: ResourceId) -> Doing:
        """Return which component adds a resource: the first that has it written out, else the last that there is."""
        doings = [doing_of(where, name, [resource], self.files) for name in self.on_top[where]]
        return next((one for one in doings if one.written), doings[-1])

    def problem(self, rule: str, where: Where, component: str, message: str, advice: str) -> Problem:
        """Return a problem at the place where a component is named."""
        return Problem(
            rule=rule,
            message=message,
            location=self.named_at(where, component),
            subject=f"Workload {where[1].namespace}/{where[1].name}",
            help=advice,
        )

    def require(self, problems: Iterable[Problem]) -> None:
        """Raise UnprovenError where there are problems."""
        found = in_order(problems)
        if found:
            known = {**self.desired.tree, **self.files}
            shown = {place.file for one in found for place in (one.location, *(place for _, place in one.related))}
            raise UnprovenError(
                found,
                {path: known[path].decode(errors="replace") for path in shown if path in known},
                message="components cannot go on top of what is generated; nothing was written",
                advice="mend the component, or take it out of the Workload's `components`",
            )


def not_there(case: Case, reached: Mapping[str, Reached]) -> Iterator[Problem]:
    """GGI061: a component that a workload names is there, and is one."""
    for where in case.asked:
        for name in case.on_top[where]:
            if (fault := reached[name].fault) is not None:
                yield case.problem(fault.rule, where, name, fault.message, fault.help)


def not_built(case: Case, failed: Mapping[Where, str]) -> Iterator[Problem]:
    """GGI062: what a component makes can be built."""
    for where in case.asked:
        if where in failed:
            name, said = _first_failing(case, where, failed[where])
            message = f"{component_folder(name)} cannot be built on top of {overlay_folder(*where)}: {said}"
            yield case.problem("GGI062", where, name, message, f"mend {component_folder(name)}")


def _first_failing(case: Case, where: Where, said: str) -> tuple[str, str]:
    """Return the first component with which a folder cannot be built, and what kustomize says then."""
    names = case.on_top[where]
    for number, name in enumerate(names[:-1], 1):
        tree = with_first(case.desired.tree, where, names[:number])
        built = build_folders(tree, case.files, [where], case.how)
        if where in built.failed:
            return name, built.failed[where]
    return names[-1], said


def not_fitting(case: Case, built: Rendered) -> Iterator[Problem]:
    """GGI062: what a component adds is in the workload's namespace, and of a kind that the engine may apply."""
    for where in case.asked:
        cluster, folder = where
        permitted = _permitted(case.inventory, cluster)
        for one in sorted(built[where].keys() - case.compiled[where].keys()):
            why = ""
            if one.namespace != folder.namespace:
                place = f"namespace {one.namespace}" if one.namespace else "no namespace"
                why = f"is in {place}, not in {folder.namespace} as the workload is"
            elif permitted is not None and (one.group, one.kind) not in permitted:
                why = f"is of a kind that {engine_of(case.inventory, cluster).value} may not apply in {cluster}"
            if why:
                own = case.author(where, one)
                message = f"{component_folder(own.component)} adds {one}, which {why}"
                advice = "let something else bring it that is not synced with the workload"
                problem = case.problem("GGI062", where, own.component, message, advice)
                yield replace(problem, related=(("the component", own.location),))


def _permitted(inventory: Inventory, cluster: str) -> set[tuple[str, str]] | None:
    """Return the kinds that a cluster's engine may apply by the objects that we write for it, None for any."""
    engine = engine_of(inventory, cluster)
    limited = engine is Engine.ARGOCD or (engine is Engine.FLUX and inventory.mesh.gitops.flux.service_accounts)
    return {(kind.group, kind.name) for kind in KINDS} if limited else None


def broken(case: Case, built: Rendered, *, mixed: bool) -> list[Problem]:
    """Return what the proof finds with the components on top; without them it has found nothing.

    Where several are on top of each other, a problem is that of the one with which it comes.
    """
    rendered = {where: built[where] for where in case.asked}
    quick, _ = _resources(case, rendered, lambda _cluster, _one: NOWHERE)
    if not errors_in(case.inventory, quick, mixed=mixed):
        return []
    place = Places(case.desired.tree)
    before: Rendered = {
        where: {one: piece.manifest for one, piece in case.compiled[where].items()} for where in rendered
    }
    told: dict[tuple[str, str, str], Problem] = {}
    problems: list[Problem] = []
    for number in range(1, 1 + max(len(case.on_top[where]) for where in rendered)):
        after = _layer(case, rendered, before, number)
        resources, owners = _resources(case, after, place)
        problems = errors_in(case.inventory, resources, mixed=mixed)
        doings = list(_doings(case, before, after, number))
        for problem in problems if doings else ():
            told.setdefault(_key(problem), blamed(problem, doings, owners))
        before = after
    return [told.get(_key(problem), problem) for problem in problems]


def _key(problem: Problem) -> tuple[str, str, str]:
    return problem.rule, problem.subject, problem.message


def _layer(case: Case, rendered: Rendered, before: Rendered, number: int) -> dict[Where, Mapping[ResourceId, Manifest]]:
    """Return what folders render with their first components on top, as many as `number`."""
    layer = dict(rendered)
    for where in rendered:
        names = case.on_top[where]
        if number < len(names):
            tree = with_first(case.desired.tree, where, names[:number])
            found = build_folders(tree, case.files, [where], case.how).rendered
            # What needs those that come later is nobody's doing yet.
            layer[where] = found.get(where, before[where])
    return layer


def _doings(case: Case, before: Rendered, after: Rendered, number: int) -> Iterator[Doing]:
    """Yield what each folder's component at a place in the order changes there."""
    for where in after:
        if number <= len(case.on_top[where]) and (changes := changed_between(before[where], after[where])):
            yield doing_of(where, case.on_top[where][number - 1], changes, case.files)


def _resources(
    case: Case, rendered: Rendered, place: Callable[[str, Compiled], Location]
) -> tuple[dict[str, list[Resource]], dict[Location, tuple[Where, ResourceId]]]:
    """Return each cluster's resources, and of those with components on top which stands where."""
    owners: dict[Location, tuple[Where, ResourceId]] = {}
    found = {
        cluster: [
            read_resource(one.manifest, place(cluster, one))
            for one in pieces
            if (cluster, folder_of_resource(one)) not in rendered
        ]
        for cluster, pieces in case.desired.compiled.items()
    }
    for where, manifests in rendered.items():
        compiled = case.compiled[where]
        for identity, manifest in manifests.items():
            known = compiled.get(identity)
            location = place(where[0], known) if known else case.author(where, identity).location
            owners[location] = where, identity
            found[where[0]].append(read_resource(manifest, location))
    return found, owners
