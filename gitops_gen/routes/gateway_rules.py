"""Rules on Gateways: what is dropped in a merge, shares what it may not, or is refused by Istio's webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.naming import is_label
from gitops_gen.routes.entry_rules import PROTOCOLS
from gitops_gen.routes.found import error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.servers import Server
    from gitops_gen.routes.table import Table

_TLS = {"HTTPS", "TLS"}
_HTTP = {"HTTP", "HTTP2", "GRPC", "GRPC-WEB"}
_NEEDS_CREDENTIAL = {"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"}


def dropped_servers(table: Table) -> Iterator[Problem]:
    """GGI009, GGI020, GGI021: the gateway pods leave a server out because of another."""
    return (
        error(
            lost.rule,
            lost.server.gateway,
            f"{lost.server.path} of {lost.server.gateway} is left out: {lost.why}, by {lost.first}",
            help="give it another port, or put its hosts into the other server",
            other=lost.first.gateway,
        )
        for listening in table.listening
        for lost in listening.dropped
        if lost.server.gateway is not None
    )


def shared_certificates(table: Table) -> Iterator[Problem]:
    """GGI010: one certificate and port of one set of gateway pods in more than one server."""
    for listening in table.listening:
        first: dict[tuple[str, int, str], Server] = {}
        for server in listening.servers:
            if server.gateway is None or server.speaks != "HTTPS" or not server.credential:
                continue
            other = first.setdefault((server.bind, server.number, server.credential), server)
            if other is not server:
                yield error(
                    "GGI010",
                    server.gateway,
                    f"{server.path} of {server.gateway} and {other} have the certificate {server.credential} on port "
                    f"{server.number}: a connection opened for one of them answers 404 for hosts of the other",
                    help="list the hosts in one server, or one wildcard",
                    other=other.gateway,
                )


def forms(table: Table) -> Iterator[Problem]:
    """GGI012, GGI030, GGI034, GGI047 to GGI052: what a single Gateway gets wrong."""
    for gateway in table.of_kind.get("Gateway", ()):
        yield from _form(gateway)


def _form(gateway: Resource) -> Iterator[Problem]:
    if "." in gateway.name:
        yield error("GGI047", gateway, f"the name of {gateway} has a dot; it has to be one DNS label")
    elif not is_label(gateway.name):
        yield error("GGI030", gateway, f"the name of {gateway} is no DNS label of at most 63 characters")
    names: set[str] = set()
    for index, server in enumerate(gateway.spec.get("servers") or ()):
        path = f"spec.servers[{index}] of {gateway}"
        name = server["port"]["name"]
        if name in names:
            yield error("GGI051", gateway, f"{path} has the port name {name} a second time")
        names.add(name)
        yield from _tls(gateway, path, server)
        yield from _hosts(gateway, path, server)


def _tls(gateway: Resource, path: str, server: Mapping[str, Any]) -> Iterator[Problem]:
    tls, protocol = server.get("tls"), str(server["port"]["protocol"]).upper()
    mode = str((tls or {}).get("mode") or "")
    if protocol not in PROTOCOLS - {"UDP"}:
        yield error("GGI042", gateway, f"{path} speaks the unknown protocol {protocol}")
    if protocol in _TLS and tls is None:
        yield error("GGI048", gateway, f"{path} speaks {protocol} and has no `tls`")
    if mode in _NEEDS_CREDENTIAL and not _has_certificate(tls or {}):
        yield error("GGI049", gateway, f"{path} ends TLS ({mode}) without a certificate")
    if protocol in _HTTP and tls and set(tls) != {"httpsRedirect"}:
        yield error("GGI050", gateway, f"{path} is plain {protocol}: `tls` may only have httpsRedirect")


def _hosts(gateway: Resource, path: str, server: Mapping[str, Any]) -> Iterator[Problem]:
    hosts = server.get("hosts") or []
    redirects = (server.get("tls") or {}).get("httpsRedirect")
    if not hosts:
        yield error("GGI052", gateway, f"{path} has no hosts")
    for host in hosts:
        if host != host.lower():
            yield error("GGI012", gateway, f"{path}: host {host} has upper case letters")
        if redirects and "/" in host:
            help_ = "leave the namespace out of the hosts of a redirect"
            yield error("GGI034", gateway, f"{path} redirects to `{host}` as it stands", help=help_)


def _has_certificate(tls: Mapping[str, object]) -> bool:
    return any(
        tls.get(field) for field in ("credentialName", "credentialNames", "serverCertificate", "tlsCertificates")
    )
