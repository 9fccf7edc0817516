"""What a cluster's resources register in its mesh: Services, ServiceEntries, who sees them, what they select.

Written from Istio's documented behaviour, apart from the compiler: nothing here may import gitops_gen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Resource = dict[str, Any]

HTTP_PROTOCOLS = {"HTTP", "HTTP2", "GRPC", "GRPC-WEB", "H2C", "KUBERNETES.IO/H2C"}
TLS_PROTOCOLS = {"HTTPS", "TLS"}
EXPORT_TO = "networking.istio.io/exportTo"


class GatewayPods(NamedTuple):
    """Gateway pods that run in a cluster: `name` is how the route table calls them."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    open_ports: frozenset[int] | None = None
    """Ports of their Service; None: not known."""


class PodFact(NamedTuple):
    """A pod that runs: its labels, and its container ports by name."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: Mapping[str, int]


class RegisteredPort(NamedTuple):
    """A port of a registered host."""

    name: str
    protocol: str
    target: int | str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the resources alone do not say about their cluster. What is None or empty is not known, and not judged."""

    gateways: Sequence[GatewayPods] = ()
    cluster: str = ""
    others: Sequence[str] = ()
    """The other clusters of the mesh."""
    cluster_domain: str = "cluster.local"
    trust_domain: str = "cluster.local"
    vip_pool: str | None = None
    dns_capture: bool | None = None
    services: Mapping[tuple[str, str], Mapping[int, RegisteredPort]] = field(default_factory=dict)
    """Services that others made, by (namespace, name), with their ports by number."""
    pods: Sequence[PodFact] | None = None
    pod_labels: frozenset[str] = frozenset({"statefulset.kubernetes.io/pod-name"})


class Registered(NamedTuple):
    """One host of the registry, and the resource that it comes from."""

    host: str
    kind: str
    namespace: str
    name: str
    ports: Mapping[int, RegisteredPort]
    export_to: tuple[str, ...]
    selector: Mapping[str, str]
    resource: Resource

    @property
    def headless(self) -> bool:
        """Tell whether it is a Service without an address of its own."""
        return self.kind == "Service" and self.resource["spec"].get("clusterIP") == "None"


