"""Destinations: from the host of a route to the Service or ServiceEntry behind it, and on to pod and port."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.routes.visibility import EVERYWHERE, seen_by, sees

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.routes.declared import Declared
    from gitops_gen.routes.resource import Resource


class BackendPort(NamedTuple):
    """A port of a backend: what callers dial it by, what it speaks (upper case), and the container's port."""

    name: str
    number: int
    protocol: str
    target: int | str


class Backend(NamedTuple):
    """What stands behind a host. `resource` is None for a Service that somebody else owns.

    `pod` is the one pod that it means, None where it means several or none: the pod that it selects, or, for a
    ServiceEntry that goes by DNS, the one whose own name it has.
    """

    host: str
    namespace: str
    resource: Resource | None
    seen: frozenset[str]
    ports: Mapping[int, BackendPort]
    pod: str | None
    selector: Mapping[str, str]

    @property
    def is_entry(self) -> bool:
        """Tell whether it is a ServiceEntry."""
        return self.resource is not None and self.resource.kind == "ServiceEntry"

    @property
    def stands_in(self) -> bool:
        """Tell whether it stands for something elsewhere: it means no pod of this cluster."""
        return self.pod is None and not self.selector

    @property
    def is_outside(self) -> bool:
        """Tell whether it is a host outside of the mesh."""
        return self.resource is not None and self.resource.spec.get("location") == "MESH_EXTERNAL"

    def __str__(self) -> str:
        """Name it for people."""
        return str(self.resource) if self.resource is not None else f"Service {self.host}, which is declared"


class Registry(NamedTuple):
    """Every host that a route can name, with all backends of that host."""

    backends: Mapping[str, list[Backend]]

    def lookup(self, host: str, namespace: str | None) -> Backend | None:
        """Return the backend that a namespace finds under a host.

        A ServiceEntry beside a Service of the same name is what a sidecar takes for its own host; what is declared
        comes last.
        """
        for backend in self.backends.get(host, ()):
            if sees(namespace, backend.seen):
                return backend
        return None


def read_registry(entries: Iterable[Resource], services: Iterable[Resource], declared: Declared) -> Registry:
    """Collect ServiceEntries and Services by host: one pass."""
    found: dict[str, list[Backend]] = {}
    for resource in entries:
        for host in resource.spec.get("hosts") or ():
            found.setdefault(host, []).append(_entry(resource, host, declared))
    for resource in services:
        service = _service(resource, declared)
        found.setdefault(service.host, []).append(service)
    for host, numbers in declared.services.items():
        if host not in found:
            ports = {number: BackendPort("", number, "", number) for number in sorted(numbers)}
            namespace = host.split(".")[1]
            found[host] = [Backend(host, namespace, None, frozenset({EVERYWHERE}), ports, None, {})]
    return Registry(found)


def _entry(resource: Resource, host: str, declared: Declared) -> Backend:
    spec = resource.spec
    ports = {
        port["number"]: BackendPort(
            port.get("name", ""),
            port["number"],
            str(port.get("protocol", "")).upper(),
            port.get("targetPort", port["number"]),
        )
        for port in spec.get("ports") or ()
    }
    selector = (spec.get("workloadSelector") or {}).get("labels") or {}
    pod = pod_of(selector, declared) if selector else _pod_by_name(resource, host, declared)
    return Backend(host, resource.namespace, resource, seen_by(resource), ports, pod, selector)


def _pod_by_name(resource: Resource, host: str, declared: Declared) -> str | None:
    """Return the pod whose own DNS name a ServiceEntry has, where it asks DNS for that very name."""
    spec = resource.spec
    reached = {str(endpoint.get("address")) for endpoint in spec.get("endpoints") or ()}
    pod, _, rest = host.partition(".")
    local = rest.count(".") > 1 and rest.endswith(f".{resource.namespace}.svc.{declared.cluster_domain}")
    return pod if spec.get("resolution") == "DNS" and local and reached <= {host} else None


def _service(resource: Resource, declared: Declared) -> Backend:
    spec = resource.spec
    ports = {
        port["port"]: BackendPort(
            port.get("name", ""), port["port"], service_protocol(port), port.get("targetPort", port["port"])
        )
        for port in spec.get("ports") or ()
    }
    selector = spec.get("selector") or {}
    host = f"{resource.name}.{resource.namespace}.svc.{declared.cluster_domain}"
    return Backend(host, resource.namespace, resource, seen_by(resource), ports, pod_of(selector, declared), selector)


_PROTOCOLS = {"http", "http2", "grpc", "grpc-web", "https", "tls", "tcp", "mongo", "mysql", "redis", "udp"}


def service_protocol(port: Mapping[str, object]) -> str:
    """Return what Istio takes a Service's port to speak: `appProtocol`, else the name up to its dash, else nothing."""
    said = str(port.get("appProtocol") or "").lower()
    said = {"kubernetes.io/h2c": "http2"}.get(said, said)
    if said:
        return said.upper()
    name = str(port.get("name") or "").lower()
    for known in (name, name.partition("-")[0]):
        if known in _PROTOCOLS:
            return known.upper()
    said = str(port.get("protocol") or "TCP").upper()
    return "" if said == "TCP" else said


def pod_of(selector: Mapping[str, str], declared: Declared) -> str | None:
    """Return the one pod that a selector can mean, None for one that is not by a pod's name."""
    for label in declared.pod_labels:
        if label in selector:
            return selector[label]
    return None
