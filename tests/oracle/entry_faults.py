"""Faults of what names a pod: ServiceEntries, Services and the policies about them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.registry import family, label_of, namespace_of
from tests.oracle.schema import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracle.registry import Mesh, Registered, Resource

TLS_MODE = "security.istio.io/tlsMode"
ISTIO_ADDRESSES = ip_network("240.240.0.0/16")


class Fault(NamedTuple):
    """A rule that resources break: `severity` is E or W, `where` names the resource."""

    rule: str
    severity: str
    where: str
    text: str


def entry_faults(mesh: Mesh) -> Iterator[Fault]:
    """Yield what is wrong with the hosts of the registry."""
    addresses: dict[str, str] = {}
    hosts: dict[str, Registered] = {}
    for registered in mesh.registered:
        if registered.kind != "ServiceEntry":
            continue
        entry, where = registered.resource, label_of(registered.resource)
        yield from _identity(mesh, entry)
        yield from _raw_ports(mesh, registered)
        yield from _port_names(mesh, registered)
        yield from _same_host(mesh, registered, hosts.get(registered.host))
        hosts.setdefault(registered.host, registered)
        yield from _shape(entry)
        yield from _selection(mesh, registered)
        yield from _remote(mesh, entry)
        yield from _governing(mesh, registered)
        for address in entry["spec"].get("addresses", ()):
            if address in addresses:
                yield Fault("GGI013", "E", where, f"{address} is {addresses[address]}'s")
            addresses.setdefault(address, where)
            yield from _address(mesh, where, address)
    for service in mesh.of_kind("Service"):
        yield from _service(mesh, service)


def _identity(mesh: Mesh, entry: Resource) -> Iterator[Fault]:
    spec = entry["spec"]
    if spec.get("resolution") != "DNS" or spec.get("location") == "MESH_EXTERNAL" or spec.get("workloadSelector"):
        return
    endpoints = spec.get("endpoints", ())
    known = endpoints and all(
        endpoint.get("serviceAccount") or (endpoint.get("labels") or {}).get(TLS_MODE) for endpoint in endpoints
    )
    if not known and not all(_mutual(mesh, host) for host in spec.get("hosts", ())):
        yield Fault("GGI001", "E", label_of(entry), "DNS without the identity of the pods: plaintext, or 503")


def _mutual(mesh: Mesh, host: str) -> bool:
    """Tell whether a DestinationRule turns mesh TLS on for a host."""
    for rule in mesh.of_kind("DestinationRule"):
        covered = rule["spec"]["host"]
        mode = ((rule["spec"].get("trafficPolicy") or {}).get("tls") or {}).get("mode")
        if mode == "ISTIO_MUTUAL" and (covered == host or (covered.startswith("*.") and host.endswith(covered[1:]))):
            return True
    return False


def _raw_ports(mesh: Mesh, registered: Registered) -> Iterator[Fault]:
    """TCP without an address listens on 0.0.0.0 in every sidecar that sees the entry."""
    raw = [number for number, port in registered.ports.items() if family(port.protocol) == "tcp"]
    if not raw or registered.resource["spec"].get("addresses"):
        return
    where, export_to = label_of(registered.resource), registered.export_to
    gateways = {pods.namespace for pods in mesh.facts.gateways}
    closed = export_to and all(namespace in gateways for namespace in export_to)
    yield Fault("GGI002", "W" if closed else "E", where, f"TCP port {raw[0]} without addresses, seen by {export_to}")
    for other in mesh.registered:
        for number, port in other.ports.items():
            if number in raw and family(port.protocol) == "http" and not closed:
                yield Fault("GGI003", "W", where, f"port {number} is HTTP in {label_of(other.resource)}")


def _port_names(mesh: Mesh, registered: Registered) -> Iterator[Fault]:
    """With selected pods, the container port of the same name wins over the number."""
    for pod in mesh.facts.pods or ():
        if not registered.selector or pod.namespace != registered.namespace:
            continue
        if not registered.selector.items() <= dict(pod.labels).items():
            continue
        for number, port in registered.ports.items():
            if pod.ports.get(port.name, port.target) not in {port.target, number}:
                text = f"port {number} is called {port.name}, as is container port {pod.ports[port.name]}"
                yield Fault("GGI004", "E", label_of(registered.resource), text)


def _same_host(mesh: Mesh, registered: Registered, earlier: Registered | None) -> Iterator[Fault]:
    where = label_of(registered.resource)
    if earlier is not None:
        yield Fault("GGI022", "E", where, f"{registered.host} is in {label_of(earlier.resource)} too, which wins")
    for other in mesh.at(registered.host):
        if other.kind == "Service":
            stub = not other.selector and registered.resource["spec"].get("resolution") == "STATIC"
            if not stub or not registered.resource["spec"].get("endpoints"):
                yield Fault("GGI005", "E", where, f"{registered.host} is {label_of(other.resource)}")


def _shape(entry: Resource) -> Iterator[Fault]:
    spec, where = entry["spec"], label_of(entry)
    endpoints = spec.get("endpoints", ())
    if not spec.get("ports"):
        yield Fault("GGI023", "E", where, "no ports")
    if spec.get("resolution") == "STATIC" and not endpoints and not spec.get("workloadSelector"):
        yield Fault("GGI023", "E", where, "STATIC without endpoints or selector")
    if spec.get("resolution", "NONE") == "NONE":
        yield Fault("GGI023", "E", where, "resolution NONE")
    if any(is_address(endpoint.get("address", "")) and not endpoint.get("ports") for endpoint in endpoints):
        yield Fault("GGI023", "E", where, "the address of a pod as endpoint")


def _selection(mesh: Mesh, registered: Registered) -> Iterator[Fault]:
    where = label_of(registered.resource)
    if registered.selector and mesh.pod_of(registered) is None:
        yield Fault("GGI028", "E", where, f"selects by {', '.join(registered.selector)}, not by the pod's name")
    pods = mesh.facts.pods
    if registered.selector and pods is not None:
        selected = [pod for pod in pods if registered.selector.items() <= dict(pod.labels).items()]
        if selected and all(pod.namespace != registered.namespace for pod in selected):
            yield Fault("GGI028", "E", where, "its pods are in another namespace")


def _remote(mesh: Mesh, entry: Resource) -> Iterator[Fault]:
    """Check an entry that leads to another cluster: its endpoints map ports, because a gateway is there."""
    spec, where = entry["spec"], label_of(entry)
    endpoints = [endpoint for endpoint in spec.get("endpoints", ()) if endpoint.get("ports")]
    if not endpoints or spec.get("location") != "MESH_INTERNAL":
        return
    for endpoint in endpoints:
        if not endpoint.get("serviceAccount") and (endpoint.get("labels") or {}).get(TLS_MODE) != "istio":
            yield Fault("GGI032", "E", where, f"no mesh TLS to {endpoint.get('address')}")
        missing = {port["name"] for port in spec["ports"]} - set(endpoint["ports"])
        if missing:
            yield Fault("GGI032", "E", where, f"{min(missing)} does not go to the gateway's port")
    names = spec.get("subjectAltNames", ())
    prefix = f"spiffe://{mesh.facts.trust_domain}/ns/{namespace_of(entry)}/sa/"
    if not names or any(not name.startswith(prefix) or name == prefix for name in names):
        yield Fault("GGI032", "E", where, f"subjectAltNames {names}, not {prefix}…")
    if mesh.facts.dns_capture is False:
        for host in spec["hosts"]:
            if not _resolves(mesh, host):
                yield Fault("GGI036", "E", where, f"{host} does not resolve: no DNS capture and no stub leads to it")
    elif not spec.get("addresses"):
        yield Fault("GGI036", "E", where, "no address for DNS capture to answer")


def _resolves(mesh: Mesh, host: str) -> bool:
    if _is_service(mesh, host):
        return True
    for service in mesh.of_kind("VirtualService"):
        spec = service["spec"]
        rules = [rule for kind in ("http", "tls", "tcp") for rule in spec.get(kind, ())]
        led = [target["destination"]["host"] for rule in rules for target in rule.get("route", ())]
        if "gateways" not in spec and host in led and all(_is_service(mesh, name) for name in spec["hosts"]):
            return True
    return False


def _is_service(mesh: Mesh, host: str) -> bool:
    return any(entry.kind == "Service" for entry in mesh.at(host))


def _governing(mesh: Mesh, registered: Registered) -> Iterator[Fault]:
    """An entry on a pod's own name goes with a headless Service that has its ports."""
    pod = mesh.pod_of(registered)
    if pod is None:
        return
    where, head = label_of(registered.resource), registered.host.partition(".")[0]
    governing = registered.host.partition(".")[2]
    if head != pod:
        yield Fault("GGI008", "E", where, f"{registered.host} leads to the pod {pod}")
    for service in mesh.at(governing):
        if service.kind != "Service" or not service.resource["spec"]:
            continue
        if not service.headless:
            yield Fault("GGI028", "E", where, f"{governing} is not headless")
        for number, port in registered.ports.items():
            if number not in service.ports:
                yield Fault("GGI039", "W", where, f"{governing} has no port {number}")
            elif family(service.ports[number].protocol) != family(port.protocol):
                yield Fault("GGI039", "W", where, f"port {number} is {service.ports[number].protocol} in {governing}")


