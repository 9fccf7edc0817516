"""Compiled inventories as the oracle reads them: resources, and the facts that the inventory knows beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.exposure import exposures
from gitops_gen.manifest import dump, load
from gitops_gen.model import BackendChoice, Family
from gitops_gen.naming import expand
from gitops_gen.resources.addresses import allocate
from gitops_gen.resources.compile import compile_mesh
from gitops_gen.resources.consumers import hosts_with_address
from tests.oracle.dialling import Meshes
from tests.oracle.mesh import ANY_HOST, Facts, GatewayPods, Mesh, RegisteredPort, Request, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.exposure import Exposure
    from gitops_gen.model import Cluster, Inventory, Placement, Pod, Workload

Resource = dict[str, Any]


def held(inventory: Inventory) -> Meshes:
    """Compile an inventory without errors and hand every cluster to the oracle."""
    compiled = compile_mesh(inventory, allocate(hosts_with_address(inventory), inventory.mesh.vip_pool, {}))
    clusters = inventory.clusters
    return Meshes(
        clusters={
            name: _mesh(inventory, clusters[name], list(load(dump(resource.manifest for resource in found))))
            for name, found in compiled.items()
        },
        discovery={name: cluster.istio.endpoint_discovery is not False for name, cluster in clusters.items()},
        gateways={
            address: name
            for name, cluster in clusters.items()
            if cluster.east_west is not None
            for address in cluster.east_west.addresses
        },
    )


def expected(inventory: Inventory, cluster: str) -> dict[Request, tuple[str, str, int]]:
    """Return what each request has to reach: namespace, pod (or companion, or existing Service), port."""
    rows: dict[Request, tuple[str, str, int]] = {}
    for workload, placement in _placed(inventory, cluster):
        for exposure in exposures(workload, placement, inventory.clusters[cluster]):
            host = ANY_HOST if exposure.port.protocol.family is Family.TCP else exposure.host
            end = exposure.service or _end(workload, placement, exposure.pod)
            request = Request(exposure.ingress.name, exposure.gateway_port, host)
            rows[request] = (workload.namespace, end, exposure.port.number)
    return rows


def _placed(inventory: Inventory, cluster: str) -> Iterator[tuple[Workload, Placement]]:
    for workload in inventory.workloads:
        for placement in workload.placements:
            if placement.cluster == cluster:
                yield workload, placement


def _end(workload: Workload, placement: Placement, pod: Pod | None) -> str:
    if pod is None:
        return ""
    if placement.backend is not BackendChoice.EXISTING:
        return pod.name
    return expand(
        placement.existing_backend or "",
        cluster=placement.cluster,
        namespace=workload.namespace,
        workload=workload.name,
        pod=pod.name,
        ordinal=pod.ordinal,
    )


def _mesh(inventory: Inventory, cluster: Cluster, resources: list[Resource]) -> Mesh:
    facts = Facts(
        gateways=[
            GatewayPods(ingress.name, ingress.namespace, {"ingress": ingress.name, **dict(ingress.selector)})
            for ingress in cluster.ingresses
        ],
        cluster=cluster.name,
        others=[name for name in inventory.clusters if name != cluster.name],
        cluster_domain=cluster.cluster_domain,
        trust_domain=inventory.mesh.trust_domain,
        vip_pool=inventory.mesh.vip_pool,
        dns_capture=cluster.istio.dns_capture,
        services=_services_of_others(inventory, cluster),
        pod_labels=frozenset(placement.pod_label for _, placement in _placed(inventory, cluster.name))
        | {"statefulset.kubernetes.io/pod-name"},
    )
    return read([*resources, *_gateways_of_others(inventory, cluster)], facts)


def _services_of_others(inventory: Inventory, cluster: Cluster) -> dict[tuple[str, str], dict[int, RegisteredPort]]:
    """Return the Services that stand there without us: governing and companion ones, and existing backends."""
    services: dict[tuple[str, str], dict[int, RegisteredPort]] = {}
    for workload, placement in _placed(inventory, cluster.name):
        names = [placement.service] if placement.service is not None else []
        names += [route.service for port in placement.ports for route in port.routes if route.service is not None]
        if placement.backend is BackendChoice.EXISTING:
            names += [_end(workload, placement, pod) for pod in placement.pods]
        for name in names:
            known = services.setdefault((workload.namespace, name), {})
            for port in placement.ports:
                if port.carried:
                    known[port.number] = RegisteredPort(port.name, port.protocol.value, port.target)
    return services


def _gateways_of_others(inventory: Inventory, cluster: Cluster) -> Iterator[Resource]:
    """Yield the Gateways that somebody else keeps, with just the servers that the inventory relies on."""
    if cluster.east_west is not None and not cluster.east_west.generated:
        server = {
            "port": {"number": cluster.east_west.port, "name": "tls", "protocol": "TLS"},
            "hosts": ["*.local"],
            "tls": {"mode": "AUTO_PASSTHROUGH"},
        }
        yield _gateway(cluster.east_west.namespace, "theirs", dict(cluster.east_west.selector), [server])
    for ingress in cluster.ingresses:
        if ingress.existing_gateway is None:
            continue
        servers: dict[tuple[int, str, str], Resource] = {}
        for workload, placement in _placed(inventory, cluster.name):
            for exposure in exposures(workload, placement, cluster):
                if exposure.ingress is ingress:
                    _serve(servers, exposure, workload.namespace)
        namespace, _, name = ingress.existing_gateway.partition("/")
        labels = {"ingress": ingress.name, **dict(ingress.selector)}
        yield _gateway(namespace, name, labels, list(servers.values()))


def _serve(servers: dict[tuple[int, str, str], Resource], exposure: Exposure, namespace: str) -> None:
    number, credential = exposure.gateway_port, exposure.ingress.credential_name
    tls: Resource = {}
    match exposure.port.protocol.family:
        case Family.HTTP if credential is None:
            protocol = "HTTP"
        case Family.HTTP:
            protocol, tls = "HTTPS", {"tls": {"mode": "SIMPLE", "credentialName": credential}}
        case Family.TLS:
            protocol, tls = "TLS", {"tls": {"mode": "PASSTHROUGH"}}
        case _:
            protocol = "TCP"
    port = {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol}
    server = servers.setdefault((number, protocol, ""), {"port": port, "hosts": [], **tls})
    if f"{namespace}/{exposure.host}" not in server["hosts"]:
        server["hosts"].append(f"{namespace}/{exposure.host}")


def _gateway(namespace: str, name: str, selector: dict[str, str], servers: list[Resource]) -> Resource:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector, "servers": servers},
    }
