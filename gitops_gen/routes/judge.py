"""All rules that hold on rendered resources, in one place."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from gitops_gen.problems import in_order
from gitops_gen.routes import api_rules, entry_rules, gateway_rules, policy_rules, port_rules, route_rules
from gitops_gen.routes.found import error
from gitops_gen.routes.schema import schema_faults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.problems import Problem
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

RULES = (
    gateway_rules.dropped_servers,
    gateway_rules.shared_certificates,
    gateway_rules.forms,
    entry_rules.entries,
    route_rules.clashes,
    route_rules.several_ports,
    route_rules.references,
    route_rules.forms,
    route_rules.retried,
    policy_rules.names,
    policy_rules.destination_rules,
    policy_rules.own_tls,
    port_rules.protocols,
    port_rules.governed,
    api_rules.one_name,
    api_rules.listeners,
    api_rules.attached,
    api_rules.ends,
)
"""Each takes the route table of a cluster and yields what is wrong in it."""


def judge(table: Table) -> list[Problem]:
    """Return everything that the resources of a cluster show to be wrong, in order."""
    return in_order(chain.from_iterable(rule(table) for rule in RULES))


def of_good_form(resources: Iterable[Resource]) -> tuple[list[Resource], list[Problem]]:
    """Part the resources that have the form of their kind from the problems of those that have not (GGI037)."""
    good: list[Resource] = []
    problems: list[Problem] = []
    for resource in resources:
        faults = list(schema_faults(resource.manifest))
        problems += [error("GGI037", resource, f"{resource}: {fault}") for fault in faults]
        if not faults:
            good.append(resource)
    return good, problems


def one_owner(resources: Iterable[Resource]) -> list[Problem]:
    """Return a problem for each resource that a cluster has twice, in whatever units, base included (GGI026).

    Flux says nothing when two of its Kustomizations have one object; the last to apply has it, and takes it along
    (docs/explanation/what-engines-and-kustomize-do.md, "Two owners").
    """
    first: dict[tuple[str, str, str, str], Resource] = {}
    problems = []
    for resource in resources:
        other = first.setdefault((resource.group, resource.kind, resource.namespace, resource.name), resource)
        if other is not resource:
            problems.append(error("GGI026", resource, f"{resource} is there twice in one cluster", other=other))
    return problems
