"""What is declared beside the resources: gateway pods, and what stands in the cluster without us.

With an inventory it says all of this; for a tree of somebody else's it is read off the Gateways.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen import gateway_api
from gitops_gen.exposure import exposures
from gitops_gen.model import BackendChoice, Family
from gitops_gen.naming import expand, service_fqdn
from gitops_gen.routes.listeners import pods_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.exposure import Certificate, Exposure
    from gitops_gen.model import Cluster, Inventory, Placement, Pod, Workload
    from gitops_gen.routes.resource import Resource

POD_NAME = "statefulset.kubernetes.io/pod-name"
"""The label that Kubernetes gives each pod of a StatefulSet."""


class GatewayPods(NamedTuple):
    """One set of gateway pods. Their namespace is None where nobody said it; `scoped` ones see its Gateways alone."""

    name: str
    namespace: str | None
    labels: frozenset[tuple[str, str]]
    scoped: bool = False

    def __str__(self) -> str:
        """Name them for people."""
        return f"ingress {self.name}"


class DeclaredServer(NamedTuple):
    """A server of a Gateway that somebody else owns, with the hosts (namespace, host) that the inventory relies on."""

    number: int
    speaks: str
    certificate: Certificate | None
    hosts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a reader of one cluster's resources has to know beside them.

    `services` are full names of Services that are there without us; `gateways` go from `namespace/name` of Gateways
    of somebody else's to the servers that are relied on; a listener of Gateway API has its name behind a `#`.
    `gateway_services` go from the full names of Services to the gateway pods behind them, and from `namespace/name` of
    a Gateway that has pods of its own. `complete` says that nothing else is there.
    """

    gateway_pods: tuple[GatewayPods, ...]
    cluster_domain: str = "cluster.local"
    mtls: str = "strict"
    outside: frozenset[tuple[str, str, int]] = frozenset()
    """Ports of pods that no sidecar looks at: (namespace, pod, number)."""
    pod_labels: frozenset[str] = frozenset({POD_NAME})
    services: Mapping[str, frozenset[int]] = field(default_factory=dict)
    gateways: Mapping[str, tuple[tuple[GatewayPods, DeclaredServer], ...]] = field(default_factory=dict)
    gateway_services: Mapping[str, GatewayPods] = field(default_factory=dict)
    east_west: tuple[GatewayPods, ...] = ()
    complete: bool = True


def placed(inventory: Inventory, cluster: str) -> Iterator[tuple[Workload, Placement]]:
    """Yield the placements in one cluster, each with its workload."""
    for workload in inventory.workloads:
        for placement in workload.placements:
            if placement.cluster == cluster:
                yield workload, placement


def existing_backend(workload: Workload, placement: Placement, pod: Pod) -> str:
    """Return the name of the Service that somebody else made for a pod."""
    return expand(
        placement.existing_backend or "",
        cluster=placement.cluster,
        namespace=workload.namespace,
        workload=workload.name,
        pod=pod.name,
        ordinal=pod.ordinal,
    )


def speaks(exposure: Exposure) -> tuple[str, Certificate | None]:
    """Return what a server for an exposure speaks, and with what it ends TLS."""
    match exposure.port.protocol.family:
        case Family.HTTP:
            return ("HTTPS" if exposure.certificate else "HTTP"), exposure.certificate
        case Family.TLS:
            return "TLS", None
        case _:
            return "TCP", None


