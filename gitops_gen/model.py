"""The inventory as the rest of the program sees it: frozen values, defaults filled in, labels resolved.

`inventory/` makes these from text; everything below it reads them. Each value that a later rule may have
to point at keeps its `origin`, the place in the file, which never takes part in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.problems import Location


class Protocol(StrEnum):
    """What travels on a port, in Istio's words; never guessed from a port's name."""

    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"
    HTTPS = "HTTPS"
    TLS = "TLS"
    TCP = "TCP"
    MONGO = "MONGO"
    MYSQL = "MYSQL"
    REDIS = "REDIS"
    UDP = "UDP"
    SCTP = "SCTP"

    @property
    def family(self) -> Family:
        """How a gateway can tell two pods apart on one port: by host, by server name, or not at all."""
        return _FAMILIES[self]


class Family(StrEnum):
    """The three ways in which Istio routes, and the one in which it does not."""

    HTTP = "http"
    TLS = "tls"
    TCP = "tcp"
    NONE = "none"


_FAMILIES = {
    Protocol.HTTP: Family.HTTP,
    Protocol.HTTP2: Family.HTTP,
    Protocol.GRPC: Family.HTTP,
    Protocol.HTTPS: Family.TLS,
    Protocol.TLS: Family.TLS,
    Protocol.TCP: Family.TCP,
    Protocol.MONGO: Family.TCP,
    Protocol.MYSQL: Family.TCP,
    Protocol.REDIS: Family.TCP,
    Protocol.UDP: Family.NONE,
    Protocol.SCTP: Family.NONE,
}


class BackendChoice(StrEnum):
    """The inventory's `backend`: how a route is to name one pod. `existing` carries a template beside it."""

    AUTO = "auto"
    SERVICE_ENTRY = "service-entry"
    DNS = "dns"
    BLOG = "{compat: blog}"
    POD_SERVICE = "pod-service"
    EXISTING = "existing"
    NONE = "none"


class GatewayChoice(StrEnum):
    """The inventory's `gateways`: a Gateway per pod, or shared ones with the ingress."""

    AUTO = "auto"
    PER_POD = "per-pod"
    SHARED = "shared"


class Api(StrEnum):
    """The API in which the routes of an ingress are written."""

    ISTIO = "istio"
    GATEWAY_API = "gateway-api"


class Engine(StrEnum):
    """Who applies the overlays of a cluster."""

    ARGOCD = "argocd"
    FLUX = "flux"
    NONE = "none"


class SyncUnit(StrEnum):
    """The folder that an engine syncs as one: a cluster, a namespace in it, or a workload."""

    CLUSTER = "cluster"
    NAMESPACE = "namespace"
    WORKLOAD = "workload"


class Applications(StrEnum):
    """Who writes Argo CD's Applications: an ApplicationSet of ours, or gitops-gen each of them."""

    SET = "set"
    PLAIN = "plain"


