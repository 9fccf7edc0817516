"""Retire: the folder and the engine object of a sync unit that has nothing left.

A unit that loses its last resource keeps a tombstone, so that engines prune what went and nothing else. When they have,
nobody needs it any more, but no commit can know that: so taking it away is asked for by name, and approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.provenance import Provenance
from gitops_gen.engines.commands import take_away, take_tombstone_away
from gitops_gen.engines.objects import ARGOCD_FILE, flux_files
from gitops_gen.engines.units import engine_of, unit_at
from gitops_gen.errors import RefusedError
from gitops_gen.layout.mixture import Parts
from gitops_gen.layout.paths import TOMBSTONE, parent
from gitops_gen.model import Engine
from gitops_gen.plan.guards import GuardFinding, Verdict, check_guards, passes
from gitops_gen.workflows.branch import Branch, look, people_of
from gitops_gen.workflows.desired import Mixture, compare
from gitops_gen.workflows.extending import extend
from gitops_gen.workflows.keeping import Kept, check_whole, untouched
from gitops_gen.workflows.landing import land
from gitops_gen.workflows.owners import changed_engine_files, units_of_resources
from gitops_gen.workflows.preconditions import check_newest, check_readable, check_unrefused
from gitops_gen.workflows.publishing import (
    Planned,
    Published,
    commit_plan,
    gitops_clone,
    plan_of,
    records_of,
)
from gitops_gen.workflows.rendering import verify
from gitops_gen.workflows.underway import recorded_moves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Signature
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.engines.commands import Command
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.branch import Found
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.rendering import Verification

EXPECTED = frozenset({"engine-objects"})
"""The guard that asks about what retiring a unit is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """What `retire` did: the folders of the units, and how the commit was published.

    `files` are the engine objects that changed, `commands` what only a person can do in the clusters.
    """

    units: tuple[str, ...]
    files: tuple[str, ...]
    commands: tuple[Command, ...]
    published: Published


def tombstones(inventory: Inventory, remote: Remote) -> list[str]:
    """Return the folders of the units that have nothing left, sorted. Raises as `gitops_clone` does."""
    with gitops_clone(inventory, remote) as clone:
        return _tombstones(look(inventory, clone))


