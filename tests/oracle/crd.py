"""What a Kubernetes API says to an engine object under strict field validation, by the facts of the engines' own CRDs.

The facts (`engine_facts.json`, written by `script/engine-facts`) are names of fields, types, patterns and the like, as
deep as gitops-gen's objects go. Rules that CRDs state in CEL are not among them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FACTS = Path(__file__).with_name("engine_facts.json")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_NAME_LENGTH = 253
_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def kinds() -> dict[str, dict[str, Any]]:
    """Return the facts by `apiVersion kind`."""
    found: dict[str, dict[str, Any]] = json.loads(FACTS.read_text())["kinds"]
    return found


def complaints(manifest: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Return what the API would say against an object, each with the path of its field."""
    metadata = manifest.get("metadata", {})
    found = [] if _is_name(metadata.get("name")) else ["metadata.name: no DNS subdomain"]
    found += [f"metadata.{name}: unknown" for name in metadata.keys() - {"name", "namespace", "labels", "annotations"}]
    for place in ("labels", "annotations"):
        found += [f"metadata.{place}: not text" for text in metadata.get(place, {}).values() if type(text) is not str]
    body = {name: value for name, value in manifest.items() if name not in {"apiVersion", "kind", "metadata"}}
    return found + list(_complaints(body, facts, ""))


def _is_name(name: object) -> bool:
    return isinstance(name, str) and len(name) <= _NAME_LENGTH and _NAME.fullmatch(name) is not None


def _complaints(value: Any, facts: Mapping[str, Any] | str, path: str) -> Iterator[str]:
    """Judge a value; facts that are a word alone are a type of which nothing more is known: regenerate them."""
    if isinstance(facts, str):
        yield f"{path}: no facts beyond its type; run script/engine-facts"
        return
    kind = facts.get("type", "any")
    if kind != "any" and type(value) is not _TYPES[kind]:
        yield f"{path}: {type(value).__name__} in place of {kind}"
        return
    if "pattern" in facts and not re.search(facts["pattern"], str(value)):
        yield f"{path}: {value!r} does not match {facts['pattern']}"
    if "enum" in facts and value not in facts["enum"]:
        yield f"{path}: {value!r} is none of {facts['enum']}"
    if "maxLength" in facts and len(value) > facts["maxLength"]:
        yield f"{path}: longer than {facts['maxLength']}"
    if "minLength" in facts and len(value) < facts["minLength"]:
        yield f"{path}: shorter than {facts['minLength']}"
    if isinstance(value, list):
        for place, member in enumerate(value):
            yield from _complaints(member, facts.get("items", "any"), f"{path}[{place}]")
    if isinstance(value, dict):
        yield from _of_mapping(value, facts, path)


def _of_mapping(value: Mapping[str, Any], facts: Mapping[str, Any], path: str) -> Iterator[str]:
    fields = facts.get("fields", {})
    for name in facts.get("required", ()):
        if name not in value:
            yield f"{path}.{name}: required"
    for name, member in value.items():
        if name in fields:
            yield from _complaints(member, fields[name], f"{path}.{name}")
        elif "values" in facts:
            yield from _complaints(member, facts["values"], f"{path}.{name}")
        elif not facts.get("open"):
            yield f"{path}.{name}: unknown"
