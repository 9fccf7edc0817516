"""External hosts: what lets the sidecars of north-south Consumers out to the ingresses of other clusters.

Needed where a cluster lets nothing out that its mesh does not know (`outboundPolicy: REGISTRY_ONLY`), and where a
sidecar is to make TLS of what its application says in plain HTTP
(docs/explanation/what-istio-does.md, "Out of the mesh").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.compiled import EXTERNAL_HOSTS, Compiled, Place
from gitops_gen.exposure import exposures
from gitops_gen.model import Family, Via
from gitops_gen.resources.dialled import dialled_placements, external_route, originated_port
from gitops_gen.resources.labels import ownership_labels
from gitops_gen.resources.surroundings import read_surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.exposure import Exposure
    from gitops_gen.model import Consumer, Inventory, TlsOrigination
    from gitops_gen.resources.fields import ExternalRule, ExternalService, OriginatedPort


class Dial(NamedTuple):
    """One Consumer that dials one exposure of another cluster."""

    consumer: Consumer
    exposure: Exposure


class ExternalPort(NamedTuple):
    """A port as the application dials it, and what it becomes on the way: the ingress's port, and TLS or not."""

    number: int
    protocol: str
    target: int
    originate: TlsOrigination | None


@dataclass(slots=True)
class ExternalHost:
    """A host outside that a namespace dials: its ports by number, each with all who dial it, and where it is."""

    cluster: str
    namespace: str
    host: str
    addresses: tuple[str, ...]
    """The IP addresses of its ingress; empty where DNS says where it is."""
    ports: dict[int, list[tuple[ExternalPort, Dial]]] = field(default_factory=dict)

    @property
    def has_tcp(self) -> bool:
        """Tell whether a port of it is told apart by address alone."""
        return any(dial.exposure.port.protocol.family is Family.TCP for of in self.ports.values() for _, dial in of)


def external_hosts(inventory: Inventory) -> list[ExternalHost]:
    """Return the hosts that Consumers have to be let out to, by cluster, namespace and host."""
    workloads = {workload.key: workload for workload in inventory.workloads}
    surroundings = read_surroundings(inventory)
    found: dict[tuple[str, str, str], ExternalHost] = {}
    for consumer in inventory.consumers:
        closed = inventory.clusters[consumer.cluster].istio.outbound_policy == "REGISTRY_ONLY"
        if consumer.via is not Via.NORTH_SOUTH or not (closed or consumer.originate):
            continue
        for dialled in dialled_placements(consumer, inventory, workloads, surroundings):
            if dialled.home.name == consumer.cluster:
                continue
            wanted = external_route(dialled.port, dialled.home)
            for exposure in exposures(dialled.workload, dialled.placement, dialled.home):
                if exposure.route is wanted and exposure.port is dialled.port and exposure.pod is not None:
                    key = (consumer.cluster, consumer.namespace, exposure.host)
                    host = found.setdefault(key, ExternalHost(*key, _by_ip(exposure)))
                    port = external_port(consumer, exposure)
                    host.ports.setdefault(port.number, []).append((port, Dial(consumer, exposure)))
    return [found[key] for key in sorted(found)]


def _by_ip(exposure: Exposure) -> tuple[str, ...]:
    try:
        return tuple(str(ip_address(address)) for address in exposure.ingress.addresses)
    except ValueError:
        return ()


def external_port(consumer: Consumer, exposure: Exposure) -> ExternalPort:
    """Return what a sidecar has to know of the port that a Consumer dials.

    To the sidecar, TLS that the application makes itself is TLS, whatever is inside.
    """
    protocol = exposure.port.protocol
    if protocol.family is Family.HTTP and exposure.certificate is not None:
        if consumer.originate is not None:
            number = originated_port(exposure)
            return ExternalPort(number, protocol.value, exposure.gateway_port, consumer.originate)
        return ExternalPort(exposure.gateway_port, "TLS", exposure.gateway_port, None)
    said = "TLS" if protocol.family is Family.TLS else protocol.value
    return ExternalPort(exposure.gateway_port, said, exposure.gateway_port, None)


def compile_external(inventory: Inventory) -> Iterator[tuple[str, Compiled]]:
    """Yield what each cluster needs, with the cluster's name: a ServiceEntry for each host, and how TLS is made."""
    for host in external_hosts(inventory):
        place = Place(
            namespace=host.namespace,
            folder=EXTERNAL_HOSTS,
            file=host.host,
            source=f"Consumer {next(iter(host.ports.values()))[0][1].consumer.key}",
        )
        yield host.cluster, Compiled(external_service_entry(host), place)
        if any(of[0][0].originate for of in host.ports.values()):
            yield host.cluster, Compiled(originating_destination_rule(host), place)


def external_service_entry(host: ExternalHost) -> ExternalService:
    """ServiceEntry that makes one pod's outside host known to the sidecars of a namespace.

    Read by those alone. Its addresses, where TCP needs them, are the ingress's own: sidecars go by address and port.
    """
    ports = [of[0][0] for _, of in sorted(host.ports.items())]
    entry: ExternalService = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {
            "name": host.host,
            "namespace": host.namespace,
            "labels": ownership_labels(),
        },
        "spec": {
            "hosts": [host.host],
            "addresses": list(host.addresses),
            "location": "MESH_EXTERNAL",
            "ports": [
                {
                    "number": port.number,
                    "name": f"{port.protocol.lower()}-{port.number}",
                    "protocol": port.protocol,
                    "targetPort": port.target,
                }
                for port in ports
            ],
            "exportTo": ["."],
            "resolution": "STATIC" if host.addresses else "DNS",
            "endpoints": [{"address": address} for address in host.addresses],
        },
    }
    if not host.has_tcp:
        del entry["spec"]["addresses"]
    if not host.addresses:
        del entry["spec"]["endpoints"]
    return entry


def originating_destination_rule(host: ExternalHost) -> ExternalRule:
    """DestinationRule by which sidecars make TLS of plain HTTP, on the ports where that is asked for.

    The server name is the host, and the certificate has to be for it.
    """
    settings = [_originated(port, host.host) for _, of in sorted(host.ports.items()) if (port := of[0][0]).originate]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {
            "name": host.host,
            "namespace": host.namespace,
            "labels": ownership_labels(),
        },
        "spec": {
            "host": host.host,
            "trafficPolicy": {"portLevelSettings": settings},
            "exportTo": ["."],
        },
    }


def _originated(port: ExternalPort, host: str) -> OriginatedPort:
    setting: OriginatedPort = {
        "port": {"number": port.number},
        "tls": {"mode": "SIMPLE", "sni": host, "subjectAltNames": [host]},
    }
    files = port.originate
    if files is not None and files.client_certificate and files.private_key:
        setting["tls"]["mode"] = "MUTUAL"
        setting["tls"]["clientCertificate"] = files.client_certificate
        setting["tls"]["privateKey"] = files.private_key
    if files is not None and files.ca_certificates:
        setting["tls"]["caCertificates"] = files.ca_certificates
    return setting
