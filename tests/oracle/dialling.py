"""What a client in the mesh reaches when it dials a name: by the cluster's DNS or DNS capture, then by its sidecar.

Across clusters too: with endpoint discovery a host is one for all of them, without it the way leads through the
east-west gateway that an endpoint names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.registry import visible
from tests.oracle.routing import matches, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.oracle.registry import Mesh, Registered


class Reached(NamedTuple):
    """One of the pods that may answer, and the number or name of its container port."""

    cluster: str
    namespace: str
    pod: str
    target: int | str


class Meshes(NamedTuple):
    """All clusters: their resources, who reads the endpoints of the others, and whose gateway has which address."""

    clusters: Mapping[str, Mesh]
    discovery: Mapping[str, bool]
    gateways: Mapping[str, str]
    """Address of an east-west gateway -> its cluster."""


def dial(meshes: Meshes, cluster: str, namespace: str, host: str, port: int) -> set[Reached]:
    """Return the pods among which a request is shared; empty where it fails."""
    if not _resolves(meshes, cluster, host):
        return set()
    host, port = _led(meshes.clusters[cluster], namespace, host, port)
    return set(_endpoints(meshes, cluster, namespace, host, port))


def _others(meshes: Meshes, cluster: str) -> dict[str, Mesh]:
    """Return the clusters whose endpoints a cluster's istiod reads."""
    if not meshes.discovery[cluster]:
        return {}
    return {name: mesh for name, mesh in meshes.clusters.items() if name != cluster}


def _governed(mesh: Mesh, host: str) -> bool:
    return any(entry.headless or not entry.resource["spec"] for entry in mesh.at(host.partition(".")[2]))


def _resolves(meshes: Meshes, cluster: str, host: str) -> bool:
    mesh = meshes.clusters[cluster]
    if any(entry.kind == "Service" for entry in mesh.at(host)) or _governed(mesh, host):
        return True
    if not mesh.facts.dns_capture:
        return False
    addressed = any(entry.resource["spec"].get("addresses") for entry in mesh.at(host))
    return addressed or any(
        entry.kind == "Service" for other in _others(meshes, cluster).values() for entry in other.at(host)
    )


def _led(mesh: Mesh, namespace: str, host: str, port: int) -> tuple[str, int]:
    """Follow a VirtualService of the mesh, if one is there for the host and the port."""
    for service in mesh.of_kind("VirtualService"):
        spec = service["spec"]
        if "mesh" not in references(service) or host not in spec["hosts"]:
            continue
        if visible(spec.get("exportTo", ()), service, namespace):
            for rule in (*spec.get("http", ()), *spec.get("tls", ()), *spec.get("tcp", ())):
                if any(match.get("port", port) == port for match in rule.get("match", [{}])):
                    where = rule["route"][0]["destination"]
                    return where["host"], where["port"]["number"]
    return host, port


def _endpoints(meshes: Meshes, cluster: str, namespace: str, host: str, port: int) -> Iterator[Reached]:
    mesh = meshes.clusters[cluster]
    seen = [entry for entry in mesh.lookup(host, namespace) if port in entry.ports]
    services = [entry for entry in seen if entry.kind == "Service"]
    for entry in seen:
        remote = [endpoint for endpoint in entry.resource["spec"].get("endpoints", ()) if endpoint.get("ports")]
        # The Service takes the place of a ServiceEntry of its name, and asks for endpoints that only STATIC has.
        if remote and (not services or entry.resource["spec"]["resolution"] == "STATIC"):
            for endpoint in remote:
                yield from _through(meshes, endpoint["address"], host, port)
        elif not remote:
            yield from _selected(cluster, mesh, entry, port)
    for name, other in _others(meshes, cluster).items():
        for entry in other.lookup(host, namespace):
            if entry.kind == "Service" and port in entry.ports:
                yield from _selected(name, other, entry, port)
    if not seen and _governed(mesh, host):
        pod, _, governing = host.partition(".")
        for entry in mesh.lookup(governing, namespace):
            target = entry.ports[port].target if port in entry.ports else port
            yield Reached(cluster, entry.namespace, pod, target)


def _selected(cluster: str, mesh: Mesh, entry: Registered, port: int) -> Iterator[Reached]:
    pod = mesh.pod_of(entry)
    if pod is not None or entry.selector or not entry.resource["spec"]:
        yield Reached(cluster, entry.namespace, pod or entry.name, entry.ports[port].target)


def _through(meshes: Meshes, address: str, host: str, port: int) -> Iterator[Reached]:
    """Pass the east-west gateway behind an address, which routes by the host as server name."""
    home = meshes.gateways.get(address)
    if home is None:
        return
    mesh = meshes.clusters[home]
    for gateway in mesh.of_kind("Gateway"):
        for server in gateway["spec"]["servers"]:
            if (server.get("tls") or {}).get("mode") != "AUTO_PASSTHROUGH":
                continue
            if any(matches(pattern.rpartition("/")[2], host) for pattern in server["hosts"]):
                for entry in mesh.lookup(host, gateway["metadata"]["namespace"]):
                    if port in entry.ports:
                        yield from _selected(home, mesh, entry, port)
