"""Where a file, a resource, a pod or a setting comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_gen.errors import InputError
from gitops_gen.workflows.explaining import PURPOSES, Explanation, explain
from gitops_gen.workflows.reading import Judged, load_inventory

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def thanos() -> Judged:
    return load_inventory(str(EXAMPLES / "thanos"))


def _explain(judged: Judged, target: str, **narrowed: str) -> list[Explanation]:
    assert judged.inventory is not None
    return explain(judged.inventory, judged.documents, target, **narrowed)


def _lines(explanation: Explanation) -> list[tuple[str, str]]:
    return [(fact.about, fact.text) for fact in explanation.facts]


def test_a_pods_file_comes_from_its_workload_and_holds_its_resources(thanos: Judged) -> None:
    path = "overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml"
    (told,) = _explain(thanos, f"/somewhere/checkout/{path}")
    assert told.subject == path
    assert [(about, text.partition(":")[0]) for about, text in _lines(told)] == [
        ("comes from", "Workload monitoring/prometheus"),
        ("holds", "ServiceEntry cluster-a-prometheus-0"),
        ("holds", "Gateway cluster-a-prometheus-0"),
        ("holds", "VirtualService cluster-a-prometheus-0"),
        ("rendered in", "sync unit overlays/cluster-a/monitoring"),
    ]
    source = told.facts[0].location
    assert source is not None
    assert Path(source.file).read_text().splitlines()[source.line - 1] == "  name: prometheus"


def test_a_file_of_base_is_rendered_where_overlays_build_on_it(thanos: Judged) -> None:
    (told,) = _explain(thanos, "base/monitoring/prometheus/service.yaml")
    assert [text for about, text in _lines(told) if about == "rendered in"] == [
        "sync unit overlays/cluster-a/monitoring",
        "sync unit overlays/cluster-b/monitoring",
    ]


def test_a_kustomization_above_the_units_is_rendered_in_none(thanos: Judged) -> None:
    (told,) = _explain(thanos, "overlays/cluster-a/kustomization.yaml")
    assert [about for about, _ in _lines(told)] == ["comes from", "holds"]


@pytest.mark.parametrize(
    "target",
    [
        "VirtualService/monitoring/cluster-b-prometheus-1",
        "virtualservice monitoring/cluster-b-prometheus-1",
        "VirtualService/cluster-b-prometheus-1",
    ],
)
def test_a_resource_is_found_by_kind_and_name(thanos: Judged, target: str) -> None:
    (told,) = _explain(thanos, target)
    assert told.subject == "VirtualService monitoring/cluster-b-prometheus-1 in cluster-b"
    assert _lines(told) == [
        ("is there for", PURPOSES["VirtualService"]),
        ("stands in", "overlays"),
        ("belongs to", "pod monitoring/prometheus-1"),
        ("comes from", "Workload monitoring/prometheus"),
        ("rendered in", "sync unit overlays/cluster-b/monitoring"),
    ]


def test_a_resource_of_base_is_told_for_each_cluster(thanos: Judged) -> None:
    told = _explain(thanos, "Service/monitoring/prometheus-operated")
    assert [one.subject.rpartition(" ")[2] for one in told] == ["cluster-a", "cluster-b"]
    assert {one.facts[1].text for one in told} == {"base"}
    assert len(_explain(thanos, "Service/monitoring/prometheus-operated", cluster="cluster-b")) == 1


def test_a_pod_is_told_with_its_ways_its_backend_and_its_resources(thanos: Judged) -> None:
    told = _explain(thanos, "monitoring/prometheus-0")
    assert [one.subject for one in told] == [
        "pod monitoring/prometheus-0 in cluster-a",
        "pod monitoring/prometheus-0 in cluster-b",
    ]
    lines = _lines(told[0])
    assert ("named by", "service-entry: `backend: auto` takes it, as nothing speaks against it") in lines
    assert [text.partition(" ")[0] for about, text in lines if about == "reached by"] == [
        "cluster-a-prometheus-0.example.com:80",
        "cluster-a-prometheus-0.example.com:10901",
    ]
    assert sum(about == "has" for about, _ in lines) == 3
    assert _explain(thanos, "prometheus-0", workload="monitoring/prometheus", cluster="cluster-a") == [told[0]]


def test_why_a_pod_has_no_service_entry_is_said() -> None:
    mixed = load_inventory(str(EXAMPLES / "mixed"))
    assert mixed.inventory is not None
    named = [
        fact.text
        for workload in mixed.inventory.workloads
        for placement in workload.placements
        for pod in placement.pods[:1]
        for told in _explain(mixed, f"{workload.namespace}/{pod.name}", cluster=placement.cluster)
        for fact in told.facts
        if fact.about == "named by"
    ]
    assert any(text.startswith("pod-service: `backend: auto` takes it, as endpointDiscovery") for text in named)


def test_a_setting_is_told_with_what_it_overrules(thanos: Judged) -> None:
    told = _explain(thanos, "service", cluster="cluster-a")
    assert [one.subject for one in told] == ["service of placement 1 of Workload monitoring/prometheus in cluster-a"]
    assert told[0].facts[0].text.endswith("said by Workload monitoring/prometheus")
    assert _lines(_explain(thanos, "engine", cluster="observer")[0]) == [("is", '"none", by default')]
    assert _explain(thanos, "ports.grpc.protocol", cluster="cluster-a", workload="monitoring/prometheus")


def test_what_is_not_there_is_an_error_with_the_nearest_name(thanos: Judged) -> None:
    with pytest.raises(InputError, match="nothing here is called bakend") as error:
        _explain(thanos, "bakend")
    assert error.value.help == "did you mean `backend`?"
    with pytest.raises(InputError) as error:
        _explain(thanos, "cluster-a-prometheus-0.example.com")
    assert "gitops-gen trace" in error.value.help
    with pytest.raises(InputError, match="no cluster cluster-x"):
        _explain(thanos, "backend", cluster="cluster-x")
    with pytest.raises(InputError):
        _explain(thanos, "service", workload="monitoring/other")


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_every_file_and_resource_of_the_examples_has_an_explanation(example: str) -> None:
    from gitops_gen.workflows.desired import compile_desired

    judged = load_inventory(str(EXAMPLES / example))
    assert judged.inventory is not None
    desired = compile_desired(judged.inventory)
    assert {piece.manifest["kind"] for of_cluster in desired.compiled.values() for piece in of_cluster} <= set(PURPOSES)
    for path in list(desired.tree)[:: max(1, len(desired.tree) // 12)]:
        (told,) = _explain(judged, path)
        assert told.facts[0].about == "comes from"
        assert told.facts[0].location is not None, path
