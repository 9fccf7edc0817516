"""Selections: which clusters and workloads a run is about; everything else stays as it is published."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitops_gen.model import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a person asked for: clusters by name, clusters by label (`ring=canary`), workloads (`namespace/name`).

    Nothing of a kind means all of it. A cluster is chosen by its name or by all of the labels.
    """

    clusters: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The clusters that a selection comes to, and the workloads in them; None for all."""

    clusters: frozenset[str]
    workloads: frozenset[str] | None


def choose(
    selection: Selection,
    inventory: Inventory,
    published: Collection[str] | None = None,
    standing: Collection[str] = (),
) -> Chosen:
    """Resolve a selection. `published` are the clusters, `standing` the workloads that the branch has, too.

    `published` None: there is no branch. Raises InputError for a name that neither the inventory nor the branch knows,
    and labels that no cluster has.
    """
    known = {*inventory.clusters, *(published or ())}
    nobody = "the inventory has no" if published is None else "neither the inventory nor the branch has a"
    _check(f"{nobody} cluster", selection.clusters, known)
    workloads = {workload.key for workload in inventory.workloads}
    _check(f"{nobody} workload", selection.workloads, {*workloads, *standing})
    clusters = set(selection.clusters)
    if selection.labels:
        wanted = [_label(text) for text in selection.labels]
        found = {name for name, cluster in inventory.clusters.items() if all(one in cluster.labels for one in wanted)}
        if not found:
            raise InputError(f"no cluster has the labels {', '.join(selection.labels)}")
        clusters |= found
    return Chosen(
        clusters=frozenset(clusters or known),
        workloads=frozenset(selection.workloads) if selection.workloads else None,
    )


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InputError(f"{text!r} is no label", help="write it like ring=canary")
    return name, value


def _check(nobody: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            raise InputError(
                f"{nobody} {name}",
                help=f"did you mean {near[0]}?" if near else "",
            )
