"""Limits on hosts: the wildcard of the certificate that serves them, and the claims of the Mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.inventory.rules.words import shown
from gitops_gen.inventory.templates import fields_of
from gitops_gen.model import Family
from gitops_gen.naming import expand
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.rules.ways import Way, Whole
    from gitops_gen.model import Cluster, HostClaim, Ingress, Mesh


def under_certificate(whole: Whole) -> Iterator[Problem]:
    """GGI011: on an ingress with a certificate, HTTP hosts are one label under the wildcard of its hostTemplate.

    Source: a wildcard stands for exactly one label (RFC 6125).
    """
    domains: dict[tuple[str, str], str | None] = {}
    for cluster in whole.inventory.clusters.values():
        for ingress in cluster.ingresses:
            if ingress.credential_name is None or fields_of(ingress.credential_name):
                # Nothing to cover, or several certificates: each is made for the hosts that it is named for.
                domains[cluster.name, ingress.name] = None
                continue
            if _other_fields(ingress):
                yield _no_wildcard(cluster, ingress)
            domains[cluster.name, ingress.name] = _certified_domain(ingress, cluster)
    faults = Repeats()
    for way in whole.ways:
        domain = domains[way.cluster.name, way.ingress.name]
        if way.port.protocol.family is not Family.HTTP or domain is None:
            continue
        for host in way.hosts.names:
            if host.partition(".")[2] != domain:
                cause = (way.route.origin, way.cluster.name)
                if not faults.met(cause):
                    faults.add(cause, _not_covered(host, way, domain))
    yield from faults.problems()


def _other_fields(ingress: Ingress) -> list[str]:
    """Return the fields behind the first dot of a hostTemplate, other than the cluster's, which is fixed there."""
    return sorted(fields_of(ingress.host_template.partition(".")[2]) - {"cluster"})


def _certified_domain(ingress: Ingress, cluster: Cluster) -> str | None:
    domain = ingress.host_template.partition(".")[2]
    if not domain or _other_fields(ingress):
        return None
    return expand(domain, cluster=cluster.name)


def _no_wildcard(cluster: Cluster, ingress: Ingress) -> Problem:
    return Problem(
        rule="GGI011",
        message=f"no wildcard covers the hostTemplate {shown(ingress.host_template)}: "
        f"{{{_other_fields(ingress)[0]}}} stands behind its first dot",
        location=ingress.origin,
        subject=f"Cluster {cluster.name}",
        help="keep what differs between pods in the first label: `{namespace}-{cluster}-{pod}.example.com`",
    )


def _not_covered(host: str, way: Way, domain: str) -> Problem:
    return Problem(
        rule="GGI011",
        message=f"the host {shown(host)} is not one label under {shown(domain)}, so the certificate "
        f"{shown(way.ingress.credential_name or '')} does not cover it",
        location=way.route.origin,
        subject=way.subject,
        help=f"write a host such as `{{pod}}.{domain}`, or use an ingress with another certificate",
        related=(("the ingress", way.ingress.origin),),
    )


def claims_kept(whole: Whole) -> Iterator[Problem]:
    """GGI230: a host under a claimed suffix belongs to a workload of one of the claim's namespaces.

    The longest suffix decides.
    """
    claims: dict[str, HostClaim] = {}
    for written in whole.inventory.mesh.hosts:
        first = claims.setdefault(written.suffix, written)
        if first is not written:
            yield _claimed_twice(whole.inventory.mesh, first, written)
    if not claims:
        return
    of_domain: dict[str, HostClaim | None] = {}
    faults = Repeats()
    for way in {way.hosts: way for way in reversed(whole.ways)}.values():
        for host in way.hosts.names:
            claim = claims.get(host)
            if claim is None:
                domain = host.partition(".")[2]
                if domain not in of_domain:
                    of_domain[domain] = _claim_over(domain, claims)
                claim = of_domain[domain]
            if claim is not None and way.workload.namespace not in claim.namespaces:
                cause = (way.route.origin, way.cluster.name)
                if not faults.met(cause):
                    faults.add(cause, _claimed_by_others(host, way, claim))
    yield from faults.problems()


def _claim_over(domain: str, claims: dict[str, HostClaim]) -> HostClaim | None:
    while domain:
        if domain in claims:
            return claims[domain]
        domain = domain.partition(".")[2]
    return None


def _claimed_twice(mesh: Mesh, first: HostClaim, second: HostClaim) -> Problem:
    return Problem(
        rule="GGI230",
        message=f"the suffix {shown(second.suffix)} is claimed twice",
        location=second.origin,
        subject=f"Mesh {mesh.name}",
        help="merge the two claims: `namespaces` is a list",
        related=(("the first claim", first.origin),),
    )


def _claimed_by_others(host: str, way: Way, claim: HostClaim) -> Problem:
    return Problem(
        rule="GGI230",
        message=f"hosts under {shown(claim.suffix)} are for {', '.join(claim.namespaces)}, and {shown(host)} is of "
        f"namespace {way.workload.namespace}",
        location=way.route.origin,
        subject=way.subject,
        help="use another host, or have the namespace added to the Mesh's `hosts`",
        related=(("the claim", claim.origin),),
    )
