"""What an ingress says about records for DNS and about certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.addresses import is_ip
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.format.cluster import ClusterDocument, IngressFields
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.written import Documents, Written


def dns_records(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI243: records for DNS lead to IP addresses of one family, or to one DNS name."""
    for cluster in documents.clusters:
        for name, ingress in cluster.fields.spec.ingresses.items():
            families = {":" in address if is_ip(address) else None for address in ingress.addresses}
            if ingress.dns is None or (len(families) == 1 and (None not in families or len(ingress.addresses) == 1)):
                continue
            yield Problem(
                rule="GGI243",
                message=f"the records of ingress {name} need addresses: IP addresses of one family, or one DNS name",
                location=cluster.at("spec", "ingresses", name, "dns"),
                subject=cluster.subject,
                help="write `addresses: [203.0.113.10]`, or leave `dns` out",
            )


def certificate_issuers(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI244: certificates have an issuer, and a Secret to be in; one Secret has one issuer."""
    for cluster in documents.clusters:
        issuers: dict[tuple[str, str], tuple[str, object]] = {}
        for name, ingress in cluster.fields.spec.ingresses.items():
            fault = _fault(ingress)
            if fault is not None:
                yield _problem(cluster, name, *fault)
            elif ingress.issuer_ref is not None and ingress.credential_name is not None:
                key = (ingress.namespace, ingress.credential_name)
                first, issuer = issuers.setdefault(key, (name, ingress.issuer_ref))
                if issuer != ingress.issuer_ref:
                    yield _problem(
                        cluster,
                        name,
                        "issuerRef",
                        f"ingresses {first} and {name} have Secret {ingress.credential_name} from different issuers",
                        "write the same `issuerRef`, or another `credentialName`",
                    )


def _fault(ingress: IngressFields) -> tuple[str, str, str] | None:
    """Return what is wrong with one ingress: the key, what, and what to write."""
    if ingress.certificates is None and ingress.issuer_ref is not None:
        return "issuerRef", "`issuerRef` is for certificates that are written", "write `certificates: cert-manager`"
    if ingress.certificates is not None and ingress.issuer_ref is None:
        return "certificates", "`certificates` needs an issuer", "write `issuerRef: {name: letsencrypt}`"
    if ingress.certificates is not None and ingress.credential_name is None:
        return "certificates", "`certificates` needs a Secret", "write `credentialName`"
    return None


def _problem(cluster: Written[ClusterDocument], ingress: str, key: str, message: str, help_: str) -> Problem:
    return Problem(
        rule="GGI244",
        message=f"ingress {ingress}: {message}",
        location=cluster.at_key("spec", "ingresses", ingress, key),
        subject=cluster.subject,
        help=help_,
    )
