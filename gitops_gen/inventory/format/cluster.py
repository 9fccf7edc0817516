"""A Cluster as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StrictBool, StrictStr, Tag

from gitops_gen.inventory.format.fields import Backend, Fields, Given, PortNumber, PortOrText, Text, mapping_or_plain
from gitops_gen.model import Api, Engine, GatewayChoice


class ClusterMetadata(Fields):
    """Name and labels of a Cluster."""

    name: Text
    """A lower-case DNS label. It is part of every host and of the name of every resource of a pod."""
    labels: dict[StrictStr, StrictStr] = {}
    """Labels by which placements select clusters (`clusters: {ring: production}`)."""


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
        Discriminator(mapping_or_plain),
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
