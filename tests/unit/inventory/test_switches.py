"""Rules that a workload sets aside, from the inventory to what is reported."""

from __future__ import annotations

import pytest

from gitops_gen.inventory.source import Source
from gitops_gen.problems import Severity
from gitops_gen.rules import RULES
from gitops_gen.workflows.desired import compile_desired
from gitops_gen.workflows.proving import prove_all
from gitops_gen.workflows.reading import Judged, judge
from tests.inventories import cluster, load, mesh, placed

CLOSED = """
istio: {endpointDiscovery: false}
ingresses:
  public:
    namespace: streaming
    openPorts: [443]
    hostTemplate: "{cluster}-{pod}.example.com"
"""
TCP = "{name: tcp, port: 9092, protocol: TCP, expose: {startPort: 19092}}"


def judged(*set_aside: str, ports: str = TCP, backend: str = "service-entry") -> Judged:
    switches = "".join(f"\n  - {{rule: {rule}, reason: known}}" for rule in set_aside)
    more = f"backend: {backend}\n" + (f"setAside:{switches}" if switches else "")
    text = "---\n".join([mesh(), cluster("east", CLOSED), placed(ports, more=more)])
    return judge([Source("inventory.yaml", text.encode())])


def test_a_rule_on_what_the_inventory_says_is_set_aside() -> None:
    assert {one.rule for one in judged(backend="pod-service").problems} == {"GGI034"}
    told = judged("GGI034", backend="pod-service")
    assert told.inventory is not None
    assert {(one.rule, one.severity) for one in told.problems} == {("GGI034", Severity.WARNING)}
    assert all(one.message.endswith("(set aside: known)") for one in told.problems)


def test_a_rule_on_shapes_and_resources_is_set_aside_in_both() -> None:
    told = judged("GGI002", "GGI034")
    assert told.inventory is not None
    assert {(one.rule, one.severity) for one in told.problems} >= {("GGI002", Severity.WARNING)}
    assert prove_all(compile_desired(told.inventory)) == []


def test_the_resources_are_judged_where_nothing_is_set_aside() -> None:
    told = judged("GGI002", "GGI034").inventory
    assert told is not None
    bare = judged("GGI034").inventory
    assert bare is None
    assert told.reasons() == {("streaming/kafka", "GGI002"): "known", ("streaming/kafka", "GGI034"): "known"}


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
