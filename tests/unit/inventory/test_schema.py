# ruff: noqa: E501 - a table, a case a line

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, Field

from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.kinds import API_VERSION, KINDS
from gitops_gen.inventory.schema import DRAFT, json_schema, readable_schema

DRAFT_07 = frozenset({
    "$schema", "title", "description", "type", "const", "enum", "properties", "required", "additionalProperties",
    "definitions", "$ref", "allOf", "anyOf", "items", "default", "examples", "minimum", "maximum", "minLength", "maxLength",
    "minItems", "maxItems", "minProperties", "pattern",
})  # fmt: skip
"""The words that the schemas use, all of draft-07."""


def schemas(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a schema and every schema inside."""
    found = [node]
    for word, value in node.items():
        if word in {"properties", "definitions"}:
            inner = list(value.values())
        elif word in {"anyOf", "allOf"}:
            inner = value
        else:
            inner = [value] if word in {"items", "additionalProperties"} and isinstance(value, dict) else []
        for part in inner:
            found += schemas(part)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_draft_07_and_says_so(kind: str) -> None:
    schema = json_schema(kind)
    assert schema["$schema"] == DRAFT
    assert schema["title"] == kind
    for node in schemas(schema):
        assert set(node) <= DRAFT_07
        if "$ref" in node:
            assert set(node) == {"$ref"}
            assert node["$ref"].removeprefix("#/definitions/") in schema["definitions"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_fit_to_be_read(kind: str) -> None:
    schema = json_schema(kind)
    assert schema["properties"]["kind"]["const"] == kind
    assert schema["properties"]["apiVersion"]["const"] == API_VERSION
    for node in schemas(schema):
        for key, inner in node.get("properties", {}).items():
            assert inner["description"].strip()
            assert "_" not in key
            assert inner.get("default", ...) is not None
        assert "\n" not in node.get("description", "")
        assert node.get("title") in {None, kind}
    assert not any(name.endswith("Fields") for name in schema["definitions"])


def test_a_schema_is_the_same_each_time() -> None:
    for kind in KINDS:
        assert json.dumps(json_schema(kind)) == json.dumps(json_schema(kind))
        assert list(json_schema(kind)["definitions"]) == sorted(json_schema(kind)["definitions"])


def test_there_is_no_schema_of_another_kind() -> None:
    with pytest.raises(KeyError):
        json_schema("Deployment")


def holds(schema: dict[str, Any], node: dict[str, Any], value: Any) -> bool:  # noqa: PLR0911 - one a word
    """Tell whether a value is valid: the part of draft-07 that the schemas use."""
    if "$ref" in node:
        return holds(schema, schema["definitions"][node["$ref"].rpartition("/")[2]], value)
    types: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    wanted = types.get(node.get("type", ""))
    if wanted is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        return False
    if node.get("type") == "null" and value is not None:
        return False
    if isinstance(value, dict):
        known = node.get("properties", {})
        more = node.get("additionalProperties", True)
        if not set(node.get("required", ())) <= set(value):
            return False
        for key, inner in value.items():
            if key not in known and more is False:
                return False
            if not holds(schema, known.get(key, more if isinstance(more, dict) else {}), inner):
                return False
    if isinstance(value, list) and not all(holds(schema, node.get("items", {}), inner) for inner in value):
        return False
    return (
        ("const" not in node or value == node["const"])
        and ("enum" not in node or value in node["enum"])
        and all(holds(schema, part, value) for part in node.get("allOf", ()))
        and ("anyOf" not in node or any(holds(schema, part, value) for part in node["anyOf"]))
        and (not isinstance(value, int) or node.get("minimum", value) <= value <= node.get("maximum", value))
        and (not isinstance(value, str) or node.get("minLength", 0) <= len(value) <= node.get("maxLength", len(value)))
        and (not isinstance(value, list | dict) or len(value) >= node.get("minItems", node.get("minProperties", 0)))
    )


DOCUMENTS_AND_VERDICTS = [
    ("{metadata: {name: a}}", "Mesh", True),
    ("{metadata: {name: a}, spec: {backend: none, gateways: per-pod, hosts: [{suffix: x, namespaces: [a]}]}}", "Mesh", True),
    ("{metadata: {name: a}, spec: {backend: {existing: x}, gitops: {engine: flux}}}", "Mesh", True),
    ("{metadata: {name: a}, spec: {backend: nothing}}", "Mesh", False),
    ("{metadata: {name: a}, spec: {backend: {existing: x, y: z}}}", "Mesh", False),
    ("{metadata: {name: a}, spec: {trustDomain: null}}", "Mesh", False),
    ("{metadata: {name: a, namespace: b}}", "Mesh", False),
    ("{metadata: {name: 3}}", "Mesh", False),
    ("{spec: {}}", "Mesh", False),
    ("{metadata: {name: a}, spec: {ingresses: {p: {namespace: x, openPorts: [80, 1-2], gateway: generated}}}}", "Cluster", True),
    ("{metadata: {name: a}, spec: {ingresses: {p: {namespace: x, gateway: {existing: a/b}}}}}", "Cluster", True),
    ("{metadata: {name: a}, spec: {ingresses: {p: {namespace: x, selector: {}}}}}", "Cluster", False),
    ("{metadata: {name: a}, spec: {ingresses: {p: {}}}}", "Cluster", False),
    ("{metadata: {name: a}, spec: {output: 2}}", "Cluster", False),
    ("{metadata: {name: a}, spec: {istio: {version: '1.30', endpointDiscovery: true}}}", "Cluster", True),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [{cluster: a, replicas: 3}], service: null}}", "Workload", True),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [{cluster: a, replicas: {max: 3}}]}}", "Workload", True),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [{cluster: a, replicas: -1}]}}", "Workload", False),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [{cluster: a, replicas: '3'}]}}", "Workload", False),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [], ports: [{name: a, port: 1, protocol: TCP, expose: []}]}}", "Workload", True),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [], ports: [{name: a, port: 1, protocol: TCP, expose: null}]}}", "Workload", False),
    ("{metadata: {name: a, namespace: b}, spec: {placements: [], ports: [{name: a, port: 65536, protocol: TCP}]}}", "Workload", False),
    ("{metadata: {name: a, namespace: b}, spec: {cluster: a, workloads: [b/c], via: east-west, port: p}}", "Consumer", True),
    ("{metadata: {name: a, namespace: b}, spec: {cluster: a, workloads: [b/c], via: west, port: p}}", "Consumer", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "good"), DOCUMENTS_AND_VERDICTS)
def test_schema_and_models_agree(text: str, kind: str, *, good: bool) -> None:
    value = {"apiVersion": API_VERSION, "kind": kind, **yaml.safe_load(text)}
    schema = json_schema(kind)
    assert holds(schema, schema, value) is good
    try:
        DOCUMENTS[kind].model_validate(value)
    except ValueError:
        assert not good
    else:
        assert good


class Small(BaseModel):
    """A small
    model.
    """

    word: str | None = Field(default=None, description="Two\nlines.", examples=["x"])


def test_what_only_says_how_pydantic_works_is_left_out() -> None:
    assert readable_schema(Small, "Thing") == {
        "$schema": DRAFT,
        "title": "Thing",
        "description": "A small model.",
        "type": "object",
        "properties": {
            "word": {"description": "Two lines.", "anyOf": [{"type": "string"}, {"type": "null"}], "examples": ["x"]}
        },
    }
