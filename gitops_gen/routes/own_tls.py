"""The proof's part on ports with TLS of their own: PeerAuthentication and DestinationRule, both and right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.naming import service_fqdn
from gitops_gen.problems import Problem
from gitops_gen.routes.declared import placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.model import Cluster, Inventory, Placement, Workload
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

RULE = "GGI029"

MODES = {"strict": "STRICT", "permissive": "PERMISSIVE", "disabled": "DISABLE"}


def prove_own_tls(table: Table, inventory: Inventory, cluster: Cluster) -> Iterator[Problem]:
    """Hold the policies of a cluster against the ports that bring TLS of their own."""
    policies = table.of_kind.get("PeerAuthentication", ())
    rules = table.of_kind.get("DestinationRule", ())
    off_at_pods: dict[tuple[str, frozenset[tuple[str, str]]], set[str]] = {}
    off_for_callers: dict[str, set[int]] = {}
    for workload, placement in placed(inventory, cluster.name):
        own = [port for port in placement.ports if port.own_mtls and port.carried]
        if not own or placement.service is None:
            continue
        selector = (workload.namespace, frozenset(workload.selector))
        off_at_pods.setdefault(selector, set()).update(str(port.target) for port in own if isinstance(port.target, int))
        host = service_fqdn(placement.service, workload.namespace, cluster)
        off_for_callers.setdefault(host, set()).update(port.number for port in own)
        yield from _missing(workload, placement, cluster, policies, rules)
    for policy in policies:
        spec = policy.spec
        labels = frozenset(((spec.get("selector") or {}).get("matchLabels") or {}).items())
        wanted = off_at_pods.get((policy.namespace, labels), set())
        if _off_at_pods(spec) != wanted:
            yield _problem(
                policy,
                f"{policy} takes mesh TLS off container ports {_listed(_off_at_pods(spec))}, "
                f"and the inventory off {_listed(wanted)}",
            )
        mode = (spec.get("mtls") or {}).get("mode")
        if mode != MODES[cluster.istio.mtls]:
            yield _problem(
                policy, f"{policy} sets {mode or 'no mode'} for the other ports, not {MODES[cluster.istio.mtls]}"
            )
    for rule in rules:
        if _off_for_callers(rule.spec) != off_for_callers.get(str(rule.spec.get("host")), set()):
            yield _problem(rule, f"{rule} takes mesh TLS off other ports than the inventory")


def _missing(
    workload: Workload, placement: Placement, cluster: Cluster, policies: Sequence[Resource], rules: Sequence[Resource]
) -> Iterator[Problem]:
    host = service_fqdn(placement.service or "", workload.namespace, cluster)
    wanted = dict(workload.selector)
    pods = any(
        policy.namespace == workload.namespace
        and ((policy.spec.get("selector") or {}).get("matchLabels") or {}) == wanted
        for policy in policies
    )
    callers = any(rule.spec.get("host") == host for rule in rules)
    numbered = any(port.own_mtls and isinstance(port.target, int) for port in placement.ports)
    for there, what in (
        (pods or not numbered, "PeerAuthentication for its pods"),
        (callers, f"DestinationRule for {host}"),
    ):
        if not there:
            yield Problem(
                rule=RULE,
                message=f"{workload.key} has a port with TLS of its own, and there is no {what}",
                location=placement.origin,
                subject=f"Workload {workload.key}, cluster {cluster.name}",
            )


def _off_at_pods(spec: Mapping[str, Any]) -> set[str]:
    ports = spec.get("portLevelMtls") or {}
    return {str(number) for number, setting in ports.items() if (setting or {}).get("mode") == "DISABLE"}


def _off_for_callers(spec: Mapping[str, Any]) -> set[int]:
    settings = (spec.get("trafficPolicy") or {}).get("portLevelSettings") or ()
    return {
        int((setting.get("port") or {}).get("number") or 0)
        for setting in settings
        if (setting.get("tls") or {}).get("mode") == "DISABLE"
    }


def _listed(numbers: set[str]) -> str:
    return ", ".join(sorted(numbers)) or "(none)"


def _problem(resource: Resource, message: str) -> Problem:
    return Problem(rule=RULE, message=message, location=resource.location, subject=str(resource))
