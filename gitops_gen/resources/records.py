"""What follows the hosts: records for DNS (external-dns) and certificates (cert-manager)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from gitops_gen.compiled import INGRESS_GATEWAYS, Compiled, Place
from gitops_gen.exposure import dns_record
from gitops_gen.naming import cluster_prefixed
from gitops_gen.resources.labels import ownership_labels
from gitops_gen.resources.names import end_of
from gitops_gen.resources.shapes import GatewayLayout, served_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.model import Cluster, Ingress
    from gitops_gen.resources.entrances import Entrance, Entrances
    from gitops_gen.resources.record_fields import Certificate, DnsEndpoint

CertificateHosts = dict[tuple[str, str], tuple["Ingress", set[str]]]
"""Namespace and Secret of each certificate -> an ingress that ends TLS with it, and the hosts that it is for."""


def dns_endpoint(
    name: str, namespace: str, labels: dict[str, str], ingress: Ingress, hosts: Iterable[str]
) -> DnsEndpoint:
    """DNSEndpoint that leads hosts to the addresses of their ingress.

    Read by external-dns where it watches these objects (`--source=crd`).
    """
    record_type, targets = dns_record(ingress)
    return {
        "apiVersion": "externaldns.k8s.io/v1alpha1",
        "kind": "DNSEndpoint",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
        },
        "spec": {
            "endpoints": [
                {"dnsName": host, "recordType": record_type, "targets": list(targets)} for host in sorted(set(hosts))
            ],
        },
    }


def certificate(name: str, ingress: Ingress, hosts: Iterable[str]) -> Certificate:
    """Certificate that cert-manager keeps valid, in the Secret by which an ingress ends TLS.

    Read by cert-manager; it stands where the gateway pods look for the Secret.
    """
    issuer = ingress.issuer
    assert issuer is not None  # noqa: S101 - nobody asks for certificates of no issuer
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {
            "name": name,
            "namespace": ingress.namespace,
            "labels": ownership_labels(),
        },
        "spec": {
            "secretName": name,
            "dnsNames": sorted(set(hosts)),
            "issuerRef": {"name": issuer.name, "kind": issuer.kind, "group": issuer.group},
        },
    }


def dns_endpoints(
    namespace: str, cluster: Cluster, found: Iterable[Entrance], labels: dict[str, str]
) -> list[DnsEndpoint]:
    """Return the records of one pod, or of companion Services: one resource for each end and ingress."""
    ingresses: dict[str, tuple[Ingress, list[str]]] = {}
    for name, entrance in dns_endpoint_names(cluster, found):
        ingresses.setdefault(name, (entrance.exposure.ingress, []))[1].append(entrance.exposure.host)
    return [
        dns_endpoint(name, namespace, labels, ingress, hosts) for name, (ingress, hosts) in sorted(ingresses.items())
    ]


def dns_endpoint_names(cluster: Cluster, found: Iterable[Entrance]) -> Iterator[tuple[str, Entrance]]:
    """Yield for each entrance that gets a record the name of the DNSEndpoint that has it."""
    for entrance in found:
        ingress = entrance.exposure.ingress
        if ingress.dns_endpoint:
            name = cluster_prefixed(cluster.name, end_of(entrance.exposure))
            yield name if ingress.default else f"{name}-{ingress.name}", entrance


def collect_certificates(found: CertificateHosts, entrances: Entrances) -> None:
    """Add the hosts of a workload that cert-manager is to make certificates for: as their server lists them."""
    for entrance in chain(*entrances.pods.values(), entrances.companions):
        exposure = entrance.exposure
        if exposure.certificate is not None and exposure.ingress.issuer is not None:
            key = (exposure.ingress.namespace, exposure.certificate.name)
            host = served_host(GatewayLayout.SHARED, entrance.protocol, exposure.ingress, exposure.host)
            found.setdefault(key, (exposure.ingress, set()))[1].add(host)


def compile_certificates(cluster: Cluster, found: CertificateHosts) -> Iterator[Compiled]:
    """Yield the certificates of a cluster, each in a file of its own beside the shared Gateways."""
    for (namespace, name), (ingress, hosts) in sorted(found.items(), key=lambda one: one[0]):
        place = Place(
            namespace=namespace,
            folder=INGRESS_GATEWAYS,
            file=f"certificate.{name}",
            source=f"Cluster {cluster.name}",
        )
        yield Compiled(certificate(name, ingress, hosts), place)
