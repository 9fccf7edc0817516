"""Manifests: Kubernetes resources as values, and as YAML that every reader understands alike.

This is the only place that turns values into YAML. Strings go out plain only when no YAML 1.1, YAML 1.2 or Go
reader could take them for anything else; all others are double-quoted (the form of JSON, which is YAML). The
property tests hold the output against kustomize, PyYAML, ruamel.yaml and Go's reader.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml

from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Manifest: TypeAlias = "Mapping[str, Any]"
"""A complete resource, keys in the order in which kubectl shows them."""

if not yaml.__with_libyaml__:  # pragma: no cover - depends on how PyYAML was built
    raise ToolError("PyYAML was built without libyaml", help="install a wheel of PyYAML that has the C reader")


class ResourceId(NamedTuple):
    """What names a resource in a cluster: API group, kind, namespace, name."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Write it as kubectl would: `VirtualService monitoring/cluster-a-prometheus-0`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def resource_id(manifest: Manifest) -> ResourceId:
    """Return the id of a resource; the version in `apiVersion` is no part of it."""
    metadata = manifest["metadata"]
    return ResourceId(
        group=manifest["apiVersion"].rpartition("/")[0],
        kind=manifest["kind"],
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
    )


# --- out -----------------------------------------------------------------------------------------------------------

_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)

_PLAIN = re.compile(r"(?:\.\./)*[A-Za-z/][A-Za-z0-9_./-]*", re.ASCII)
_RETYPED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_BLOCK = re.compile(r"[!-~](?:[ -~]*[!-~])?\n(?:(?:[ -~]*[!-~])?\n)*(?<!\n\n)", re.ASCII)
_INVISIBLE = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")


# Each string is worked out once: keys, labels, hosts and ports repeat over thousands of resources.
@lru_cache(maxsize=65536)
def scalar(text: str) -> str:
    """Write a string as a YAML scalar on one line, quoted whenever some reader would retype it.

    The one quoting rule of the project: plain only when it begins with a letter or a slash (a relative path may
    have its `../` before that), goes on with letters, digits and `_./-`, and is no word that YAML 1.1 reads as a
    boolean or null.
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _RETYPED:
        return text
    # JSON leaves these as they are, YAML takes some of them for line breaks.
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


_BASES = re.compile(r"[-+]?0(?:[xX](?P<x>[0-9a-fA-F_]*)|[oO]?(?P<o>[0-7_]*)|[bB](?P<b>[01_]*))", re.ASCII)


def is_too_large(text: str) -> bool:
    """Tell whether a string looks like a number that 64 bits cannot hold: `1e400`, `0x` and seventeen digits.

    To Go that is text, so kustomize takes our quotes away, and every other reader of what it renders finds a number,
    infinite or not. It is the one kind of string that cannot be told apart on the far side: the inventory's rules
    refuse it.
    """
    bare = text.replace("_", "")
    if _FLOAT.fullmatch(bare):
        return math.isinf(float(bare))
    found = _BASES.fullmatch(text)
    if found is None:
        return False
    radix = {"x": 16, "o": 8, "b": 2}[found.lastgroup or "o"]
    digits = (found[found.lastgroup or "o"] or "").replace("_", "")
    return int(digits or "0", radix) >> 63 > 0


def _write_mapping(value: Mapping[str, object], indent: str, out: list[str]) -> None:
    """Append the lines of a mapping that is not empty. Text, mappings and numbers are told apart first: most are."""
    inner = indent + "  "
    for key, member in value.items():
        kind = type(member)
        if kind is str and "\n" not in member:  # type: ignore[operator]
            out.append(f"{indent}{scalar(key)}: {scalar(member)}\n")
        elif kind is dict and member:
            out.append(f"{indent}{scalar(key)}:\n")
            _write_mapping(member, inner, out)  # type: ignore[arg-type]
        elif kind is int:
            out.append(f"{indent}{scalar(key)}: {member}\n")
        elif isinstance(member, (list, tuple)) and member:
            # A list begins under its key, not deeper: the form of kustomize's own output.
            out.append(f"{indent}{scalar(key)}:\n")
            _write_sequence(member, indent, out)
        else:
            out.append(f"{indent}{scalar(key)}: {_inline(member, inner)}\n")


def _write_sequence(value: Iterable[object], indent: str, out: list[str]) -> None:
    """Append the lines of a list that is not empty."""
    inner = indent + "  "
    for member in value:
        if type(member) is str and "\n" not in member:
            out.append(f"{indent}- {scalar(member)}\n")
        elif isinstance(member, dict) and member:
            # The first key stands on the dash's own line.
            place = len(out)
            _write_mapping(member, inner, out)
            out[place] = f"{indent}- {out[place][len(inner) :]}"
        elif isinstance(member, (list, tuple)) and member:
            place = len(out)
            _write_sequence(member, inner, out)
            out[place] = f"{indent}- {out[place][len(inner) :]}"
        else:
            out.append(f"{indent}- {_inline(member, inner)}\n")


def _inline(value: object, indent: str) -> str:
    """Return what begins on the line of its key or dash: a scalar, something empty, a text of several lines."""
    if isinstance(value, str):
        if not _BLOCK.fullmatch(value):
            return scalar(str(value))
        return "|\n" + "\n".join(f"{indent}{line}" if line else "" for line in value[:-1].split("\n"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    raise TypeError(
        f"a manifest holds strings, whole numbers, booleans, lists and mappings, not {type(value).__name__}"
    )


def dump(manifests: Iterable[Manifest]) -> str:
    """Write resources as YAML documents: two spaces, block style, LF, `---` between documents.

    Raises TypeError for a value that a manifest may not hold (a float, None).
    """
    documents = []
    for manifest in manifests:
        out: list[str] = []
        _write_mapping(manifest, "", out)
        documents.append("".join(out))
    return "---\n".join(documents)


# --- in ------------------------------------------------------------------------------------------------------------

_WORDS: dict[str, object] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


def _plain(text: str) -> object:
    """Read a plain scalar by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        # Go takes what no float64 can hold for text, and so leaves it unquoted.
        return text if math.isinf(number) else number
    return text


def _value(node: yaml.Node) -> Any:  # noqa: ANN401 - YAML holds anything
    if isinstance(node, yaml.ScalarNode):
        return _plain(node.value) if not node.style else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(child) for child in node.value]
    return {_value(key): _value(child) for key, child in node.value}


UNREADABLE = (yaml.YAMLError, ValueError, TypeError, RecursionError)
"""What `load` raises for text that is no YAML, or that holds what no manifest can."""

_ALIAS = re.compile(r"(?:^|[\s\[{,])\*\S", re.MULTILINE)


def load(text: str) -> Iterator[dict[str, Any]]:
    """Read the resources in YAML text (kustomize's output, a generated file), skipping empty documents.

    PyYAML's own constructors are not used: they retype strings (`12:30`, `2026-01-01`) and fail on a plain `=`.
    Raises one of UNREADABLE for text that is no YAML; for an alias, too: nobody writes one in such a file, and a few
    lines of them would fill the memory.
    """
    return (value for _, value in load_placed(text))


def load_placed(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read resources as `load` does, each with the line (from 1) on which it begins."""
    if _ALIAS.search(text) and any(
        isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader)
    ):
        raise ValueError("YAML aliases are not read")
    for node in yaml.compose_all(text, Loader=yaml.CSafeLoader):
        value = _value(node)
        if value is not None:
            yield node.start_mark.line + 1, value
