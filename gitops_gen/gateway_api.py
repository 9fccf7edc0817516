"""Gateway API: the words that the rooms share, and which version of each kind a cluster's Istio reads.

A kind whose resource definition is older than Istio wants is ignored without a word
(docs/explanation/what-istio-does.md, "Gateway API").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gitops_gen.model import Api, Family, Protocol
from gitops_gen.naming import template_fields

if TYPE_CHECKING:
    from gitops_gen.model import Ingress, Istio

GROUP = "gateway.networking.k8s.io"

MOST_LISTENERS = 64
"""Listeners of one Gateway or ListenerSet; the API server takes no more."""

HOST = "gitops-gen.io/host"
"""Annotation of a TCPRoute: the host that clients dial, for which the kind has no field."""

NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""The label that Kubernetes gives each namespace: its name."""


class Since(NamedTuple):
    """The oldest Gateway API and the oldest Istio that serve a kind as `v1`."""

    gateway_api: str
    istio: str


SINCE = {
    "Gateway": Since("1.0", "1.24"),
    "HTTPRoute": Since("1.0", "1.24"),
    "GRPCRoute": Since("1.1", "1.24"),
    "TLSRoute": Since("1.5", "1.30"),
    "ListenerSet": Since("1.5", "1.30"),
    "TCPRoute": Since("1.6", "1.31"),
}
"""Every kind that is written."""

_ALPHA = frozenset({"TLSRoute", "TCPRoute"})
"""Kinds that an older Istio reads as `v1alpha2`, where PILOT_ENABLE_ALPHA_GATEWAY_API is true."""


def version_of(text: str) -> tuple[int, ...]:
    """Return major and minor of a version as numbers that compare; nothing for what is none: it has a rule."""
    parts = text.split(".")
    return tuple(map(int, parts[:2])) if all(part.isdecimal() for part in parts) else ()


def api_version(kind: str, istio: Istio) -> str | None:
    """Return the `apiVersion` in which a cluster's Istio reads a kind; None where it does not read it."""
    since = SINCE[kind]
    served = version_of(istio.gateway_api_version) >= version_of(since.gateway_api)
    if served and version_of(istio.version) >= version_of(since.istio):
        return f"{GROUP}/v1"
    return f"{GROUP}/v1alpha2" if kind in _ALPHA and istio.gateway_api_alpha else None


def route_kind(protocol: Protocol, istio: Istio) -> str:
    """Return the kind of route that carries a protocol; gRPC goes by HTTPRoute where there is no GRPCRoute."""
    match protocol.family:
        case Family.TLS:
            return "TLSRoute"
        case Family.TCP:
            return "TCPRoute"
        case _:
            grpc = protocol is Protocol.GRPC and api_version("GRPCRoute", istio) is not None
            return "GRPCRoute" if grpc else "HTTPRoute"


def uses(ingress: Ingress) -> bool:
    """Tell whether the routes of an ingress are those of Gateway API."""
    return ingress.api is Api.GATEWAY_API


def section_name(ingress: Ingress, speaks: str, number: int, certificate: str | None) -> str:
    """Return the name of the listener for a gateway port: what an existing Gateway calls it, else `https-443`.

    Where a port has several certificates, that of the listener is in its name.
    """
    named = certificate is not None and bool(template_fields(ingress.credential_name or ""))
    own = f"{speaks.lower()}-{number}"
    return dict(ingress.listeners).get(number) or (f"{own}-{certificate}" if named else own)
