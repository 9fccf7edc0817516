"""What the engine suite judges by: it must see every difference, and write what was seen."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from script.engines import Outcome, Results
from tests.engines.oracle import Name, by_kind, differences
from tests.engines.page import page
from tests.engines.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = {
    "kind": "Service",
    "metadata": {"labels": {"app": "db"}},
    "spec": {"clusterIP": "None", "ports": [{"port": 5432}]},
}
ROUTE = {"kind": "VirtualService", "metadata": {"annotations": {"a": "1"}}, "spec": {"hosts": ["db.example.com"]}}
WANTED = {Name("Service", "data", "db"): SERVICE, Name("VirtualService", "data", "db"): ROUTE}


def with_change(change: Any) -> dict[Name, Any]:
    there: dict[Name, Any] = copy.deepcopy(WANTED)
    change(there[Name("Service", "data", "db")], there[Name("VirtualService", "data", "db")])
    return there


def test_defaults_of_the_api_server_are_no_difference() -> None:
    def default(service: Any, _route: Any) -> None:
        service["spec"]["sessionAffinity"] = "None"
        service["spec"]["ports"][0]["protocol"] = "TCP"
        service["metadata"]["uid"] = "x"

    assert differences(WANTED, with_change(default)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda service, _: service["spec"]["ports"][0].update(port=1), "spec.ports[0].port"),
        (lambda service, _: service["spec"]["ports"].append({"port": 2}), "spec.ports"),
        (lambda service, _: service["metadata"]["labels"].clear(), "metadata.labels.app"),
        (lambda _, route: route["spec"].update(exportTo=["."]), "spec"),
        (lambda _, route: route["spec"].update(hosts=[]), "spec"),
        (lambda _, route: route["metadata"]["annotations"].update(a="2"), "metadata.annotations.a"),
    ],
)
def test_what_differs_is_named(change: Any, said: str) -> None:
    (line,) = differences(WANTED, with_change(change))
    assert line.startswith("different: ")
    assert line.endswith(f": {said}")


def test_what_is_missing_and_what_is_too_many() -> None:
    service = {Name("Service", "data", "db"): SERVICE}
    assert differences(WANTED, service) == ["missing: VirtualService data/db"]
    assert differences(service, WANTED) == ["too many: VirtualService data/db"]
    assert by_kind(WANTED) == {"Service": 1, "VirtualService": 1}


def test_the_page_has_a_row_for_each_scenario() -> None:
    outcomes = {
        ("flux", name): Outcome("flux", name, ok=True, said="as it should be", seconds=60) for name in SCENARIOS
    }
    first = next(iter(SCENARIOS))
    outcomes["flux", first] = outcomes["flux", first]._replace(ok=False, said="AssertionError: a | b\nc")
    text = page(outcomes, {"flux": {"etcd": 40}}, one_run=False)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0][2:] for row in rows[1 : 1 + len(SCENARIOS)]] == list(SCENARIOS)
    assert "| **not as it should be**: AssertionError: a / b c |" in text
    assert "| as it should be (60 s) | not run |" in text
    assert f"{len(SCENARIOS)} results, 1 of them not as they should be, in {len(SCENARIOS)} minutes on" in text
    assert "| etcd | 40 |  |" in text
    assert "Argo CD 3." in text
    assert "unknown" not in text
    assert "in several runs of the suite" in text
    assert "in one run of the suite" in page(outcomes, {}, one_run=True)


def test_a_run_goes_on_where_the_one_before_ended(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results = Results(file)
    assert results.left("flux", ["a", "b"]) == ["a", "b"]
    results.add(Outcome("flux", "a", ok=True, said="", seconds=1), {"etcd": 40})
    results.add(Outcome("flux", "b", ok=False, said="", seconds=1), {"etcd": 30})
    again = Results(file)
    assert again.left("flux", ["a", "b", "c"]) == ["b", "c"]
    assert again.left("argocd", ["a"]) == ["a"]
    assert again.memory == {"flux": {"etcd": 40}}
    assert again.outcomes == results.outcomes
