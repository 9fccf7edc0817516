"""Policies: what is written for timeouts, retries and connections, and that the proof holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.model import BackendChoice, Policy, Protocol
from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from tests.factories import a_placement, a_port, a_route, a_workload, an_inventory
from tests.proofs import rendered
from tests.unit.resources.rendered import manifests

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.model import Inventory

FULL = Policy(
    timeout="30s",
    attempts=2,
    per_try_timeout="5s",
    retry_on="connect-failure",
    max_connections=100,
    connect_timeout="1s",
    idle_timeout="1h",
    max_requests=50,
)
OWN = a_port(name="tls", number=9300, protocol=Protocol.TLS, own_mtls=True, routes=(a_route(port=9300),))


def with_policy(
    policy: Policy = FULL, choice: BackendChoice = BackendChoice.AUTO, *more: Any, **port: Any
) -> Inventory:
    web = a_port(**{"routes": (a_route(),), "policy": policy, **port})
    existing = "{pod}-theirs" if choice is BackendChoice.EXISTING else None
    placement = a_placement(replicas=1, ports=(web, *more), backend=choice, existing_backend=existing)
    return an_inventory(workloads=[a_workload(selector=(("app", "prometheus"),), placements=(placement,))])


def specs(inventory: Inventory, kind: str) -> list[Any]:
    return [one["spec"] for one in manifests(inventory) if one["kind"] == kind]


def limits(inventory: Inventory) -> Any:
    (spec,) = (one for one in specs(inventory, "DestinationRule") if "prometheus-0" in one["host"])
    return spec["trafficPolicy"]


def test_a_rule_has_the_timeout_and_the_retries_of_its_port() -> None:
    inventory = with_policy()
    (route,) = specs(inventory, "VirtualService")
    (rule,) = route["http"]
    assert list(rule) == ["name", "match", "route", "timeout", "retries"]
    assert rule["timeout"] == "30s"
    assert rule["retries"] == {"attempts": 2, "perTryTimeout": "5s", "retryOn": "connect-failure"}
    assert prove_mesh(inventory, rendered(inventory)) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            FULL,
            {
                "tcp": {"maxConnections": 100, "connectTimeout": "1s"},
                "http": {"maxRequestsPerConnection": 50, "idleTimeout": "1h"},
            },
        ),
        (Policy(max_requests=5), {"http": {"maxRequestsPerConnection": 5}}),
    ],
)
def test_connections_to_a_pod_are_limited(policy: Policy, expected: object) -> None:
    inventory = with_policy(policy)
    assert limits(inventory) == {"portLevelSettings": [{"port": {"number": 9090}, "connectionPool": expected}]}
    assert prove_mesh(inventory, rendered(inventory)) == []


def test_how_long_a_connection_is_idle_is_said_for_the_pod_where_it_is_not_http() -> None:
    inventory = with_policy(Policy(idle_timeout="1h"), protocol=Protocol.TLS)
    assert limits(inventory) == {"connectionPool": {"tcp": {"idleTimeout": "1h"}}}
    assert prove_mesh(inventory, rendered(inventory)) == []
    limited = with_policy(Policy(idle_timeout="1h", max_connections=3), protocol=Protocol.TCP, routes=())
    assert limits(limited) == {
        "connectionPool": {"tcp": {"idleTimeout": "1h"}},
        "portLevelSettings": [{"port": {"number": 9090}, "connectionPool": {"tcp": {"maxConnections": 3}}}],
    }


@pytest.mark.parametrize(
    ("choice", "tls", "own"),
    [
        (BackendChoice.SERVICE_ENTRY, None, None),
        (BackendChoice.DNS, None, "DISABLE"),
        (BackendChoice.BLOG, "ISTIO_MUTUAL", "DISABLE"),
    ],
)
def test_a_rule_for_one_pod_says_again_what_all_are_told_of_mesh_tls(
    choice: BackendChoice, tls: str | None, own: str | None
) -> None:
    inventory = with_policy(Policy(max_connections=1), choice, OWN)
    found = limits(inventory)
    assert found.get("tls", {}).get("mode") == tls
    settings = {one["port"]["number"]: one.get("tls", {}).get("mode") for one in found["portLevelSettings"]}
    assert settings == ({9090: tls} if own is None else {9090: tls, 9300: own})
    # That callers by the short name go past a policy on the pod's full name is worth a warning.
    assert {problem.rule for problem in prove_mesh(inventory, rendered(inventory))} == {"GGI038"}


def test_somebody_elses_service_is_limited_too() -> None:
    inventory = with_policy(Policy(max_connections=1), BackendChoice.EXISTING)
    assert [one["host"] for one in specs(inventory, "DestinationRule")] == [
        "prometheus-0-theirs.monitoring.svc.cluster.local"
    ]
    assert prove_mesh(inventory, rendered(inventory)) == []


def test_who_asks_for_nothing_gets_nothing() -> None:
    assert specs(with_policy(Policy()), "DestinationRule") == []
    assert specs(with_policy(Policy(timeout="1s")), "DestinationRule") == []
    nothing = a_placement(replicas=1, backend=BackendChoice.NONE, ports=(a_port(policy=FULL),))
    assert manifests(an_inventory(workloads=[a_workload(placements=(nothing,))])) == []


def _timeout(kinds: dict[str, Any]) -> None:
    kinds["VirtualService"]["http"][0]["timeout"] = "31s"


def _retries(kinds: dict[str, Any]) -> None:
    kinds["VirtualService"]["http"][0]["retries"]["attempts"] = 3


def _limit(kinds: dict[str, Any]) -> None:
    kinds["DestinationRule"]["trafficPolicy"]["portLevelSettings"][0]["connectionPool"]["tcp"]["maxConnections"] = 1


def _for_all(kinds: dict[str, Any]) -> None:
    kinds["DestinationRule"]["trafficPolicy"]["connectionPool"] = {"tcp": {"maxConnections": 1}}


def _elsewhere(kinds: dict[str, Any]) -> None:
    kinds["DestinationRule"]["host"] = "elsewhere.monitoring.svc.cluster.local"


@pytest.mark.parametrize("change", [_timeout, _retries, _limit, _for_all, _elsewhere])
def test_the_proof_notices_a_policy_that_nobody_asked_for(change: Callable[[dict[str, Any]], None]) -> None:
    inventory = with_policy()
    altered = manifests(inventory)
    change({one["kind"]: one["spec"] for one in altered})
    placed = [read_resource(manifest, Location("altered.yaml", 1, 1)) for manifest in altered]
    assert "GGI008" in {problem.rule for problem in prove_mesh(inventory, {"cluster-a": placed})}
