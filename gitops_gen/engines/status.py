"""Whether an engine has applied what is published, sync unit by sync unit, judged by what the engine says of itself.

An engine tells which commit it is at, and a commit is not a unit: most commits change nothing of it. So revisions are
never compared by name; the caller tells what a revision is for a unit (`Relation`), by what the unit renders there
(docs/explanation/what-engines-and-kustomize-do.md, "What the engines say").
"""

from __future__ import annotations

import fnmatch
import posixpath
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.model import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gitops_gen.engines.observed import ArgoUnit, FluxUnit
    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import ResourceId

    Changed = Callable[[str, str], Mapping[ResourceId, bool] | None]


class Relation(StrEnum):
    """What a revision that an engine names is for a unit, seen from the published commit."""

    SAME = "same"
    """The unit renders there as it is published."""
    LATER = "later"
    """It has the published commit behind it."""
    OTHER = "other"
    """The unit renders otherwise there."""
    UNKNOWN = "unknown"
    """It is no commit of the branch."""


class State(StrEnum):
    """How a unit stands, in one word."""

    APPLIED = "applied"
    PENDING = "pending"
    """The engine has not come so far, or is at it."""
    FAILED = "failed"
    """The engine tried, and says why it could not."""
    DEGRADED = "degraded"
    """Applied, and something of it is not healthy."""
    DRIFTED = "drifted"
    """Applied, and changed in the cluster since."""
    STALE = "stale"
    """The engine says that it is in sync, but has applied something else."""
    SUSPENDED = "suspended"
    """Somebody has told the engine to leave it alone."""
    MISSING = "missing"
    """No object of the engine syncs it."""
    UNKNOWN = "unknown"
    """The engine was not reached, or is at something that is no commit of the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A unit that is published: its folder in the repository, and the folders of all that it is built from."""

    unit: Unit
    engine: Engine
    path: str
    closure: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStatus:
    """A unit as its engine has it. What nobody can tell is None; `revision` is the engine's own word."""

    wanted: Wanted
    state: State
    name: str = ""
    revision: str = ""
    applied: bool | None = None
    healthy: bool | None = None
    drifted: bool | None = None
    missing: tuple[ResourceId, ...] = ()
    changed: tuple[ResourceId, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def in_order(self) -> bool:
        """Whether nothing is left to do."""
        return self.state is State.APPLIED

    @property
    def landed(self) -> bool:
        """Whether what is published has arrived; somebody may have told the engine to stop since."""
        return self.state is State.APPLIED or (self.state is State.SUSPENDED and self.applied is True)


def judge(
    wanted: Wanted,
    flux: Sequence[FluxUnit],
    argo: Sequence[ArgoUnit],
    relation: Callable[[str], Relation],
    changed: Changed,
) -> UnitStatus:
    """Find the object that syncs a unit, by its folder, and say how the unit stands.

    `changed` tells which resources of the unit differ between two revisions, and whether they are there at the second;
    None where nobody can tell.
    """
    if wanted.engine is Engine.FLUX:
        kustomizations = sorted((one for one in flux if one.path == wanted.path), key=lambda one: one.name)
        found = [_judge_flux(wanted, one, relation) for one in kustomizations]
        kind = "Kustomization"
    else:
        applications = [one for one in argo if one.path == wanted.path and one.destination in {"", wanted.unit.cluster}]
        applications.sort(key=lambda one: one.name)
        found = [_judge_argo(wanted, one, relation, changed) for one in applications]
        kind = "Application"
    if not found:
        note = f"no {kind} has the folder {wanted.path}"
        return UnitStatus(wanted=wanted, state=State.MISSING, applied=False, notes=(note,))
    if len(found) > 1:
        names = ", ".join(status.name for status in found)
        note = f"several objects sync this folder, and each undoes the other: {names}"
        return replace(found[0], state=State.FAILED, notes=(*found[0].notes, note))
    return found[0]


def unreached(wanted: Wanted, why: str) -> UnitStatus:
    """Return the status of a unit whose engine could not be asked."""
    return UnitStatus(wanted=wanted, state=State.UNKNOWN, notes=(why,))


# --- Flux ------------------------------------------------------------------------------------------------------------


def _judge_flux(wanted: Wanted, found: FluxUnit, relation: Callable[[str], Relation]) -> UnitStatus:
    at = relation(found.applied) if found.applied else Relation.OTHER
    tried = relation(found.attempted) if found.attempted else Relation.OTHER
    state, notes = _flux_state(found, at, tried)
    unhealthy = found.ready == "False" and found.reason == "HealthCheckFailed"
    if found.suspended:
        notes.append("it is suspended: nothing new is applied, and what is changed in the cluster stays so")
        state = State.SUSPENDED if state in {State.APPLIED, State.PENDING} else state
    return UnitStatus(
        wanted=wanted,
        state=state,
        name=found.name,
        revision=found.applied,
        applied=state is State.DEGRADED or _is_there(at),
        healthy=True if found.ready == "True" else False if unhealthy else None,
        notes=tuple(notes),
    )


def _flux_state(found: FluxUnit, at: Relation, tried: Relation) -> tuple[State, list[str]]:
    """Return how a Kustomization stands: applied at `at`, tried at `tried`."""
    if found.deleting:
        return State.FAILED, ["it is being deleted"]
    if found.ready == "True" and found.seen and _is_there(at):
        return State.APPLIED, []
    # What was tried last is the newest that the source has; an artifact has no commit for a name, only a digest.
    if found.ready == "False" and found.seen and tried is not Relation.OTHER:
        state = {"HealthCheckFailed": State.DEGRADED, "DependencyNotReady": State.PENDING}.get(found.reason)
        return (state, [found.message]) if state else (State.FAILED, [f"{found.reason}: {found.message}"])
    source = found.source
    if source is not None and source.ready == "False":
        return State.FAILED, [f"{source.name}: {source.message}"]
    if at is Relation.UNKNOWN and found.ready == "True":
        return State.UNKNOWN, [f"{found.applied} is no commit of the branch"]
    notes = [f"{source.name} is suspended"] if source is not None and source.suspended else []
    if found.ready != "True" and found.message:
        notes.append(found.message)
    return State.PENDING, notes


# --- Argo CD ---------------------------------------------------------------------------------------------------------


def _judge_argo(wanted: Wanted, found: ArgoUnit, relation: Callable[[str], Relation], changed: Changed) -> UnitStatus:
    at = relation(found.revision) if found.revision else Relation.OTHER
    state, notes = _argo_state(found, at, relation)
    left_out = _left_out(found.generate_paths, wanted)
    if state is State.STALE and not left_out and _caught_up(found, relation, changed):
        state, notes = _argo_health(found)
    if state is State.PENDING and not found.automated and found.phase != "Running":
        state = State.SUSPENDED
        notes.append("it does not sync by itself: spec.syncPolicy.automated is off")
    if left_out:
        notes.append(f"its manifest-generate-paths leave out {', '.join(left_out)}: it may say Synced and be stale")
    drifted = state is State.DRIFTED
    return UnitStatus(
        wanted=wanted,
        state=state,
        name=found.name,
        revision=found.revision,
        applied=None if state is State.UNKNOWN else _argo_applied(found, at, state, relation),
        healthy={"Healthy": True, "Degraded": False, "Missing": False}.get(found.health),
        drifted=drifted if drifted or state in {State.APPLIED, State.DEGRADED} else None,
        missing=found.missing,
        changed=tuple(one for one in found.out_of_sync if one not in found.missing) if drifted else (),
        notes=tuple(notes),
    )


def _argo_state(found: ArgoUnit, at: Relation, relation: Callable[[str], Relation]) -> tuple[State, list[str]]:
    """Return how an Application stands that was compared at `at`."""
    if found.deleting:
        return State.FAILED, ["it is being deleted"]
    if found.errors:
        return State.FAILED, list(found.errors)
    if found.phase == "Running":
        return State.PENDING, [found.message] if found.message else []
    if at is Relation.UNKNOWN:
        return State.UNKNOWN, [f"{found.revision} is no commit of the branch"]
    return _argo_compared(found, relation) if _is_there(at) else (State.PENDING, [])


def _argo_compared(found: ArgoUnit, relation: Callable[[str], Relation]) -> tuple[State, list[str]]:
    """Return how an Application stands that was compared with what is published, and has no operation running."""
    if found.phase in {"Failed", "Error"} and _is_there(relation(found.attempted)):
        return State.FAILED, [found.message]
    if found.sync == "OutOfSync" and found.given_up and not found.outdated:
        return State.FAILED, [f"Argo CD does not sync it by itself any more: {found.given_up}"]
    synced = relation(found.synced) if found.synced else Relation.UNKNOWN
    if found.sync == "OutOfSync" and _is_there(synced) and not found.outdated:
        return State.DRIFTED, []
    if found.sync != "Synced":
        return State.PENDING, []
    if synced is Relation.OTHER:
        note = (
            f"it says Synced at {found.revision}, but last applied {found.synced}, where this unit renders otherwise; "
            "see that its manifest-generate-paths name all that it is built from, then refresh it hard, and only then "
            "sync it: a sync alone applies the same old manifests, and calls them new"
        )
        return State.STALE, [note]
    return _argo_health(found)


def _caught_up(found: ArgoUnit, relation: Callable[[str], Relation], changed: Changed) -> bool:
    """Tell whether Argo CD has made up for what changed since the last sync of the whole.

    After a hard refresh, and for commits that came in the middle of a sync, it syncs single resources, of which it has
    no record but the newest operation. That must have been about something that changed; and its list of resources must
    have all that is there since, and nothing that went.
    """
    if found.phase != "Succeeded" or not _is_there(relation(found.attempted)):
        return False
    missed = changed(found.synced, found.attempted) or {}
    listed = frozenset(found.resources)
    return any(one in missed for one in found.singled_out) and all(
        (one in listed) is there for one, there in missed.items()
    )


def _argo_health(found: ArgoUnit) -> tuple[State, list[str]]:
    """Return how an Application stands that is in sync."""
    said = [found.health_message] if found.health_message else []
    if found.missing:
        return State.DRIFTED, said
    if found.health == "Degraded":
        return State.DEGRADED, said
    if found.health == "Progressing":
        return State.PENDING, said or ["its resources are not healthy yet"]
    return State.APPLIED, []


def _argo_applied(found: ArgoUnit, at: Relation, state: State, relation: Callable[[str], Relation]) -> bool:
    """Tell whether what is published was applied at some time."""
    if state in {State.APPLIED, State.DEGRADED, State.DRIFTED}:
        return True
    if state is State.STALE:
        return False
    if found.synced:
        return _is_there(relation(found.synced))
    return found.sync == "Synced" and _is_there(at)


def _left_out(generate_paths: str | None, wanted: Wanted) -> list[str]:
    """Return the folders of a unit whose commits Argo CD would pass over; none where it looks at every commit."""
    if generate_paths is None:
        return []
    patterns = [
        posixpath.normpath(one[1:] if one.startswith("/") else f"{wanted.path}/{one}")
        for one in map(str.strip, generate_paths.split(";"))
        if one
    ]
    return sorted(folder for folder in wanted.closure if not _covered(folder, patterns))


def _covered(folder: str, patterns: Collection[str]) -> bool:
    return any(
        pattern == "." or f"{folder}/".startswith(f"{pattern}/") or fnmatch.fnmatchcase(folder, pattern)
        for pattern in patterns
    )


# --- both ------------------------------------------------------------------------------------------------------------


def _is_there(relation: Relation) -> bool:
    return relation in {Relation.SAME, Relation.LATER}
