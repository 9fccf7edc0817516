"""The proof's part on backends: each pod has one that is its own, complete, and seen by its declared callers."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from gitops_gen.model import BackendChoice, Family
from gitops_gen.naming import service_fqdn
from gitops_gen.problems import Problem
from gitops_gen.routes.declared import placed
from gitops_gen.routes.visibility import sees
from gitops_gen.routes.wanted import backend_ports, wanted_pods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.model import Cluster, Inventory, Placement, Port, Workload
    from gitops_gen.routes.destinations import Backend
    from gitops_gen.routes.table import Table

RULE = "GGI008"


def prove_backends(table: Table, inventory: Inventory, cluster: Cluster) -> Iterator[Problem]:
    """Find pods without a backend, backends without a pod, and backends that are not as the inventory wants them."""
    pods = wanted_pods(inventory, cluster)
    callers = _callers(inventory, cluster)
    governing = _governing(inventory, cluster)
    found: dict[tuple[str, str], Backend] = {}
    for backend in (backend for backends in table.registry.backends.values() for backend in backends):
        if backend.resource is None:
            continue
        if backend.pod is None:
            if backend.selector and backend.host not in governing:
                yield _problem(backend, f"{backend} selects no single pod, and governs none")
        elif (key := (backend.namespace, backend.pod)) not in pods:
            yield _problem(backend, f"{backend} selects pod {backend.pod}, which {cluster.name} does not have")
        else:
            if key in found:
                yield _problem(backend, f"pod {backend.pod} has another backend already: {found[key]}")
            found[key] = backend
            workload, placement = pods[key]
            yield from (_problem(backend, text) for text in _differences(backend, workload, placement, cluster))
            yield from (_problem(backend, text, "GGI013") for text in _outside_pool(backend, inventory.mesh.vip_pool))
            yield from (_problem(backend, text, "GGI015") for text in _hidden(backend, callers.get(workload.key, ())))
    for (namespace, pod), (workload, placement) in pods.items():
        stands_back = placement.backend in {BackendChoice.EXISTING, BackendChoice.NONE}
        if (namespace, pod) not in found and not stands_back and backend_ports(placement)[0]:
            yield Problem(
                rule=RULE,
                message=f"no Service or ServiceEntry selects pod {namespace}/{pod}",
                location=placement.origin,
                subject=f"Workload {workload.key}, cluster {cluster.name}",
            )
    for host, (workload, ports) in governing.items():
        yield from _governed(table, host, workload, ports)


def _callers(inventory: Inventory, cluster: Cluster) -> dict[str, set[str]]:
    """Return the namespaces of this cluster in which Consumers of each workload are."""
    found: dict[str, set[str]] = {}
    for consumer in inventory.consumers:
        if consumer.cluster == cluster.name:
            for workload in consumer.workloads:
                found.setdefault(workload, set()).add(consumer.namespace)
    return found


def _hidden(backend: Backend, callers: Iterable[str]) -> Iterator[str]:
    # A ServiceEntry with TCP and no address is for the gateways alone: others have the governing Service.
    if backend.is_entry and any(_is_tcp(port.protocol) for port in backend.ports.values()) and not _addresses(backend):
        return
    for namespace in sorted(callers):
        if not sees(namespace, backend.seen):
            yield f"{backend} is not exported to {namespace}, where a Consumer dials it"


def _addresses(backend: Backend) -> list[str]:
    return list(backend.resource.spec.get("addresses") or ()) if backend.resource is not None else []


def _outside_pool(backend: Backend, pool: str) -> Iterator[str]:
    for address in _addresses(backend):
        if ip_address(address) not in ip_network(pool):
            yield f"{backend} has the address {address}, outside the vipPool {pool}"


def _is_tcp(protocol: str) -> bool:
    return protocol in {"TCP", "MONGO", "MYSQL", "REDIS", ""}


def _differences(backend: Backend, workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[str]:
    """Say in what a backend is not what its pod needs."""
    if not backend.selector:
        yield from _by_dns(backend, workload, placement, cluster)
    elif backend.selector.keys() != {placement.pod_label}:
        yield f"{backend} selects by {', '.join(sorted(backend.selector))}, not by {placement.pod_label}"
    yield from _ports(backend, placement)
    spec = backend.resource.spec if backend.resource is not None else {}
    early = any(port.before_ready for port in backend_ports(placement)[0])
    if backend.is_entry:
        if early:
            yield f"{backend} leads to Ready pods only, and a port is needed before"
        if spec.get("location") != "MESH_INTERNAL":
            yield f"{backend} is not MESH_INTERNAL"
        return
    if bool(spec.get("publishNotReadyAddresses")) != early:
        yield f"{backend} {'hides' if early else 'leads to'} pods that are not Ready"
    if spec.get("clusterIP") == "None" or spec.get("type") not in {None, "ClusterIP"}:
        yield f"{backend} is no Service with an address in the cluster"


def _by_dns(backend: Backend, workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[str]:
    """Say in what a ServiceEntry that goes by DNS is not the one that is asked for: by its name, and by whom it trusts.

    Without endpoints it trusts nobody by itself; then a DestinationRule has to (GGI001).
    """
    name = f"{backend.pod}.{placement.service}.{workload.namespace}.svc.{cluster.cluster_domain}"
    if backend.host != name:
        yield f"{backend} has the name {backend.host}, and its pod is {name}"
    spec = backend.resource.spec if backend.resource is not None else {}
    trusted = [endpoint.get("serviceAccount") for endpoint in spec.get("endpoints") or ()]
    account = placement.service_account if placement.in_mesh and cluster.istio.mtls != "disabled" else None
    if trusted != ([account] if placement.backend is BackendChoice.DNS else []):
        yield f"{backend} takes the pod for {', '.join(map(str, trusted)) or 'anybody'}, not for {account or 'anybody'}"


def _ports(backend: Backend, placement: Placement) -> Iterator[str]:
    may, must = backend_ports(placement)
    known = {port.number: port for port in may}
    for number in sorted({port.number for port in (must if backend.is_entry else may)} - backend.ports.keys()):
        yield f"{backend} lacks port {number} ({known[number].name})"
    for number, port in backend.ports.items():
        want = known.get(number)
        if want is None:
            yield f"{backend} has port {number}, which the inventory has not"
        elif (port.name, port.protocol, port.target) != (want.name, want.protocol.value, want.target):
            yield (
                f"port {number} of {backend} is {port.name} ({port.protocol or 'no protocol'}) to container port "
                f"{port.target}, not {want.name} ({want.protocol.value}) to {want.target}"
            )


def _governing(inventory: Inventory, cluster: Cluster) -> dict[str, tuple[Workload, dict[int, Port]]]:
    """Return the governing Services that are to be created, by full name, with the ports of all pods they govern."""
    found: dict[str, tuple[Workload, dict[int, Port]]] = {}
    for workload, placement in placed(inventory, cluster.name):
        if workload.create_service and placement.service is not None:
            host = service_fqdn(placement.service, workload.namespace, cluster)
            ports = found.setdefault(host, (workload, {}))[1]
            for port in placement.ports:
                if port.carried and port.protocol.family is not Family.NONE:
                    ports.setdefault(port.number, port)
    return found


def _governed(table: Table, host: str, workload: Workload, ports: dict[int, Port]) -> Iterator[Problem]:
    services = [backend for backend in table.registry.backends.get(host, ()) if not backend.is_entry]
    service = services[0] if services else None
    if service is None or service.resource is None:
        yield Problem(
            rule=RULE,
            message=f"the governing Service {host} is not there",
            location=workload.origin,
            subject=f"Workload {workload.key}",
        )
        return
    spec = service.resource.spec
    if spec.get("clusterIP") != "None":
        yield _problem(service, f"{service} is not headless")
    if dict(service.selector) != dict(workload.selector):
        yield _problem(service, f"{service} does not select the pods of {workload.key}")
    wanted = {number: (port.name, port.protocol.value, port.target) for number, port in ports.items()}
    if {n: (port.name, port.protocol, port.target) for n, port in service.ports.items()} != wanted:
        yield _problem(service, f"the ports of {service} are not those of {workload.key}")
    if bool(spec.get("publishNotReadyAddresses")) != any(port.before_ready for port in ports.values()):
        yield _problem(service, f"{service} does not lead to pods as early as its ports are needed")


def _problem(backend: Backend, message: str, rule: str = RULE) -> Problem:
    assert backend.resource is not None  # noqa: S101 - what is declared is never judged
    return Problem(rule=rule, message=message, location=backend.resource.location, subject=str(backend.resource))
