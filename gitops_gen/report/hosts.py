"""External names for people, programs and name servers: pure functions from values to text."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.report.inventory import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.resources.external_names import ExternalName


class Records(NamedTuple):
    """Names with their addresses as text, and how many hosts could not be written there, by the reason."""

    text: str
    left_out: tuple[str, ...]


def hosts_text(names: Sequence[ExternalName]) -> str:
    """Write names as a table: what a client dials, where that is served, and where it ends."""
    rows = [("HOST:PORT", "SPEAKS", "CLUSTER/INGRESS", "ADDRESSES", "LEADS TO")]
    rows += [
        (
            f"{name.host}:{name.gateway_port}",
            name.protocol,
            f"{name.cluster}/{name.ingress}",
            ",".join(name.addresses) or "-",
            f"{name.namespace}/{name.end}:{name.port} ({name.port_name})"
            + ("" if name.service is None else ", a Service"),
        )
        for name in names
    ]
    if not names:
        return "nothing is exposed"
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def hosts_json(names: Sequence[ExternalName]) -> str:
    """Write names for programs; ASCII only."""
    listed = [
        {
            "host": name.host,
            "port": name.gateway_port,
            "protocol": name.protocol,
            "cluster": name.cluster,
            "ingress": name.ingress,
            "addresses": list(name.addresses),
            "namespace": name.namespace,
            "workload": name.workload,
            "pod": name.pod,
            "service": name.service,
            "leadsTo": {"name": name.port_name, "port": name.port},
        }
        for name in names
    ]
    return json.dumps({"hosts": listed}, indent=2)


def hosts_zone(names: Iterable[ExternalName], origin: str, ttl: int) -> Records:
    """Write names as resource records (RFC 1035): A, AAAA or CNAME; for `$INCLUDE`, as it has no SOA and NS.

    All of them are under `origin` and written relative to it; without an origin they are written in full.
    """
    lines = [f"$ORIGIN {origin}."] if origin else []
    lines.append(f"$TTL {ttl}")
    left_out: dict[str, list[str]] = {}
    for host, addresses in _addresses(names, left_out).items():
        owner = (host.removesuffix(origin).removesuffix(".") or "@") if origin else f"{host}."
        versions = [_version(address) for address in addresses]
        if all(versions):
            lines += [
                f"{owner} IN {_RECORDS[version]} {address}"
                for version, address in zip(versions, addresses, strict=True)
            ]
        elif len(addresses) > 1:
            reason = f"a name has one CNAME, or IP addresses, not {', '.join(addresses)}"
            left_out.setdefault(reason, []).append(host)
        elif owner == "@":
            left_out.setdefault("the name of a zone itself cannot be a CNAME", []).append(host)
        else:
            lines.append(f"{owner} IN CNAME {addresses[0]}.")
    return Records("\n".join(lines), _told(left_out))


def under(names: Sequence[ExternalName], origin: str) -> list[ExternalName]:
    """Return the names in a domain."""
    return [name for name in names if name.host == origin or name.host.endswith(f".{origin}")]


def hosts_file(names: Iterable[ExternalName]) -> Records:
    """Write names as lines of a hosts file: an IP address and the host."""
    lines: list[str] = []
    left_out: dict[str, list[str]] = {}
    for host, addresses in _addresses(names, left_out).items():
        numbers = [address for address in addresses if _version(address)]
        lines += [f"{address} {host}" for address in numbers]
        if not numbers:
            left_out.setdefault(f"a hosts file has IP addresses, not {', '.join(addresses)}", []).append(host)
    return Records("\n".join(lines), _told(left_out))


_RECORDS = {4: "A", 6: "AAAA"}


def _addresses(names: Iterable[ExternalName], left_out: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the addresses of each host: those of every ingress that serves it. Hosts without any are left out."""
    found: dict[str, dict[str, None]] = {}
    served: dict[str, ExternalName] = {}
    for name in names:
        found.setdefault(name.host, {}).update(dict.fromkeys(name.addresses))
        served.setdefault(name.host, name)
    for host, name in served.items():
        if not found[host]:
            reason = f"ingress {name.ingress} of Cluster {name.cluster} has no `addresses`"
            left_out.setdefault(reason, []).append(host)
    return {host: list(addresses) for host, addresses in found.items() if addresses}


def _told(left_out: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Say each reason once, with the first of its hosts as an example."""
    return tuple(
        f"{hosts[0]}: {reason}" if len(hosts) == 1 else f"{count(len(hosts), 'host')} ({hosts[0]}, ...): {reason}"
        for reason, hosts in left_out.items()
    )


def _version(address: str) -> int:
    """Return 4 or 6 for an IP address, 0 for a DNS name."""
    try:
        return ip_address(address).version
    except ValueError:
        return 0
