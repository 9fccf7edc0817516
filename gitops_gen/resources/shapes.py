"""Shapes: every question about which objects a pod gets, each one pure function.

The facts behind the answers, and which of them were seen on a running mesh: docs/explanation/what-istio-does.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from gitops_gen import gateway_api
from gitops_gen.model import BackendChoice, Family, GatewayChoice
from gitops_gen.naming import (
    POD_FIELDS,
    cluster_prefixed,
    expand,
    pod_fqdn,
    service_fqdn,
    template_fields,
    wildcard_of,
)
from gitops_gen.resources.demand import consumer_namespaces, needs_pod_service
from gitops_gen.resources.visibility import ingress_namespaces

if TYPE_CHECKING:
    from gitops_gen.model import Cluster, Ingress, Placement, Pod, Port, Workload
    from gitops_gen.resources.surroundings import Surroundings


# --- how a route names one pod ---------------------------------------------------------------------------------------


class Backend(StrEnum):
    """How a route names one pod; values as the inventory's choices, without `auto`."""

    SERVICE_ENTRY = "service-entry"
    DNS = "dns"
    BLOG = "{compat: blog}"
    POD_SERVICE = "pod-service"
    EXISTING = "existing"
    NONE = "none"


ON_POD_NAMES = {Backend.SERVICE_ENTRY, Backend.DNS, Backend.BLOG}
"""Backends that are a ServiceEntry on the name that the governing Service gives the pod."""


class Obstacle(StrEnum):
    """Why a ServiceEntry on the pod's own name would be wrong; the value says it to people."""

    DISCOVERY = "endpointDiscovery is not declared false"
    NO_SERVICE = "there is no governing Service"
    BEFORE_READY = "a port is needed before the pods are Ready"
    NAMED_TARGET = "a targetPort is a name"
    NO_PORTS = "no port would be left in it"
    TCP_VISIBLE = "a TCP port in it would be visible to sidecars"
    AMBIENT = "pods of an ambient mesh are reached by Services"
    GATEWAY_API = "a route of Gateway API leads to a Service"
    EAST_WEST = "another cluster dials the pods through the east-west gateway"


def backend(workload: Workload, placement: Placement, cluster: Cluster, surroundings: Surroundings) -> Backend:
    """Answer for one placement how routes name its pods; `auto` takes a ServiceEntry where nothing speaks against it.

    Everywhere else, also where the inventory declares nothing, it is a Service per pod, which was right in every
    mode that was tried (docs/explanation/what-istio-does.md, "Backends").
    """
    if placement.backend is not BackendChoice.AUTO:
        return Backend(placement.backend.value)
    obstacles = entry_obstacles(workload, placement, cluster, surroundings)
    return Backend.POD_SERVICE if obstacles else Backend.SERVICE_ENTRY


def entry_obstacles(
    workload: Workload, placement: Placement, cluster: Cluster, surroundings: Surroundings
) -> tuple[Obstacle, ...]:
    """Return what speaks against a ServiceEntry for the pods of a placement.

    What is not declared about discovery counts as on: a second cluster that joins later must not flip a backend
    that is in use. Source: docs/explanation/what-istio-does.md, "Backends" and "Endpoint discovery".
    """
    ports = entry_ports(placement)
    tcp = any(port.protocol.family is Family.TCP for port in ports)
    apps = surroundings.app_namespaces[cluster.name]
    found = {
        Obstacle.DISCOVERY: cluster.istio.endpoint_discovery is not False,
        Obstacle.NO_SERVICE: placement.service is None,
        Obstacle.BEFORE_READY: any(port.before_ready for port in service_ports(placement)),
        Obstacle.NAMED_TARGET: any(isinstance(port.target, str) for port in ports),
        Obstacle.NO_PORTS: not ports,
        Obstacle.TCP_VISIBLE: tcp
        and (
            not apps.isdisjoint(ingress_namespaces(placement, cluster))
            or bool(consumer_namespaces(surroundings.demand, workload.key, cluster.name))
        ),
        Obstacle.AMBIENT: cluster.istio.ambient,
        Obstacle.GATEWAY_API: has_api_routes(placement, cluster),
        Obstacle.EAST_WEST: needs_pod_service(surroundings.demand, workload.key, cluster.name),
    }
    return tuple(obstacle for obstacle, stands in found.items() if stands)


def service_ports(placement: Placement) -> tuple[Port, ...]:
    """Return the ports of a Service per pod, and of the governing one: all that an Istio route can carry."""
    return tuple(port for port in placement.ports if port.carried and port.protocol.family is not Family.NONE)


def entry_ports(placement: Placement) -> tuple[Port, ...]:
    """Return the ports of a ServiceEntry: those of a Service per pod, but TCP only where a route leads to it.

    In the mesh, TCP callers of the pod's name are served by the governing Service
    (docs/explanation/what-istio-does.md, "TCP").
    """
    return tuple(
        port for port in service_ports(placement) if port.protocol.family is not Family.TCP or routes_to_pods(port)
    )


