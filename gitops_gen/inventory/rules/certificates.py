"""Certificates of ingresses: one that can be named for all that is served, and where the clients' authority stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.exposure import AUTHORITY, certificate
from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.inventory.rules.words import shown
from gitops_gen.inventory.templates import BACKEND_FIELDS, ORDINAL_FIELDS, fields_of, is_sound
from gitops_gen.model import Family
from gitops_gen.naming import LABEL_LENGTH, POD_FIELDS, is_label, is_subdomain
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.exposure import Certificate
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.rules.ways import Way, Whole
    from gitops_gen.inventory.written import Documents

_NAMES_AUTHORITIES = (1, 27)
"""The first Istio whose Gateways name the Secret of the clients' authority
(docs/explanation/what-istio-does.md, "Merged Gateways")."""

_LONGEST = LABEL_LENGTH - len("https-65535-")
"""What of the name of a server's port is left for its certificate, where a Gateway has several."""


def authority_beside(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI238: who asks clients for certificates has one."""
    for cluster in documents.clusters:
        for name, ingress in cluster.fields.spec.ingresses.items():
            if ingress.client_ca is not None and ingress.credential_name is None:
                yield Problem(
                    rule="GGI238",
                    message=f"ingress {name} has a `clientCA` and no certificate: it ends no TLS in which clients "
                    "could show theirs",
                    location=cluster.at("spec", "ingresses", name, "clientCA"),
                    subject=cluster.subject,
                    help="write `credentialName`, the Secret with the ingress's own certificate",
                )


def scoped_gateways(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI239: gateway pods that look into their own namespace only find their Gateways there."""
    for cluster in documents.clusters:
        for name, ingress in cluster.fields.spec.ingresses.items():
            if not ingress.scoped or isinstance(ingress.gateway, str):
                continue
            namespace = ingress.gateway.existing.partition("/")[0]
            if namespace != ingress.namespace:
                yield Problem(
                    rule="GGI239",
                    message=f"ingress {name} is `scoped`: its pods in {shown(ingress.namespace)} never see the Gateway "
                    f"{shown(ingress.gateway.existing)}",
                    location=cluster.at("spec", "ingresses", name, "gateway", "existing"),
                    subject=cluster.subject,
                    help=f"name a Gateway in {ingress.namespace}, or take `scoped` away",
                )


def certificates_named(whole: Whole) -> Iterator[Problem]:
    """GGI030, GGI203, GGI211, GGI228, GGI238: every pod, and every companion, has a certificate that can be named."""
    faults = Repeats()
    for way in whole.ways:
        ingress = way.ingress
        templates = [text for text in (ingress.credential_name, ingress.client_ca) if text is not None]
        # Unknown fields are the template's own problem.
        if way.port.protocol.family is not Family.HTTP or not all(is_sound(text, BACKEND_FIELDS) for text in templates):
            continue
        problem = _unnamed(way, templates) or next(_misnamed(way), None)
        if problem is not None:
            cause = (problem.rule, way.route.origin, way.cluster.name)
            if not faults.met(cause):
                faults.add(cause, problem)
    yield from faults.problems()


def _unnamed(way: Way, templates: list[str]) -> Problem | None:
    """Say which field of a template has no value for what a route leads to."""
    fields = frozenset[str]().union(*map(fields_of, templates))
    of_pods = fields & POD_FIELDS
    if way.route.service is not None and of_pods:
        return _problem(
            way,
            "GGI211",
            f"the certificate of ingress {way.ingress.name} is named by {{{min(of_pods)}}}, and the route leads to a "
            "Service, which is no pod",
            "use an ingress with one certificate for the route, or TLS that passes through",
        )
    without = next((pod.name for pod in way.placement.pods if pod.ordinal is None), None)
    if way.route.service is None and without is not None and not ORDINAL_FIELDS.isdisjoint(fields):
        return _problem(
            way,
            "GGI228",
            f"the certificate of ingress {way.ingress.name} counts by ordinal, and the name of pod {without} ends in "
            "no number",
            "use {pod} in `credentialName`",
        )
    return None


def _misnamed(way: Way) -> Iterator[Problem]:
    """Find the first certificate whose name cannot be written, or whose clients' authority cannot be found by it."""
    ingress = way.ingress
    several = bool(fields_of(ingress.credential_name or ""))
    for found in _certificates(way):
        if not is_subdomain(found.name) or not is_subdomain(found.clients or "x"):
            name = found.name if not is_subdomain(found.name) else found.clients or ""
            yield _problem(
                way, "GGI203", f"{shown(name)} is no name of a Secret", "keep to lower-case letters and digits"
            )
        elif several and (len(found.name) > _LONGEST or not is_label(found.name)):
            yield _problem(
                way,
                "GGI030",
                f"the certificate {shown(found.name)} names the port of its server, with {_LONGEST} letters, digits "
                "and hyphens at most",
                "shorten the template in `credentialName`",
            )
        elif found.clients and way.cluster.istio.release < _NAMES_AUTHORITIES:
            yield _problem(
                way,
                "GGI238",
                f"Istio {way.cluster.istio.version} finds the authority of clients beside the certificate only, in the "
                f"Secret {shown(found.name)} or {shown(found.name + AUTHORITY)}, not in "
                f"{shown(found.clients.removesuffix(AUTHORITY))}",
                f"write `clientCA: {ingress.credential_name}-cacert` and call the Secret so, or declare Istio 1.27",
            )


def _certificates(way: Way) -> Iterator[Certificate]:
    values: dict[str, str | int | None] = {
        "cluster": way.cluster.name,
        "namespace": way.workload.namespace,
        "workload": way.workload.name,
    }
    several = not POD_FIELDS.isdisjoint(fields_of(f"{way.ingress.credential_name}{way.ingress.client_ca}"))
    pods = way.placement.pods if several and way.route.service is None else way.placement.pods[:1]
    for pod in pods:
        found = certificate(way.ingress, way.port, {**values, "pod": pod.name, "ordinal": pod.ordinal})
        if found is not None:
            yield found


def _problem(way: Way, rule: str, message: str, help_: str) -> Problem:
    return Problem(
        rule=rule,
        message=message,
        location=way.route.origin,
        subject=way.subject,
        help=help_,
        related=(("the ingress", way.ingress.origin),),
    )
