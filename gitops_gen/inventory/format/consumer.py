"""A Consumer as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gitops_gen.inventory.format.fields import Fields, Given, NamespacedMetadata, Text
from gitops_gen.model import EndpointFormat, Via


class TlsOriginationFields(Fields):
    """Files in the consumer's sidecar, for the TLS that it makes. `{}`: the authorities that the system trusts."""

    ca_certificates: Given[Text] = None
    """The authorities of the ingress's certificate. Default: those of the sidecar's system."""
    client_certificate: Given[Text] = None
    """The certificate that the sidecar shows, where the ingress has a `clientCA`; with `privateKey`."""
    private_key: Given[Text] = None
    """The key of that certificate."""


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
