"""Rules on ServiceEntries: identity, what they take over, whom they hide, and what Istio's webhook refuses."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from gitops_gen.routes.found import error, warning
from gitops_gen.routes.resource import covers
from gitops_gen.routes.visibility import EVERYWHERE, seen_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

PROTOCOLS = {"HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "REDIS", "MYSQL", "TCP", "TLS", "UDP"}
RAW = {"TCP", "MONGO", "REDIS", "MYSQL"}

TLS_MODE = "security.istio.io/tlsMode"
_AUTOMATIC = IPv4Network("240.240.0.0/16")


_PLAIN = {
    "strict": (error, "which STRICT pods refuse"),
    "permissive": (warning, "which PERMISSIVE pods take without a word"),
}
"""What comes of plain text to pods, by the mode that they run with."""


def entries(table: Table) -> Iterator[Problem]:
    """Judge every ServiceEntry by itself, and against Services and each other."""
    mutual = [
        str(rule.spec.get("host"))
        for rule in table.of_kind.get("DestinationRule", ())
        if ((rule.spec.get("trafficPolicy") or {}).get("tls") or {}).get("mode") == "ISTIO_MUTUAL"
    ]
    gateways = {listening.pods.namespace for listening in table.listening}
    addresses: dict[tuple[str, int], Resource] = {}
    for resource in table.of_kind.get("ServiceEntry", ()):
        in_mesh = _in_mesh(resource, table)
        yield from _form(resource)
        yield from _resolution(resource, in_mesh=in_mesh)
        yield from _identity(resource, mutual, table.declared.mtls, in_mesh=in_mesh and not _outside(resource, table))
        yield from _taken_over(resource, gateways, complete=table.declared.complete)
        yield from _shared_addresses(resource, addresses)
    yield from _same_host(table)


def _shared_addresses(entry: Resource, addresses: dict[tuple[str, int], Resource]) -> Iterator[Problem]:
    """GGI013: two entries with one address; hosts outside may have one, as long as no TCP port is that of both."""
    for address in entry.spec.get("addresses") or ():
        ports = entry.spec.get("ports") or ()
        raw = [port["number"] for port in ports if str(port.get("protocol")).upper() in RAW]
        for number in raw if entry.spec.get("location") == "MESH_EXTERNAL" else [0, *raw]:
            other = addresses.setdefault((address, number), entry)
            if other is not entry:
                yield error("GGI013", entry, f"{entry} has the address {address} of {other}", other=other)
                break


def _in_mesh(entry: Resource, table: Table) -> bool:
    hosts = entry.spec.get("hosts") or ()
    local = f".svc.{table.declared.cluster_domain}"
    return entry.spec.get("location") == "MESH_INTERNAL" or any(str(host).endswith(local) for host in hosts)


def _outside(entry: Resource, table: Table) -> bool:
    """Tell whether every port of the pod that a ServiceEntry names is outside the mesh."""
    host = str((entry.spec.get("hosts") or ("",))[0])
    backend = next((one for one in table.registry.backends.get(host, ()) if one.resource is entry), None)
    return backend is not None and all(
        (entry.namespace, backend.pod, number) in table.declared.outside for number in backend.ports
    )


def _resolution(entry: Resource, *, in_mesh: bool) -> Iterator[Problem]:
    spec = entry.spec
    ports, resolution = spec.get("ports") or (), str(spec.get("resolution") or "NONE")
    endpoints, selector = spec.get("endpoints") or (), spec.get("workloadSelector")
    if not ports:
        yield error("GGI023", entry, f"{entry} has no ports")
    if resolution == "STATIC" and not endpoints and not selector:
        yield error("GGI023", entry, f"{entry} is STATIC, and has neither endpoints nor a selector")
    if resolution == "NONE" and in_mesh:
        yield error(
            "GGI023",
            entry,
            f"{entry} is for pods of the mesh, and its resolution is NONE",
            help="write `resolution: STATIC`",
        )
    if resolution == "STATIC":
        for endpoint in endpoints:
            if not _is_address(str(endpoint.get("address") or "")):
                yield error("GGI040", entry, f"{entry} is STATIC, and the endpoint {endpoint.get('address')} is a name")
    if resolution == "DNS" and not endpoints and any(str(host).startswith("*") for host in spec.get("hosts") or ()):
        yield error("GGI041", entry, f"{entry} has a wildcard host, resolution DNS and no endpoints")
    if selector is not None and endpoints:
        yield error("GGI037", entry, f"{entry} has both a selector and endpoints")


def _identity(entry: Resource, mutual: list[str], mtls: str, *, in_mesh: bool) -> Iterator[Problem]:
    """GGI001, GGI032: nobody tells the sidecar that the far side speaks mesh TLS."""
    spec = entry.spec
    endpoints = spec.get("endpoints") or []
    known = all(
        endpoint.get("serviceAccount") or (endpoint.get("labels") or {}).get(TLS_MODE) == "istio"
        for endpoint in endpoints
    )
    remote = in_mesh and any(endpoint.get("ports") for endpoint in endpoints)
    if remote:
        if not known:
            yield error(
                "GGI032",
                entry,
                f"an endpoint of {entry} is in another cluster, and nothing says that it speaks mesh TLS",
                help=f"label it `{TLS_MODE}: istio`, or give a serviceAccount",
            )
        if not spec.get("subjectAltNames"):
            yield error(
                "GGI032",
                entry,
                f"{entry} leads to another cluster and pins no identity",
                help="write subjectAltNames with the SPIFFE name of the pod's service account",
            )
    elif in_mesh and mtls != "disabled" and spec.get("resolution") == "DNS" and not (endpoints and known):
        hosts = [str(host) for host in spec.get("hosts") or ()]
        if not all(any(covers(rule, host) for rule in mutual) for host in hosts):
            found, why = _PLAIN[mtls]
            yield found(
                "GGI001",
                entry,
                f"{entry} has resolution DNS and no identity: its callers send plain text, {why}",
                help="select the pods (STATIC with a workloadSelector), or give the endpoint a serviceAccount",
            )


def _taken_over(entry: Resource, gateways: set[str | None], *, complete: bool) -> Iterator[Problem]:
    """GGI002: without addresses, a TCP port takes over every unknown connection to that port."""
    raw = [port["number"] for port in entry.spec.get("ports") or () if str(port.get("protocol")).upper() in RAW]
    if not raw or entry.spec.get("addresses"):
        return
    seen = seen_by(entry)
    listed = ", ".join(map(str, raw))
    help_ = "give it addresses, or export it to the namespace of the gateway alone"
    if EVERYWHERE in seen or entry.namespace in seen - gateways or (None not in gateways and not seen <= gateways):
        yield error("GGI002", entry, f"{entry} takes over TCP port {listed} in every sidecar that sees it", help=help_)
    elif not complete:
        where = ", ".join(sorted(seen))
        yield warning("GGI002", entry, f"{entry} takes over TCP port {listed} in {where}: no sidecars may run there")


def _same_host(table: Table) -> Iterator[Problem]:
    """GGI005, GGI022: a host that another ServiceEntry or a Service has."""
    for host, backends in table.registry.backends.items():
        of_entries = [backend for backend in backends if backend.is_entry]
        if not of_entries:
            continue
        last = of_entries[-1]
        for other in of_entries[:-1]:
            one, two = last.resource, other.resource
            if one is not None and two is not None and _meet(last.seen, other.seen):
                yield error("GGI022", two, f"{one} and {two} both have the host {host}: the older one wins", other=one)
        for service in backends:
            entry = last.resource
            if service.is_entry or entry is None:
                continue
            if entry.spec.get("resolution") != "STATIC" or service.selector or entry.spec.get("workloadSelector"):
                yield error(
                    "GGI005",
                    entry,
                    f"{entry} has the name of {service}: its callers get 503",
                    help="give one of them another name; beside a Service without selector it may be STATIC",
                    other=service.resource,
                )


def _meet(one: frozenset[str], two: frozenset[str]) -> bool:
    return EVERYWHERE in one or EVERYWHERE in two or not one.isdisjoint(two)


def _form(entry: Resource) -> Iterator[Problem]:
    spec = entry.spec
    ports = spec.get("ports") or []
    hosts = [str(host) for host in spec.get("hosts") or ()]
    yield from _ports(entry, ports)
    if len(hosts) > 1 and any(str(port["protocol"]).upper() in RAW for port in ports):
        yield error("GGI043", entry, f"{entry} has several hosts and a TCP port")
    for host in hosts:
        if host == "*":
            yield error("GGI037", entry, f"{entry} has the host `*`")
        if host != host.lower():
            yield error("GGI012", entry, f"host {host} of {entry} has upper case letters")
    yield from _addresses(entry)
    names = {port.get("name") for port in ports}
    for name in {name for endpoint in spec.get("endpoints") or () for name in endpoint.get("ports") or ()} - names:
        yield error("GGI046", entry, f"an endpoint of {entry} has a port {name}, which the entry has not")
    if any("*" in value for value in ((spec.get("workloadSelector") or {}).get("labels") or {}).values()):
        yield error("GGI037", entry, f"the selector of {entry} has a `*`")


def _addresses(entry: Resource) -> Iterator[Problem]:
    for address in entry.spec.get("addresses") or ():
        network = _network(address)
        if network is None:
            yield error("GGI044", entry, f"address {address} of {entry} is neither an IP address nor a range")
        elif network.version == _AUTOMATIC.version and network.overlaps(_AUTOMATIC):
            yield error("GGI013", entry, f"address {address} of {entry} is in the range that Istio gives out itself")


def _ports(entry: Resource, ports: list[Mapping[str, Any]]) -> Iterator[Problem]:
    numbers = [port.get("number") for port in ports]
    names = [port.get("name") for port in ports]
    if len(set(numbers)) != len(numbers) or len(set(names)) != len(names):
        yield error("GGI037", entry, f"{entry} has a port number or name twice")
    for port in ports:
        if str(port.get("protocol")).upper() not in PROTOCOLS:
            yield error("GGI042", entry, f"{entry} has a port of the unknown protocol {port.get('protocol')}")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
