"""How much there is: the whole that a guard's percentages are taken of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.plan.meaning import external_hosts
from gitops_gen.plan.places import TreeFolder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.model import SyncUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What the inventory compiles to, counted: resources by sync unit, and hosts by cluster.

    A host counts once for each VirtualService that has it.
    """

    resources: Mapping[str, int]
    hosts: Mapping[str, int]


def take_census(compiled: Mapping[str, Sequence[Compiled]], sync_unit: SyncUnit) -> Census:
    """Count the compiled resources of every cluster."""
    resources: Counter[str] = Counter()
    hosts: Counter[str] = Counter()
    for cluster, members in compiled.items():
        folders: Counter[tuple[str, str]] = Counter()
        for member in members:
            folders[member.place.namespace, member.place.folder] += 1
            hosts[cluster] += len(external_hosts(member.manifest))
        for (namespace, name), number in folders.items():
            resources[TreeFolder(cluster, namespace, name).unit(sync_unit)] += number
    return Census(resources=dict(resources), hosts=dict(hosts))
