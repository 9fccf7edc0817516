"""The list of external names: every host and gateway port of an inventory, or of a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.errors import InputError
from gitops_gen.plan.places import pod_order
from gitops_gen.resources.external_names import external_names
from gitops_gen.workflows.selecting import choose

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitops_gen.model import Inventory
    from gitops_gen.resources.external_names import ExternalName
    from gitops_gen.workflows.selecting import Selection


def list_hosts(inventory: Inventory, selection: Selection, ingresses: Collection[str] = ()) -> list[ExternalName]:
    """Return every external name of an inventory without errors, by cluster, workload, pod and gateway port.

    `ingresses` are the names of those that are wanted; none of them: all. Raises InputError for a name that the
    inventory does not have.
    """
    chosen = choose(selection, inventory)
    known = sorted({ingress.name for cluster in inventory.clusters.values() for ingress in cluster.ingresses})
    for ingress in ingresses:
        if ingress not in known:
            raise InputError(f"no cluster has an ingress {ingress}", help=f"there is: {', '.join(known)}")
    # Sets of pods in one cluster repeat the companions that they share.
    found: dict[tuple[str, str, str, int], ExternalName] = {}
    for workload in inventory.workloads:
        if chosen.workloads is not None and workload.key not in chosen.workloads:
            continue
        for placement in workload.placements:
            if placement.cluster not in chosen.clusters:
                continue
            for name in external_names(workload, placement, inventory.clusters[placement.cluster]):
                if not ingresses or name.ingress in ingresses:
                    found.setdefault((name.cluster, name.ingress, name.host, name.gateway_port), name)
    return sorted(found.values(), key=_order)


def _order(name: ExternalName) -> tuple[object, ...]:
    where = (name.cluster, name.namespace, name.workload, name.service is not None)
    return (*where, pod_order(name.end), name.gateway_port, name.host, name.ingress)
