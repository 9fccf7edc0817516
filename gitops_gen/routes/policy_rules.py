"""Rules on Services, DestinationRules and PeerAuthentications, and on the names of all resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.naming import LABEL_LENGTH, is_label, is_subdomain
from gitops_gen.routes.api_bindings import CARRIED
from gitops_gen.routes.found import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table


_SUBDOMAINS = {"VirtualService", "ServiceEntry", "DestinationRule", *CARRIED, "ListenerSet"}


def names(table: Table) -> Iterator[Problem]:
    """GGI030: names and label values that the API server refuses."""
    for resource in table.resources:
        if resource.kind == "Service" and not is_label(resource.name):
            yield error(
                "GGI030", resource, f"the name of {resource} is no DNS label of at most {LABEL_LENGTH} characters"
            )
        elif resource.kind in _SUBDOMAINS and not is_subdomain(resource.name):
            yield error("GGI030", resource, f"the name of {resource} is no DNS name of at most 253 characters")
        for label, value in (resource.manifest["metadata"].get("labels") or {}).items():
            if len(str(value)) > LABEL_LENGTH:
                yield error("GGI030", resource, f"label {label} of {resource} is longer than {LABEL_LENGTH} characters")


def destination_rules(table: Table) -> Iterator[Problem]:
    """GGI018, GGI031: hosts that are no full names, and ejecting the only endpoint."""
    for rule in table.of_kind.get("DestinationRule", ()):
        host = str(rule.spec.get("host"))
        if "." not in host:
            yield error("GGI018", rule, f"{rule} is for `{host}`, which is no full name")
        policy = rule.spec.get("trafficPolicy") or {}
        ejects = policy.get("outlierDetection") or any(
            setting.get("outlierDetection") for setting in policy.get("portLevelSettings") or ()
        )
        backends = table.registry.backends.get(host, ())
        if ejects and any(backend.pod is not None for backend in backends):
            yield warning("GGI031", rule, f"{rule} can eject the one pod of {host}", help="leave outlierDetection out")


def own_tls(table: Table) -> Iterator[Problem]:
    """GGI029: mesh TLS is taken off a port of the pods, and their callers are not told."""
    told: set[str] = set()
    for rule in table.of_kind.get("DestinationRule", ()):
        if _off(rule):
            told.add(rule.namespace)
    for policy in table.of_kind.get("PeerAuthentication", ()):
        ports = policy.spec.get("portLevelMtls") or {}
        if ports and not (policy.spec.get("selector") or {}).get("matchLabels"):
            yield error("GGI029", policy, f"{policy} has portLevelMtls and selects no pods: Istio ignores it")
        off = any((setting or {}).get("mode") == "DISABLE" for setting in ports.values())
        if off and policy.namespace not in told:
            yield error(
                "GGI029",
                policy,
                f"{policy} takes mesh TLS off a port, and no DestinationRule tells the callers of the headless Service",
                help="write a DestinationRule for its host with portLevelSettings and `tls: {mode: DISABLE}`",
            )


def _off(rule: Resource) -> bool:
    policy = rule.spec.get("trafficPolicy") or {}
    settings = [policy, *(policy.get("portLevelSettings") or ())]
    return any((setting.get("tls") or {}).get("mode") == "DISABLE" for setting in settings)
