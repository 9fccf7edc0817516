"""The proof's part on clusters that read each other's endpoints: what has one name there is one thing.

Both merges are silent (docs/explanation/what-istio-does.md, "Endpoint discovery").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.routes.declared import placed
from gitops_gen.routes.found import error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Cluster, Inventory
    from gitops_gen.problems import Problem
    from gitops_gen.routes.destinations import Backend
    from gitops_gen.routes.table import Table


def prove_unmerged(inventory: Inventory, tables: Mapping[str, Table]) -> Iterator[Problem]:
    """Find backends of single pods that another cluster's pods of the same name would share or take away."""
    if len(tables) == 1:
        return
    pods: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in inventory.clusters.values():
        for workload, placement in placed(inventory, cluster.name):
            for pod in placement.pods:
                pods.setdefault((workload.namespace, pod.name), []).append(cluster)
    services: dict[str, tuple[Cluster, Backend]] = {}
    for name, table in tables.items():
        here = inventory.clusters[name]
        for backend in _of_one_pod(table):
            if backend.is_entry:
                yield from _one_for_all(backend, here, pods.get((backend.namespace, str(backend.pod)), []))
                continue
            there, other = services.setdefault(backend.host, (here, backend))
            if there is not here and _joined(there, here) and backend.resource is not None:
                yield error(
                    "GGI026",
                    backend.resource,
                    f"{backend} of {here.name} is merged with that of {there.name}: requests go to both pods",
                    help="put the cluster into its name",
                    other=other.resource,
                )


def _of_one_pod(table: Table) -> Iterator[Backend]:
    for backends in table.registry.backends.values():
        # What DNS names is another pod in each cluster.
        yield from (one for one in backends if one.pod is not None and one.selector and one.resource is not None)


def _one_for_all(backend: Backend, here: Cluster, homes: list[Cluster]) -> Iterator[Problem]:
    # A ServiceEntry is read by the istiod of its own cluster alone.
    others = [home.name for home in homes if home is not here] if here.istio.endpoint_discovery is not False else []
    if others and backend.resource is not None:
        yield error(
            "GGI007",
            backend.resource,
            f"{backend} of {here.name} selects {backend.pod}, and {others[0]} has a pod of that name too: "
            "istiod knows one of them for both",
            help="use a Service for each pod, with the cluster in its name",
        )


def _joined(one: Cluster, other: Cluster) -> bool:
    """Tell whether at least one of two clusters may see the endpoints of the other; not declared means that it may."""
    return one.istio.endpoint_discovery is not False or other.istio.endpoint_discovery is not False
