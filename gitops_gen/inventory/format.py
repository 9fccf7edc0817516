"""The inventory as it is written: one pydantic model per kind and per mapping in it.

These models say which keys there are, of which types and in which bounds, nothing more; what must hold between
fields and documents is in `rules/`, so that each of those problems gets its own words and place. They are also
the source of the JSON Schemas: every description here is what an editor shows.

Scalars are strict (nothing is ever coerced) and unknown keys are refused. Where a field may be written in two
forms, the form is picked by the type of what was written, so that an error speaks of that form only. The tag of
the picked form, always in parentheses, stands in the `loc` of pydantic's errors: drop it to get the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
)
from pydantic.alias_generators import to_camel

from gitops_gen.model import (
    Api,
    Applications,
    DeletionPolicy,
    EndpointFormat,
    Engine,
    GatewayChoice,
    Protocol,
    SyncUnit,
    Via,
)

if TYPE_CHECKING:
    from pydantic_core import CoreSchema
    from pydantic_core.core_schema import NullableSchema

API_VERSION = "gitops-gen.io/v1alpha1"

PODS_PER_CLUSTER = 150_000
"""What Kubernetes supports in one cluster (its own limit for large clusters); no placement can be larger."""

HIGHEST_ORDINAL = 2_147_483_647
"""`spec.ordinals.start` of a StatefulSet is a 32-bit integer."""

Text: TypeAlias = Annotated[StrictStr, Field(min_length=1, max_length=1024)]
PortNumber: TypeAlias = Annotated[StrictInt, Field(ge=1, le=65535)]
Count: TypeAlias = Annotated[StrictInt, Field(ge=0, le=PODS_PER_CLUSTER)]
Percent: TypeAlias = Annotated[StrictInt, Field(ge=0, le=100)]


def _mapping_or_plain(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a value that is either a mapping or a scalar."""
    return "(mapping)" if isinstance(written, dict | BaseModel) else "(plain)"


