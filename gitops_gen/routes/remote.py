"""The proof's part between clusters: each pod that a Consumer dials east-west is reached, by its own identity.

What it takes depends on what the caller's cluster declares: with discovery the Service at home and a name that
resolves, without it a ServiceEntry to the home's east-west gateway.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.model import Via
from gitops_gen.problems import Problem
from gitops_gen.routes.bindings import ANY, MESH, gateways_of
from gitops_gen.routes.found import error
from gitops_gen.routes.resource import covers
from gitops_gen.routes.table import resolve
from gitops_gen.routes.visibility import seen_by, sees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Cluster, Consumer, EastWest, Inventory, Mesh, Placement, Port, Workload
    from gitops_gen.routes.destinations import Backend
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table


class Call(NamedTuple):
    """One pod of another cluster, dialled by one Consumer; `at_home` is the Service per pod that stands there.

    `leading` are the caller's VirtualServices for sidecars, by the host that they lead to.
    """

    mesh: Mesh
    consumer: Consumer
    workload: Workload
    placement: Placement
    port: Port
    home: Cluster
    caller: Cluster
    at_home: Backend
    leading: Mapping[str, list[Resource]]

    @property
    def subject(self) -> str:
        """Name whose problem it is."""
        return f"Consumer {self.consumer.key}, Workload {self.workload.key} in {self.home.name}"


def prove_remote(inventory: Inventory, tables: Mapping[str, Table]) -> Iterator[Problem]:
    """Find pods that an east-west Consumer cannot dial, and stand-ins for pods that nobody dials."""
    used: set[int] = set()
    leading = {name: _leading(table) for name, table in tables.items()}
    at_home = {name: _pod_services(table) for name, table in tables.items()}
    for consumer, workload, placement, port in _dialled(inventory):
        home, caller = inventory.clusters[placement.cluster], inventory.clusters[consumer.cluster]
        for pod in placement.pods:
            service = at_home[home.name].get((workload.namespace, pod.name))
            if service is None:
                message = f"pod {pod.name} in {home.name} has no Service of its own that {consumer.cluster} could dial"
                yield Problem(
                    rule="GGI036", message=message, location=consumer.origin, subject=f"Consumer {consumer.key}"
                )
                continue
            call = Call(
                inventory.mesh, consumer, workload, placement, port, home, caller, service, leading[caller.name]
            )
            yield from _call(call, tables, used)
    for table in tables.values():
        for backend in (backend for found in table.registry.backends.values() for backend in found):
            resource = backend.resource
            if resource is not None and backend.stands_in and not backend.is_outside and id(resource) not in used:
                yield error("GGI008", resource, f"{resource} stands for a pod that no Consumer dials")


def _pod_services(table: Table) -> dict[tuple[str, str], Backend]:
    return {
        (backend.namespace, backend.pod): backend
        for found in table.registry.backends.values()
        for backend in found
        if backend.pod is not None and not backend.is_entry
    }


def _dialled(inventory: Inventory) -> Iterator[tuple[Consumer, Workload, Placement, Port]]:
    workloads = {workload.key: workload for workload in inventory.workloads}
    for consumer in inventory.consumers:
        for workload in (workloads[key] for key in consumer.workloads) if consumer.via is Via.EAST_WEST else ():
            for placement in workload.placements:
                for port in placement.ports:
                    if port.name == consumer.port and placement.cluster != consumer.cluster:
                        yield consumer, workload, placement, port


def _leading(table: Table) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for route in table.of_kind.get("VirtualService", ()):
        for rule in _rules(route) if MESH in gateways_of(route) else ():
            for destination in rule.get("route") or ():
                found.setdefault(str(destination["destination"]["host"]), []).append(route)
    return {host: list({id(route): route for route in routes}.values()) for host, routes in found.items()}


def _rules(route: Resource) -> list[Mapping[str, Any]]:
    return [rule for family in ("http", "tls", "tcp") for rule in route.spec.get(family) or ()]


def _call(call: Call, tables: Mapping[str, Table], used: set[int]) -> Iterator[Problem]:
    table = tables[call.caller.name]
    found = table.registry.backends.get(call.at_home.host, [])
    used |= {id(backend.resource) for backend in found if not backend.selector}
    for backend in found:
        if backend.selector and backend.resource is not None:
            yield error("GGI027", backend.resource, f"{backend} takes the name of a pod in {call.home.name}")
    stub = next((backend for backend in found if not backend.is_entry), None)
    if call.caller.istio.endpoint_discovery:
        yield from _discovered(call, stub)
        return
    entry = next((backend for backend in found if backend.is_entry), None)
    if entry is None or entry.resource is None:
        yield _cannot(call, f"{call.caller.name} has no ServiceEntry {call.at_home.host}")
        return
    yield from _entry(call, entry, tables[call.home.name])
    if call.caller.istio.dns_capture:
        return
    led = _led_stub(call, table, used)
    if stub is None and led is None:
        yield _cannot(call, f"{call.at_home.host} does not resolve in {call.caller.name}, nor a name that leads to it")
    elif (dialled := stub or led) is not None and not sees(call.consumer.namespace, dialled.seen):
        yield _cannot(call, f"{dialled} is not exported to {call.consumer.namespace}")
    elif dialled is not None and call.port.number not in dialled.ports:
        yield _cannot(call, f"{dialled} has no port {call.port.number}")


def _discovered(call: Call, stub: Backend | None) -> Iterator[Problem]:
    if not sees(call.consumer.namespace, call.at_home.seen):
        yield _cannot(call, f"{call.at_home} is not exported to {call.consumer.namespace}", "GGI015")
    if call.caller.istio.dns_capture:
        return
    if stub is None or stub.resource is None:
        yield _cannot(call, f"{call.at_home.host} does not resolve in {call.caller.name}: there is no stub")
        return
    if not sees(call.consumer.namespace, stub.seen):
        yield _cannot(call, f"{stub} is not exported to {call.consumer.namespace}", "GGI015")
    ports = {number: (port.name, port.protocol) for number, port in stub.ports.items()}
    if ports != {number: (port.name, port.protocol) for number, port in call.at_home.ports.items()}:
        yield error("GGI027", stub.resource, f"{stub} has other ports than the Service in {call.home.name}")


def _entry(call: Call, entry: Backend, home: Table) -> Iterator[Problem]:
    resource, gateway = entry.resource, call.home.east_west
    if resource is None or gateway is None:
        yield _cannot(call, f"{call.home.name} has no east-west gateway", "GGI006")
        return
    spec = resource.spec
    port = entry.ports.get(call.port.number)
    if port is None or (port.name, port.protocol) != (call.port.name, call.port.protocol.value):
        yield error("GGI036", resource, f"{resource} lacks port {call.port.number} ({call.port.name}) of the pod")
    if not sees(call.consumer.namespace, entry.seen):
        yield error("GGI015", resource, f"{resource} is not exported to {call.consumer.namespace}")
    account = f"spiffe://{call.mesh.trust_domain}/ns/{call.workload.namespace}/sa/{call.placement.service_account}"
    if spec.get("subjectAltNames") != [account]:
        yield error("GGI032", resource, f"{resource} does not pin the identity {account}")
    reached = {str(endpoint.get("address")) for endpoint in spec.get("endpoints") or ()}
    doors = {number for endpoint in spec.get("endpoints") or () for number in (endpoint.get("ports") or {}).values()}
    if reached != set(gateway.addresses) or doors != {gateway.port}:
        yield error("GGI006", resource, f"{resource} does not lead to the east-west gateway of {call.home.name}")
    pool = ip_network(call.mesh.vip_pool)
    if not spec.get("addresses") or any(ip_address(one) not in pool for one in spec["addresses"]):
        yield error("GGI013", resource, f"{resource} has no address of the vipPool {call.mesh.vip_pool}")
    yield from _at_home(call, home, gateway)


def _at_home(call: Call, home: Table, gateway: EastWest) -> Iterator[Problem]:
    """Ask whether the home's east-west gateway leads on to the pod's Service."""
    host = call.at_home.host
    if not sees(gateway.namespace, call.at_home.seen):
        yield _cannot(call, f"{call.at_home} is not exported to {gateway.namespace}", "GGI015")
    if gateway.generated and not _lets_in(home, gateway, host):
        yield _cannot(call, f"no AUTO_PASSTHROUGH server of {call.home.name} covers {host}", "GGI006")


def _lets_in(home: Table, gateway: EastWest, host: str) -> bool:
    return any(
        server.speaks == "AUTO"
        and server.number == gateway.port
        and any(covers(name, host) for _, name in server.hosts)
        for listening in home.listening
        for server in listening.servers
    )


def _led_stub(call: Call, table: Table, used: set[int]) -> Backend | None:
    """Return the Service of another name that a VirtualService for sidecars leads to the pod's ServiceEntry."""
    for route in call.leading.get(call.at_home.host, ()):
        if not sees(call.consumer.namespace, seen_by(route)):
            continue
        for host in route.spec.get("hosts") or ():
            for stub in table.registry.backends.get(str(host), ()):
                ends = [
                    resolve(destination, route.namespace, call.consumer.namespace, table.registry, table.declared)
                    for rule in _rules(route)
                    if any(match.get("port") in {None, call.port.number} for match in rule.get("match") or ANY)
                    for destination in rule.get("route") or ()
                ]
                if not stub.selector and [(end.host, end.number, end.why) for end in ends] == [
                    (call.at_home.host, call.port.number, "")
                ]:
                    used.add(id(stub.resource))
                    return stub
    return None


def _cannot(call: Call, message: str, rule: str = "GGI036") -> Problem:
    return Problem(rule=rule, message=message, location=call.consumer.origin, subject=call.subject)
