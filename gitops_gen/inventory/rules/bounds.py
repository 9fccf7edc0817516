"""Bounds: how much an inventory may ask for, counted before anything of it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.format.fields import PODS_PER_CLUSTER
from gitops_gen.inventory.lookup import pod_count, routes_of
from gitops_gen.problems import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.inventory.format.workload import PortFields
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.written import AnyWritten, Documents

RESOURCES = 2_000_000
"""Resources of a whole inventory at most: twice what a mesh of two full clusters with one route a pod needs."""


def within_bounds(documents: Documents, clusters: Clusters) -> Iterator[Problem]:
    """GGI224: at most 150,000 pods in a cluster, and 2,000,000 resources in all.

    A pod counts as one resource for its backend and two for each route; each placement in a cluster and each pod
    that a Consumer dials as one.
    """
    pods: dict[str, int] = {}
    of_workload: dict[str, int] = {}
    resources = 0
    for workload in documents.workloads:
        spec = workload.fields.spec
        metadata = workload.fields.metadata
        key = f"{metadata.namespace}/{metadata.name}"
        routes = _routes(spec.ports)
        for place, placement in enumerate(spec.placements):
            names, count = clusters.of(placement), pod_count(placement)
            each = 1 + count * (1 + 2 * (routes if placement.ports is None else _routes(placement.ports)))
            resources += len(names) * each
            of_workload[key] = of_workload.get(key, 0) + len(names) * count
            here = workload.at("spec", "placements", place)
            if resources > RESOURCES:
                yield _too_many(workload, here)
                return
            for name in names:
                before = pods.get(name, 0)
                pods[name] = before + count
                if before <= PODS_PER_CLUSTER < pods[name]:
                    yield Problem(
                        rule="GGI224",
                        message=f"with this placement cluster {name} has {pods[name]} pods; Kubernetes supports "
                        f"{PODS_PER_CLUSTER}",
                        location=here,
                        subject=workload.subject,
                        help="lower `replicas` or `max`, or spread the pods over more clusters",
                    )
    for consumer in documents.consumers:
        resources += sum(of_workload.get(key, 0) for key in set(consumer.fields.spec.workloads))
        if resources > RESOURCES:
            yield _too_many(consumer, consumer.name_place)
            return


def _routes(ports: Sequence[PortFields]) -> int:
    return sum(len(routes_of(port)) for port in ports)


def _too_many(written: AnyWritten, here: Location) -> Problem:
    return Problem(
        rule="GGI224",
        message=f"from here on the inventory asks for more than {RESOURCES} resources",
        location=here,
        subject=written.subject,
        help="lower `replicas` or `max`, or split the mesh into several inventories, each with its own path",
    )
