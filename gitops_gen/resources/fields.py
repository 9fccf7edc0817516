"""The fields of the kinds that gitops-gen writes, exactly those that it writes, as types.

A builder returns one literal of such a type, so that a misspelt or missing field is found by the type checker. Keys
stand in the order in which the reference documentation of each API shows them.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Metadata(TypedDict):
    """Name, namespace and labels of a resource; every kind here is namespaced."""

    name: str
    namespace: str
    labels: dict[str, str]
    annotations: NotRequired[dict[str, str]]


# --- core: v1 --------------------------------------------------------------------------------------------------------


class ServicePort(TypedDict):
    """A port of a Service; `appProtocol` tells Istio the protocol, whatever the name begins with."""

    name: str
    port: int
    targetPort: int | str
    appProtocol: str


class ServiceSpec(TypedDict):
    """What a Service selects; without a selector it is a name for endpoints that come from elsewhere."""

    clusterIP: NotRequired[Literal["None"]]
    selector: NotRequired[dict[str, str]]
    ports: list[ServicePort]
    publishNotReadyAddresses: NotRequired[Literal[True]]


class Service(TypedDict):
    """A Service of the core API."""

    apiVersion: Literal["v1"]
    kind: Literal["Service"]
    metadata: Metadata
    spec: ServiceSpec


class ConfigMap(TypedDict):
    """A ConfigMap of the core API."""

    apiVersion: Literal["v1"]
    kind: Literal["ConfigMap"]
    metadata: Metadata
    data: dict[str, str]


# --- networking.istio.io/v1 ------------------------------------------------------------------------------------------

NetworkingVersion = Literal["networking.istio.io/v1"]


class EntryPort(TypedDict):
    """A port of a ServiceEntry."""

    number: int
    name: str
    protocol: str
    targetPort: NotRequired[int]


class EntryEndpoint(TypedDict):
    """Where a ServiceEntry leads: an address, and the port there for each port by name."""

    address: str
    ports: NotRequired[dict[str, int]]
    labels: NotRequired[dict[str, str]]
    serviceAccount: NotRequired[str]


class LabelSelector(TypedDict):
    """The pods behind a ServiceEntry."""

    labels: dict[str, str]


class ServiceEntrySpec(TypedDict):
    """A host of the mesh with selected pods or with given endpoints."""

    hosts: list[str]
    addresses: NotRequired[list[str]]
    location: Literal["MESH_INTERNAL"]
    ports: list[EntryPort]
    exportTo: list[str]
    resolution: Literal["STATIC", "DNS"]
    endpoints: NotRequired[list[EntryEndpoint]]
    workloadSelector: NotRequired[LabelSelector]
    subjectAltNames: NotRequired[list[str]]


class ServiceEntry(TypedDict):
    """A ServiceEntry of Istio's networking API."""

    apiVersion: NetworkingVersion
    kind: Literal["ServiceEntry"]
    metadata: Metadata
    spec: ServiceEntrySpec


class ExternalServiceSpec(TypedDict):
    """A host outside of the mesh, at given addresses or where DNS says."""

    hosts: list[str]
    addresses: NotRequired[list[str]]
    location: Literal["MESH_EXTERNAL"]
    ports: list[EntryPort]
    exportTo: list[str]
    resolution: Literal["STATIC", "DNS"]
    endpoints: NotRequired[list[EntryEndpoint]]


class ExternalService(TypedDict):
    """A ServiceEntry for a host outside of the mesh."""

    apiVersion: NetworkingVersion
    kind: Literal["ServiceEntry"]
    metadata: Metadata
    spec: ExternalServiceSpec


class PortNumber(TypedDict):
    """A port by its number."""

    number: int


class Destination(TypedDict):
    """Where a rule leads: a host of the mesh by its full name, and a port of it."""

    host: str
    port: PortNumber


class Target(TypedDict):
    """The one destination of a rule."""

    destination: Destination


class PortMatch(TypedDict):
    """The port of the gateway at which a request came in, and the Gateways that count."""

    port: int
    gateways: NotRequired[list[str]]


class ServerNameMatch(TypedDict):
    """The port of the gateway and the server name (SNI) that the client asked for."""

    port: int
    sniHosts: list[str]
    gateways: NotRequired[list[str]]


class Retries(TypedDict):
    """How often Envoy tries again."""

    attempts: int
    perTryTimeout: NotRequired[str]
    retryOn: NotRequired[str]


class HttpRule(TypedDict):
    """A rule for HTTP, HTTP/2 and gRPC."""

    name: NotRequired[str]
    match: NotRequired[list[PortMatch]]
    route: list[Target]
    timeout: NotRequired[str]
    retries: Retries


class TlsRule(TypedDict):
    """A rule for TLS that the gateway passes through."""

    match: list[ServerNameMatch]
    route: list[Target]


class TcpRule(TypedDict):
    """A rule for anything that only its port tells apart."""

    match: list[PortMatch]
    route: list[Target]


