"""The inventory language as its JSON Schema says it: which keys stand where, and what a value may be.

pydantic makes the schema from the models of `format.py`; this module walks it along a path, so that a message can
say what was expected in the field's own words.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel

Schema: TypeAlias = "dict[str, Any]"
"""A JSON Schema, or the part of one that describes one value."""

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
    "number": "a number",
}


@lru_cache
def schema_of(model: type[BaseModel]) -> Schema:
    """Return pydantic's own JSON Schema of what is written for a model."""
    return model.model_json_schema(by_alias=True, mode="validation")


def forms(root: Schema, node: Schema) -> Iterator[Schema]:
    """Give the forms that a value may be written in, references followed and alternatives taken apart."""
    if "$ref" in node:
        yield from forms(root, root["$defs"][node["$ref"].rpartition("/")[2]])
    elif "anyOf" in node or "oneOf" in node:
        for part in node.get("anyOf") or node["oneOf"]:
            yield from forms(root, part)
    else:
        yield node


def step(root: Schema, nodes: Sequence[Schema], name: str | int) -> list[Schema]:
    """Return the forms of what stands under a key or index, given the forms of the mapping or list."""
    found: list[Schema] = []
    for node in nodes:
        inner = node.get("items") if isinstance(name, int) else None
        if isinstance(name, str):
            inner = node.get("properties", {}).get(name)
            if inner is None and isinstance(node.get("additionalProperties"), dict):
                inner = node["additionalProperties"]
        if isinstance(inner, dict):
            found += forms(root, inner)
    return found


def choices(nodes: Sequence[Schema]) -> list[Any]:
    """Return the values that may be written, where they are a fixed few."""
    found: list[Any] = []
    for node in nodes:
        found += node.get("enum", [])
        if "const" in node:
            found.append(node["const"])
    return found


def kinds(nodes: Sequence[Schema]) -> list[str]:
    """Return the JSON types that may be written."""
    return list(dict.fromkeys(node["type"] for node in nodes if "type" in node))


def keys(nodes: Sequence[Schema]) -> list[str]:
    """Return the keys that may stand in a mapping."""
    return list(dict.fromkeys(key for node in nodes for key in node.get("properties", {})))


def expected(nodes: Sequence[Schema]) -> str:
    """Say what may be written: `a whole number or a mapping`, "one of `auto`, `none` or a mapping"."""
    fixed = [f"`{choice}`" for choice in choices(nodes)]
    words = [_WORDS[kind] for kind in kinds([node for node in nodes if not choices([node])]) if kind in _WORDS]
    if len(fixed) > 1:
        return " or ".join([f"one of {', '.join(fixed)}", *words])
    return " or ".join([*fixed, *words])


@lru_cache
def homes(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return for each key of a kind the mappings in which it may stand, as dotted paths."""
    root = schema_of(model)
    found: dict[str, list[str]] = {}
    waiting: list[tuple[str, Schema]] = [("", root)]
    # This comes to an end because no kind can stand inside itself.
    while waiting:
        path, node = waiting.pop(0)
        for form in forms(root, node):
            for key, inner in form.get("properties", {}).items():
                found.setdefault(key, []).append(path)
                waiting.append((f"{path}.{key}" if path else key, inner))
            members = (form.get("items"), form.get("additionalProperties"))
            waiting += [(path, inner) for inner in members if isinstance(inner, dict)]
    return {key: tuple(dict.fromkeys(paths)) for key, paths in found.items()}
