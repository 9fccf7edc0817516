"""How a problem with a field is worded: what it is called, what was found, and how to write it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.inventory.language import Schema, choices, expected, kinds
from gitops_gen.inventory.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.inventory.compose import Path
    from gitops_gen.inventory.nodes import Document

SHOWN = 60
"""Characters of a value in a message."""


class Spot(NamedTuple):
    """Where an error is: the path of the value in the document, what may stand there, and what does."""

    path: Path
    may: Sequence[Schema]
    value: Any


def right_type(document: Document, spot: Spot) -> str:
    """Say how to write a value of the type that the field takes."""
    last, value, allowed = line_begin(spot.path), spot.value, kinds(spot.may)
    fixed = [choice for choice in choices(spot.may) if isinstance(choice, str)]
    if isinstance(value, str):
        if "integer" in allowed and value.isascii() and value.isdigit():
            return f"take the quotes away: `{last}{int(value[:SHOWN])}`"
        if "boolean" in allowed and value.lower() in {"true", "false", "yes", "no", "on", "off"}:
            true = value.lower() in {"true", "yes", "on"}
            return f"take the quotes away: `{last}{'true' if true else 'false'}`"
        if "array" in allowed and "object" not in allowed:
            return f"write a list: `{last}[{document.written(spot.path)[:SHOWN]}]`"
    elif "string" in allowed and not fixed and isinstance(value, bool | int | float):
        return f'put it in quotes: `{last}"{document.written(spot.path)[:SHOWN]}"`'
    advice = f"write {expected(spot.may) or 'a value'}, for example `{example_of(last, spot.may)}`"
    return f"{advice}, or take {what_to_remove(spot.path)} away" if value is None else advice


def example_of(key: str, may: Sequence[Schema]) -> str:
    """Return a line that shows the key with a value that may stand there."""
    key = key if not key or key.endswith((" ", ":")) else f"{key}:"
    key = f"{key} " if key and not key.endswith(" ") else key
    shown = next((example for node in may for example in node.get("examples", [])), None)
    if shown is not None:
        return f"{key}{shown}"
    fixed = choices(may)
    if fixed:
        return f"{key}{fixed[0]}"
    by_kind = {
        "string": _TEXTS.get(key.rstrip(": "), "..."),
        "integer": str(max([_NUMBERS.get(key.rstrip(": "), 1), *(node.get("minimum", 0) for node in may)])),
        "boolean": "true",
        "array": "[]",
        "object": _mapping(may),
        "null": "null",
    }
    return key + next((by_kind[kind] for kind in kinds(may) if kind in by_kind), "...")


def _mapping(may: Sequence[Schema]) -> str:
    """Return a mapping with the first key that it needs, or an empty one."""
    for node in may:
        for key in node.get("required", []):
            inner = node["properties"][key]
            return "{" + example_of(key, [inner]) + "}"
    return "{}"


_TEXTS = {
    "name": "prometheus",
    "namespace": "monitoring",
    "cluster": "cluster-a",
    "version": '"1.30"',
    "repository": "https://git.example.com/platform/mesh.git",
    "hostTemplate": '"{cluster}-{pod}.example.com"',
    "reason": "UDP",
    "port": "grpc",
    "suffix": "db.example.com",
    "existing": "istio-ingress/shared",
    "configMap": "thanos-stores",
}
_NUMBERS = {"port": 8080, "targetPort": 8080, "startPort": 31000, "replicas": 3, "max": 12, "percent": 10, "atMost": 3}


def nearest(unknown: str, known: Sequence[str]) -> str:
    """Return the known word that was most likely meant, or nothing."""
    folded = {_fold(name): name for name in known}
    if _fold(unknown) in folded:
        return folded[_fold(unknown)]
    if len(unknown) > SHOWN:
        return ""
    said = did_you_mean(unknown, known)
    return said.partition("`")[2].partition("`")[0] if said.startswith("did you mean") else ""


def _fold(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def name_of(path: Path) -> str:
    """Name a value in the user's words: `replicas`, `workloads[0]`; the document for its top."""
    index = ""
    for name in reversed(path):
        if isinstance(name, str):
            return f"`{name[:SHOWN]}{index}`"
        index = f"[{name}]{index}"
    return "the document"


def line_begin(path: Path) -> str:
    """Return the beginning of the line that the value stands on: `replicas: `, `- `."""
    return f"{path[-1][:SHOWN]}: " if isinstance(path[-1], str) else "- "


def what_to_remove(path: Path) -> str:
    """Name what to take away where a value is not wanted: its key, or the member of a list."""
    return "the key" if isinstance(path[-1], str) else "it"


def found_at(document: Document, spot: Spot) -> str:
    """Say what was found."""
    match spot.value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            text = spot.value if len(spot.value) <= SHOWN else spot.value[: SHOWN - 1] + "…"
            return f'"{text}"'
        case None:
            return "null"
        case _:
            return document.written(spot.path)[:SHOWN]
