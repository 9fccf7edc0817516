"""The proof's part on policies: timeouts, retries and connections are those that the inventory asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.model import Family, Policy
from gitops_gen.routes.declared import existing_backend, placed
from gitops_gen.routes.found import error
from gitops_gen.routes.wanted import backend_ports, wanted_pods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.model import Cluster, Inventory, Port
    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Request, Table
    from gitops_gen.routes.wanted import Wanted

RULE = "GGI008"


def prove_rules(table: Table, wanted: Mapping[Request, Sequence[Wanted]]) -> Iterator[Problem]:
    """Compare timeout and retries of each rule with the policy of the port that it leads to."""
    for request, wants in wanted.items():
        port = wants[0].exposure.port
        for row in table.rows.get(request, ()) if port.protocol.family is Family.HTTP else ():
            # A route of Gateway API has neither; that somebody asks for them has a rule.
            if row.bound.route.kind != "VirtualService":
                continue
            place = int(row.bound.rule.rpartition("[")[2].rstrip("]"))
            rule = row.bound.route.spec["http"][place]
            asked = _asked(port.policy)
            if (rule.get("timeout"), rule.get("retries")) != asked and wants[0].pod is not None:
                message = f"{row.bound.rule} of {row.bound.route} has not the timeout and retries of port {port.name}"
                yield error(RULE, row.bound.route, message)


def _asked(policy: Policy) -> tuple[str | None, dict[str, Any]]:
    retries: dict[str, Any] = {"attempts": policy.attempts}
    retries |= {"perTryTimeout": policy.per_try_timeout} if policy.per_try_timeout else {}
    retries |= {"retryOn": policy.retry_on} if policy.retry_on else {}
    return policy.timeout or None, retries


def prove_connections(table: Table, inventory: Inventory, cluster: Cluster) -> Iterator[Problem]:
    """Compare the limits on connections to each pod with the policies of its ports; nobody else has any."""
    rules = {str(rule.spec.get("host")): rule for rule in table.of_kind.get("DestinationRule", ())}
    limited = {host for host, rule in rules.items() if any(_limits(rule).values())}
    pods = wanted_pods(inventory, cluster)
    for host, backends in table.registry.backends.items() if limited or _any(inventory) else ():
        for backend in backends:
            if backend.pod is None or backend.resource is None or (backend.namespace, backend.pod) not in pods:
                continue
            limited.discard(host)
            ports = backend_ports(pods[backend.namespace, backend.pod][1])[0]
            known = [port for port in ports if port.number in backend.ports]
            wanted = {port.number: _pool(port) for port in known if _pool(port)} | _idle(known)
            found = {number: pool for number, pool in _limits(rules[host]).items() if pool} if host in rules else {}
            if found != wanted:
                yield error(RULE, rules.get(host, backend.resource), f"connections to {host} are not limited as asked")
    for host in sorted(limited - _existing(inventory, cluster)):
        yield error(RULE, rules[host], f"{rules[host]} limits connections to {host}, and nobody asks for it")


def _any(inventory: Inventory) -> bool:
    ports = (port for workload in inventory.workloads for one in workload.placements for port in one.ports)
    return any(port.policy.limits_connections for port in ports)


def _existing(inventory: Inventory, cluster: Cluster) -> set[str]:
    """Return the hosts of backends that somebody else made, whose pods no resource tells."""
    return {
        f"{existing_backend(workload, placement, pod)}.{workload.namespace}.svc.{cluster.cluster_domain}"
        for workload, placement in placed(inventory, cluster.name)
        if placement.existing_backend is not None
        for pod in placement.pods
    }


def _limits(rule: Resource) -> dict[int, Any]:
    policy = rule.spec.get("trafficPolicy") or {}
    settings = policy.get("portLevelSettings") or ()
    found = {int((one.get("port") or {}).get("number") or 0): one.get("connectionPool") for one in settings}
    return {**found, **({0: policy["connectionPool"]} if policy.get("connectionPool") else {})}


def _pool(port: Port) -> dict[str, dict[str, Any]]:
    """Return the limits that a port asks for, as a DestinationRule says them for it alone."""
    policy, http = port.policy, port.protocol.family is Family.HTTP
    tcp: dict[str, Any] = {}
    tcp |= {"maxConnections": policy.max_connections} if policy.max_connections else {}
    tcp |= {"connectTimeout": policy.connect_timeout} if policy.connect_timeout else {}
    of_http: dict[str, Any] = {}
    of_http |= {"maxRequestsPerConnection": policy.max_requests} if policy.max_requests and http else {}
    of_http |= {"idleTimeout": policy.idle_timeout} if policy.idle_timeout and http else {}
    return ({"tcp": tcp} if tcp else {}) | ({"http": of_http} if of_http else {})


def _idle(ports: Sequence[Port]) -> dict[int, Any]:
    """Return how long connections that are not HTTP may be idle: Istio reads it for a host as a whole."""
    raw = {port.policy.idle_timeout for port in ports if port.protocol.family is not Family.HTTP} - {""}
    return {0: {"tcp": {"idleTimeout": "".join(raw)}}} if raw else {}
