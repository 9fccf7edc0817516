"""Roll back: a forward commit in which a part of the mesh renders as it did at an earlier commit, and stays so.

Nothing is restored file by file. What the part rendered then is read as resources, mixed with what all else renders
now, and laid out anew; so base and the kustomizations above fit, and what was not asked for does not change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_gen.delivery.history import find_commit
from gitops_gen.delivery.holds import Cause, Hold, moment, one_line, with_hold
from gitops_gen.delivery.provenance import Provenance
from gitops_gen.delivery.published import load_published
from gitops_gen.errors import InputError, RefusedError
from gitops_gen.layout.mixture import Parts, folder_of_resource, lost_gateways, mix, same_resources
from gitops_gen.layout.paths import Folder
from gitops_gen.layout.standing import edited_in, folders_in, paths_of, read_standing
from gitops_gen.plan.guards import check_guards, passes
from gitops_gen.workflows.branch import Branch, look, people_of
from gitops_gen.workflows.desired import Mixture, compare
from gitops_gen.workflows.extending import extend
from gitops_gen.workflows.keeping import Kept, check_mixture, check_whole, untouched
from gitops_gen.workflows.landing import land
from gitops_gen.workflows.publishing import Planned, Published, commit_plan, gitops_clone, plan_of, records_of
from gitops_gen.workflows.records import addresses_in
from gitops_gen.workflows.rendering import verify
from gitops_gen.workflows.selecting import Selection, choose
from gitops_gen.workflows.underway import moving_parts, recorded_moves, without_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.commit import Signature
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.branch import Found
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.rendering import Verification

_SERIAL = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
"""A number this short is a serial: no commit is named by fewer than seven digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants back: a commit of the GitOps repository or the serial of a publish, and the part and why.

    No clusters means all; `workload` is `namespace/name`, "" for all that the clusters have.
    """

    revision: str
    clusters: tuple[str, ...] = ()
    workload: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """What `roll_back` did: to which commit, with which holds, and how the commit was published."""

    target: str
    holds: tuple[tuple[str, Hold], ...]
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One try: what it would do."""

    target: str
    holds: tuple[tuple[str, Hold], ...]
    planned: Planned


