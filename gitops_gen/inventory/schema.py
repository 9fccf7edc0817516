"""JSON Schemas of the inventory's kinds, for editors: draft-07, made from the models, fit to be read by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.language import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema(kind: str) -> dict[str, Any]:
    """Return the schema of one kind (`Mesh`, `Cluster`, `Workload`, `Consumer`). Raises KeyError for any other."""
    return readable_schema(DOCUMENTS[kind], kind)


def readable_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the schema of what is written for a model, without anything that only says how pydantic works.

    Definitions are in order of their names, everything else in the order in which the models are written.
    """
    written = schema_of(model)
    definitions = written.get("$defs", {})
    schema = {"$schema": DRAFT, "title": title, **_tidy(written)}
    if definitions:
        schema["definitions"] = {_named(name): _tidy(definitions[name]) for name in sorted(definitions)}
    return schema


_NOISE = frozenset({"title", "discriminator", "$defs"})
_FIRST = ("$schema", "title", "description", "type", "const", "enum", "properties", "required")


def _tidy(node: dict[str, Any]) -> dict[str, Any]:
    """Write one schema anew: names instead of class names, and nothing that a reader of draft-07 passes over."""
    tidied: dict[str, Any] = {}
    for word, value in node.items():
        if word in _NOISE or (word == "default" and value is None):
            continue
        match word:
            case "$ref":
                tidied["$ref"] = f"#/definitions/{_named(value.rpartition('/')[2])}"
            case "description":
                tidied["description"] = " ".join(value.split())
            case "properties":
                tidied[word] = {key: _tidy(inner) for key, inner in value.items()}
            case "items" | "additionalProperties" | "propertyNames" if isinstance(value, dict):
                tidied[word] = _tidy(value)
            case "anyOf" | "oneOf" | "allOf":
                tidied["anyOf" if word == "oneOf" else word] = [_tidy(inner) for inner in value]
            case _:
                tidied[word] = value
    if "$ref" in tidied and len(tidied) > 1:
        # Draft-07 ignores whatever stands beside a reference.
        tidied = {"allOf": [{"$ref": tidied.pop("$ref")}], **tidied}
    return {word: tidied[word] for word in _order(tidied)}


def _order(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: _FIRST.index(word) if word in _FIRST else len(_FIRST))


def _named(name: str) -> str:
    """Return the name of a definition as people would write it: `Port` for PortFields."""
    return name.removesuffix("Fields") or name
