"""A Workload as it is written: its ports, routes and placements."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StrictBool, StrictInt, StrictStr, Tag

from gitops_gen.inventory.format.fields import (
    PODS_PER_CLUSTER,
    Backend,
    Count,
    Fields,
    Given,
    NamespacedMetadata,
    PortNumber,
    PortOrText,
    Text,
    list_or_mapping,
    mapping_or_plain,
)
from gitops_gen.model import GatewayChoice, Protocol

HIGHEST_ORDINAL = 2_147_483_647
"""`spec.ordinals.start` of a StatefulSet is a 32-bit integer."""


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
            Discriminator(list_or_mapping),
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
            Discriminator(mapping_or_plain),
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
    components: list[Text] = []
    """Kustomize components of your own, by the names of their folders in `components/` of the GitOps repository; they
    are put on top of what is generated, in this order."""
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
