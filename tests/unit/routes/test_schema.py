from __future__ import annotations

import copy
from typing import Any

import pytest

from gitops_gen.routes.schema import schema_faults

GATEWAY: dict[str, Any] = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "a", "labels": {"app": "a"}},
    "spec": {
        "selector": {"istio": "ingressgateway"},
        "servers": [
            {
                "port": {"number": 443, "name": "tls", "protocol": "TLS"},
                "hosts": ["a.example.com"],
                "tls": {"mode": "PASSTHROUGH"},
            }
        ],
    },
}


def test_what_has_the_form_of_its_kind_has_no_faults() -> None:
    assert list(schema_faults(GATEWAY)) == []
    assert list(schema_faults({**GATEWAY, "apiVersion": "networking.istio.io/v1beta1"})) == []


@pytest.mark.parametrize(("version", "kind"), [("networking.istio.io/v2", "Gateway"), ("v2", "Service")])
def test_a_version_that_no_api_server_has_is_a_fault(version: str, kind: str) -> None:
    assert list(schema_faults({"apiVersion": version, "kind": kind})) == [f"apiVersion {version} is not served"]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("metadata", "labels", "app"), 1, "metadata.labels.app is not text"),
        (("spec", "servers"), {}, "spec.servers is no list"),
        (("spec", "servers", 0), "x", "spec.servers[0] is no mapping"),
        (("spec", "servers", 0, "hosts", 0), 1, "spec.servers[0].hosts[0] is not text"),
        (("spec", "servers", 0, "hosts"), None, "spec.servers[0].hosts is missing"),
        (("spec", "servers", 0, "port", "number"), "443", "spec.servers[0].port.number is not a whole number"),
        (("spec", "servers", 0, "port", "number"), True, "spec.servers[0].port.number is not a whole number"),
        (("spec", "servers", 0, "tls"), [], "spec.servers[0].tls is no mapping"),
        (("spec", "servers", 0, "tls", "mode"), "NONE", "spec.servers[0].tls.mode is NONE, not one of "),
        (("spec", "servers", 0, "tls", "made"), "up", "spec.servers[0].tls.made is no field of it"),
    ],
)
def test_each_fault_is_told_with_its_place(path: tuple[str | int, ...], value: object, said: str) -> None:
    gateway: Any = copy.deepcopy(GATEWAY)
    inner = gateway
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    found = list(schema_faults(gateway))
    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_needed_field_that_is_not_there_is_told() -> None:
    gateway: Any = copy.deepcopy(GATEWAY)
    del gateway["spec"]["servers"][0]["port"]["protocol"]
    assert list(schema_faults(gateway)) == ["spec.servers[0].port.protocol is missing"]


def test_kinds_that_nobody_reads_are_open() -> None:
    assert list(schema_faults({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": 1})) == []
