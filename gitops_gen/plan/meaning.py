"""What resources mean to people: hosts, ports, backends, policies, lists of endpoints; and how that differs.

Facts are read from the resources alone, whatever made them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitops_gen import gateway_api
from gitops_gen.plan.changes import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.manifest import Manifest

Facts = dict[str, tuple[str, ...]]
"""About what -> sorted values."""

_EXPORT_TO = "networking.istio.io/exportTo"
_PROTOCOLS = {"kubernetes.io/h2c": "HTTP2"}
_PARTS = {"Service": "backend", "ServiceEntry": "backend", "VirtualService": "route"}
_ENDPOINT = re.compile(r'^ *- (?:address: )?"?([^"\s]*[^"\s:])"?$', re.MULTILINE)
"""An entry in a list of endpoints, in either format; not the lines that frame them, nor comments."""
_API_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute")
_POLICIES = ("DestinationRule", "PeerAuthentication")


def statements(before: Iterable[Manifest], after: Iterable[Manifest]) -> tuple[Statement, ...]:
    """Say how the meaning of some resources differs, in order of what it is about."""
    old, new = facts(before), facts(after)
    found = []
    for about in sorted({*old, *new}):
        was, becomes = old.get(about, ()), new.get(about, ())
        if was != becomes:
            found.append(
                Statement(
                    about=about,
                    before=tuple(value for value in was if value not in becomes),
                    after=tuple(value for value in becomes if value not in was),
                )
            )
    return tuple(found)


def facts(manifests: Iterable[Manifest]) -> Facts:
    """Read what some resources (of one pod, or the shared ones of a workload) mean together."""
    found: dict[str, set[str]] = {}
    for manifest in manifests:
        for about, value in _facts_of(manifest):
            found.setdefault(about, set()).add(value)
    # A VirtualService leads to what stands beside it; only where nothing does is its destination the backend.
    destinations = found.pop("destination", set())
    if destinations:
        found.setdefault("backend", destinations)
    # A Gateway beside its routes repeats their hosts and ports; one that stands alone says them for others.
    if "host" in found:
        found.pop("gateway host", None)
        found.pop("gateway protocol", None)
    return {about: tuple(sorted(values)) for about, values in found.items()}


def external_hosts(manifest: Manifest) -> list[str]:
    """Return the hosts by which a route is reached through gateways; none for other kinds."""
    spec = _mapping(manifest.get("spec"))
    if manifest["kind"] in _API_ROUTES:
        host = _mapping(_mapping(manifest["metadata"]).get("annotations")).get(gateway_api.HOST)
        return _texts(spec.get("hostnames")) or _texts([host])
    if manifest["kind"] != "VirtualService" or all(gateway == "mesh" for gateway in _texts(spec.get("gateways"))):
        return []
    return [host for host in _texts(spec.get("hosts")) if host != "*"]


# What stands in a repository may be anything, once somebody edited it: what has not the shape that we know is passed
# over, never a failure.


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[dict[str, Any]]:
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [member for member in value if isinstance(member, str)] if isinstance(value, list) else []


def _facts_of(manifest: Manifest) -> Iterator[tuple[str, str]]:
    kind, spec = manifest["kind"], _mapping(manifest.get("spec"))
    if kind == "VirtualService":
        yield from (("host", host) for host in external_hosts(manifest))
        yield from _routes(spec)
    elif kind in _API_ROUTES:
        yield from (("host", host) for host in external_hosts(manifest))
        yield from _api_route(spec)
    elif kind in {"DNSEndpoint", "Certificate"}:
        yield from _follows(spec)
    elif kind in {"Gateway", "ListenerSet"}:
        yield from _served(spec)
    elif kind in {"Service", "ServiceEntry"}:
        yield "backend", kind
        yield from ((f"port {port.get('name')}", _port(port)) for port in _mappings(spec.get("ports")))
    elif kind in _POLICIES:
        yield from ((f"policy {field}", value) for field, value in _leaves(spec, ""))
    elif kind == "ConfigMap":
        for text in _mapping(manifest.get("data")).values():
            yield from (("endpoint", endpoint) for endpoint in _ENDPOINT.findall(str(text)))
    yield from _visibility(manifest, spec)


def _routes(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in (rule for family in ("http", "tls", "tcp") for rule in _mappings(spec.get(family))):
        for match in _mappings(rule.get("match")):
            if "port" in match:
                yield "gateway port", str(match["port"])
        for route in _mappings(rule.get("route")):
            yield from (("destination", host) for host in _texts([_mapping(route.get("destination")).get("host")]))


def _served(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the ports and hosts of a Gateway of either API."""
    for listener in _mappings(spec.get("listeners")):
        yield "gateway port", str(listener.get("port"))
        yield "gateway protocol", f"{listener.get('port')}/{listener.get('protocol')}"
        yield "gateway host", str(listener.get("hostname") or "*")
    for server in _mappings(spec.get("servers")):
        port = _mapping(server.get("port"))
        yield "gateway port", str(port.get("number"))
        yield "gateway protocol", f"{port.get('number')}/{port.get('protocol')}"
        yield from (("gateway host", host) for host in _texts(server.get("hosts")))


def _follows(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the records and certificates that follow the hosts."""
    for record in _mappings(spec.get("endpoints")):
        yield "record", f"{record.get('dnsName')} {', '.join(_texts(record.get('targets')))}"
    yield from (("certificate for", host) for host in _texts(spec.get("dnsNames")))


def _api_route(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parent in _mappings(spec.get("parentRefs")):
        yield "listener", f"{parent.get('namespace')}/{parent.get('name')} {parent.get('sectionName')}"
    for rule in _mappings(spec.get("rules")):
        for backend in _mappings(rule.get("backendRefs")):
            yield "destination", f"{backend.get('name')}:{backend.get('port')}"


def _port(port: Mapping[str, Any]) -> str:
    """Write a port alike for a Service and a ServiceEntry: `10901/GRPC`."""
    number = port.get("port", port.get("number"))
    spoken = str(port.get("appProtocol") or port.get("protocol") or "TCP")
    target = port.get("targetPort", number)
    to = "" if target == number else f" to {target}"
    return f"{number}/{_PROTOCOLS.get(spoken, spoken.upper())}{to}"


def _visibility(manifest: Manifest, spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the namespaces that a resource is exported to, under its part, since the parts differ in that."""
    annotation = _mapping(_mapping(manifest["metadata"]).get("annotations")).get(_EXPORT_TO)
    exported = annotation.split(",") if isinstance(annotation, str) else _texts(spec.get("exportTo"))
    part = _PARTS.get(manifest["kind"], manifest["kind"])
    yield from ((f"visibility of the {part}", namespace) for namespace in exported)


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a policy with their values: (`mtls.mode`, `STRICT`)."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _leaves(member, f"{path}[{place}]")
    elif not path.startswith("exportTo"):
        yield path, str(value)
