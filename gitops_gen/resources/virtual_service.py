"""VirtualServices: the way from a host at an ingress to one pod, or to a companion Service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from gitops_gen.model import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Port
    from gitops_gen.resources.fields import (
        HttpRule,
        PortMatch,
        ServerNameMatch,
        Target,
        TcpRule,
        TlsRule,
        VirtualService,
    )


@dataclass(frozen=True, slots=True)
class Way:
    """All gateway ports that lead to one port of one destination; `entrances` are (gateway port, Gateway)."""

    port: Port
    destination: str
    entrances: tuple[tuple[int, str], ...]


def virtual_service(  # noqa: PLR0913 - one keyword for each thing that the literal says
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    host: str,
    gateways: Sequence[str],
    export_to: Sequence[str],
    ways: Sequence[Way],
) -> VirtualService:
    """VirtualService that leads clients outside of the mesh from one host to one end, each gateway port to its port.

    Read by the gateway pods. Every rule says its gateway port: without it, the first rule would answer on all of
    them. Where the host is served by two Gateways, every rule says its own as well.
    """
    several = len(gateways) > 1
    found: VirtualService = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
        },
        "spec": {
            "hosts": [host],
            "gateways": list(gateways),
            "exportTo": list(export_to),
        },
    }
    http: list[HttpRule] = []
    tls: list[TlsRule] = []
    tcp: list[TcpRule] = []
    for way in ways:
        match way.port.protocol.family:
            case Family.HTTP:
                http.append(_http_rule(way, several=several))
            case Family.TLS:
                tls.append(_tls_rule(way, host, several=several))
            case Family.TCP:
                tcp.append(_tcp_rule(way, several=several))
            case Family.NONE:
                raise ValueError(f"no route can carry {way.port.protocol.value}")
            case _:
                assert_never(way.port.protocol.family)
    if http:
        found["spec"]["http"] = http
    if tls:
        found["spec"]["tls"] = tls
    if tcp:
        found["spec"]["tcp"] = tcp
    return found


def _http_rule(way: Way, *, several: bool) -> HttpRule:
    """Rule for HTTP. Retries are off but by choice: the one pod that is meant is the only one that could be tried."""
    policy = way.port.policy
    rule: HttpRule = {
        "name": way.port.name,
        "match": _port_matches(way, several=several),
        "route": [_target(way)],
        "timeout": policy.timeout,
        "retries": {"attempts": policy.attempts},
    }
    if not policy.timeout:
        del rule["timeout"]
    if policy.per_try_timeout:
        rule["retries"]["perTryTimeout"] = policy.per_try_timeout
    if policy.retry_on:
        rule["retries"]["retryOn"] = policy.retry_on
    return rule


def _tls_rule(way: Way, host: str, *, several: bool) -> TlsRule:
    """Rule for TLS that passes through: the server name tells the pods apart."""
    matches: list[ServerNameMatch] = [
        {"port": port, "sniHosts": [host], "gateways": [gateway]} if several else {"port": port, "sniHosts": [host]}
        for port, gateway in way.entrances
    ]
    return {"match": matches, "route": [_target(way)]}


def _tcp_rule(way: Way, *, several: bool) -> TcpRule:
    """Rule for anything else: the gateway port alone tells the pods apart."""
    return {"match": _port_matches(way, several=several), "route": [_target(way)]}


def _port_matches(way: Way, *, several: bool) -> list[PortMatch]:
    return [{"port": port, "gateways": [gateway]} if several else {"port": port} for port, gateway in way.entrances]


def _target(way: Way) -> Target:
    return {"destination": {"host": way.destination, "port": {"number": way.port.number}}}
