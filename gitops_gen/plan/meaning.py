"""What resources mean to people: hosts, ports, backends, policies, lists of endpoints; and how that differs.

Facts are read from the resources alone, whatever made them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.plan.changes import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.manifest import Manifest

Facts = dict[str, tuple[str, ...]]
"""About what -> sorted values."""

_EXPORT_TO = "networking.istio.io/exportTo"
_PROTOCOLS = {"kubernetes.io/h2c": "HTTP2"}
_PARTS = {"Service": "backend", "ServiceEntry": "backend", "VirtualService": "route"}
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
    """Return the hosts by which a VirtualService is reached through gateways; none for other kinds."""
    if manifest["kind"] != "VirtualService" or all(
        gateway == "mesh" for gateway in _spec(manifest).get("gateways", [])
    ):
        return []
    return [str(host) for host in _spec(manifest).get("hosts", []) if host != "*"]


def _spec(manifest: Manifest) -> dict[str, Any]:
    spec = manifest.get("spec")
    return spec if isinstance(spec, dict) else {}


def _facts_of(manifest: Manifest) -> Iterator[tuple[str, str]]:
    kind = manifest["kind"]
    if kind == "VirtualService":
        yield from _virtual_service(manifest)
    elif kind == "Gateway":
        for server in _spec(manifest).get("servers", []):
            port = server.get("port", {})
            yield "gateway port", str(port.get("number"))
            yield "gateway protocol", f"{port.get('number')}/{port.get('protocol')}"
            yield from (("gateway host", str(host)) for host in server.get("hosts", []))
    elif kind in {"Service", "ServiceEntry"}:
        yield "backend", kind
        yield from ((f"port {port.get('name')}", _port(port)) for port in _spec(manifest).get("ports", []))
    elif kind in _POLICIES:
        yield from ((f"policy {field}", value) for field, value in _leaves(_spec(manifest), ""))
    elif kind == "ConfigMap":
        for text in (manifest.get("data") or {}).values():
            yield from (("endpoint", line) for line in _list_entries(str(text)))
    yield from _visibility(manifest)


def _virtual_service(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield from (("host", host) for host in external_hosts(manifest))
    for family in ("http", "tls", "tcp"):
        for rule in _spec(manifest).get(family, []):
            yield from (("gateway port", str(match["port"])) for match in rule.get("match", []) if "port" in match)
            for route in rule.get("route", []):
                yield "destination", str(route.get("destination", {}).get("host"))


def _port(port: Mapping[str, Any]) -> str:
    """Write a port alike for a Service and a ServiceEntry: `10901/GRPC`."""
    number = port.get("port", port.get("number"))
    spoken = str(port.get("appProtocol") or port.get("protocol") or "TCP")
    target = port.get("targetPort", number)
    to = "" if target == number else f" to {target}"
    return f"{number}/{_PROTOCOLS.get(spoken, spoken.upper())}{to}"


def _visibility(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the namespaces that a resource is exported to, under its part, since the parts differ in that."""
    exported = _spec(manifest).get("exportTo")
    annotation = (manifest["metadata"].get("annotations") or {}).get(_EXPORT_TO)
    if isinstance(annotation, str):
        exported = annotation.split(",")
    part = _PARTS.get(manifest["kind"], manifest["kind"])
    yield from ((f"visibility of the {part}", str(namespace)) for namespace in exported or [])


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


def _list_entries(text: str) -> list[str]:
    """Return the entries of a list of endpoints: its lines without comments and without what only frames them."""
    lines = [line.strip() for line in text.splitlines()]
    return [line.removeprefix("- ").strip("\"'") for line in lines if line.startswith("- ") and not line.endswith(":")]
