"""The fields of external-dns's and cert-manager's kinds that gitops-gen writes, as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from gitops_gen.resources.fields import Metadata


class Endpoint(TypedDict):
    """One record: a name, and where it leads."""

    dnsName: str
    recordType: str
    targets: list[str]


class DnsEndpointSpec(TypedDict):
    """Records."""

    endpoints: list[Endpoint]


class DnsEndpoint(TypedDict):
    """A DNSEndpoint of external-dns."""

    apiVersion: Literal["externaldns.k8s.io/v1alpha1"]
    kind: Literal["DNSEndpoint"]
    metadata: Metadata
    spec: DnsEndpointSpec


class IssuerRef(TypedDict):
    """Who signs a certificate."""

    name: str
    kind: str
    group: str


class CertificateSpec(TypedDict):
    """The Secret, the hosts and the issuer of a certificate."""

    secretName: str
    dnsNames: list[str]
    issuerRef: IssuerRef


class Certificate(TypedDict):
    """A Certificate of cert-manager."""

    apiVersion: Literal["cert-manager.io/v1"]
    kind: Literal["Certificate"]
    metadata: Metadata
    spec: CertificateSpec
