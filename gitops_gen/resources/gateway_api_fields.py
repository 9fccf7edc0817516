"""The fields of the kinds of Gateway API that gitops-gen writes, exactly those that it writes, as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from gitops_gen.resources.fields import Metadata

GatewayApiVersion = Literal["gateway.networking.k8s.io/v1"]


class GatewayAddress(TypedDict):
    """Where a Gateway is served: the Service of gateway pods that are there already."""

    type: Literal["Hostname"]
    value: str


class CertificateRef(TypedDict):
    """The Secret with a certificate, in the namespace of the Gateway."""

    kind: Literal["Secret"]
    name: str


class ListenerTls(TypedDict):
    """What a listener does with TLS: end it with a certificate, or hand it on."""

    mode: Literal["Terminate", "Passthrough"]
    certificateRefs: NotRequired[list[CertificateRef]]


class NamespaceExpression(TypedDict):
    """Namespaces by their names."""

    key: Literal["kubernetes.io/metadata.name"]
    operator: Literal["In"]
    values: list[str]


class NamespaceSelector(TypedDict):
    """Namespaces by a label."""

    matchExpressions: list[NamespaceExpression]


RouteNamespaces = TypedDict("RouteNamespaces", {"from": Literal["Selector"], "selector": NamespaceSelector})
"""The namespaces whose routes may attach."""


class AllowedRoutes(TypedDict):
    """Which routes may attach to a listener."""

    namespaces: RouteNamespaces


class ListenerHost(TypedDict, total=False):
    """The host that a listener serves; none: any."""

    hostname: str


class ListenerEnd(TypedDict, total=False):
    """What a listener does with TLS, where there is any."""

    tls: ListenerTls


class Listener(ListenerHost, ListenerEnd):
    """One port of a gateway."""

    name: str
    port: int
    protocol: str
    allowedRoutes: AllowedRoutes


ListenerNamespaces = TypedDict("ListenerNamespaces", {"from": Literal["Same"]})
"""The namespaces whose ListenerSets may attach."""


class AllowedListeners(TypedDict):
    """Which ListenerSets may attach to a Gateway."""

    namespaces: ListenerNamespaces


class SetsAllowed(TypedDict, total=False):
    """Whether ListenerSets may attach; by default none may."""

    allowedListeners: AllowedListeners


class ApiGatewaySpec(SetsAllowed):
    """Gateway pods and what they serve."""

    gatewayClassName: Literal["istio"]
    addresses: list[GatewayAddress]
    listeners: list[Listener]


class ApiGateway(TypedDict):
    """A Gateway of Gateway API."""

    apiVersion: GatewayApiVersion
    kind: Literal["Gateway"]
    metadata: Metadata
    spec: ApiGatewaySpec


class SetParent(TypedDict):
    """The Gateway that a ListenerSet adds to, in its own namespace."""

    group: Literal["gateway.networking.k8s.io"]
    kind: Literal["Gateway"]
    name: str


class ListenerSetSpec(TypedDict):
    """More listeners for a Gateway."""

    parentRef: SetParent
    listeners: list[Listener]


class ListenerSet(TypedDict):
    """A ListenerSet of Gateway API."""

    apiVersion: GatewayApiVersion
    kind: Literal["ListenerSet"]
    metadata: Metadata
    spec: ListenerSetSpec


class ParentRef(TypedDict):
    """The listener to which a route attaches."""

    group: Literal["gateway.networking.k8s.io"]
    kind: Literal["Gateway", "ListenerSet"]
    name: str
    namespace: str
    sectionName: str


class BackendRef(TypedDict):
    """A Service in the namespace of the route, and a port of it."""

    kind: Literal["Service"]
    name: str
    port: int


class RouteRule(TypedDict):
    """The one rule of a route: everything leads to one backend."""

    backendRefs: list[BackendRef]


class RouteHosts(TypedDict, total=False):
    """The hosts of a route; TCP has none."""

    hostnames: list[str]


class ApiRouteSpec(RouteHosts):
    """The way from hosts at listeners to one backend."""

    parentRefs: list[ParentRef]
    rules: list[RouteRule]


class ApiRoute(TypedDict):
    """An HTTPRoute, GRPCRoute, TLSRoute or TCPRoute; they differ in nothing that is written here."""

    apiVersion: str
    kind: str
    metadata: Metadata
    spec: ApiRouteSpec