def retire(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    units: Sequence[str],
    *,
    lineage: Lineage,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    approved: str | None = None,
    verification: Verification | None = None,
    rendering: Rendering | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Retired:
    """Take units away that have nothing left, each by its folder (`overlays/east/data`, or without `overlays/`).

    Nothing else changes, and nothing is done without an approval of the plan. Raises RefusedError for a unit that is no
    tombstone, or is to have resources again, for a newer published inventory, and in the middle of a move; the rest as
    `publish` does.
    """
    last: list[tuple[Planned, tuple[str, ...], int]] = []
    told("reading the GitOps repository")
    with gitops_clone(inventory, remote) as clone:

        def prepare() -> str | None:
            told("compiling")
            planned, folders = _prepare(inventory, clone, units, lineage, rendering)
            last[:] = [(planned, folders, 0)]
            if not passes(planned.findings, planned.plan, approved):
                return None
            if verification is not None:
                told("rendering with kustomize")
                last[:] = [(planned, folders, verify(planned.comparison, verification))]
            return commit_plan(
                clone,
                planned,
                records_of(clone, planned, Provenance()),
                signature,
                subject=f"Retire {', '.join(folders)}",
                provenance=Provenance(),
            )

        commit, tries = land(clone, clock, deadline_s=deadline_s, told=told, prepare=prepare)
        planned, folders, verified = last[0]
        return Retired(
            units=folders,
            files=changed_engine_files(planned.plan),
            commands=tuple(_commands(planned.comparison.desired.inventory, folders)),
            published=Published(
                planned=planned,
                commit=commit,
                guarded=commit is None,
                verified=verified,
                tries=tries,
                branch=remote.branch or inventory.mesh.gitops.branch,
                repository=str(clone.url),
            ),
        )


def _prepare(
    inventory: Inventory, clone: Clone, units: Sequence[str], lineage: Lineage, rendering: Rendering | None
) -> tuple[Planned, tuple[str, ...]]:
    """Work out what the branch becomes without these units; return that and their folders."""
    found = look(inventory, clone)
    inventory, standing = found.inventory, found.standing
    check_readable(found)
    folders = tuple(sorted({_folder(unit) for unit in units}))
    _check_tombstones(found, folders)
    concerned = {unit_at(folder).cluster for folder in folders}
    for cluster in sorted(concerned & recorded_moves(found.states).keys()):
        raise RefusedError(f"a move is under way in {cluster}", help="finish it first: gitops-gen move INVENTORY")
    check_newest(lineage, found, concerned)
    clusters = frozenset(standing.clusters())
    check_whole(standing, Parts(clusters=clusters), clusters)
    files = untouched(standing, Parts(clusters=clusters), engines=False)
    for cluster in concerned:
        for path in [ARGOCD_FILE] if engine_of(inventory, cluster) is Engine.ARGOCD else flux_files(cluster):
            files.pop(path, None)
    mixture = Mixture(compiled=standing.resources(sorted(clusters)), untouched=files)
    comparison = compare(inventory, found.target, frozenset(), mixture, leaving=frozenset(folders))
    comparison = extend(comparison, people_of(clone), rendering, stays=Parts(clusters=clusters), mixed=True)
    check_unrefused(comparison, "retiring it")
    plan = plan_of(comparison, found.entries)
    planned = Planned(
        comparison=comparison,
        plan=plan,
        findings=(
            *(one for one in check_guards(plan, inventory.mesh.guards) if one.guard not in EXPECTED),
            *map(_finding, folders),
        ),
        found=found.entries,
        branch=Branch(states=found.states, kept=Kept(settled=frozenset(concerned), unchosen=clusters)),
        base=clone.base,
    )
    return planned, folders


def _folder(unit: str) -> str:
    """Return the folder of a unit, however a person wrote it."""
    text = unit.strip("/")
    return text if text.startswith("overlays/") else f"overlays/{text}"


def _tombstones(found: Found) -> list[str]:
    return sorted(parent(path) for path in found.standing.tree if path.endswith(f"/{TOMBSTONE}"))


def _check_tombstones(found: Found, folders: Iterable[str]) -> None:
    """Raise RefusedError for a unit that has resources, or is to have some."""
    there = _tombstones(found)
    sync_unit = found.inventory.mesh.gitops.sync_unit
    wanted = {
        unit
        for cluster, resources in found.standing.live.items()
        for unit in units_of_resources(cluster, resources, sync_unit).values()
    }
    for folder in folders:
        if folder not in there:
            known = f"those that are: {', '.join(there)}" if there else "there is none"
            raise RefusedError(f"{folder} is no sync unit that has nothing left", help=known)
        if folder in wanted:
            raise RefusedError(
                f"the inventory has resources for {folder} again", help="publish it; its tombstone goes by that"
            )


def _finding(folder: str) -> GuardFinding:
    return GuardFinding(
        guard="retired-unit",
        verdict=Verdict.NEEDS_APPROVAL,
        scope=folder,
        number=1,
        limit=0,
        message=f"sync unit {folder} would be taken away, with its engine object: "
        "see first that its engine has pruned all that it had",
    )


def _commands(inventory: Inventory, folders: Iterable[str]) -> list[Command]:
    commands = []
    for folder in folders:
        unit = unit_at(folder)
        engine = engine_of(inventory, unit.cluster)
        own = engine is Engine.FLUX and inventory.mesh.gitops.flux.service_accounts
        commands += [*take_away(engine, unit), *take_tombstone_away(engine, unit, own_account=own)]
    return commands
