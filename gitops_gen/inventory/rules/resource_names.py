"""Names of resources after expansion: `<cluster>-<pod>` is one pod's over the whole mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.inventory.rules.ways import each_placement, subject_of
from gitops_gen.naming import cluster_prefixed
from gitops_gen.problems import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.rules.ways import Whole
    from gitops_gen.model import Inventory, Placement, Workload


class Named(NamedTuple):
    """What a name is for: a pod or a companion Service, in a cluster, and where that is written."""

    what: str
    cluster: str
    location: Location
    subject: str

    def __str__(self) -> str:
        """Name it: `pod kafka-0 in cluster east`."""
        return f"{self.what} in cluster {self.cluster}"


def _ends(workload: Workload, placement: Placement) -> Iterator[tuple[str, str]]:
    """Yield name and description of all that gets resources of its own: pods, and companion Services."""
    for pod in placement.pods:
        yield pod.name, f"pod {pod.name}"
    for service in sorted({route.service for port in placement.ports for route in port.routes if route.service}):
        yield service, f"Service {service} of {workload.key}"


def _could_meet(inventory: Inventory) -> set[tuple[str, str]]:
    """Return the (cluster, namespace) in which names could meet others.

    They can where one cluster's name begins with another's and a hyphen, or where a companion Service may be called
    like a pod; everywhere else the names of pods, which are unique, keep them apart.
    """
    names = sorted(inventory.clusters)
    alike = {
        name for name in names if any(other.startswith(f"{name}-") or name.startswith(f"{other}-") for other in names)
    }
    return {
        (placement.cluster, workload.namespace)
        for workload, placement, _ in each_placement(inventory)
        if placement.cluster in alike or any(route.service for port in placement.ports for route in port.routes)
    }


def unique_resources(whole: Whole) -> Iterator[Problem]:
    """GGI231: names put together from cluster and pod (or Service) are unique in their namespace, over all clusters.

    Cluster `a` with pod `b-c-0` and cluster `a-b` with pod `c-0` would both make `a-b-c-0`, and a mesh merges two
    Services of one name (docs/explanation/what-istio-does.md, "Endpoint discovery").
    """
    taken: dict[tuple[str, str], Named] = {}
    clashes = Repeats()
    risky = _could_meet(whole.inventory)
    for workload, placement, cluster in each_placement(whole.inventory):
        if (cluster.name, workload.namespace) not in risky:
            continue
        subject = subject_of(workload, placement)
        for name, what in _ends(workload, placement):
            key = (workload.namespace, cluster_prefixed(cluster.name, name))
            first = taken.get(key)
            if first is None:
                taken[key] = Named(what, cluster.name, placement.origin, subject)
            # The same pod twice is GGI225; a companion is met once for each placement.
            elif (first.what, first.cluster) != (what, cluster.name):
                cause = (first.location, placement.origin, first.cluster, cluster.name)
                if not clashes.met(cause):
                    here = Named(what, cluster.name, placement.origin, subject)
                    clashes.add(cause, _problem(key[1], first, here))
    yield from clashes.problems()


def _problem(name: str, first: Named, here: Named) -> Problem:
    return Problem(
        rule="GGI231",
        message=f"{first} and {here} would both be called {name}",
        location=here.location,
        subject=here.subject,
        help="rename the workload, its `statefulSet` or one of the clusters; hyphens in their names make such pairs",
        related=((str(first), first.location),),
    )