def gateway_pods(cluster: Cluster) -> dict[str, GatewayPods]:
    """Return the gateway pods of each ingress; ingresses of one namespace and selector are the same pods."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], GatewayPods] = {}
    return {
        ingress.name: found.setdefault(
            (ingress.namespace, frozenset(ingress.selector)),
            GatewayPods(ingress.name, ingress.namespace, frozenset(ingress.selector), ingress.scoped),
        )
        for ingress in cluster.ingresses
    }


def read_declared(inventory: Inventory, cluster: Cluster) -> Declared:
    """Collect what an inventory declares about one cluster: one pass over its placements."""
    pods = gateway_pods(cluster)
    services: dict[str, set[int]] = {}
    servers: dict[str, dict[tuple[GatewayPods, int, str, Certificate | None], dict[tuple[str, str], None]]] = {}
    labels = {POD_NAME}
    outside: set[tuple[str, str, int]] = set()
    for workload, placement in placed(inventory, cluster.name):
        labels.add(placement.pod_label)
        bare = [port.number for port in placement.ports if not port.in_mesh]
        outside.update((workload.namespace, pod.name, number) for number in bare for pod in placement.pods)
        numbers = {port.number for port in placement.ports if port.carried}
        for name in _services_of_others(workload, placement):
            services.setdefault(service_fqdn(name, workload.namespace, cluster), set()).update(numbers)
        if all(ingress.existing_gateway is None for ingress in cluster.ingresses):
            continue
        for exposure in exposures(workload, placement, cluster):
            reference = exposure.ingress.existing_gateway
            if reference is not None:
                key = (pods[exposure.ingress.name], exposure.gateway_port, *speaks(exposure))
                if gateway_api.uses(exposure.ingress):
                    certificate = key[3].name if key[3] is not None else None
                    section = gateway_api.section_name(exposure.ingress, key[2], exposure.gateway_port, certificate)
                    reference = f"Gateway {reference}#{section}"
                hosts = servers.setdefault(reference, {}).setdefault(key, {})
                hosts[workload.namespace, exposure.host] = None
    east_west = cluster.east_west
    return Declared(
        gateway_pods=tuple(dict.fromkeys(pods.values())),
        cluster_domain=cluster.cluster_domain,
        mtls=cluster.istio.mtls,
        outside=frozenset(outside),
        pod_labels=frozenset(labels),
        services={host: frozenset(numbers) for host, numbers in services.items()},
        gateways={
            reference: tuple(
                (of_pods, DeclaredServer(number, spoken, certificate, tuple(hosts)))
                for (of_pods, number, spoken, certificate), hosts in found.items()
            )
            for reference, found in servers.items()
        },
        gateway_services={
            service_fqdn(ingress.service, ingress.namespace, cluster): pods[ingress.name]
            for ingress in cluster.ingresses
            if ingress.service is not None
        },
        east_west=(GatewayPods("east-west", east_west.namespace, frozenset(east_west.selector)),) if east_west else (),
    )


def _services_of_others(workload: Workload, placement: Placement) -> Iterator[str]:
    if placement.service is not None and not workload.create_service:
        yield placement.service
    for port in placement.ports:
        for route in port.routes:
            if route.service is not None:
                yield route.service
    if placement.backend is BackendChoice.EXISTING:
        for pod in placement.pods:
            yield existing_backend(workload, placement, pod)


def assume(
    resources: Iterable[Resource],
    *,
    cluster_domain: str = "cluster.local",
    namespaces: Mapping[str, str] | None = None,
    mtls: str = "strict",
) -> Declared:
    """Read off the Gateways what nobody declared: each selector, or Service at an address, is one set of gateway pods.

    `namespaces` goes from a selector, written `istio=ingressgateway`, or from "" for all others, to the namespace of
    those pods.
    """
    known = namespaces or {}
    pods: dict[frozenset[tuple[str, str]], GatewayPods] = {}
    east_west: dict[frozenset[tuple[str, str]], GatewayPods] = {}
    services: dict[str, GatewayPods] = {}
    for resource in resources:
        if resource.kind == "Gateway" and resource.group == "networking.istio.io":
            selector = frozenset((resource.spec.get("selector") or {}).items())
            name = ",".join(f"{key}={value}" for key, value in sorted(selector)) or "(all gateways)"
            found = GatewayPods(name, known.get(name, known.get("")), selector)
            through = all(
                (server.get("tls") or {}).get("mode") == "AUTO_PASSTHROUGH"
                for server in resource.spec.get("servers") or ()
            )
            (east_west if through else pods).setdefault(selector, found)
        elif resource.kind == "Gateway" and resource.group == gateway_api.GROUP:
            for key in pods_keys(resource, cluster_domain):
                host, slash, _ = key.partition("/")
                services.setdefault(
                    key, GatewayPods(key, host if slash else host.split(".")[1], frozenset({("", key)}))
                )
    return Declared(
        gateway_pods=(*pods.values(), *services.values()),
        cluster_domain=cluster_domain,
        mtls=mtls,
        pod_labels=frozenset({POD_NAME, "strimzi.io/pod-name"}),
        gateway_services=services,
        east_west=tuple(east_west.values()),
        complete=False,
    )
