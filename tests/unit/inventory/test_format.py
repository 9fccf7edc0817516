from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError

from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.format.cluster import ClusterDocument
from gitops_gen.inventory.format.fields import API_VERSION, CompatBackend, ExistingBackend, Fields
from gitops_gen.inventory.format.workload import (
    PlacementFields,
    PortFields,
    ReplicasUpTo,
    RouteFields,
    WorkloadDocument,
)
from gitops_gen.model import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


def a_workload(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Workload",
        "metadata": {"name": "kafka", "namespace": "streaming"},
        "spec": {"placements": [], **spec},
    }


def a_cluster(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "Cluster", "metadata": {"name": "east"}, "spec": spec}


def errors(model: type[BaseModel], value: object) -> list[tuple[str, str]]:
    """Return type and path of each error, without the tags of forms."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return [
        (error["type"], ".".join(str(step) for step in error["loc"] if not str(step).startswith("(")))
        for error in caught.value.errors()
    ]


def test_each_kind_has_a_model_that_knows_its_kind() -> None:
    assert DOCUMENTS.keys() == {"Mesh", "Cluster", "Workload", "Consumer"}
    for kind, model in DOCUMENTS.items():
        assert ("literal_error", "kind") in errors(model, {"kind": f"{kind}x"})


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"name": "a", "port": "80", "protocol": "TCP"}, ("int_type", "port")),
        ({"name": "a", "port": 80.0, "protocol": "TCP"}, ("int_type", "port")),
        ({"name": "a", "port": True, "protocol": "TCP"}, ("int_type", "port")),
        ({"name": "a", "port": 0, "protocol": "TCP"}, ("greater_than_equal", "port")),
        ({"name": "a", "port": 65536, "protocol": "TCP"}, ("less_than_equal", "port")),
        ({"name": 7, "port": 80, "protocol": "TCP"}, ("string_type", "name")),
        ({"name": "", "port": 80, "protocol": "TCP"}, ("string_too_short", "name")),
        ({"name": "a" * 1025, "port": 80, "protocol": "TCP"}, ("string_too_long", "name")),
        ({"name": "a", "port": 80, "protocol": "tcp"}, ("enum", "protocol")),
        ({"name": "a", "port": 80, "protocol": "TCP", "beforeReady": 1}, ("bool_type", "beforeReady")),
        ({"name": "a", "port": 80, "protocol": "TCP", "carried": "no"}, ("bool_type", "carried")),
        ({"name": "a", "port": 80, "protocol": "TCP", "mtls": "mine"}, ("literal_error", "mtls")),
        ({"name": "a", "port": 80, "protocol": "TCP", "before_ready": True}, ("extra_forbidden", "before_ready")),
        ({"name": "a", "port": 80, "protocol": "TCP", "targetPort": True}, ("int_type", "targetPort")),
        ({"name": "a", "port": 80, "protocol": "TCP", "expose": {"prot": 1}}, ("extra_forbidden", "expose.prot")),
        ({"name": "a", "port": 80, "protocol": "TCP", "expose": [{"port": "1"}]}, ("int_type", "expose.0.port")),
        ({"name": "a", "port": 80, "protocol": "TCP", "expose": True}, ("model_type", "expose")),
        ({"name": "a", "port": 80, "protocol": "TCP", "expose": None}, ("model_type", "expose")),
        ({"name": "a", "port": 80, "protocol": "TCP", "reason": None}, ("string_type", "reason")),
        ({"name": "a", "protocol": "TCP"}, ("missing", "port")),
    ],
)
def test_scalars_are_never_coerced_and_errors_have_the_written_path(
    port: dict[str, Any], expected: tuple[str, str]
) -> None:
    kind, path = expected
    assert errors(WorkloadDocument, a_workload(ports=[port])) == [(kind, f"spec.ports.0.{path}")]


@pytest.mark.parametrize(
    "replicas", [-1, 150_001, 2**31, 10**9, pytest.param(10**5000, id="huge"), True, "3", 3.0, None]
)
def test_replicas_out_of_bounds_or_of_another_type_are_refused(replicas: object) -> None:
    found = errors(WorkloadDocument, a_workload(placements=[{"cluster": "east", "replicas": replicas}]))
    assert [path for _, path in found] == ["spec.placements.0.replicas"]


@pytest.mark.parametrize("replicas", [0, 1, 150_000])
def test_replicas_at_the_bounds_are_accepted(replicas: int) -> None:
    document = WorkloadDocument.model_validate(a_workload(placements=[{"cluster": "east", "replicas": replicas}]))
    assert document.spec.placements[0].replicas == replicas


def test_fields_with_two_forms() -> None:
    document = WorkloadDocument.model_validate(
        a_workload(
            backend={"existing": "kafka-{ordinal}"},
            placements=[{"cluster": "east", "replicas": {"max": 4}, "backend": "none"}],
            ports=[
                {"name": "a", "port": 1, "protocol": "TCP", "targetPort": "main", "expose": {}},
                {"name": "b", "port": 2, "protocol": "TCP", "targetPort": 3, "expose": [{}, {"port": 4}]},
            ],
        )
    )
    assert document.spec.backend == ExistingBackend(existing="kafka-{ordinal}")
    assert document.spec.placements[0].replicas == ReplicasUpTo(max=4)
    assert document.spec.placements[0].backend == "none"
    assert [port.target_port for port in document.spec.ports] == ["main", 3]
    assert [port.expose for port in document.spec.ports] == [RouteFields(), [RouteFields(), RouteFields(port=4)]]


@pytest.mark.parametrize("backend", ["existing", "blog", 3, None, ["auto"], True])
def test_an_unknown_backend_is_one_error_at_its_place(backend: object) -> None:
    assert errors(WorkloadDocument, a_workload(backend=backend)) == [("literal_error", "spec.backend")]


def test_the_old_recipe_is_a_form_of_its_own() -> None:
    document = WorkloadDocument.model_validate(a_workload(backend={"compat": "blog"}))
    assert document.spec.backend == CompatBackend(compat="blog")
    # What is a model already is told apart, too.
    assert WorkloadDocument.model_validate(a_workload(backend=document.spec.backend)).spec.backend is not None
    assert errors(WorkloadDocument, a_workload(backend={"compat": "other"})) == [
        ("literal_error", "spec.backend.compat")
    ]


def test_null_is_accepted_for_the_governing_service_only() -> None:
    document = WorkloadDocument.model_validate(
        a_workload(service=None, placements=[{"cluster": "east", "replicas": 1, "service": None}])
    )
    assert document.spec.service is None
    assert "service" in document.spec.placements[0].model_fields_set
    nulls = dict.fromkeys(("serviceAccount", "selector", "ports", "placements", "backend", "gateways"))
    assert {path for _, path in errors(WorkloadDocument, a_workload(**nulls))} == {f"spec.{key}" for key in nulls}
    cluster_nulls = dict.fromkeys(("istio", "network", "ingresses", "eastWest", "engine", "output"))
    assert {path for _, path in errors(ClusterDocument, a_cluster(**cluster_nulls))} == {
        f"spec.{key}" for key in cluster_nulls
    }


def test_protocols_are_those_of_the_model() -> None:
    for protocol in Protocol:
        assert PortFields(name="a", port=1, protocol=protocol).protocol is protocol


def _models(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = model.model_json_schema()
    yield model.__name__, schema
    yield from schema.get("$defs", {}).items()


@pytest.mark.parametrize("kind", sorted(DOCUMENTS))
def test_every_field_is_described_in_the_schema_and_absence_is_not_null(kind: str) -> None:
    described = 0
    for name, schema in _models(DOCUMENTS[kind]):
        for field, of_field in schema.get("properties", {}).items():
            described += 1
            assert of_field.get("description"), f"{name}.{field}"
            assert "title" not in of_field
            assert "None" not in repr(of_field.get("default", "")), f"{name}.{field}"
    assert described > 5


def test_only_camel_case_is_written() -> None:
    names = {
        field.alias or name
        for model in (*DOCUMENTS.values(), *Fields.__subclasses__())
        for name, field in model.model_fields.items()
    }
    assert not [name for name in names if "_" in name]
    assert errors(PlacementFields, {"port_offset": 3}) == [("extra_forbidden", "port_offset")]


def test_the_reference_tells_every_field() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "inventory.md").read_text(encoding="utf-8")
    names = {field.alias or name for model in Fields.__subclasses__() for name, field in model.model_fields.items()}
    assert len(names) > 50
    assert not [name for name in names if not re.search(rf"[`.{{ ]{name}[`:,.}}]", text)]
