"""What the models of all kinds are made of: scalars, fields with two forms, and the mapping that knows its keys.

Scalars are strict (nothing is ever coerced) and unknown keys are refused. Where a field may be written in two
forms, the form is picked by the type of what was written, so that an error speaks of that form only. The tag of
the picked form, always in parentheses, stands in the `loc` of pydantic's errors: drop it to get the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, GetCoreSchemaHandler, StrictInt, StrictStr, Tag
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from pydantic_core import CoreSchema
    from pydantic_core.core_schema import NullableSchema

API_VERSION = "gitops-gen.io/v1alpha1"

PODS_PER_CLUSTER = 150_000
"""What Kubernetes supports in one cluster (its own limit for large clusters); no placement can be larger."""

Text: TypeAlias = Annotated[StrictStr, Field(min_length=1, max_length=1024)]
PortNumber: TypeAlias = Annotated[StrictInt, Field(ge=1, le=65535)]
Count: TypeAlias = Annotated[StrictInt, Field(ge=0, le=PODS_PER_CLUSTER)]
Percent: TypeAlias = Annotated[StrictInt, Field(ge=0, le=100)]


def mapping_or_plain(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a value that is either a mapping or a scalar."""
    return "(mapping)" if isinstance(written, dict | BaseModel) else "(plain)"


def _backend_form(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a `backend`: a word, the old recipe, or the template of a Service that is there already."""
    if not isinstance(written, dict | BaseModel):
        return "(plain)"
    old = isinstance(written, CompatBackend) or (isinstance(written, dict) and "compat" in written)
    return "(compat)" if old else "(existing)"


def list_or_mapping(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a value that is either a list or a mapping."""
    return "(list)" if isinstance(written, list) else "(mapping)"


def _text_or_number(written: Any) -> str:  # noqa: ANN401 - whatever was written
    """Name the form of a value that is either text or a number."""
    return "(text)" if isinstance(written, str) else "(number)"


PortOrText: TypeAlias = Annotated[
    Annotated[PortNumber, Tag("(number)")] | Annotated[Text, Tag("(text)")],
    Discriminator(_text_or_number),
]


class _NotNull:
    """Refuses a written null: who writes `expose:` and nothing after it means something, but not "absent"."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Take the nullable type apart again; None stays what an absent field has."""
        nullable = cast("NullableSchema", handler(source))
        return nullable["schema"]


Value = TypeVar("Value")
Given: TypeAlias = Annotated[Value | None, _NotNull()]
"""A field that may be absent (then None here) but not null."""


def _tidy(schema: dict[str, Any]) -> None:
    """Take out of a JSON Schema what only says how pydantic works: titles, and null as the default of absent."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
        if "default" in field and field["default"] is None:
            del field["default"]


class Fields(BaseModel):
    """A mapping with known keys only, in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        json_schema_extra=_tidy,
        protected_namespaces=(),
        use_attribute_docstrings=True,
    )


class ExistingBackend(Fields):
    """A backend that somebody else made: an operator's own Service per pod."""

    existing: Text
    """Name of the Service of one pod, as a template such as `kafka-{ordinal}-internal`. Fields: {cluster},
    {namespace}, {workload}, {pod}, {ordinal}, {ordinal+1}."""


class CompatBackend(Fields):
    """A shape from elsewhere, for a mesh that has it already."""

    compat: Literal["blog"]
    """`blog`: a ServiceEntry with resolution DNS on the pod's own name and no endpoints, as an article of 2019 has it,
    and the DestinationRule without which it does not work under mutual TLS."""


Backend: TypeAlias = Annotated[
    Annotated[Literal["auto", "service-entry", "pod-service", "dns", "none"], Tag("(plain)")]
    | Annotated[CompatBackend, Tag("(compat)")]
    | Annotated[ExistingBackend, Tag("(existing)")],
    Discriminator(_backend_form),
]


class NamespacedMetadata(Fields):
    """Namespace and name of a Workload or a Consumer."""

    name: Text
    """A lower-case DNS label, unique in its namespace."""
    namespace: Text
    """The Kubernetes namespace, the same in every cluster."""
