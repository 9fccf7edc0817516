"""Ways in: each route of each placement in its cluster, with the hosts it gives, worked out once for all rules.

Only routes whose host and gateway port can be worked out are here; what is wrong with the others, other rules say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import gateway_port, serving_pods
from gitops_gen.inventory.templates import fields_of, route_is_sound
from gitops_gen.model import Family
from gitops_gen.naming import POD_FIELDS, expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.exposure import Labels
    from gitops_gen.inventory.written import Documents
    from gitops_gen.model import Cluster, Ingress, Inventory, Placement, Pod, Port, Route, Workload


class Gateway(NamedTuple):
    """The gateway pods of one or more ingresses of a cluster, by their labels."""

    cluster: str
    pods: Labels


@dataclass(frozen=True, eq=False)
class Hosts:
    """The hosts that one template gives for one placement: of its pods in order, or of one companion Service."""

    workload: Workload
    placement: Placement
    template: str
    service: str | None
    names: tuple[str, ...]

    @cached_property
    def ends(self) -> dict[str, str]:
        """Name of the pod or Service to which each host leads; of two pods with one host, the first."""
        if self.service is not None:
            return dict.fromkeys(self.names, self.service)
        pods = reversed([pod.name for pod in self.placement.pods])
        return dict(zip(reversed(self.names), pods, strict=True))

    def owner(self, host: str) -> tuple[str, str, str, bool]:
        """Tell what a host leads to; equal for two hosts of one pod, or of one companion Service."""
        return self.placement.cluster, self.workload.namespace, self.ends[host], self.service is not None

    def end(self, host: str) -> str:
        """Name what a host leads to: `pod streaming/kafka-0 in cluster east`."""
        cluster, namespace, name, is_service = self.owner(host)
        return f"{'Service' if is_service else 'pod'} {namespace}/{name} in cluster {cluster}"


@dataclass(frozen=True, eq=False)
class Way:
    """A route of a placement in its cluster."""

    workload: Workload
    placement: Placement
    cluster: Cluster
    ingress: Ingress
    port: Port
    route: Route
    hosts: Hosts

    @cached_property
    def gateways(self) -> tuple[Gateway, ...]:
        """The gateway pods that serve it."""
        return tuple(Gateway(self.cluster.name, pods) for pods in serving_pods(self.cluster, self.ingress))

    @cached_property
    def speaks(self) -> str:
        """What a client has to speak at the gateway port: TLS is passed through, or ended with a certificate."""
        family = self.port.protocol.family
        if family is Family.TCP:
            return "TCP"
        return "TLS" if family is Family.TLS or self.ingress.credential_name is not None else "plain HTTP"

    @property
    def subject(self) -> str:
        """Whose it is: `Workload monitoring/prometheus, cluster east`."""
        return subject_of(self.workload, self.placement)

    def doors(self) -> Iterator[tuple[int, str]]:
        """Yield gateway port and host of each pod, or of the companion Service."""
        if self.route.port is not None:
            for host in self.hosts.names:
                yield self.route.port, host
            return
        for pod, host in zip(self.placement.pods, self.hosts.names, strict=True):
            yield gateway_port(self.route, pod, self.placement), host

    def gateway_ports(self) -> Iterable[tuple[int, str]]:
        """Return each gateway port once, with one of the hosts on it."""
        if self.route.port is not None:
            return [(self.route.port, host) for host in self.hosts.names[:1]]
        return self.doors()


@dataclass(frozen=True)
class Whole:
    """A whole inventory as the rules see it: as written, as meant, and all that it exposes."""

    documents: Documents
    inventory: Inventory
    ways: tuple[Way, ...]
    hosts: tuple[Hosts, ...]
    """The hosts of all ways, each list once, however many ports it serves."""


def see_whole(documents: Documents, inventory: Inventory) -> Whole:
    """Work out what an inventory exposes."""
    ways: list[Way] = []
    hosts: list[Hosts] = []
    for workload, placement, cluster in each_placement(inventory):
        known: dict[tuple[str, str | None, str], Hosts] = {}
        for port in placement.ports:
            for route in port.routes if port.carried else ():
                if not route_is_sound(route, placement):
                    continue
                key = (route.host, route.service, port.name if "{port}" in route.host else "")
                if key not in known:
                    known[key] = _hosts(workload, placement, cluster, port, route)
                    hosts.append(known[key])
                ingress = cluster.ingress(route.ingress)
                ways.append(Way(workload, placement, cluster, ingress, port, route, known[key]))
    return Whole(documents, inventory, tuple(ways), tuple(hosts))


def _hosts(workload: Workload, placement: Placement, cluster: Cluster, port: Port, route: Route) -> Hosts:
    values = {
        "cluster": cluster.name,
        "namespace": workload.namespace,
        "workload": workload.name,
        "port": port.name,
    }
    names: tuple[str, ...]
    if route.service is not None:
        names = (expand(route.host, **values),)
    else:
        names = tuple(_of_pods(route.host, values, placement.pods))
    return Hosts(workload, placement, route.host, route.service, names)


def _of_pods(template: str, values: dict[str, str], pods: tuple[Pod, ...]) -> Iterator[str]:
    """Yield the host of each pod; what is the same for all of them is filled in once."""
    before, found, after = template.partition("{pod}")
    if found and POD_FIELDS.isdisjoint(fields_of(before + after)):
        before, after = expand(before, **values), expand(after, **values)
        for pod in pods:
            yield before + pod.name + after
        return
    for pod in pods:
        yield expand(template, **values, pod=pod.name, ordinal=pod.ordinal)


def each_placement(inventory: Inventory) -> Iterator[tuple[Workload, Placement, Cluster]]:
    """Yield every placement with its workload and cluster."""
    for workload in inventory.workloads:
        for placement in workload.placements:
            yield workload, placement, inventory.clusters[placement.cluster]


def subject_of(workload: Workload, placement: Placement) -> str:
    """Name a placement as people would: `Workload monitoring/prometheus, cluster east`."""
    return f"Workload {workload.key}, cluster {placement.cluster}"
