"""DestinationRules: where clients in the mesh leave its TLS out, and where they have to be told to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import BackendChoice
from gitops_gen.naming import service_fqdn
from gitops_gen.resources.labels import workload_labels
from gitops_gen.resources.shapes import entry_ports, mesh_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.model import Cluster, Placement, Workload
    from gitops_gen.resources.fields import DestinationRule, PortPolicy, TrafficPolicy


def own_tls_name(service: str) -> str:
    """Name of the DestinationRule for a governing Service: a host has one, whichever workloads share it."""
    return f"{service}-own-tls"


def pods_name(service: str) -> str:
    """Name of the DestinationRule for the pods of a governing Service."""
    return f"{service}-pods"


def own_tls_destination_rule(
    workload: Workload, service: str, cluster: Cluster, ports: Sequence[int], export_to: Sequence[str]
) -> DestinationRule:
    """DestinationRule that keeps mesh TLS off ports which bring their own, for callers of the pods' own names.

    Read by every sidecar that sees the governing Service. The other half of the pair is the PeerAuthentication:
    without this one, those callers are reset (docs/explanation/what-istio-does.md, "Own TLS"). Ports are the Service's.
    """
    host = service_fqdn(service, workload.namespace, cluster)
    policy: TrafficPolicy = {"portLevelSettings": _without_tls(ports)}
    return _destination_rule(workload, own_tls_name(service), host, policy, export_to)


def pods_destination_rule(  # noqa: PLR0913 - what the other one gets, and whether mesh TLS is asked for
    workload: Workload, service: str, cluster: Cluster, ports: Sequence[int], export_to: Sequence[str], *, mutual: bool
) -> DestinationRule:
    """DestinationRule for the ServiceEntries of type DNS on the pods' own names.

    Read by gateways and sidecars. With `mutual` it is what says that the pods speak mesh TLS, for the entries of the
    old recipe do not; on `ports`, which bring TLS of their own, there is none. Those have to be named here as well:
    what DNS answers does not tell of the pods' PeerAuthentication (docs/explanation/what-istio-does.md, "Own TLS").
    """
    host = "*." + service_fqdn(service, workload.namespace, cluster)
    policy: TrafficPolicy = {}
    if mutual:
        policy["tls"] = {"mode": "ISTIO_MUTUAL"}
    if ports:
        policy["portLevelSettings"] = _without_tls(ports)
    return _destination_rule(workload, pods_name(service), host, policy, export_to)


def dialled_by_dns(placements: Sequence[Placement], cluster: Cluster) -> Iterator[tuple[str, list[int], bool]]:
    """Yield the governing Services whose pods' ServiceEntries go by DNS and have to be spoken of.

    With each, the ports that bring TLS of their own, and whether the mesh's has to be asked for.
    """
    found: dict[str, tuple[set[int], list[bool]]] = {}
    for placement in placements:
        if placement.service is not None and placement.backend in {BackendChoice.DNS, BackendChoice.BLOG}:
            numbers, mutual = found.setdefault(placement.service, (set(), []))
            of_entry = entry_ports(placement)
            numbers.update(port.number for port in placement.without_mesh_tls if port in of_entry)
            mutual.append(placement.backend is BackendChoice.BLOG and mesh_tls(placement, cluster))
    for service, (numbers, mutual) in sorted(found.items()):
        if numbers or any(mutual):
            yield service, sorted(numbers), any(mutual)


def _without_tls(ports: Sequence[int]) -> list[PortPolicy]:
    return [{"port": {"number": number}, "tls": {"mode": "DISABLE"}} for number in ports]


def _destination_rule(
    workload: Workload, name: str, host: str, policy: TrafficPolicy, export_to: Sequence[str]
) -> DestinationRule:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {
            "name": name,
            "namespace": workload.namespace,
            "labels": workload_labels(workload.name),
        },
        "spec": {
            "host": host,
            "trafficPolicy": policy,
            "exportTo": list(export_to),
        },
    }
