"""History: what was published for each cluster, held, released, rolled back and taken back, from its record's versions.

It is read from files and commits alone, so it says the same however the commits were merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.delivery.history import record_history
from gitops_gen.delivery.holds import Cause
from gitops_gen.delivery.published import load_published
from gitops_gen.errors import InputError, RefusedError
from gitops_gen.workflows.publishing import gitops_clone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.history import Version
    from gitops_gen.delivery.holds import Hold
    from gitops_gen.delivery.published import Published
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.publishing import Remote


class Kind(StrEnum):
    """What a commit was for a cluster."""

    PUBLISHED = "published"
    ROLLED_BACK = "rolled back"
    HELD = "held"
    RELEASED = "released"
    RECORDED = "recorded"
    """Nothing changed but the inventory's commit, or what a person did was taken note of."""
    TAKEN_BACK = "taken back"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One version of a cluster's record: the commit that brought it, and what it says. `serial` is 0 for none.

    `place` counts commits from the newest.
    """

    place: int
    cluster: str
    kind: Kind
    commit: str
    date: int
    by: str
    subject: str
    serial: int = 0
    revision: str = ""
    holds: tuple[Hold, ...] = ()


def read_history(inventory: Inventory, remote: Remote, clusters: Sequence[str] = ()) -> list[Event]:
    """Return the events of some clusters (none named: of all), the newest first.

    Raises InputError for a cluster that never had a record, and the rest as `gitops_clone` does.
    """
    with gitops_clone(inventory, remote) as clone:
        found = record_history(clone)
        for cluster in clusters:
            if cluster not in found:
                raise InputError(
                    f"nothing was ever published for {cluster}", help=f"published so far: {', '.join(sorted(found))}"
                )
        events = []
        for cluster, versions in sorted(found.items()):
            if not clusters or cluster in clusters:
                events += _events(clone, cluster, versions, inventory.mesh.name)
    return sorted(events, key=lambda event: (event.place, event.cluster))


def _events(clone: Clone, cluster: str, versions: Sequence[Version], mesh: str) -> list[Event]:
    contents = clone.read([version.blob for version in versions if version.blob])
    events: list[Event] = []
    before: Published | None = None
    for version in reversed(versions):
        record: Published | None = None
        if version.blob:
            try:
                record = load_published(contents[version.blob], mesh=mesh, cluster=cluster)
            except RefusedError:
                record = None
        kind = _kind(before, record) if record else Kind.EDITED if version.blob else Kind.DELETED
        events.append(
            Event(
                place=version.place,
                cluster=cluster,
                kind=kind,
                commit=version.commit,
                date=version.date,
                by=version.by,
                subject=version.subject,
                serial=record.serial if record else 0,
                revision=record.revision if record else "",
                holds=record.holds if record else (),
            )
        )
        before = record or before
    return events[::-1]


def _kind(before: Published | None, after: Published) -> Kind:
    """Tell what became of a record."""
    if before is None:
        return Kind.PUBLISHED
    if after.serial < before.serial:
        return Kind.TAKEN_BACK
    new = [hold for hold in after.holds if hold not in before.holds]
    if any(hold.cause is Cause.ROLLBACK for hold in new):
        return Kind.ROLLED_BACK
    if new:
        return Kind.HELD
    if set(before.holds) - set(after.holds) and after.tree == before.tree:
        return Kind.RELEASED
    return Kind.RECORDED if after.tree == before.tree else Kind.PUBLISHED
