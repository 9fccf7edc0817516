"""What only Istio's validating webhook refuses; a bare API server takes it, so a dry run does not show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.registry import HTTP_PROTOCOLS, TLS_PROTOCOLS, family
from tests.oracle.routing import matches
from tests.oracle.schema import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.oracle.registry import Resource

PROTOCOLS = {"HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "REDIS", "MYSQL", "TCP", "TLS", "UDP"}


def webhook_faults(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield (rule, text) for what the webhook refuses in one resource."""
    checks = {"ServiceEntry": _entry, "Gateway": _gateway, "VirtualService": _virtual_service}
    if resource["kind"] in checks:
        yield from checks[resource["kind"]](resource)
    yield from _export_to((resource.get("spec") or {}).get("exportTo", ()))


def _export_to(export_to: Sequence[str]) -> Iterator[tuple[str, str]]:
    if len(set(export_to)) != len(export_to):
        yield "GGI045", "exportTo says the same twice"
    if "*" in export_to and len(export_to) > 1:
        yield "GGI045", "exportTo says * and others"


def _entry(resource: Resource) -> Iterator[tuple[str, str]]:
    spec = resource["spec"]
    resolution, endpoints = spec.get("resolution", "NONE"), spec.get("endpoints", ())
    if resolution == "STATIC" and any(not is_address(endpoint.get("address", "")) for endpoint in endpoints):
        yield "GGI040", "STATIC with an endpoint that is no address"
    if resolution == "DNS" and not endpoints and any("*" in host for host in spec.get("hosts", ())):
        yield "GGI041", "DNS with a wildcard host and no endpoints"
    for address in spec.get("addresses", ()):
        if not is_address(address, ranges=True):
            yield "GGI044", f"{address} is no address"
    yield from _entry_ports(spec)


def _entry_ports(spec: Resource) -> Iterator[tuple[str, str]]:
    ports = spec.get("ports", ())
    for port in ports:
        if str(port.get("protocol", "")).upper() not in PROTOCOLS:
            yield "GGI042", f"unknown protocol {port.get('protocol')}"
    if len(spec.get("hosts", ())) > 1 and any(family(str(port.get("protocol", "TCP"))) == "tcp" for port in ports):
        yield "GGI043", "several hosts and a TCP port"
    names = {port.get("name") for port in ports}
    for endpoint in spec.get("endpoints", ()):
        for name in endpoint.get("ports") or {}:
            if name not in names:
                yield "GGI046", f"an endpoint has the port {name}, the entry has not"


def _gateway(resource: Resource) -> Iterator[tuple[str, str]]:
    if "." in resource["metadata"]["name"]:
        yield "GGI047", "a dot in the Gateway's name"
    names = [(server.get("port") or {}).get("name") for server in resource["spec"].get("servers", ())]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield "GGI051", f"the port name {name} twice"
    for server in resource["spec"].get("servers", ()):
        protocol = str((server.get("port") or {}).get("protocol", "")).upper()
        tls = server.get("tls")
        if protocol not in PROTOCOLS:
            yield "GGI042", f"unknown protocol {protocol}"
        if protocol in TLS_PROTOCOLS and not tls:
            yield "GGI048", f"a server of {protocol} without tls"
        if tls and tls.get("mode") in {"SIMPLE", "MUTUAL"} and not _has_credential(tls):
            yield "GGI049", f"{tls['mode']} without a credential"
        if tls and protocol in HTTP_PROTOCOLS and set(tls) - {"httpsRedirect"}:
            yield "GGI050", "an HTTP server with tls"
        if not server.get("hosts"):
            yield "GGI052", "a server without hosts"


def _has_credential(tls: Resource) -> bool:
    return bool(tls.get("credentialName") or tls.get("credentialNames") or tls.get("serverCertificate"))


def _virtual_service(resource: Resource) -> Iterator[tuple[str, str]]:
    spec = resource["spec"]
    hosts = spec.get("hosts", ())
    for rule in spec.get("tls", ()):
        for match in rule.get("match", ()):
            for name in match.get("sniHosts", ()):
                if not any(matches(host, name) for host in hosts):
                    yield "GGI053", f"sniHosts {name} is not under the hosts"
    if len(set(hosts)) != len(hosts):
        yield "GGI054", "a host twice"
    rules = [rule for kind in ("http", "tls", "tcp") for rule in spec.get(kind, ())]
    if not rules:
        yield "GGI055", "neither http nor tls nor tcp"
    for rule in rules:
        weights = [target.get("weight") for target in rule.get("route", ())]
        if weights and all(weight == 0 for weight in weights):
            yield "GGI055", "all weights are 0"