def _address(mesh: Mesh, where: str, address: str) -> Iterator[Fault]:
    if not is_address(address):
        return
    if ip_address(address) in ISTIO_ADDRESSES:
        yield Fault("GGI013", "E", where, f"{address} is Istio's own")
    if mesh.facts.vip_pool is not None and ip_address(address) not in ip_network(mesh.facts.vip_pool):
        yield Fault("GGI013", "E", where, f"{address} is not in {mesh.facts.vip_pool}")


def _service(mesh: Mesh, service: Resource) -> Iterator[Fault]:
    """Check the names of Services per pod against the clusters of the mesh."""
    name, where = service["metadata"]["name"], label_of(service)
    facts, selector = mesh.facts, service["spec"].get("selector") or {}
    others = [other for other in facts.others if name.startswith(f"{other}-")]
    own = facts.cluster and name.startswith(f"{facts.cluster}-")
    if selector and others and not own:
        yield Fault("GGI027", "E", where, f"stands for a pod of {others[0]} and selects pods here")
    elif selector.keys() & facts.pod_labels and facts.cluster and not own:
        yield Fault("GGI026", "E", where, f"a Service per pod without {facts.cluster} in its name")
    for entry in mesh.at(f"{name}.{namespace_of(service)}.svc.{facts.cluster_domain}"):
        if entry.kind == "ServiceEntry":
            mine = {port["port"]: port.get("name") for port in service["spec"].get("ports", ())}
            if mine != {number: port.name for number, port in entry.ports.items()}:
                yield Fault("GGI027", "E", where, f"other ports than {label_of(entry.resource)}")
