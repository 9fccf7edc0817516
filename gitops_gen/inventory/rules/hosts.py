"""Hosts after expansion: valid, and one owner each over the whole mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.repeats import Repeats
from gitops_gen.inventory.rules.words import shown, subdomain_fault
from gitops_gen.inventory.templates import fields_of
from gitops_gen.manifest import is_too_large
from gitops_gen.model import Family
from gitops_gen.naming import LABEL_LENGTH, SUBDOMAIN_LENGTH, is_host, is_label
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.rules.ways import Gateway, Hosts, Way, Whole


def one_owner_per_host(whole: Whole) -> Iterator[Problem]:
    """GGI227, GGI020, GGI022: a host leads to one pod (or companion Service) of the whole mesh.

    Only on TCP may the pods of a workload in a cluster share a host: there the gateway port tells them apart.
    """
    ways = _ways_of(whole)
    first_of: dict[str, Hosts] = {}
    clashes = Repeats()
    for hosts in whole.hosts:
        if len(set(hosts.names)) < len(hosts.names) and not _told_apart_by_port(ways[hosts], ways[hosts]):
            yield _one_host_for_all(hosts, ways[hosts][0])
            continue
        for host in hosts.names:
            first = first_of.setdefault(host, hosts)
            if first is hosts or first.owner(host) == hosts.owner(host):
                continue
            if first.workload is hosts.workload and _told_apart_by_port(ways[first], ways[hosts]):
                continue
            one, other = ways[first][0], ways[hosts][0]
            cause = (one.route.origin, other.route.origin)
            if not clashes.met(cause):
                clashes.add(cause, _two_owners(host, one, other))
    yield from clashes.problems()


def _ways_of(whole: Whole) -> dict[Hosts, list[Way]]:
    ways: dict[Hosts, list[Way]] = {}
    for way in whole.ways:
        ways.setdefault(way.hosts, []).append(way)
    return ways


def _told_apart_by_port(ways: list[Way], others: list[Way]) -> bool:
    """Tell whether pods of one workload may share a host: in one cluster, on TCP only."""
    clusters = {way.placement.cluster for way in (*ways, *others)}
    return len(clusters) == 1 and all(way.port.protocol.family is Family.TCP for way in (*ways, *others))


def _one_host_for_all(hosts: Hosts, way: Way) -> Problem:
    first_with: dict[str, str] = {}
    host, pod = next(
        (host, pod.name)
        for host, pod in zip(hosts.names, hosts.placement.pods, strict=True)
        if first_with.setdefault(host, pod.name) != pod.name
    )
    cluster, namespace, _, _ = hosts.owner(host)
    return Problem(
        rule="GGI227",
        message=f"host {shown(host)} would lead to {hosts.end(host)} and to pod {namespace}/{pod} in cluster {cluster}",
        location=way.route.origin,
        subject=way.subject,
        help="put {pod} into the host's template",
        related=(("the placement", hosts.placement.origin), ("the ingress", way.ingress.origin)),
    )


def _two_owners(host: str, first: Way, way: Way) -> Problem:
    same_server = not {*first.gateways}.isdisjoint(way.gateways) and first.route.port == way.route.port
    rule = "GGI020" if same_server and first.speaks == way.speaks == "TLS" else "GGI022"
    one_template = first.workload is way.workload and first.route.host == way.route.host
    return Problem(
        rule="GGI227" if one_template else rule,
        message=f"host {shown(host)} would lead to {first.hosts.end(host)} and to {way.hosts.end(host)}",
        location=way.route.origin,
        subject=way.subject,
        help=_what_is_missing(host, first, way),
        related=(
            (f"the route to {first.hosts.end(host)}", first.route.origin),
            (f"the placement in {first.placement.cluster}", first.placement.origin),
            (f"the placement in {way.placement.cluster}", way.placement.origin),
        ),
    )


def _what_is_missing(host: str, first: Way, way: Way) -> str:
    fields = fields_of(way.route.host)
    if way.placement.cluster != first.placement.cluster and "cluster" not in fields:
        return "put {cluster} into the host's template"
    if way.workload.namespace != first.workload.namespace and "namespace" not in fields:
        return "put {namespace} into the host's template, or write another `host` in one of the routes"
    if way.hosts.service is None and way.hosts.ends[host] != first.hosts.ends[host] and "pod" not in fields:
        return "put {pod} into the host's template"
    return "write another `host` in one of the routes, or rename cluster or workload"


def one_port_per_host(whole: Whole) -> Iterator[Problem]:
    """GGI020, GGI022: a host on one gateway port leads to one port of its pod (or companion Service)."""
    servers: dict[tuple[int, Gateway], dict[str, Way]] = {}
    clashes = Repeats()
    for way in whole.ways:
        if way.port.protocol.family is Family.TCP:
            # Told apart by port: gateway_ports.py.
            continue
        for number, host in way.doors():
            firsts = {servers.setdefault((number, gateway), {}).setdefault(host, way) for gateway in way.gateways}
            for first in firsts - {way}:
                # Hosts of two owners, and pods of two placements, have rules of their own.
                if first.hosts.owner(host) != way.hosts.owner(host) or _is_repeat(first, way):
                    continue
                cause = (first.route.origin, way.route.origin)
                if not clashes.met(cause):
                    clashes.add(cause, _two_ports(host, number, first, way))
    yield from clashes.problems()


def _is_repeat(first: Way, way: Way) -> bool:
    """Tell whether a clash is none: one pod of two placements is GGI225, one companion is met in each placement."""
    if first.placement is way.placement:
        return False
    if way.route.service is None:
        return True
    return (
        first.workload is way.workload
        and first.port.number == way.port.number
        and first.port.protocol is way.port.protocol
    )


def _two_ports(host: str, number: int, first: Way, way: Way) -> Problem:
    return Problem(
        rule="GGI020" if way.speaks == "TLS" else "GGI022",
        message=f"host {shown(host)} on gateway port {number} leads to port {first.port.name} of "
        f"{way.hosts.end(host)}, and port {way.port.name} wants it too",
        location=way.route.origin,
        subject=way.subject,
        help="write another gateway `port` in one of the routes, or another `host`",
        related=((f"the route to port {first.port.name}", first.route.origin),),
    )


def valid_hosts(whole: Whole) -> Iterator[Problem]:
    """GGI229, GGI030: a host is a DNS name of two labels or more, each of 63 characters at most, 253 in all."""
    for way in {way.hosts: way for way in reversed(whole.ways)}.values():
        hosts = way.hosts
        # Upper case has a rule of its own, GGI012, and so have the names that are put in, GGI203.
        if not hosts.names or not _names_are_labels(way):
            continue
        # The pods of a placement differ in one label only: the longest host stands for all.
        for host in {hosts.names[0], max(hosts.names, key=len)}:
            if not is_host(host.lower()):
                yield _host_fault(host, way)
                break
        large = next((host for host in hosts.names if host[:1].isdigit() and is_too_large(host)), None)
        if large is not None:
            yield _too_large(large, way)


def _too_large(host: str, way: Way) -> Problem:
    return Problem(
        rule="GGI229",
        message=f"the host {shown(host)} is a number beyond 64 bits to some readers of YAML and text to others",
        location=way.route.origin,
        subject=way.subject,
        help="let it end in a domain that begins with a letter",
        related=(("the ingress", way.ingress.origin),),
    )


def _names_are_labels(way: Way) -> bool:
    names = [way.cluster.name, way.workload.namespace, way.workload.name, way.port.name, way.placement.stateful_set]
    return all(map(is_label, names)) and all(
        is_label(pod.name[:LABEL_LENGTH].rstrip("-")) for pod in way.placement.pods if pod.ordinal is None
    )


def _host_fault(host: str, way: Way) -> Problem:
    long = len(host) > SUBDOMAIN_LENGTH or any(len(label) > LABEL_LENGTH for label in host.split("."))
    fault = subdomain_fault(host) or (
        "has a last label of digits only" if "." in host else "is one label only; a host has a domain"
    )
    return Problem(
        rule="GGI030" if long else "GGI229",
        message=f"the host {shown(host)} {fault}",
        location=way.route.origin,
        subject=way.subject,
        help="shorten the template or the names in it" if long else "for example `{cluster}-{pod}.example.com`",
        related=(("the ingress", way.ingress.origin),),
    )
