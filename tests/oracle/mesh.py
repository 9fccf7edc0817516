"""An oracle for what a cluster's resources do: the route table, and every fault that the resources alone show.

It knows Istio's rules and nothing of the compiler, so that both can be held against each other. `routes` is the
table (gateway, port, host or server name) -> pod; `faults` the rules that rendered resources break, by id; and
`cross_faults` those that take several clusters to see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.entry_faults import Fault, entry_faults
from tests.oracle.registry import Facts, GatewayPods, Mesh, PodFact, RegisteredPort, label_of, namespace_of, read
from tests.oracle.route_faults import common_faults, gateway_faults, policy_faults, route_faults
from tests.oracle.routing import ANY_HOST, Answer, Request, matches, routes
from tests.oracle.schema import cel_faults, schema_faults
from tests.oracle.webhook import webhook_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.oracle.registry import Registered

__all__ = [
    "ANY_HOST",
    "Answer",
    "Facts",
    "Fault",
    "GatewayPods",
    "Mesh",
    "PodFact",
    "RegisteredPort",
    "Request",
    "cross_faults",
    "errors",
    "faults",
    "read",
    "routes",
]


def faults(mesh: Mesh) -> list[Fault]:
    """Return every fault of one cluster, in order. Resources that no schema takes are not looked at any further."""
    found = [
        Fault("GGI037", "E", label_of(resource), text)
        for resource in mesh.resources
        for text in schema_faults(resource)
    ]
    if not found:
        for resource in mesh.resources:
            where = label_of(resource)
            found += [Fault("GGI037", "E", where, text) for text in cel_faults(resource)]
            found += [Fault(rule, "E", where, text) for rule, text in webhook_faults(resource)]
        for check in (entry_faults, gateway_faults, route_faults, common_faults, policy_faults):
            found += check(mesh)
    return sorted(set(found))


def errors(mesh: Mesh) -> list[Fault]:
    """Return the faults that stop a tree."""
    return [fault for fault in faults(mesh) if fault.severity == "E"]


def cross_faults(meshes: Mapping[str, Mesh], discovery: Mapping[str, bool | None]) -> list[Fault]:
    """Return the faults between clusters; `discovery` says which istiod reads the endpoints of the others."""
    found: list[Fault] = []
    pods = {name: _pods(mesh) for name, mesh in meshes.items()}
    for name, mesh in meshes.items():
        others = {other: there for other, there in meshes.items() if other != name}
        for registered in mesh.registered:
            if discovery.get(name) is not False:
                found += _same_pod(mesh, registered, {other: pods[other] for other in others})
                found += _merged(mesh, registered, others)
            found += _uncovered(registered, others)
    return sorted(set(found))


def _pods(mesh: Mesh) -> set[tuple[str, str]]:
    named = ((entry.namespace, mesh.pod_of(entry)) for entry in mesh.registered)
    known = {(namespace, pod) for namespace, pod in named if pod is not None}
    return known | {(fact.namespace, fact.name) for fact in mesh.facts.pods or ()}


def _same_pod(mesh: Mesh, registered: Registered, others: Mapping[str, set[tuple[str, str]]]) -> Iterator[Fault]:
    """With discovery, istiod knows one pod of a name, wherever it is; what DNS answers is the cluster's own."""
    pod = mesh.pod_of(registered)
    if registered.kind == "ServiceEntry" and registered.selector and pod is not None:
        for other, pods in others.items():
            if (registered.namespace, pod) in pods:
                yield Fault("GGI007", "E", label_of(registered.resource), f"{other} has a pod {pod} too")


def _merged(mesh: Mesh, registered: Registered, others: Mapping[str, Mesh]) -> Iterator[Fault]:
    """With discovery, Services of one name are one Service."""
    for other, there in others.items():
        for entry in there.at(f"{registered.name}.{registered.namespace}.svc.{there.facts.cluster_domain}"):
            if entry.kind != "Service" or registered.kind != "Service" or there.pod_of(entry) is None:
                continue
            where = label_of(registered.resource)
            if mesh.pod_of(registered) is not None:
                yield Fault("GGI026", "E", where, f"merged with that of {other}")
            elif registered.selector:
                yield Fault("GGI027", "E", where, f"a stub of {other}'s with pods of its own")
            elif {n: p.name for n, p in registered.ports.items()} != {n: p.name for n, p in entry.ports.items()}:
                yield Fault("GGI027", "E", where, f"other ports than in {other}")


def _uncovered(registered: Registered, others: Mapping[str, Mesh]) -> Iterator[Fault]:
    """A pod elsewhere is a Service there that sees the east-west gateway, behind an AUTO_PASSTHROUGH server."""
    spec = registered.resource.get("spec") or {}
    remote = [endpoint for endpoint in spec.get("endpoints", ()) if endpoint.get("ports")]
    if registered.kind != "ServiceEntry" or not remote:
        return
    where = label_of(registered.resource)
    homes = [
        there for there in others.values() if any(e.host == registered.host and e.selector for e in there.registered)
    ]
    if not homes:
        yield Fault("GGI006", "E", where, f"{registered.host} is in no other cluster")
    for home in homes:
        at_home = next(entry for entry in home.at(registered.host) if entry.selector)
        covering = [
            (gateway, server["port"]["number"])
            for gateway in home.of_kind("Gateway")
            for server in gateway["spec"]["servers"]
            if (server.get("tls") or {}).get("mode") == "AUTO_PASSTHROUGH"
            and any(matches(host.rpartition("/")[2], registered.host) for host in server["hosts"])
        ]
        if not covering:
            yield Fault("GGI006", "E", where, f"no AUTO_PASSTHROUGH server at home covers {registered.host}")
        for gateway, number in covering:
            if not home.lookup(registered.host, namespace_of(gateway)):
                yield Fault("GGI015", "E", label_of(at_home.resource), f"not exported to {label_of(gateway)}")
            if any(set(endpoint["ports"].values()) != {number} for endpoint in remote):
                yield Fault("GGI006", "E", where, f"the gateway at home listens on {number}")
        if set(registered.ports) - set(at_home.ports):
            yield Fault("GGI006", "E", where, "a port that the Service at home does not have")