def roll_back(  # noqa: PLR0913 - each is a fact that only the caller knows
    inventory: Inventory,
    remote: Remote,
    wish: Wish,
    *,
    signature: Signature,
    clock: Clock,
    deadline_s: float,
    approved: str | None = None,
    verification: Verification | None = None,
    rendering: Rendering | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> RolledBack:
    """Publish a part of the mesh as it was, and hold it; see `Wish`.

    Guards judge the plan as they judge any other. Raises InputError for a revision, cluster or workload that is not
    there, RefusedError when the part was edited by hand then or does not work with what stands around it now, and the
    rest as `publish` does.
    """
    last: list[tuple[_Way, int]] = []
    told("reading the GitOps repository")
    with gitops_clone(inventory, remote) as clone:

        def prepare() -> str | None:
            told("compiling")
            way = _prepare(inventory, clone, wish, signature, rendering)
            planned = way.planned
            last[:] = [(way, 0)]
            if not passes(planned.findings, planned.plan, approved):
                return None
            records = records_of(clone, planned, Provenance())
            if planned.plan.empty and not records:
                return None
            if verification is not None:
                told("rendering with kustomize")
                last[:] = [(way, verify(planned.comparison, verification))]
            scope = wish.workload or ", ".join(wish.clusters) or "all clusters"
            where = f" in {', '.join(wish.clusters)}" if wish.workload and wish.clusters else ""
            subject = f"Roll back {scope}{where} to {way.target[:12]}"
            reason = one_line(wish.reason)
            return commit_plan(
                clone, planned, records, signature, subject=subject, provenance=Provenance(), reason=reason
            )

        commit, tries = land(clone, clock, deadline_s=deadline_s, told=told, prepare=prepare)
        way, verified = last[0]
        return RolledBack(
            target=way.target,
            holds=way.holds,
            published=Published(
                planned=way.planned,
                commit=commit,
                guarded=not passes(way.planned.findings, way.planned.plan, approved),
                verified=verified,
                tries=tries,
                branch=remote.branch or inventory.mesh.gitops.branch,
                repository=str(clone.url),
            ),
        )


def _prepare(inventory: Inventory, clone: Clone, wish: Wish, signature: Signature, rendering: Rendering | None) -> _Way:
    """Work out what the branch becomes when the wish is granted."""
    found = look(inventory, clone)
    inventory = found.inventory
    standing = found.standing
    # A name that nobody knows is told before what depends on it.
    choose(Selection(clusters=wish.clusters), inventory, published={*standing.clusters(), *found.states}, standing=())
    target = _target(clone, found, wish)
    entries = clone.entries("base", "overlays", commit=target)
    there = folders_in(entries)
    asked = (wish.workload,) if wish.workload else ()
    known = {f"{one.namespace}/{one.name}" for folders in there.values() for one in folders if one.has_base}
    clusters = {*standing.clusters(), *found.states, *there}
    chosen = choose(
        Selection(clusters=wish.clusters, workloads=asked),
        inventory,
        published=clusters,
        standing={*standing.workloads(), *known},
    )
    scope = sorted(chosen.clusters & clusters)
    part = Folder(*wish.workload.split("/")) if wish.workload else None
    now = standing.resources(sorted(clusters))
    then = _then(clone, target, scope, part, standing.mesh)
    for cluster in scope if part else ():
        mine = [one for one in then[cluster] if folder_of_resource(one) == part]
        for gateways in lost_gateways(mine, then[cluster], now[cluster]):
            raise RefusedError(
                f"the routes that {wish.workload} had in {cluster} need {gateways.namespace}/{gateways.name} as it was",
                help=f"nothing was published; roll back the whole cluster: --cluster {cluster}",
            )
    folders = {(cluster, folder_of_resource(one)) for mesh in (now, then) for cluster in scope for one in mesh[cluster]}
    goes = Parts(folders=frozenset(one for one in folders if part in {None, one[1]}))
    _check_moves(found, goes)
    stays = Parts(clusters=frozenset(clusters) - set(scope), folders=frozenset(folders) - goes.folders)
    check_whole(standing, stays, sorted(clusters))
    compiled = mix(now, then, goes)
    _check_addresses(compiled)
    everything = Parts(clusters=frozenset(clusters))
    mixture = Mixture(compiled=compiled, untouched=untouched(standing, everything, engines=False))
    comparison = compare(inventory, found.target, frozenset(), mixture)
    comparison = extend(comparison, people_of(clone), rendering, stays=stays, mixed=True)
    plan = plan_of(comparison, found.entries)
    check_mixture(plan, stays)
    hold = Hold(
        workload=wish.workload,
        cause=Cause.ROLLBACK,
        revision=target,
        since=moment(signature.date),
        by=f"{signature.identity.name} <{signature.identity.email}>",
        reason=one_line(wish.reason),
    )
    # A part that is, and would be, as it was then has nothing to be held against.
    held = [
        cluster
        for cluster in scope
        if not same_resources(_part(compiled.get(cluster, ()), part), _part(now[cluster], part))
        or not same_resources(_part(compiled.get(cluster, ()), part), _part(standing.live.get(cluster, ()), part))
    ]
    holds = {cluster: _hold(found, cluster, hold) for cluster in held}
    kept = Kept(
        holds={cluster: with_hold(_holds(found, cluster), one) for cluster, one in holds.items()},
        settled=frozenset(held),
        lost={cluster: state.unreadable for cluster, state in found.states.items() if state.unreadable},
        # It is not the inventory that decides here: each record goes on naming the one that it names.
        unchosen=frozenset(clusters),
    )
    for cluster in sorted(set(scope) & {*kept.lost}):
        raise RefusedError(
            f"{cluster} cannot be rolled back: {kept.lost[cluster]}",
            help=f"restore the file from history, or accept what stands there: gitops-gen release --cluster {cluster}",
        )
    planned = Planned(
        comparison=comparison,
        plan=plan,
        findings=tuple(check_guards(plan, inventory.mesh.guards)),
        found=found.entries,
        branch=Branch(states=found.states, kept=kept),
        base=clone.base,
    )
    return _Way(target=target, holds=tuple(holds.items()), planned=planned)


def _target(clone: Clone, found: Found, wish: Wish) -> str:
    """Return the commit that is wished for. Raises InputError when there is none."""
    if not _SERIAL.fullmatch(wish.revision):
        return find_commit(clone, wish.revision)
    if len(wish.clusters) != 1:
        raise InputError(
            f"{wish.revision} is a serial, and each cluster has its own",
            help="name one cluster with --cluster, or write a commit of the GitOps repository",
        )
    (cluster,) = wish.clusters
    versions = found.states[cluster].versions if cluster in found.states else ()
    contents = clone.read([version.blob for version in versions if version.blob])
    for version in versions:
        try:
            record = load_published(contents.get(version.blob, b""), mesh=found.standing.mesh, cluster=cluster)
        except RefusedError:
            continue
        if record.serial == int(wish.revision):
            return version.commit
    raise InputError(
        f"{cluster} never had serial {wish.revision}", help=f"gitops-gen history --cluster {cluster} lists them"
    )


def _then(clone: Clone, target: str, scope: Sequence[str], part: Folder | None, mesh: str) -> dict[str, list[Compiled]]:
    """Return what the clusters rendered at a commit: all of it, or one workload and what is shared around it.

    Raises RefusedError where somebody had edited it: then it was not what gitops-gen had published.
    """
    entries = clone.entries("base", "overlays", commit=target)
    there = folders_in(entries)
    wanted = {
        cluster: {one for one in there.get(cluster, ()) if part is None or one == part or not one.has_base}
        for cluster in scope
    }
    paths = [path for path in paths_of(entries, wanted) if entries[path].mode.startswith("100")]
    contents = clone.read([entries[path].blob for path in paths])
    tree = {path: contents[entries[path].blob] for path in paths}
    edited = edited_in(tree, {one: folders & ({part} if part else folders) for one, folders in wanted.items()}, mesh)
    if edited:
        raise RefusedError(
            f"{edited[0]} had been edited by hand at {target[:12]}, so that nobody published what stood there",
            help="choose another commit; gitops-gen history lists what was published",
        )
    # What was on its way to another sync unit then is not so now.
    return {cluster: without_marks(found) for cluster, found in read_standing(tree, wanted, mesh).items()}


def _check_moves(found: Found, goes: Parts) -> None:
    """Raise RefusedError where something that is to change is on its way to another sync unit."""
    for cluster, move in recorded_moves(found.states).items():
        on_its_way = moving_parts(cluster, move)
        if any(part in on_its_way for part in goes.folders):
            raise RefusedError(
                f"a move is under way in {cluster}, since {move.since}",
                help="nothing was published; finish it first: gitops-gen move INVENTORY",
            )


def _part(resources: Sequence[Compiled], part: Folder | None) -> list[Compiled]:
    return [one for one in resources if part is None or folder_of_resource(one) == part]


def _holds(found: Found, cluster: str) -> tuple[Hold, ...]:
    record = found.states[cluster].record if cluster in found.states else None
    return record.holds if record else ()


def _hold(found: Found, cluster: str, hold: Hold) -> Hold:
    """Return the hold that a cluster has already where it says the same, but for when.

    So a rollback that landed without anybody hearing of it is not done twice: signed commits differ with each try.
    """
    return next((one for one in _holds(found, cluster) if replace(one, since=hold.since) == hold), hold)


def _check_addresses(compiled: Mapping[str, Sequence[Compiled]]) -> None:
    """Raise RefusedError where a virtual address that comes back has become another host's since."""
    owners: dict[str, str] = {}
    for resources in compiled.values():
        for host, address in addresses_in(resources).items():
            if owners.setdefault(address, host) != host:
                raise RefusedError(
                    f"address {address} of {host} was given to {owners[address]} since",
                    help="nothing was published; roll back all clusters that use either host",
                )