class DeletionPolicy(StrEnum):
    """What Flux does with the resources of a sync unit whose Kustomization is deleted."""

    MIRROR_PRUNE = "MirrorPrune"
    DELETE = "Delete"
    WAIT_FOR_TERMINATION = "WaitForTermination"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flux:
    """How Flux syncs: what is asked for beside the usual.

    `service_accounts`: each unit is applied with rights of its own and no more; `sparse`: only what a cluster is built
    from is checked out; no `deletion_policy` is Flux's own, MirrorPrune.
    """

    service_accounts: bool = False
    sparse: bool = False
    deletion_policy: DeletionPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GitOps:
    """Where the generated tree is published, and what syncs it. `create_namespaces`: the engines see to those, too."""

    repository: str = ""
    branch: str = "main"
    path: str = "."
    engine: Engine = Engine.NONE
    sync_unit: SyncUnit = SyncUnit.NAMESPACE
    create_namespaces: bool = False
    applications: Applications = Applications.SET
    flux: Flux = Flux()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostClaim:
    """Only these namespaces may use hosts under this suffix."""

    suffix: str
    namespaces: tuple[str, ...]
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A guard's limit: exceeded by more than `at_most` in number or more than `percent` of what is there."""

    at_most: int | None
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """How much one publish may change per cluster without an approval (docs/explanation/guards.md)."""

    removed_workloads: Limit = Limit(at_most=3, percent=10)
    removed_resources: Limit = Limit(at_most=None, percent=10)
    changed_hosts: Limit = Limit(at_most=None, percent=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The one Mesh of an inventory; its name owns every sealed file."""

    name: str
    trust_domain: str = "cluster.local"
    vip_pool: str = "240.241.0.0/16"
    gitops: GitOps = GitOps()
    guards: Guards = Guards()
    hosts: tuple[HostClaim, ...] = ()
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Istio:
    """What the inventory declares about a cluster's Istio.

    `endpoint_discovery` says whether this istiod reads the endpoints of other clusters; None is "not declared",
    treated as on wherever that is the careful reading
    (docs/explanation/what-istio-does.md, "Endpoint discovery").
    """

    version: str = "1.24"
    """`major.minor`."""
    mtls: str = "strict"
    dns_capture: bool = False
    endpoint_discovery: bool | None = None
    outbound_policy: str = "ALLOW_ANY"
    """`REGISTRY_ONLY`: sidecars let nothing out that the mesh does not know."""
    ambient: bool = False
    """True: pods are in the mesh by ztunnel and waypoints, without sidecars."""
    waypoint: str | None = None
    """The waypoint that looks at traffic to single pods; None: none does."""
    gateway_api_version: str = "1.1"
    """The oldest Gateway API whose resource definitions are there."""
    gateway_api_alpha: bool = False
    """True: istiod reads TLSRoute and TCPRoute as `v1alpha2`."""

    @property
    def release(self) -> tuple[int, int]:
        """`version` in numbers; (0, 0) for what is no version, which a rule of its own tells."""
        major, _, minor = self.version.partition(".")
        return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Somebody who signs certificates, as cert-manager knows it."""

    name: str
    kind: str = "ClusterIssuer"
    group: str = "cert-manager.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """One named ingress gateway of a cluster."""

    name: str
    default: bool
    namespace: str
    selector: tuple[tuple[str, str], ...]
    host_template: str
    open_ports: tuple[tuple[int, int], ...] = ()
    """Inclusive ranges; empty means not declared."""
    credential_name: str | None = None
    """The Secret with the certificate; a template may give each pod one of its own."""
    client_ca: str | None = None
    """The Secret with the authority that signed the certificates of clients; a template as `credential_name` is."""
    scoped: bool = False
    """True: its pods look for Gateways in their own namespace only."""
    existing_gateway: str | None = None
    """`namespace/name` of a Gateway that somebody else owns; None: gitops-gen writes the Gateways."""
    protected: bool = False
    """True: Argo CD deletes its Gateways only when a person has confirmed it."""
    addresses: tuple[str, ...] = ()
    api: Api = Api.ISTIO
    service: str | None = None
    """The Service of the gateway pods, in their namespace; Gateway API finds them by it."""
    listeners: tuple[tuple[int, str], ...] = ()
    """Gateway port -> name of its listener, where an existing Gateway of Gateway API calls it something of its own."""
    listener_sets: bool = False
    """True: listeners of TCP are in ListenerSets beside the Gateway."""
    dns_endpoint: bool = False
    """True: every host gets a record for external-dns, to `addresses`."""
    issuer: Issuer | None = None
    """Who signs the certificates that cert-manager is to make; None: they are there already."""
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EastWest:
    """The gateway through which other clusters reach this one's pods, by IP addresses or by one DNS name."""

    addresses: tuple[str, ...]
    port: int = 15443
    namespace: str = "istio-system"
    selector: tuple[tuple[str, str], ...] = ()
    generated: bool = False
    """True: gitops-gen writes the AUTO_PASSTHROUGH Gateway; False: it is there already."""
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A Kubernetes cluster with its istiod, ingress gateways and engine."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    istio: Istio = Istio()
    network: str = ""
    cluster_domain: str = "cluster.local"
    ingresses: tuple[Ingress, ...] = ()
    east_west: EastWest | None = None
    engine: Engine = Engine.NONE
    output: int = 1
    origin: Location = field(compare=False, repr=False)

    def ingress(self, name: str) -> Ingress:
        """Return the ingress of that name. Raises KeyError: the rules have checked the name before."""
        for ingress in self.ingresses:
            if ingress.name == name:
                return ingress
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way from an ingress gateway to a port of each pod, or, with `service`, to a companion Service.

    Exactly one of `port` (the same gateway port for all pods) and `start_port` (plus ordinal and the placement's
    offset) is set. `host` is a template; `own_host` says that the route wrote it, so it is not the ingress's.
    """

    ingress: str
    host: str
    own_host: bool
    port: int | None = None
    start_port: int | None = None
    service: str | None = None
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How clients treat a port of a pod; "" and None: nothing is said. Durations are as Istio writes them."""

    timeout: str = ""
    attempts: int = 0
    per_try_timeout: str = ""
    retry_on: str = ""
    max_connections: int | None = None
    connect_timeout: str = ""
    idle_timeout: str = ""
    max_requests: int | None = None

    @property
    def limits_connections(self) -> bool:
        """Tell whether it says anything of connections."""
        return bool(self.max_connections or self.connect_timeout or self.idle_timeout or self.max_requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of the pods. `number` is what clients dial; `target` the container's port, by number or by name."""

    name: str
    number: int
    target: int | str
    protocol: Protocol
    routes: tuple[Route, ...] = ()
    own_mtls: bool = False
    in_mesh: bool = True
    """False: the pods' sidecar leaves it alone, or they have none."""
    policy: Policy = Policy()
    before_ready: bool = False
    carried: bool = True
    not_carried_because: str = ""
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod by name; `ordinal` is its number, or None where an operator's name ends in none."""

    name: str
    ordinal: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One set of pods (usually a StatefulSet) of a workload in one cluster, everything resolved.

    `service` is the governing Service, None where there is none; `autoscaled` says that `pods` is the upper bound.
    """

    cluster: str
    stateful_set: str
    pods: tuple[Pod, ...]
    autoscaled: bool = False
    service: str | None
    service_account: str | None
    in_mesh: bool = True
    """False: the pods have no sidecar."""
    ports: tuple[Port, ...]
    port_offset: int = 0
    pod_label: str = "statefulset.kubernetes.io/pod-name"
    backend: BackendChoice = BackendChoice.AUTO
    existing_backend: str | None = None
    """Template for the name of a Service that is there already; set exactly when `backend` is `existing`."""
    gateways: GatewayChoice = GatewayChoice.AUTO
    origin: Location = field(compare=False, repr=False)

    @property
    def without_mesh_tls(self) -> tuple[Port, ...]:
        """Ports for which the mesh's TLS has to be switched off: the pods have a sidecar, and it does not end it there.

        Of pods without a sidecar nobody expects it (docs/explanation/what-istio-does.md, "Outside the mesh").
        """
        if not self.in_mesh:
            return ()
        return tuple(port for port in self.ports if port.carried and (port.own_mtls or not port.in_mesh))


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A rule that a workload sets aside, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A Kustomize component of people's own, `components/<name>/`, and where the workload names it."""

    name: str
    origin: Location = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A stateful workload over all its clusters."""

    namespace: str
    name: str
    selector: tuple[tuple[str, str], ...] = ()
    """Labels of the pods; needed where a generated object has to select them all."""
    create_service: bool = False
    allow_consumers: tuple[str, ...] | None = None
    """`namespace/name` or `namespace/*` of who may consume it; None: everybody."""
    set_aside: tuple[Switch, ...] = ()
    components: tuple[Component, ...] = ()
    """On top of what is generated, in every cluster that it is placed in; in the order written."""
    placements: tuple[Placement, ...] = ()
    """Sorted by cluster, then in the order written."""
    origin: Location = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """The workload as people write it: `namespace/name`."""
        return f"{self.namespace}/{self.name}"


class Via(StrEnum):
    """How a consumer gets to pods of other clusters."""

    NORTH_SOUTH = "north-south"
    EAST_WEST = "east-west"


class EndpointFormat(StrEnum):
    """The file formats in which a consumer may want its list of endpoints."""

    FILE_SD = "file-sd"
    THANOS = "thanos"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointList:
    """A ConfigMap with the addresses of every pod that a consumer dials; it follows the scale."""

    config_map: str
    format: EndpointFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOrigination:
    """How a consumer's sidecar makes TLS of plain HTTP: files in the sidecar, "" for none."""

    ca_certificates: str = ""
    client_certificate: str = ""
    private_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Somebody in one cluster who dials the pods of some workloads on one of their ports."""

    namespace: str
    name: str
    cluster: str
    workloads: tuple[str, ...]
    """Keys `namespace/name`, sorted."""
    via: Via
    port: str
    originate: TlsOrigination | None = None
    """Its application speaks plain HTTP, and its sidecar makes TLS of it; north-south only."""
    endpoints: EndpointList | None = None
    origin: Location = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """The consumer as people write it: `namespace/name`."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """A whole, valid inventory. `digest` is over what it means, not over how it is written."""

    mesh: Mesh
    clusters: Mapping[str, Cluster]
    """By name, in order of names."""
    workloads: tuple[Workload, ...]
    """In order of (namespace, name)."""
    consumers: tuple[Consumer, ...]
    """In order of (namespace, name)."""
    digest: str
    left: Mapping[str, Engine] = field(default_factory=dict)
    """Clusters that have left the inventory, and what still syncs them: what an inventory cannot know by itself."""

    def reasons(self) -> dict[tuple[str, str], str]:
        """Return why which workload sets which rule aside: (workload, rule) -> reason."""
        return {(one.key, switch.rule): switch.reason for one in self.workloads for switch in one.set_aside}