@dataclass(frozen=True)
class Mesh:
    """The rendered resources of one cluster, with what is known about it."""

    resources: tuple[Resource, ...]
    facts: Facts
    registered: tuple[Registered, ...]

    @cached_property
    def _by_kind(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in sorted(self.resources, key=lambda it: (it["metadata"]["name"], namespace_of(it))):
            found.setdefault(resource["kind"], []).append(resource)
        return found

    @cached_property
    def _by_host(self) -> dict[str, list[Registered]]:
        found: dict[str, list[Registered]] = {}
        for entry in self.registered:
            found.setdefault(entry.host, []).append(entry)
        return found

    def of_kind(self, kind: str) -> list[Resource]:
        """Return the resources of a kind, as istiod orders them: by age, then name, then namespace.

        Everything that is applied in one go has one age.
        """
        return self._by_kind.get(kind, [])

    def at(self, host: str) -> list[Registered]:
        """Return what is registered under a host: Services first, then ServiceEntries by age."""
        return self._by_host.get(host, [])

    def pod_of(self, registered: Registered) -> str | None:
        """Return the one pod that a host selects by its name; None where it selects otherwise."""
        for label, value in registered.selector.items():
            if label in self.facts.pod_labels:
                return value
        return _named_pod(registered)

    def runs(self, namespace: str, pod: str) -> bool:
        """Tell whether there is such a pod; True where pods are not known."""
        return self.facts.pods is None or (namespace, pod) in self._pods

    @cached_property
    def _pods(self) -> set[tuple[str, str]]:
        return {(fact.namespace, fact.name) for fact in self.facts.pods or ()}

    def lookup(self, host: str, namespace: str) -> list[Registered]:
        """Return what a proxy in `namespace` sees under a host."""
        return [entry for entry in self.at(host) if visible(entry.export_to, entry, namespace)]


def _named_pod(registered: Registered) -> str | None:
    """Return the pod that the cluster's DNS answers with, for an entry that asks it for a pod's own name."""
    spec = registered.resource.get("spec") or {}
    if registered.kind != "ServiceEntry" or registered.selector or spec.get("resolution") != "DNS":
        return None
    labels = registered.host.split(".")
    asked = [endpoint["address"] for endpoint in spec.get("endpoints", ())]
    own = labels[2:4] == [registered.namespace, "svc"] and all(address == registered.host for address in asked)
    return labels[0] if own else None


def read(resources: Iterable[Resource], facts: Facts) -> Mesh:
    """Register the resources of one cluster."""
    found = tuple(resources)
    services = sorted(_services(found, facts), key=lambda entry: (entry.name, entry.namespace))
    entries = sorted(_entries(found), key=lambda entry: (entry.name, entry.namespace))
    return Mesh(found, facts, (*services, *entries))


def namespace_of(resource: Resource) -> str:
    """Return the namespace of a resource."""
    return str(resource["metadata"].get("namespace", ""))


def label_of(resource: Resource) -> str:
    """Name a resource as a fault does: `VirtualService monitoring/x`."""
    return f"{resource['kind']} {namespace_of(resource)}/{resource['metadata'].get('name', '')}"


def visible(export_to: Sequence[str], owner: Registered | Resource, namespace: str) -> bool:
    """Tell whether an `exportTo` lets a namespace see its owner; nothing written means everybody."""
    home = owner.namespace if isinstance(owner, Registered) else namespace_of(owner)
    if not export_to:
        return True
    return "*" in export_to or namespace in export_to or ("." in export_to and namespace == home)


def family(protocol: str) -> str:
    """Return http, tls or tcp for a protocol of a port."""
    upper = protocol.upper()
    return "http" if upper in HTTP_PROTOCOLS else "tls" if upper in TLS_PROTOCOLS else "tcp"


def _services(resources: Iterable[Resource], facts: Facts) -> Iterator[Registered]:
    rendered = set()
    for resource in resources:
        if resource["kind"] != "Service":
            continue
        namespace, name = namespace_of(resource), resource["metadata"]["name"]
        rendered.add((namespace, name))
        annotation = (resource["metadata"].get("annotations") or {}).get(EXPORT_TO, "")
        yield Registered(
            host=f"{name}.{namespace}.svc.{facts.cluster_domain}",
            kind="Service",
            namespace=namespace,
            name=name,
            ports={
                port["port"]: RegisteredPort(
                    port.get("name", ""), port.get("appProtocol", "tcp"), port.get("targetPort", port["port"])
                )
                for port in resource["spec"].get("ports", ())
            },
            export_to=tuple(part.strip() for part in annotation.split(",") if part.strip()),
            selector=resource["spec"].get("selector") or {},
            resource=resource,
        )
    for (namespace, name), ports in facts.services.items():
        if (namespace, name) not in rendered:
            yield Registered(
                host=f"{name}.{namespace}.svc.{facts.cluster_domain}",
                kind="Service",
                namespace=namespace,
                name=name,
                ports=ports,
                export_to=(),
                selector={},
                resource={"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": {}},
            )


def _entries(resources: Iterable[Resource]) -> Iterator[Registered]:
    for resource in resources:
        if resource["kind"] != "ServiceEntry":
            continue
        spec = resource["spec"]
        for host in spec.get("hosts", ()):
            yield Registered(
                host=host,
                kind="ServiceEntry",
                namespace=namespace_of(resource),
                name=resource["metadata"]["name"],
                ports={
                    port["number"]: RegisteredPort(
                        port.get("name", ""), port.get("protocol", "TCP"), port.get("targetPort", port["number"])
                    )
                    for port in spec.get("ports", ())
                },
                export_to=tuple(spec.get("exportTo", ())),
                selector=(spec.get("workloadSelector") or {}).get("labels") or {},
                resource=resource,
            )