def _backend_form(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a `backend`: a word, the old recipe, or the template of a Service that is there already."""
    if not isinstance(written, dict | BaseModel):
        return "(plain)"
    old = isinstance(written, CompatBackend) or (isinstance(written, dict) and "compat" in written)
    return "(compat)" if old else "(existing)"


def _list_or_mapping(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a value that is either a list or a mapping."""
    return "(list)" if isinstance(written, list) else "(mapping)"


def _text_or_number(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a value that is either text or a number."""
    return "(text)" if isinstance(written, str) else "(number)"


PortOrText: TypeAlias = Annotated[
    Annotated[PortNumber, Tag("(number)")] | Annotated[Text, Tag("(text)")],
    Discriminator(_text_or_number),
]


class _NotNull:
    """Refuses a written null: who writes `expose:` and nothing after it means something, but not "absent"."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Take the nullable type apart again; None stays what an absent field has."""
        nullable = cast("NullableSchema", handler(source))
        return nullable["schema"]


Value = TypeVar("Value")
Given: TypeAlias = Annotated[Value | None, _NotNull()]
"""A field that may be absent (then None here) but not null."""


def _tidy(schema: dict[str, Any]) -> None:
    """Take out of a JSON Schema what only says how pydantic works: titles, and null as the default of absent."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
        if "default" in field and field["default"] is None:
            del field["default"]


class Fields(BaseModel):
    """A mapping with known keys only, in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        json_schema_extra=_tidy,
        protected_namespaces=(),
        use_attribute_docstrings=True,
    )


# What several kinds share.


class ExistingBackend(Fields):
    """A backend that somebody else made: an operator's own Service per pod."""

    existing: Text
    """Name of the Service of one pod, as a template such as `kafka-{ordinal}-internal`. Fields: {cluster},
    {namespace}, {workload}, {pod}, {ordinal}, {ordinal+1}."""


class CompatBackend(Fields):
    """A shape from elsewhere, for a mesh that has it already."""

    compat: Literal["blog"]
    """`blog`: a ServiceEntry with resolution DNS on the pod's own name and no endpoints, as an article of 2019 has it,
    and the DestinationRule without which it does not work under mutual TLS."""


Backend: TypeAlias = Annotated[
    Annotated[Literal["auto", "service-entry", "pod-service", "dns", "none"], Tag("(plain)")]
    | Annotated[CompatBackend, Tag("(compat)")]
    | Annotated[ExistingBackend, Tag("(existing)")],
    Discriminator(_backend_form),
]


class NameMetadata(Fields):
    """The name of a Mesh."""

    name: Text
    """A lower-case DNS label. The Mesh's name owns every generated file: keep it for ever."""


class ClusterMetadata(Fields):
    """Name and labels of a Cluster."""

    name: Text
    """A lower-case DNS label. It is part of every host and of the name of every resource of a pod."""
    labels: dict[StrictStr, StrictStr] = {}
    """Labels by which placements select clusters (`clusters: {ring: production}`)."""


class NamespacedMetadata(Fields):
    """Namespace and name of a Workload or a Consumer."""

    name: Text
    """A lower-case DNS label, unique in its namespace."""
    namespace: Text
    """The Kubernetes namespace, the same in every cluster."""


# Mesh


class ArgoCDFields(Fields):
    """How Argo CD is told of the sync units."""

    applications: Applications = Applications.SET
    """`set`: an ApplicationSet makes the Applications; `plain`: each is written out."""


class FluxFields(Fields):
    """How Flux syncs the units."""

    service_accounts: StrictBool = False
    """True: a service account for each unit, with a Role for the kinds that gitops-gen writes and nothing else."""
    sparse: StrictBool = False
    """True: a cluster's GitRepository checks out only the folders that the cluster is built from."""
    deletion_policy: Given[DeletionPolicy] = None
    """What becomes of a unit's resources when its Kustomization is deleted: MirrorPrune (Flux's own default), Delete,
    WaitForTermination or Orphan, which keeps them."""


class GitOpsFields(Fields):
    """Where the generated tree is published."""

    repository: Given[Text] = None
    """The GitOps repository: `https://...`, `ssh://...`, `git@host:path` or a local path. Never with a password."""
    branch: Text = "main"
    """The branch that the engines follow."""
    path: Text = "."
    """The folder in the repository that belongs to this Mesh."""
    engine: Engine = Engine.NONE
    """Who applies the overlays: argocd, flux or none. A Cluster may differ."""
    sync_unit: SyncUnit = SyncUnit.NAMESPACE
    """What an engine syncs as one: a cluster, a namespace in it, or a workload."""
    create_namespaces: StrictBool = False
    """True: the engines create the namespaces that are missing, and never delete one."""
    argocd: ArgoCDFields = Field(default_factory=ArgoCDFields)
    """What the objects for Argo CD are like."""
    flux: FluxFields = Field(default_factory=FluxFields)
    """What the objects for Flux are like."""


class LimitFields(Fields):
    """A guard's limit, in number and in percent of what is there; whichever is less holds."""

    at_most: Given[Count] = None
    """The highest number that passes without an approval."""
    percent: Given[Percent] = None
    """The highest share, in percent, that passes without an approval."""


class GuardsFields(Fields):
    """How much one publish may take away or change in a cluster without an approval."""

    removed_workloads: LimitFields = Field(default_factory=LimitFields)
    """Workloads that are taken away (default: at most 3, 10 percent)."""
    removed_resources: LimitFields = Field(default_factory=LimitFields)
    """Resources that are taken away (default: 10 percent)."""
    changed_hosts: LimitFields = Field(default_factory=LimitFields)
    """Hosts that change (default: 30 percent)."""


class HostClaimFields(Fields):
    """Reserves the hosts under a suffix for some namespaces."""

    suffix: Text
    """A domain such as `db.example.com`: the claim covers it and every host that ends in `.db.example.com`."""
    namespaces: Annotated[list[Text], Field(min_length=1)]
    """The namespaces whose workloads may use these hosts; all others are refused."""


class MeshSpec(Fields):
    """What holds for the whole mesh."""

    trust_domain: Text = "cluster.local"
    """Istio's trust domain, the first part of every workload identity."""
    vip_pool: Text = "240.241.0.0/16"
    """IPv4 range for shapes that need an address of their own; outside 240.240.0.0/16, which is Istio's."""
    gitops: GitOpsFields = Field(default_factory=GitOpsFields)
    """The GitOps repository and who applies it."""
    guards: GuardsFields = Field(default_factory=GuardsFields)
    """Limits on what one publish may take away."""
    hosts: list[HostClaimFields] = []
    """Who may use which hosts."""
    backend: Given[Backend] = None
    """How a route names one pod, where Cluster, Workload and placement say nothing. Default: auto."""
    gateways: Given[GatewayChoice] = None
    """A Gateway per pod or shared ones, where Cluster, Workload and placement say nothing. Default: auto."""


class MeshDocument(Fields):
    """The mesh that an inventory describes; there is exactly one."""

    api_version: Literal["gitops-gen.io/v1alpha1"]
    """The version of the inventory language."""
    kind: Literal["Mesh"]
    """What this document describes."""
    metadata: NameMetadata
    """The Mesh's name."""
    spec: MeshSpec = Field(default_factory=MeshSpec)
    """Trust domain, publishing, guards and defaults for all clusters."""


# Cluster


class IstioFields(Fields):
    """What a cluster's Istio is like. gitops-gen never asks the cluster, it believes this."""

    version: Text = "1.24"
    """The oldest Istio that runs there, in quotes: `"1.30"`. 1.24 at least."""
    mtls: Literal["strict", "permissive", "disabled"] = "strict"
    """The PeerAuthentication mode that the pods run with."""
    dataplane: Literal["sidecar", "ambient"] = "sidecar"
    """How pods take part in the mesh. `ambient` is supported by Istio's documentation; it was not tried."""
    waypoint: Given[Text] = None
    """Ambient: the waypoint in each workload's namespace that applies L7 policy to single pods, `istio.io/waypoint-for:
    service` or `all`. Absent: none."""
    dns_capture: StrictBool = False
    """True where sidecars answer DNS queries themselves (ISTIO_META_DNS_CAPTURE)."""
    gateway_api_version: Text = "1.1"
    """The oldest Gateway API whose resource definitions are there, in quotes: `"1.6"`. 1.0 at least."""
    gateway_api_alpha: StrictBool = False
    """True where istiod runs with PILOT_ENABLE_ALPHA_GATEWAY_API=true, which older ones need for TLS and TCP routes."""
    endpoint_discovery: Given[StrictBool] = None
    """Does this cluster's istiod read the endpoints of other clusters (remote secrets)? Absent: unknown, and treated
    as true wherever that is the careful reading."""
    outbound_policy: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "ALLOW_ANY"
    """What sidecars do with hosts that the mesh does not know: let them out, or not. With REGISTRY_ONLY, what
    north-south Consumers dial is made known to their sidecars."""


class TlsOriginationFields(Fields):
    """Files in the consumer's sidecar, for the TLS that it makes. `{}`: the authorities that the system trusts."""

    ca_certificates: Given[Text] = None
    """The authorities of the ingress's certificate. Default: those of the sidecar's system."""
    client_certificate: Given[Text] = None
    """The certificate that the sidecar shows, where the ingress has a `clientCA`; with `privateKey`."""
    private_key: Given[Text] = None
    """The key of that certificate."""


class ExistingGateway(Fields):
    """A Gateway that somebody else owns."""

    existing: Text
    """`namespace/name` of the Gateway to attach routes to."""
    listeners: dict[StrictStr, Text] = {}
    """Gateway API: the names of its listeners by gateway port, `{"443": web}`. Default: `https-443`, `tcp-6379`."""


class IssuerFields(Fields):
    """Who signs certificates, as cert-manager knows it."""

    name: Text
    """Name of the issuer."""
    kind: Text = "ClusterIssuer"
    """`ClusterIssuer`, or `Issuer` for one in the namespace of the gateway pods."""
    group: Text = "cert-manager.io"
    """API group of the issuer; another one for issuers that others have made."""


class IngressFields(Fields):
    """One ingress gateway of a cluster: the pods that serve it, its hosts, ports and certificate."""

    default: Given[StrictBool] = None
    """True for the ingress that routes use when they name none; a single ingress is the default by itself."""
    namespace: Text
    """Namespace of the gateway pods."""
    selector: Annotated[dict[StrictStr, StrictStr], Field(min_length=1)] = {"istio": "ingressgateway"}
    """Labels of the gateway pods."""
    host_template: Given[Text] = None
    """Host of a pod, such as `{cluster}-{pod}.example.com`. Fields: {cluster}, {namespace}, {workload}, {pod},
    {ordinal}, {ordinal+1}, {port}. Needed unless every route on this ingress writes its own host."""
    open_ports: Given[list[PortOrText]] = None
    """The ports that the ingress Service really exposes: numbers and ranges such as `31000-31099`. Absent: unknown."""
    credential_name: Given[Text] = None
    """Secret with the certificate, in the gateway pods' namespace. Absent: HTTP routes are served in plain text. As a
    template, such as `{cluster}-{pod}-tls`, it gives each pod a certificate, and a server, of its own. Fields:
    {cluster}, {namespace}, {workload}, {pod}, {ordinal}, {ordinal+1}."""
    client_ca: Given[Text] = Field(default=None, alias="clientCA")
    """Secret with the authority of the clients' certificates, in the gateway pods' namespace: clients have to show one
    (mutual TLS). `NAME-cacert` beside the certificate NAME, or NAME itself, where it holds both; any other name needs
    Istio 1.27. A template as `credentialName` is."""
    scoped: StrictBool = False
    """True where istiod runs with PILOT_SCOPE_GATEWAY_TO_NAMESPACE: the gateway pods look for Gateways in their own
    namespace only, so all Gateways are written there."""
    gateway: Annotated[
        Annotated[Literal["generated"], Tag("(plain)")] | Annotated[ExistingGateway, Tag("(mapping)")],
        Discriminator(_mapping_or_plain),
    ] = "generated"
    """`generated`: gitops-gen writes the Gateways; `{existing: namespace/name}`: routes attach to that one."""
    protected: StrictBool = False
    """True: Argo CD deletes the Gateways of this ingress only when a person has confirmed it."""
    addresses: list[Text] = []
    """IP addresses or DNS names under which clients reach the ingress; for DNS and endpoint lists."""
    api: Given[Api] = None
    """`istio`: VirtualServices and Istio's Gateways; `gateway-api`: HTTPRoutes and the like, with a Service per pod.
    Default: istio; gateway-api in an ambient cluster."""
    service: Given[Text] = None
    """Gateway API: the Service of the gateway pods, in their namespace; needed where the Gateway is generated."""
    listener_sets: StrictBool = False
    """Gateway API: put the listeners of TCP, one per pod, into ListenerSets of 64; a Gateway holds 64 in all."""
    dns: Given[Literal["dnsendpoint"]] = None
    """`dnsendpoint`: each host gets a record to `addresses`, as a DNSEndpoint of external-dns. Absent: none."""
    certificates: Given[Literal["cert-manager"]] = None
    """`cert-manager`: a Certificate makes the Secret that `credentialName` names. Absent: it is there already."""
    issuer_ref: Given[IssuerFields] = None
    """Who signs these certificates."""


class EastWestFields(Fields):
    """The gateway through which other clusters reach this cluster's pods."""

    address: Given[Text] = None
    """Its one IP address or DNS name."""
    addresses: Given[Annotated[list[Text], Field(min_length=1)]] = None
    """Its IP addresses, if it has several; instead of `address`."""
    port: PortNumber = 15443
    """Its port for mutual TLS that is passed through."""
    namespace: Text = "istio-system"
    """Namespace of the gateway pods."""
    selector: Annotated[dict[StrictStr, StrictStr], Field(min_length=1)] = {"istio": "eastwestgateway"}
    """Labels of the gateway pods."""
    gateway: Literal["existing", "generated"] = "existing"
    """`existing`: the Gateway with mode AUTO_PASSTHROUGH is there already; `generated`: gitops-gen writes it."""


class ClusterSpec(Fields):
    """One Kubernetes cluster of the mesh."""

    istio: IstioFields = Field(default_factory=IstioFields)
    """What its Istio is like."""
    network: Given[Text] = None
    """Name of its network; clusters of one network reach each other's pods directly. Absent: the nameless network."""
    cluster_domain: Text = "cluster.local"
    """The DNS domain of Services."""
    ingresses: dict[StrictStr, IngressFields] = {}
    """Its ingress gateways by name."""
    east_west: Given[EastWestFields] = None
    """Its gateway for traffic from other clusters."""
    engine: Given[Engine] = None
    """Who applies this cluster's overlays. Default: the Mesh's `gitops.engine`."""
    output: Literal[1] = 1
    """The output level: what the generated bytes look like, pinned until it is moved."""
    backend: Given[Backend] = None
    """How a route names one pod, where Workload and placement say nothing."""
    gateways: Given[GatewayChoice] = None
    """A Gateway per pod or shared ones, where Workload and placement say nothing."""


class ClusterDocument(Fields):
    """A Kubernetes cluster with its Istio and its gateways."""

    api_version: Literal["gitops-gen.io/v1alpha1"]
    """The version of the inventory language."""
    kind: Literal["Cluster"]
    """What this document describes."""
    metadata: ClusterMetadata
    """Name and labels."""
    spec: ClusterSpec = Field(default_factory=ClusterSpec)
    """What the cluster is like."""


# Workload


class RouteFields(Fields):
    """One way in: from a port of an ingress, by a host, to this port of each pod. `{}` takes every default."""

    ingress: Given[Text] = None
    """Name of the ingress. Default: the cluster's default ingress."""
    host: Given[Text] = None
    """Template of the host; for example a second name of the pod. Default: the ingress's `hostTemplate`."""
    port: Given[PortNumber] = None
    """The gateway port, the same for all pods. Default: 443 for TLS and for HTTP with a certificate, 80 for HTTP
    without."""
    start_port: Given[PortNumber] = None
    """For TCP: the gateway port of ordinal 0; ordinal n has `startPort` + n (+ the placement's `portOffset`)."""
    service: Given[Text] = None
    """A companion: the route leads to this Service (bootstrap, read-only, any pod) instead of to the pods."""


class RetriesFields(Fields):
    """How often a failed request is tried again, at the same pod."""

    attempts: Annotated[StrictInt, Field(ge=0, le=100)] = 0
    """How often. Default: never, for the one pod that is meant is the only one that could be tried."""
    per_try_timeout: Given[Text] = None
    """How long each try may take, such as `2s`."""
    retry_on: Given[Text] = None
    """Which failures count, in Envoy's words, such as `connect-failure`."""


class ConnectionsFields(Fields):
    """Limits on the connections of each gateway or sidecar to one pod."""

    max: Given[Annotated[StrictInt, Field(ge=1, le=2_147_483_647)]] = None
    """The most connections at a time."""
    connect_timeout: Given[Text] = None
    """How long connecting may take, such as `5s`."""
    idle_timeout: Given[Text] = None
    """After how long without traffic a connection is closed, such as `1h`."""
    max_requests: Given[Annotated[StrictInt, Field(ge=1, le=2_147_483_647)]] = None
    """HTTP: the most requests on one connection, after which it is closed."""


class PolicyFields(Fields):
    """How gateways, and clients in the mesh that go by a pod's own backend, treat it."""

    timeout: Given[Text] = None
    """HTTP: how long an answer may take, such as `30s`."""
    retries: Given[RetriesFields] = None
    """HTTP: whether a failed request is tried again."""
    connections: Given[ConnectionsFields] = None
    """Limits on connections."""


class PortFields(Fields):
    """A port of the pods."""

    name: Text
    """A lower-case DNS label, unique in the workload."""
    port: PortNumber
    """The number that clients dial."""
    target_port: Given[PortOrText] = None
    """The container's port, by number or by name. Default: `port`."""
    protocol: Protocol
    """What travels on it; never guessed from the name."""
    expose: Given[
        Annotated[
            Annotated[RouteFields, Tag("(mapping)")] | Annotated[list[RouteFields], Tag("(list)")],
            Discriminator(_list_or_mapping),
        ]
    ] = None
    """How clients outside the mesh get to it: one route (`{}` for all defaults) or a list. Absent: in the mesh only."""
    before_ready: StrictBool = False
    """True: members need this port before they are Ready."""
    mtls: Given[Literal["own"]] = None
    """`own`: the port does its own TLS, and the mesh's is switched off for it."""
    mesh: StrictBool = True
    """False: the sidecar leaves this port alone (excluded ports), so the mesh's TLS is switched off for it."""
    policy: Given[PolicyFields] = None
    """How clients treat this port. What it does not say, the workload's policy says."""
    carried: StrictBool = True
    """False: no Istio route can carry it (UDP, SCTP, host network); it is kept and reported, never routed."""
    reason: Given[Text] = None
    """Why the port is not carried; needed with `carried: false`."""


class ServiceFields(Fields):
    """The governing (headless) Service of the StatefulSet."""

    name: Given[Text] = None
    """Its name. Default: the workload's name."""
    create: StrictBool = False
    """True: gitops-gen writes the Service; it then needs the workload's `selector`."""


class PlacementServiceFields(Fields):
    """The governing Service of this placement."""

    name: Text
    """Its name in this cluster."""


class ReplicasUpTo(Fields):
    """Replicas that an autoscaler owns."""

    max: Count
    """The highest number of pods that there can be; routes are written for all of them."""


class OrdinalsFields(Fields):
    """The numbering of a StatefulSet's pods."""

    start: Annotated[StrictInt, Field(ge=0, le=HIGHEST_ORDINAL)] = 0
    """The number of the first pod."""


class PlacementFields(Fields):
    """One set of pods of a workload, in one cluster or in every cluster with some labels."""

    cluster: Given[Text] = None
    """Name of the cluster; or `clusters`."""
    clusters: Given[Annotated[dict[StrictStr, StrictStr], Field(min_length=1)]] = None
    """Labels: the placement is in every cluster that has all of them."""
    replicas: Given[
        Annotated[
            Annotated[Count, Tag("(plain)")] | Annotated[ReplicasUpTo, Tag("(mapping)")],
            Discriminator(_mapping_or_plain),
        ]
    ] = None
    """How many pods, or `{max: n}` where an autoscaler decides; or `names`."""
    ordinals: Given[OrdinalsFields] = None
    """Where the numbers of the pods start. Default: 0."""
    names: Given[Annotated[list[Text], Field(min_length=1, max_length=PODS_PER_CLUSTER)]] = None
    """The pods by name, instead of `replicas`; for operators that leave gaps."""
    stateful_set: Given[Text] = None
    """Name of the StatefulSet, from which the pods' names are made. Default: the workload's name."""
    service: PlacementServiceFields | None = None
    """The governing Service here; null: there is none. Default: the workload's."""
    service_account: Given[Text] = None
    """The pods' service account here. Default: the workload's."""
    mesh: Given[StrictBool] = None
    """False: the pods have no sidecar here. Default: the workload's."""
    ports: Given[list[PortFields]] = None
    """The ports here, all of them. Default: the workload's."""
    port_offset: Annotated[StrictInt, Field(ge=0, le=65535)] = 0
    """Added to every `startPort`, so that several sets of one cluster do not meet."""
    pod_label: Given[Text] = None
    """The label that holds the pod's name. Default: statefulset.kubernetes.io/pod-name."""
    backend: Given[Backend] = None
    """How a route names one pod here."""
    gateways: Given[GatewayChoice] = None
    """A Gateway per pod or shared ones, here."""


class SwitchFields(Fields):
    """A rule that is set aside for one workload."""

    rule: Text
    """Id of the rule, such as `GGI031`; the page of a rule says whether it can be set aside."""
    reason: Text
    """Why it does not hold here, for those who review it. It is shown wherever the rule would have been."""


class WorkloadSpec(Fields):
    """A stateful workload over all its clusters."""

    service: ServiceFields | None = Field(default_factory=ServiceFields)
    """The governing Service; null: there is none. Default: one with the workload's name that is there already."""
    service_account: Given[Text] = None
    """The pods' service account; east-west consumers verify it."""
    mesh: StrictBool = True
    """False: the pods have no sidecar. Clients speak plain text to them, and they have no identity."""
    selector: Given[Annotated[dict[StrictStr, StrictStr], Field(min_length=1)]] = None
    """Labels that all pods have; needed for `service.create` and for ports with `mtls: own` or `mesh: false`."""
    ports: list[PortFields] = []
    """The ports of the pods."""
    policy: Given[PolicyFields] = None
    """How clients treat all ports, as far as their protocols have it."""
    placements: list[PlacementFields]
    """Where the pods are and how many."""
    allow_consumers: Given[list[Text]] = None
    """Who may consume it: `namespace/name` or `namespace/*`. Absent: everybody."""
    set_aside: list[SwitchFields] = []
    """Rules that do not hold for this workload, each with a reason."""
    backend: Given[Backend] = None
    """How a route names one pod."""
    gateways: Given[GatewayChoice] = None
    """A Gateway per pod or shared ones."""


class WorkloadDocument(Fields):
    """A stateful workload: its ports, what it exposes, and where its pods are."""

    api_version: Literal["gitops-gen.io/v1alpha1"]
    """The version of the inventory language."""
    kind: Literal["Workload"]
    """What this document describes."""
    metadata: NamespacedMetadata
    """Namespace and name."""
    spec: WorkloadSpec
    """What the workload is like."""


# Consumer


class EndpointsFields(Fields):
    """A ConfigMap with the addresses of every pod; it follows the scale."""

    config_map: Text
    """Its name, in the Consumer's namespace."""
    format: EndpointFormat
    """`file-sd` (Prometheus file service discovery) or `thanos` (endpoint groups of a Thanos querier)."""


class ConsumerSpec(Fields):
    """Who dials which pods, from where and how."""

    cluster: Text
    """The cluster in which the consumer runs."""
    workloads: Annotated[list[Text], Field(min_length=1)]
    """The workloads that it dials, as `namespace/name`."""
    via: Via
    """`north-south`: by the ingresses, so the port must be exposed; `east-west`: inside the mesh."""
    port: Text
    """Name of the port that it dials."""
    originate_tls: Given[TlsOriginationFields] = Field(default=None, alias="originateTLS")
    """The application speaks plain HTTP, and its sidecar makes TLS of it: on port 80 for the ingress's 443, else on
    the ingress's own port. North-south only."""
    endpoints: Given[EndpointsFields] = None
    """A list of the pods' addresses that follows the scale."""


class ConsumerDocument(Fields):
    """Somebody in one cluster who dials the pods of some workloads; written by the team that dials."""

    api_version: Literal["gitops-gen.io/v1alpha1"]
    """The version of the inventory language."""
    kind: Literal["Consumer"]
    """What this document describes."""
    metadata: NamespacedMetadata
    """Namespace and name."""
    spec: ConsumerSpec
    """What the consumer dials."""


AnyDocument: TypeAlias = MeshDocument | ClusterDocument | WorkloadDocument | ConsumerDocument

DOCUMENTS: dict[str, type[MeshDocument | ClusterDocument | WorkloadDocument | ConsumerDocument]] = {
    "Mesh": MeshDocument,
    "Cluster": ClusterDocument,
    "Workload": WorkloadDocument,
    "Consumer": ConsumerDocument,
}
"""The model of each kind."""
