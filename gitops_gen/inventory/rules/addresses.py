"""What a Cluster or Mesh says in numbers: versions, addresses, ranges of addresses and of ports."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError, ip_address
from typing import TYPE_CHECKING

from gitops_gen.inventory.expand import port_range
from gitops_gen.inventory.rules.words import shown
from gitops_gen.naming import is_subdomain
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.inventory.format.cluster import ClusterDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import Documents, Written

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.[0-9]{1,4})?", re.ASCII)
OLDEST_ISTIO = (1, 24)
"""The oldest Istio on which the shapes were seen to route."""

ISTIO_VIPS = IPv4Network("240.240.0.0/16")
"""Istio's own range for ServiceEntries (docs/explanation/what-istio-does.md, "Names, ports and addresses")."""


def gateway_api_version(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI219: a Gateway API version is `major.minor`, 1.0 at least."""
    for cluster in documents.clusters:
        text = cluster.fields.spec.istio.gateway_api_version
        match = _VERSION.fullmatch(text)
        if match is None or not int(match[1]):
            yield Problem(
                rule="GGI219",
                message=f"{shown(text)} is not a version of Gateway API that Istio reads",
                location=cluster.at("spec", "istio", "gatewayApiVersion"),
                subject=cluster.subject,
                help='write that of its resource definitions in quotes, for example `"1.6"`; 1.0 at least',
            )


def istio_version(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI219: an Istio version is `major.minor`, 1.24 at least."""
    for cluster in documents.clusters:
        text = cluster.fields.spec.istio.version
        match = _VERSION.fullmatch(text)
        if match is None:
            message, help_ = f"{shown(text)} is not a version of Istio", 'write it in quotes, for example `"1.30"`'
        elif (int(match[1]), int(match[2])) < OLDEST_ISTIO:
            message = f"Istio {text} is older than 1.24, the oldest that the generated routes are known to work with"
            help_ = 'upgrade Istio; the version is that of the oldest control plane of the cluster, in quotes: `"1.24"`'
        else:
            continue
        yield Problem(
            rule="GGI219",
            message=message,
            location=cluster.at("spec", "istio", "version"),
            subject=cluster.subject,
            help=help_,
        )


def is_ip(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address, without a zone."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_dns_name(text: str) -> bool:
    """Tell whether a text is a DNS name that cannot be taken for an address."""
    return is_subdomain(text) and not text.rpartition(".")[2].isdigit()


def valid_addresses(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI220: addresses are IP addresses or DNS names; those of an east-west gateway IPs, or one DNS name."""
    for cluster in documents.clusters:
        for name, ingress in cluster.fields.spec.ingresses.items():
            path = ("spec", "ingresses", name, "addresses")
            yield from _addresses(cluster, ingress.addresses, path, names=True)
        east_west = cluster.fields.spec.east_west
        if east_west is not None and east_west.address is not None:
            yield from _address(cluster, east_west.address, ("spec", "eastWest", "address"), names=True)
        if east_west is not None and east_west.addresses is not None:
            several = ("spec", "eastWest", "addresses")
            yield from _addresses(cluster, east_west.addresses, several, names=len(east_west.addresses) == 1)


def _addresses(
    cluster: Written[ClusterDocument], addresses: Sequence[str], path: Path, *, names: bool
) -> Iterator[Problem]:
    for place, address in enumerate(addresses):
        yield from _address(cluster, address, (*path, place), names=names)
        if address in addresses[:place]:
            yield Problem(
                rule="GGI220",
                message=f"the address {shown(address)} is written twice",
                location=cluster.at(*path, place),
                subject=cluster.subject,
                help="take one away",
            )


def _address(cluster: Written[ClusterDocument], address: str, path: Path, *, names: bool) -> Iterator[Problem]:
    if is_ip(address) or (names and is_dns_name(address)):
        return
    if is_dns_name(address):
        message = f"{shown(address)} is a DNS name: several addresses must all be IP addresses"
        help_ = "write the DNS name alone, or the IP addresses behind it"
    else:
        message = f"{shown(address)} is neither an IP address nor a DNS name"
        help_ = "for example `203.0.113.10`, without a port"
    yield Problem(rule="GGI220", message=message, location=cluster.at(*path), subject=cluster.subject, help=help_)


def valid_vip_pool(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI220: the vipPool is a range of IPv4 addresses apart from Istio's own."""
    for mesh in documents.meshes:
        text = mesh.fields.spec.vip_pool
        message = _pool_fault(text)
        if message is not None:
            yield Problem(
                rule="GGI220",
                message=f"the vipPool {shown(text)} {message}",
                location=mesh.at("spec", "vipPool"),
                subject=mesh.subject,
                help="the default, 240.241.0.0/16, is free in most meshes",
            )


def _pool_fault(text: str) -> str | None:
    try:
        pool = IPv4Network(text)
    except (AddressValueError, NetmaskValueError):
        return "is not a range of IPv4 addresses"
    except ValueError:
        return "has bits set behind its prefix"
    if "/" not in text or not text.rpartition("/")[2].isdigit():
        return "has no prefix length"
    return "overlaps 240.240.0.0/16, which Istio uses itself" if pool.overlaps(ISTIO_VIPS) else None


def valid_open_ports(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI221: open ports are numbers or ranges, from low to high; listeners are known by single ports."""
    for cluster in documents.clusters:
        for name, ingress in cluster.fields.spec.ingresses.items():
            for port in ingress.gateway.listeners if not isinstance(ingress.gateway, str) else ():
                ports = port_range(port)
                if ports is None or ports[0] != ports[1]:
                    yield Problem(
                        rule="GGI221",
                        message=f"{shown(port)} is no gateway port between 1 and 65535",
                        location=cluster.at_key("spec", "ingresses", name, "gateway", "listeners", port),
                        subject=cluster.subject,
                        help='for example `listeners: {"443": web}`',
                    )
            for place, written in enumerate(ingress.open_ports or ()):
                if port_range(written) is None:
                    yield Problem(
                        rule="GGI221",
                        message=f"{shown(str(written))} is neither a port nor a range of ports between 1 and 65535",
                        location=cluster.at("spec", "ingresses", name, "openPorts", place),
                        subject=cluster.subject,
                        help="for example `443` or `31000-31099`",
                    )
