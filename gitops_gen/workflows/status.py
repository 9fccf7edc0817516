"""What the engines have applied of what is published, and waiting until they have.

Nothing is written, here or in a cluster: an engine is asked, never told
(docs/explanation/what-engines-and-kustomize-do.md, "What the engines say").
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.closures import Closures
from gitops_gen.delivery.published import load_published
from gitops_gen.engines.status import Relation, State, Wanted
from gitops_gen.engines.units import engine_of, in_repository, unit_at
from gitops_gen.errors import InputError, RefusedError
from gitops_gen.model import Engine, SyncUnit
from gitops_gen.workflows.asking import statuses
from gitops_gen.workflows.branch import synced_now
from gitops_gen.workflows.publishing import gitops_clone

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gitops_gen.delivery.published import Published
    from gitops_gen.engines.status import UnitStatus
    from gitops_gen.manifest import ResourceId
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.asking import Heard
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote

PAUSE_S = 2.0
"""Pause before the engines are asked again; half as long again each time, up to MOST_PAUSE_S."""

MOST_PAUSE_S = 15.0

_COMMIT = re.compile(r"(?:^|[:/@])(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the units of a branch stand, seen from one commit of it. `seconds` is how long it was waited for."""

    repository: str
    branch: str
    commit: str
    units: tuple[UnitStatus, ...]
    seconds: float = 0.0

    @property
    def landed(self) -> bool:
        """Whether everything has arrived."""
        return all(one.landed for one in self.units)


def read_status(
    inventory: Inventory,
    remote: Remote,
    hear: Callable[[Sequence[Wanted]], Heard],
    clusters: Collection[str] = (),
) -> Report:
    """Say how the units of some clusters (none named: of all) stand, at the newest commit of the branch.

    `hear` asks the engines of some units. Raises InputError where nothing is published, no cluster has an engine, or a
    cluster is unknown, and the rest as `gitops_clone` does.
    """
    with gitops_clone(inventory, remote) as clone:
        inventory = synced_now(inventory, clone)
        closures = Closures(clone)
        commit = clone.base
        wanted = wanted_units(inventory, closures, commit, clusters) if commit else []
        if commit is None or not wanted:
            raise _nothing(inventory, clusters, published=commit is not None)
        return Report(
            repository=str(clone.url),
            branch=remote.branch or inventory.mesh.gitops.branch,
            commit=commit,
            units=tuple(look(closures, commit, wanted, hear)),
        )


def wait_until_applied(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    hear: Callable[[Sequence[Wanted]], Heard],
    clock: Clock,
    *,
    commit: str | None,
    since: str | None = None,
    clusters: Collection[str] = (),
    deadline_s: float,
    told: Callable[[str], None] = lambda _: None,
) -> Report:
    """Wait until the engines have applied `commit` (None: the newest), or until `deadline_s` seconds have passed.

    It is waited for the units of some clusters (none named: of all) that render otherwise than at commit `since`; None:
    for every unit. A later commit that an engine has applied counts as well. `told` hears how far it is. The result
    says in `landed` whether everything has arrived. Raises as `gitops_clone` does.
    """
    begun = clock.monotonic()
    pause = PAUSE_S
    last = ""
    with gitops_clone(inventory, remote) as clone:
        inventory = synced_now(inventory, clone)
        closures = Closures(clone)
        commit = commit or clone.base or ""
        wanted = wanted_units(inventory, closures, commit, clusters) if commit else []
        if since is not None:
            wanted = [one for one in wanted if not closures.same(since, commit, one.unit.folder)]
        while True:
            units = look(closures, commit, wanted, hear) if wanted else []
            report = Report(
                repository=str(clone.url),
                branch=remote.branch or inventory.mesh.gitops.branch,
                commit=commit,
                units=tuple(units),
                seconds=clock.monotonic() - begun,
            )
            said = f"{sum(one.landed for one in units)} of {len(units)} sync units have applied {commit[:12]}"
            if said != last:
                told(said)
            last = said
            if report.landed or report.seconds + pause >= deadline_s:
                return report
            clock.sleep(pause)
            pause = min(pause * 1.5, MOST_PAUSE_S)


def wanted_units(inventory: Inventory, closures: Closures, commit: str, clusters: Collection[str] = ()) -> list[Wanted]:
    """Return the units that are published at a commit in clusters with an engine, in order of their folders."""
    records = _records(inventory, closures, commit)
    found = []
    for sync_unit in SyncUnit:
        for folder in closures.units(commit, sync_unit):
            unit = unit_at(folder)
            record = records.get(unit.cluster)
            # In a move the branch may still be what it was before; the record says how its cluster is synced.
            if sync_unit is not (record.sync_unit if record else inventory.mesh.gitops.sync_unit):
                continue
            recorded = record.engine if record else Engine.NONE
            engine = engine_of(inventory, unit.cluster) if recorded is Engine.NONE else recorded
            if engine is not Engine.NONE and (not clusters or unit.cluster in clusters):
                path = in_repository(inventory, folder)
                closure = closures.folders(commit, folder)
                found.append(Wanted(unit=unit, engine=engine, path=path, closure=closure))
    return sorted(found, key=lambda one: one.unit)


def _records(inventory: Inventory, closures: Closures, commit: str) -> dict[str, Published]:
    """Return the records of clusters at a commit; one that cannot be read says nothing of how its cluster is synced."""
    found = {}
    for cluster, content in closures.records(commit).items():
        with suppress(RefusedError):
            found[cluster] = load_published(content, mesh=inventory.mesh.name, cluster=cluster)
    return found


def look(
    closures: Closures, commit: str, wanted: Sequence[Wanted], hear: Callable[[Sequence[Wanted]], Heard]
) -> list[UnitStatus]:
    """Ask the engines once, and say how some units stand seen from a commit."""

    def commit_of(revision: str) -> str | None:
        found = _COMMIT.search(revision)
        return closures.commit(found["commit"]) if found else None

    def relation(one: Wanted, revision: str) -> Relation:
        at = commit_of(revision)
        if at is None:
            return Relation.UNKNOWN
        if closures.same(at, commit, one.unit.folder):
            return Relation.SAME
        return Relation.LATER if closures.descends(at, commit) else Relation.OTHER

    def changed(one: Wanted, before: str, after: str) -> Mapping[ResourceId, bool] | None:
        old, new = commit_of(before), commit_of(after)
        return closures.changed(old, new, one.unit.folder) if old and new else None

    heard = hear(wanted)
    units = statuses(wanted, heard, relation, changed)
    if any(one.state is State.UNKNOWN and one.revision for one in units):
        # An engine may be at a commit that came after we read the branch.
        closures.refresh()
        units = statuses(wanted, heard, relation, changed)
    return units


def _nothing(inventory: Inventory, clusters: Collection[str], *, published: bool) -> InputError:
    """Say why there is no unit to ask for."""
    engines = {cluster.engine for cluster in inventory.clusters.values()}
    if published and engines <= {Engine.NONE}:
        return InputError(
            "no cluster has an engine that could be asked",
            help="write spec.gitops.engine: argocd, or flux, in the Mesh or in a Cluster",
        )
    where = f" for {', '.join(sorted(clusters))}" if clusters else ""
    return InputError(f"nothing is published{where}", help="publish first, or see gitops-gen history")