class VirtualServiceSpec(TypedDict):
    """The way from hosts at Gateways to their destinations."""

    hosts: list[str]
    gateways: NotRequired[list[str]]
    exportTo: list[str]
    http: NotRequired[list[HttpRule]]
    tls: NotRequired[list[TlsRule]]
    tcp: NotRequired[list[TcpRule]]


class VirtualService(TypedDict):
    """A VirtualService of Istio's networking API."""

    apiVersion: NetworkingVersion
    kind: Literal["VirtualService"]
    metadata: Metadata
    spec: VirtualServiceSpec


class ServerPort(TypedDict):
    """The port that a gateway opens."""

    number: int
    name: str
    protocol: str


class ServerTls(TypedDict):
    """What a gateway does with TLS: end it with a certificate, or hand it on."""

    mode: Literal["SIMPLE", "MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"]
    minProtocolVersion: NotRequired[Literal["TLSV1_2"]]
    credentialName: NotRequired[str]
    caCertCredentialName: NotRequired[str]


class Server(TypedDict):
    """One port of a gateway and the hosts that it serves."""

    name: NotRequired[str]
    port: ServerPort
    hosts: list[str]
    tls: NotRequired[ServerTls]


class GatewaySpec(TypedDict):
    """The gateway pods and what they serve."""

    selector: dict[str, str]
    servers: list[Server]


class Gateway(TypedDict):
    """A Gateway of Istio's networking API."""

    apiVersion: NetworkingVersion
    kind: Literal["Gateway"]
    metadata: Metadata
    spec: GatewaySpec


class ClientTls(TypedDict):
    """What clients in the mesh do: leave the mesh's TLS out, or insist on it."""

    mode: Literal["DISABLE", "ISTIO_MUTUAL"]


class TcpPool(TypedDict):
    """Limits on connections, whatever travels on them."""

    maxConnections: NotRequired[int]
    connectTimeout: NotRequired[str]
    idleTimeout: NotRequired[str]


class HttpPool(TypedDict):
    """Limits on connections of HTTP."""

    maxRequestsPerConnection: NotRequired[int]
    idleTimeout: NotRequired[str]


class ConnectionPool(TypedDict):
    """Limits on the connections of one client to one host."""

    tcp: NotRequired[TcpPool]
    http: NotRequired[HttpPool]


class PortPolicy(TypedDict):
    """What holds for one port of a host; nothing of what the host has in general holds there."""

    port: PortNumber
    connectionPool: NotRequired[ConnectionPool]
    tls: NotRequired[ClientTls]


class TrafficPolicy(TypedDict):
    """What holds for a host, and for single ports of it."""

    connectionPool: NotRequired[ConnectionPool]
    tls: NotRequired[ClientTls]
    portLevelSettings: NotRequired[list[PortPolicy]]


class DestinationRuleSpec(TypedDict):
    """How clients in the mesh talk to a host."""

    host: str
    trafficPolicy: TrafficPolicy
    exportTo: list[str]


class DestinationRule(TypedDict):
    """A DestinationRule of Istio's networking API."""

    apiVersion: NetworkingVersion
    kind: Literal["DestinationRule"]
    metadata: Metadata
    spec: DestinationRuleSpec


class OriginatedTls(TypedDict):
    """The TLS that a sidecar makes: whom it asks for, whom it believes, and what it shows."""

    mode: Literal["SIMPLE", "MUTUAL"]
    sni: str
    subjectAltNames: list[str]
    clientCertificate: NotRequired[str]
    privateKey: NotRequired[str]
    caCertificates: NotRequired[str]


class OriginatedPort(TypedDict):
    """A port of a host outside on which sidecars make TLS."""

    port: PortNumber
    tls: OriginatedTls


class OriginatedPorts(TypedDict):
    """What holds for the ports of a host outside."""

    portLevelSettings: list[OriginatedPort]


class ExternalRuleSpec(TypedDict):
    """How sidecars talk to a host outside."""

    host: str
    trafficPolicy: OriginatedPorts
    exportTo: list[str]


class ExternalRule(TypedDict):
    """A DestinationRule for a host outside of the mesh."""

    apiVersion: NetworkingVersion
    kind: Literal["DestinationRule"]
    metadata: Metadata
    spec: ExternalRuleSpec


# --- security.istio.io/v1 --------------------------------------------------------------------------------------------


class MatchLabels(TypedDict):
    """Pods by their labels."""

    matchLabels: dict[str, str]


class MutualTls(TypedDict):
    """Whether a pod's sidecar asks for mesh TLS."""

    mode: Literal["STRICT", "PERMISSIVE", "DISABLE"]


class PeerAuthenticationSpec(TypedDict):
    """What the sidecars of selected pods accept, in general and by container port."""

    selector: MatchLabels
    mtls: MutualTls
    portLevelMtls: dict[str, MutualTls]


class PeerAuthentication(TypedDict):
    """A PeerAuthentication of Istio's security API."""

    apiVersion: Literal["security.istio.io/v1"]
    kind: Literal["PeerAuthentication"]
    metadata: Metadata
    spec: PeerAuthenticationSpec
