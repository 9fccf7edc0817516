"""Rules that a workload sets aside, from the inventory to what is reported."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_gen.inventory.source import Source
from gitops_gen.problems import Severity
from gitops_gen.rules import RULES
from gitops_gen.workflows.desired import compile_desired
from gitops_gen.workflows.proving import prove_all
from gitops_gen.workflows.reading import Judged, judge
from tests.inventories import cluster, load, mesh, placed

PUBLIC = """
istio: {endpointDiscovery: false}
ingresses:
  public:
    namespace: istio-ingress
    openPorts: [80]
    credentialName: wildcard
    hostTemplate: "{cluster}-{pod}.example.com"
"""
WEB = "{name: http, port: 8080, protocol: HTTP, expose: {port: 443}}"


def judged(*set_aside: str) -> Judged:
    """Judge a port that is not open, on Gateways of their own that share a certificate."""
    switches = "".join(f"\n  - {{rule: {rule}, reason: known}}" for rule in set_aside)
    more = "gateways: per-pod\n" + (f"setAside:{switches}" if switches else "")
    text = "---\n".join([mesh(), cluster("east", PUBLIC), placed(WEB, more=more)])
    return judge([Source("inventory.yaml", text.encode())])


def test_a_rule_on_what_the_inventory_says_is_set_aside() -> None:
    assert {(one.rule, one.severity) for one in judged().problems} == {("GGI034", Severity.ERROR)}
    told = {one.rule: one for one in judged("GGI034").problems}
    assert (told["GGI034"].severity, told["GGI034"].message[-18:]) == (Severity.WARNING, "(set aside: known)")


def test_a_rule_on_shapes_and_resources_is_set_aside_in_both() -> None:
    assert judged("GGI034").inventory is None
    told = judged("GGI010", "GGI034")
    assert {(one.rule, one.severity) for one in told.problems} == {
        ("GGI010", Severity.WARNING),
        ("GGI034", Severity.WARNING),
    }
    assert told.inventory is not None
    assert told.inventory.reasons() == {("streaming/kafka", "GGI010"): "known", ("streaming/kafka", "GGI034"): "known"}
    desired = compile_desired(told.inventory)
    assert prove_all(desired) == []
    (workload,) = told.inventory.workloads
    bare = replace(told.inventory, workloads=(replace(workload, set_aside=()),))
    assert {one.rule for one in prove_all(replace(desired, inventory=bare))} == {"GGI010"}


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ("{rule: GGI999, reason: x}", "there is no rule `GGI999`"),
        ("{rule: GGI008, reason: x}", "GGI008 holds for everybody"),
        ("{rule: GGI031, reason: x}, {rule: GGI031, reason: other}", "GGI031 is set aside a second time"),
        ('{rule: GGI031, reason: "  "}', "the reason is empty"),
    ],
)
def test_what_cannot_be_set_aside_is_said(switches: str, said: str) -> None:
    (problem,) = load(mesh(), cluster("east"), placed(more=f"setAside: [{switches}]")).problems
    assert (problem.rule, problem.subject) == ("GGI260", "Workload streaming/kafka")
    assert said in problem.message
    assert problem.help


def test_only_rules_on_resources_can_be_set_aside() -> None:
    assert all(rule.id.startswith("GGI0") for rule in RULES.values() if rule.switch)