def routes_to_pods(port: Port) -> bool:
    """Tell whether at least one route leads to this port of the pods, not of a companion Service."""
    return any(route.service is None for route in port.routes)


def mesh_tls(placement: Placement, cluster: Cluster) -> bool:
    """Tell whether clients in a cluster speak the mesh's TLS to the pods of a placement."""
    return placement.in_mesh and cluster.istio.mtls != "disabled"


def has_api_routes(placement: Placement, cluster: Cluster) -> bool:
    """Tell whether a route of Gateway API leads to the pods of a placement."""
    ingresses = {ingress.name for ingress in cluster.ingresses if gateway_api.uses(ingress)}
    return bool(ingresses) and any(
        route.service is None and route.ingress in ingresses
        for port in service_ports(placement)
        for route in port.routes
    )


def backend_host(kind: Backend, workload: Workload, placement: Placement, pod: Pod, cluster: Cluster) -> str:
    """Return the full name by which routes and callers in the mesh reach one pod through its backend.

    Raises ValueError where the placement has no such backend, KeyError where the template of an existing Service
    asks for a field that the pod does not have: the rules have looked for both before.
    """
    if kind is Backend.POD_SERVICE:
        return service_fqdn(cluster_prefixed(cluster.name, pod.name), workload.namespace, cluster)
    if kind in ON_POD_NAMES and placement.service is not None:
        return pod_fqdn(pod, placement.service, workload.namespace, cluster)
    if kind is Backend.EXISTING and placement.existing_backend is not None:
        return service_fqdn(existing_service(workload, placement, pod, cluster), workload.namespace, cluster)
    raise ValueError(f"{workload.key} has no backend {kind.value} in {cluster.name}")


def existing_service(workload: Workload, placement: Placement, pod: Pod, cluster: Cluster) -> str:
    """Return the name of the Service that somebody else made for one pod.

    Raises KeyError where the template asks for a field that the pod does not have.
    """
    return expand(
        placement.existing_backend or "",
        cluster=cluster.name,
        namespace=workload.namespace,
        workload=workload.name,
        pod=pod.name,
        ordinal=pod.ordinal,
    )


# --- what the ingress serves -----------------------------------------------------------------------------------------


class GatewayLayout(StrEnum):
    """Which Gateway carries the server of a route."""

    EXISTING = "existing"
    SHARED = "shared"
    PER_POD = "per-pod"


class ServerProtocol(StrEnum):
    """What a server of a Gateway speaks."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    TLS = "TLS"
    TCP = "TCP"


def gateway_layout(choice: GatewayChoice, ingress: Ingress, port: Port) -> GatewayLayout:
    """Answer which Gateway a route gets: its pod's own, unless the ingress ends TLS with one certificate for several.

    Separate servers on one certificate answer 404 on a reused HTTP/2 connection
    (docs/explanation/what-istio-does.md, "One certificate, one server"). A Gateway of Gateway API is always shared.
    """
    if ingress.existing_gateway is not None:
        return GatewayLayout.EXISTING
    if gateway_api.uses(ingress):
        return GatewayLayout.SHARED
    match choice:
        case GatewayChoice.SHARED:
            return GatewayLayout.SHARED
        case GatewayChoice.PER_POD:
            return GatewayLayout.PER_POD
        case GatewayChoice.AUTO:
            ends_tls = server_protocol(ingress, port) is ServerProtocol.HTTPS
            return GatewayLayout.SHARED if ends_tls and not certificate_per_pod(ingress) else GatewayLayout.PER_POD
        case _:
            assert_never(choice)


def certificate_per_pod(ingress: Ingress) -> bool:
    """Tell whether each pod has a certificate of its own, so that no client takes one for another's."""
    return not POD_FIELDS.isdisjoint(template_fields(ingress.credential_name or ""))


def server_protocol(ingress: Ingress, port: Port) -> ServerProtocol:
    """Answer what the gateway speaks on the port of a route: TLS and raw protocols pass, HTTP ends there."""
    match port.protocol.family:
        case Family.HTTP:
            return ServerProtocol.HTTP if ingress.credential_name is None else ServerProtocol.HTTPS
        case Family.TLS:
            return ServerProtocol.TLS
        case Family.TCP:
            return ServerProtocol.TCP
        case Family.NONE:
            raise ValueError(f"no gateway can carry {port.protocol.value}")
        case _:
            assert_never(port.protocol.family)


def served_host(layout: GatewayLayout, protocol: ServerProtocol, ingress: Ingress, host: str) -> str:
    """Return the host that a server lists for a route: a shared one takes the wildcard, which never changes on scale.

    A TCP server needs only something that ties it to its VirtualService. The parent of a host of two labels is
    nobody's to claim. Where a port has several certificates, each is for the hosts that it is named for.
    """
    several = protocol is ServerProtocol.HTTPS and bool(template_fields(ingress.credential_name or ""))
    if layout is GatewayLayout.SHARED and protocol is not ServerProtocol.TCP and host.count(".") > 1 and not several:
        return wildcard_of(host)
    return host
