"""The proof's part on who speaks the mesh's TLS: PeerAuthentications and DestinationRules, all there and right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops_gen.model import BackendChoice
from gitops_gen.naming import service_fqdn
from gitops_gen.problems import Problem
from gitops_gen.routes.declared import placed
from gitops_gen.routes.wanted import backend_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Cluster, Inventory, Placement, Workload
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

RULE = "GGI029"

MODES = {"strict": "STRICT", "permissive": "PERMISSIVE", "disabled": "DISABLE"}


@dataclass(slots=True)
class _Told:
    """What the callers of a host are to be told: ports without mesh TLS, and whether to use it everywhere else."""

    placement: Placement
    subject: str
    off: set[int] = field(default_factory=set)
    mode: str | None = None


def prove_own_tls(table: Table, inventory: Inventory, cluster: Cluster) -> Iterator[Problem]:
    """Hold the policies of a cluster against what its ports speak: TLS of their own, or the mesh's."""
    off_at_pods: dict[tuple[str, frozenset[tuple[str, str]]], set[str]] = {}
    told: dict[str, _Told] = {}
    for workload, placement in placed(inventory, cluster.name):
        own = placement.without_mesh_tls
        if placement.service is None:
            continue
        for host, callers in _told(workload, placement, cluster):
            known = told.setdefault(host, callers)
            known.off |= callers.off
            known.mode = known.mode or callers.mode
        if own:
            pods = (workload.namespace, frozenset(workload.selector))
            numbers = {str(port.target) for port in own if isinstance(port.target, int)}
            off_at_pods.setdefault(pods, set()).update(numbers)
            yield from _missing_at_pods(table, workload, placement, numbers)
    yield from _policies(table, cluster, off_at_pods)
    yield from _callers(table, told)


def _told(workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[tuple[str, _Told]]:
    """Yield the hosts whose callers have to be told something.

    Those of the governing Service, and, where ServiceEntries go by DNS, those of the pods' own names: what DNS answers
    does not say which ports are without mesh TLS, and in the old recipe not even that the others are with it.
    """
    host = service_fqdn(placement.service or "", workload.namespace, cluster)
    subject = f"Workload {workload.key}, cluster {cluster.name}"
    off = {port.number for port in placement.without_mesh_tls}
    if off:
        yield host, _Told(placement, subject, off)
    if placement.backend in {BackendChoice.DNS, BackendChoice.BLOG}:
        mutual = placement.backend is BackendChoice.BLOG and placement.in_mesh and cluster.istio.mtls != "disabled"
        of_entry = {port.number for port in backend_ports(placement)[1]} & off
        if mutual or of_entry:
            yield f"*.{host}", _Told(placement, subject, of_entry, "ISTIO_MUTUAL" if mutual else None)


def _policies(
    table: Table, cluster: Cluster, off_at_pods: Mapping[tuple[str, frozenset[tuple[str, str]]], set[str]]
) -> Iterator[Problem]:
    for policy in table.of_kind.get("PeerAuthentication", ()):
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


def _callers(table: Table, told: Mapping[str, _Told]) -> Iterator[Problem]:
    """Hold every DestinationRule against what the callers of its host are to be told."""
    rules = table.of_kind.get("DestinationRule", ())
    there = {str(rule.spec.get("host")) for rule in rules}
    for host, callers in told.items():
        if host not in there:
            yield Problem(
                rule=RULE,
                message=f"there is no DestinationRule for {host}, which tells callers where mesh TLS is",
                location=callers.placement.origin,
                subject=callers.subject,
            )
    for rule in rules:
        host = str(rule.spec.get("host"))
        # A rule for one pod stands before that for all pods of its Service, and says the same.
        callers_of = told.get(host) or told.get(f"*.{host.partition('.')[2]}")
        if _off_for_callers(rule.spec) != (callers_of.off if callers_of else set()):
            yield _problem(rule, f"{rule} takes mesh TLS off other ports than the inventory")
        mode = ((rule.spec.get("trafficPolicy") or {}).get("tls") or {}).get("mode")
        wanted = callers_of.mode if callers_of else None
        if mode != wanted:
            yield _problem(
                rule, f"{rule} has the mode {mode or '(none)'}, and the inventory asks for {wanted or 'none'}"
            )


def _missing_at_pods(table: Table, workload: Workload, placement: Placement, numbers: set[str]) -> Iterator[Problem]:
    wanted = dict(workload.selector)
    there = any(
        policy.namespace == workload.namespace
        and ((policy.spec.get("selector") or {}).get("matchLabels") or {}) == wanted
        for policy in table.of_kind.get("PeerAuthentication", ())
    )
    if numbers and not there:
        yield Problem(
            rule=RULE,
            message=f"{workload.key} has a port without mesh TLS, and there is no PeerAuthentication for its pods",
            location=placement.origin,
            subject=f"Workload {workload.key}, cluster {placement.cluster}",
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
