"""Policies as inventories write them."""

from __future__ import annotations

import pytest

from gitops_gen.inventory.load import load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.model import Policy
from tests.inventories import cluster, found, mesh, placed

HTTP = "{name: http, port: 80, protocol: HTTP, expose: {}, policy: %s}"
TCP = "{name: tcp, port: 81, protocol: TCP, policy: %s}"
OTHER = "{name: tls, port: 82, protocol: TLS, policy: %s}"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{}", []),
        ("{timeout: 30s}", []),
        ("{timeout: 1m30s}", []),
        ("{timeout: 0.5s}", []),
        ("{timeout: 0s}", ["GGI014"]),
        ("{timeout: 30}", ["GGI117"]),
        ("{timeout: soon}", ["GGI014"]),
        ("{retries: {attempts: 0}}", []),
        ("{retries: {retryOn: reset}}", ["GGI014"]),
        ("{retries: {perTryTimeout: 1s}}", ["GGI014"]),
        ("{retries: {attempts: 2}}", ["GGI031"]),
        ("{retries: {attempts: 2, perTryTimeout: 0ms}}", ["GGI014", "GGI031"]),
        ("{connections: {max: 0}}", ["GGI119"]),
        ("{connections: {connectTimeout: 0s, idleTimeout: never}}", ["GGI014", "GGI014"]),
    ],
)
def test_what_a_policy_may_say(policy: str, expected: list[str]) -> None:
    assert sorted(found(mesh(), cluster(), placed(HTTP % policy))) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{connections: {max: 1, connectTimeout: 1s, idleTimeout: 1h}}", []),
        ("{timeout: 1s}", ["GGI241"]),
        ("{retries: {attempts: 0}}", ["GGI241"]),
        ("{connections: {maxRequests: 1}}", ["GGI241"]),
    ],
)
def test_requests_are_https_alone(policy: str, expected: list[str]) -> None:
    assert found(mesh(), cluster(), placed(TCP % policy)) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("{connections: {idleTimeout: 1h}}", "{connections: {idleTimeout: 1h, max: 3}}", []),
        ("{connections: {idleTimeout: 1h}}", "{connections: {max: 3}}", ["GGI242"]),
        ("{connections: {idleTimeout: 1h}}", "{}", ["GGI242"]),
        ("{connections: {max: 3}}", "{}", []),
        ("{}", "{connections: {idleTimeout: 1h}}", ["GGI242"]),
    ],
)
def test_what_is_not_http_is_idle_equally_long(first: str, second: str, expected: list[str]) -> None:
    other = OTHER % second
    udp = "{name: udp, port: 53, protocol: UDP, carried: false, reason: none}"
    ports = "\n".join([HTTP % "{connections: {idleTimeout: 9s}}", TCP % first, other, udp])
    assert found(mesh(), cluster(), placed(ports)) == expected


@pytest.mark.parametrize(("policy", "expected"), [("{connections: {max: 3}}", ["GGI242"]), ("{}", [])])
def test_what_a_port_says_of_connections_takes_the_place_of_the_workloads(policy: str, expected: list[str]) -> None:
    more = "policy: {connections: {idleTimeout: 1h}}"
    assert found(mesh(), cluster(), placed("\n".join([TCP % "{}", OTHER % policy]), more=more)) == expected


def test_a_workloads_policy_is_for_those_that_have_it() -> None:
    more = "policy: {timeout: 9s, retries: {attempts: 1}, connections: {max: 7, maxRequests: 8}}"
    ports = "\n".join([HTTP % "{timeout: 1s}", TCP % "{}"])
    text = "---\n".join([mesh(), cluster(), placed(ports, more=more)])
    loaded = load_inventory([Source("inventory.yaml", text.encode())])
    assert [problem.rule for problem in loaded.problems] == ["GGI031"]
    assert loaded.inventory is not None
    http, tcp = loaded.inventory.workloads[0].placements[0].ports
    assert http.policy == Policy(timeout="1s", attempts=1, max_connections=7, max_requests=8)
    assert tcp.policy == Policy(max_connections=7)
    assert found(mesh(), cluster(), placed(HTTP % "{}", more="policy: {timeout: 0s}")) == ["GGI014"]
