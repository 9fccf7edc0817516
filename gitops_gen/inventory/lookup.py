"""Looking things up in what is written: clusters by name and labels, the default ingress, pods, ports, routes.

Expansion and rules ask the same questions here, so that they can never answer them differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitops_gen.inventory.format.cluster import ClusterDocument
    from gitops_gen.inventory.format.workload import PlacementFields, PortFields, RouteFields, WorkloadDocument
    from gitops_gen.inventory.written import Written


class Clusters:
    """The clusters of an inventory. Of two with one name the first counts; a rule reports the second."""

    def __init__(self, documents: Iterable[Written[ClusterDocument]]) -> None:
        """Index the clusters by name and by each of their labels."""
        self.by_name: dict[str, Written[ClusterDocument]] = {}
        for written in documents:
            self.by_name.setdefault(written.fields.metadata.name, written)
        self._by_label: dict[tuple[str, str], set[str]] = {}
        for name, written in self.by_name.items():
            for label in written.fields.metadata.labels.items():
                self._by_label.setdefault(label, set()).add(name)
        self._selected: dict[tuple[tuple[str, str], ...], tuple[str, ...]] = {}

    def selected(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names, in order, of the clusters that have all of these labels."""
        key = tuple(sorted(labels.items()))
        if key not in self._selected:
            sets = sorted((self._by_label.get(label, set()) for label in key), key=len)
            self._selected[key] = tuple(sorted(set.intersection(*sets))) if sets else ()
        return self._selected[key]

    def of(self, placement: PlacementFields) -> tuple[str, ...]:
        """Return the names of the known clusters that a placement is in."""
        if placement.cluster is not None:
            return (placement.cluster,) if placement.cluster in self.by_name else ()
        return self.selected(placement.clusters) if placement.clusters is not None else ()


def default_ingress(cluster: ClusterDocument) -> str | None:
    """Return the name of the ingress that routes mean when they name none; None where that is not decided."""
    ingresses = cluster.spec.ingresses
    chosen = [name for name, ingress in ingresses.items() if ingress.default]
    if chosen:
        return chosen[0]
    # An explicit `default: false` on the only ingress is respected.
    return next((name for name, ingress in ingresses.items() if ingress.default is None and len(ingresses) == 1), None)


def pod_count(placement: PlacementFields) -> int:
    """Return how many pods a placement has in each of its clusters, the highest number where that moves."""
    if placement.names is not None:
        return len(placement.names)
    if placement.replicas is None:
        return 0
    return placement.replicas if isinstance(placement.replicas, int) else placement.replicas.max


class PortList(NamedTuple):
    """A list of ports as written, its path in the document, and the placements that use it."""

    ports: Sequence[PortFields]
    path: tuple[str | int, ...]
    placements: tuple[PlacementFields, ...]


def port_lists(workload: WorkloadDocument) -> Iterator[PortList]:
    """Yield the workload's own list of ports, then the lists that placements have in its place."""
    spec = workload.spec
    yield PortList(spec.ports, ("spec", "ports"), tuple(p for p in spec.placements if p.ports is None))
    for place, placement in enumerate(spec.placements):
        if placement.ports is not None:
            yield PortList(placement.ports, ("spec", "placements", place, "ports"), (placement,))


class WrittenRoute(NamedTuple):
    """A route as written: the port that it leads to, the route's path in the document, and where the port is placed."""

    port: PortFields
    route: RouteFields
    path: tuple[str | int, ...]
    placements: tuple[PlacementFields, ...]


def routes_of(port: PortFields) -> list[tuple[RouteFields, tuple[str | int, ...]]]:
    """Return the routes that a port writes, each with its path below the port."""
    if port.expose is None:
        return []
    if isinstance(port.expose, list):
        return [(route, ("expose", place)) for place, route in enumerate(port.expose)]
    return [(port.expose, ("expose",))]


def written_routes(workload: WorkloadDocument) -> Iterator[WrittenRoute]:
    """Yield every route of a workload."""
    for ports, path, placements in port_lists(workload):
        for place, port in enumerate(ports):
            for route, below in routes_of(port):
                yield WrittenRoute(port, route, (*path, place, *below), placements)
