"""A document held against the model of its kind: what pydantic finds, as problems with place and advice.

Messages name the field as the user wrote it, what was expected and what was found; how the models are built never
shows. A rule that is a function of a model may raise ValueError (its text becomes the message) or
PydanticCustomError, whose context may hold `help` and `key`, the key of the mapping to point at.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from gitops_gen.inventory.language import Schema, choices, expected, forms, homes, keys, kinds, schema_of, step
from gitops_gen.inventory.scalars import EMPTY, TOO_LARGE, Doubt
from gitops_gen.inventory.wording import (
    SHOWN,
    Spot,
    example_of,
    found_at,
    line_begin,
    name_of,
    nearest,
    right_type,
    what_to_remove,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

    from gitops_gen.inventory.nodes import Document, Path
    from gitops_gen.inventory.text import Findings
    from gitops_gen.problems import Problem

Model = TypeVar("Model", bound=BaseModel)

_TYPE = ("_type", "_parsing", "_from_float", "_required")
"""How pydantic's names for errors of type end."""

_CHOICE = frozenset({"literal_error", "enum"})


def validate(document: Document, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """Hold a document against the model of its kind.

    Returns the model's value, or None with at least one problem. Scalars that are doubtful in themselves are reported
    here, where it is known what the field takes.
    """
    errors: list[ErrorDetails] = []
    try:
        fields = model.model_validate(document.value)
    except ValidationError as error:
        errors = _errors(document.value, model, error)
    else:
        if not document.doubts:
            return fields, []
    findings = document.findings(_subject(document.value))
    root = schema_of(model)
    for path, doubt in islice(document.doubts.items(), _MANY):
        if doubt is not None:
            _doubtful(document, findings, _follow(root, document.value, path), doubt)
    _report(document, findings, model, errors)
    return None, findings.problems()


_MANY = 1_000
"""Errors of one document that are looked at one by one."""


def _errors(value: dict[str, Any], model: type[BaseModel], error: ValidationError) -> list[ErrorDetails]:
    """Return pydantic's errors; of a document with very many, those of the first members of each list and mapping."""
    if error.error_count() > _MANY:
        try:
            model.model_validate(_trimmed(value))
        except ValidationError as fewer:
            error = fewer
    return error.errors(include_url=False)


def _trimmed(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _trimmed(inner) for key, inner in islice(value.items(), _MANY // 10)}
    return [_trimmed(inner) for inner in value[: _MANY // 10]] if isinstance(value, list) else value


def _report(document: Document, findings: Findings, model: type[BaseModel], errors: Sequence[ErrorDetails]) -> None:
    root = schema_of(model)
    seen: set[tuple[Path, str]] = set()
    spots = [(error, _follow(root, document.value, error["loc"])) for error in errors]
    spots = [(error, spot) for error, spot in spots if not _of_another_form(error, spot)] or spots
    spelled = {
        (spot.path[:-1], near)
        for error, spot in spots
        if error["type"] == "extra_forbidden" and (near := nearest(str(spot.path[-1]), keys(spot.may)))
    }
    for error, spot in spots:
        # The forms of a value say alike that it is of none of their types; of two keys, each may be missing.
        said = "type" if error["type"].endswith(_TYPE) else f"{error['type']} {error['loc'][-1:]}"
        if spot.path in document.doubts or (spot.path, said) in seen:
            continue
        seen.add((spot.path, said))
        if error["type"] == "extra_forbidden":
            _unknown(document, findings, model, spot)
        elif error["type"] == "missing":
            missing = str(error["loc"][-1])
            # A misspelt key is one mistake, not two; one beyond those that were looked at is there.
            if (spot.path, missing) not in spelled and spot.path[-1:] != (missing,):
                _missing(document, findings, root, spot, missing)
        else:
            _unfit(document, findings, spot, error)


def _of_another_form(error: ErrorDetails, spot: Spot) -> bool:
    """Tell whether an error of type comes from a form that was not written, of a value that may have several."""
    return error["type"].endswith(_TYPE) and _JSON_TYPES.get(type(spot.value)) in kinds(spot.may)


_JSON_TYPES = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean", type(None): "null"}


def _subject(value: Mapping[str, Any]) -> str:
    """Name a document: `Workload monitoring/prometheus`."""
    metadata = value.get("metadata")
    names = [metadata.get(key) for key in ("namespace", "name")] if isinstance(metadata, dict) else []
    name = "/".join(part[:SHOWN] for part in names if isinstance(part, str))
    return f"{value.get('kind')} {name}".rstrip()


def _follow(root: Schema, value: Any, loc: Sequence[str | int]) -> Spot:  # noqa: ANN401
    """Turn pydantic's `loc` into a path of the document: names of forms are left out, a missing key too.

    For an unknown key, `may` are the forms of the mapping around it.
    """
    may: list[Schema] = list(forms(root, root))
    path: list[str | int] = []
    for name in loc:
        if isinstance(value, dict) and isinstance(name, str) and name in value:
            inner = step(root, may, name)
            may = inner or may
            value = value[name]
        elif isinstance(value, list) and isinstance(name, int) and name < len(value):
            may = step(root, may, name) or may
            value = value[name]
        else:
            continue
        path.append(name)
    return Spot(tuple(path), may, value)


def _unknown(document: Document, findings: Findings, model: type[BaseModel], spot: Spot) -> None:
    key = str(spot.path[-1])
    known = [name for name in keys(spot.may) if name not in _at(document.value, spot.path[:-1])]
    near = nearest(key, known)
    elsewhere = [home for home in homes(model).get(key, ()) if home] if not near else []
    if near:
        advice = f"did you mean `{near}`?"
    elif elsewhere:
        advice = f"`{key}` is a key of " + " and of ".join(f"`{home}`" for home in elsewhere[:3])
    else:
        names = known or keys(spot.may)
        advice = "keys that may stand here: " + ", ".join(f"`{name}`" for name in names) if names else "take it away"
    where = f" in {name_of(spot.path[:-1])}" if len(spot.path) > 1 else ""
    findings.add("GGI115", f"unknown key `{key[:SHOWN]}`{where}", document.at(spot.path, key=True), help=advice)


def _missing(document: Document, findings: Findings, root: Schema, spot: Spot, key: str) -> None:
    example = example_of(key, step(root, spot.may, key))
    findings.add(
        "GGI116",
        f"{name_of(spot.path)} has no `{key}`, which is needed",
        document.at(spot.path, key=True),
        help=f"write it, for example `{example}`",
    )


def _unfit(document: Document, findings: Findings, spot: Spot, error: ErrorDetails) -> None:
    """Report a value of a wrong type, outside a choice or out of bounds."""
    context = error.get("ctx", {})
    place = document.at(spot.path)
    name = name_of(spot.path)
    fixed = choices(spot.may)
    if isinstance(spot.value, str) and fixed and (error["type"] in _CHOICE or "string" not in kinds(spot.may)):
        near = nearest(spot.value, [choice for choice in fixed if isinstance(choice, str)])
        findings.add(
            "GGI118",
            f"{name} must be {expected(spot.may)}, got {found_at(document, spot)}",
            place,
            help=f"did you mean `{near}`?"
            if near
            else f"write for example `{example_of(line_begin(spot.path), spot.may)}`",
        )
    elif error["type"] in _CHOICE or error["type"].endswith(_TYPE):
        findings.add(
            "GGI118" if error["type"] in _CHOICE else "GGI117",
            f"{name} must be {expected(spot.may) or 'something else'}, got {found_at(document, spot)}",
            place,
            help=right_type(document, spot),
        )
    elif error["type"] in _BOUNDS:
        message, advice = _BOUNDS[error["type"]]
        limit = next((context[key] for key in _LIMITS if key in context), "")
        findings.add(
            "GGI119",
            f"{name} must {message.format(limit)}, got {found_at(document, spot)}",
            place,
            help=advice.format(limit),
        )
    else:
        reason = str(context.get("error") or error["msg"])
        at = document.at((*spot.path, str(context["key"])), key=True) if "key" in context else place
        findings.add("GGI119", reason, at, help=str(context.get("help", "")))


_LIMITS = ("ge", "le", "gt", "lt", "min_length", "max_length", "pattern", "multiple_of")
_BOUNDS = {
    "greater_than_equal": ("be at least {}", "write {} or more"),
    "less_than_equal": ("be at most {}", "write {} or less"),
    "greater_than": ("be more than {}", "write more than {}"),
    "less_than": ("be less than {}", "write less than {}"),
    "string_too_short": ("have at least {} character(s)", "write a value, or take the key away"),
    "string_too_long": ("have at most {} characters", "shorten it"),
    "string_pattern_mismatch": ("match {}", "write a value that matches `{}`"),
    "too_short": ("have at least {} member(s)", "write one, or take the key away"),
    "too_long": ("have at most {} members", "take some away"),
}


def _doubtful(document: Document, findings: Findings, spot: Spot, doubt: Doubt) -> None:
    """Report a scalar that readers of YAML disagree about, with what the field wants."""
    place, name, last = document.at(spot.path), name_of(spot.path), line_begin(spot.path)
    allowed = kinds(spot.may)
    if doubt is EMPTY:
        findings.add(
            "GGI117",
            f"nothing is written for {name}, which must be {expected(spot.may) or 'something'}",
            place,
            help=f"write it, for example `{example_of(last, spot.may)}`, or take {what_to_remove(spot.path)} away",
        )
        return
    written = doubt.written[:SHOWN]
    if doubt.why is TOO_LARGE:
        advice = f"write {expected(spot.may) or 'a value'}, for example `{example_of(last, spot.may)}`"
        findings.add("GGI112", f"{name} is {doubt.why}, got {written}", place, help=advice)
        return
    quoted = f'`{last}"{written}"`'
    if isinstance(doubt.instead, bool) and "boolean" in allowed:
        advice = f"write `{last}{'true' if doubt.instead else 'false'}`"
    elif isinstance(doubt.instead, int) and "integer" in allowed and not isinstance(doubt.instead, bool):
        advice = f"write `{last}{doubt.instead}`"
    elif "string" in allowed or not allowed:
        advice = f"put it in quotes: {quoted}"
    else:
        advice = f"write {expected(spot.may)}, for example `{example_of(last, spot.may)}`"
    findings.add("GGI111", f"`{written}` for {name} is {doubt.why}", place, help=advice)


def _at(value: Any, path: Path) -> Any:  # noqa: ANN401
    for name in path:
        value = value[name]
    return value
