"""Cells: each has a proven inventory, and the page tells of exactly these, with what is predicted for them now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mesh import cells, known_bad
from tests.mesh.cells import read_cell
from tests.mesh.page import predictions, read_page, write_page
from tests.mesh.predict import Asked, Place

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "mesh-cells.md"
NAMES = cells.names()


def section(name: str) -> list[list[str]]:
    """Return the rows of a cell's table in the page."""
    text = PAGE.read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    return [[word.strip() for word in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_what_is_predicted_for_a_cell_now(name: str) -> None:
    rows = predictions(read_cell(name).asked)
    shown = section(name)[2:]
    counted = [line.request if len(asked) == 1 else f"{line.request} ({len(asked)})" for line, asked in rows.items()]
    assert [row[0] for row in shown] == counted, f"stale: run script/mesh {name}"
    assert [row[1] for row in shown] == [line.predicted for line in rows]
    assert all(row[2] in {row[1], "as predicted"} or row[2] in row[1] or row[1] == "nobody" for row in shown)


def test_the_page_has_these_cells_and_shapes_and_no_others() -> None:
    text = PAGE.read_text()
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert sorted(headings) == sorted([*NAMES, "Known-bad shapes"])
    assert sorted(known_bad.names()) == sorted(part.partition("**")[0] for part in text.split("\n| **")[1:])


def test_a_page_is_what_its_parts_make() -> None:
    assert write_page(read_page(PAGE.read_text())) == PAGE.read_text()


def test_a_few_cells_are_in_the_short_form() -> None:
    assert 2 <= sum(read_cell(name).gate for name in NAMES) <= 5


def test_a_cell_predicts_pod_port_and_identity_of_each_request() -> None:
    asked = read_cell("entry-strict").asked
    outside = frozenset({("istio", "ingressgateway")})
    gateway = ("istio-ingress", outside)

    def at_gateway(kind: str, host: str, port: int, *places: Place) -> Asked:
        return Asked(None, kind, host, port, "cluster-a", gateway, frozenset(places), mtls=True if places else None)

    zero, one = "cluster-a-prometheus-0.example.com", "cluster-a-prometheus-1.example.com"
    assert at_gateway("https", zero, 443, Place("cluster-a", "monitoring", "prometheus-0", 9090)) in asked
    assert at_gateway("grpcs", one, 10901, Place("cluster-a", "monitoring", "prometheus-1", 10901)) in asked
    assert at_gateway("tcp", "*", 16380, Place("cluster-a", "redis", "redis-1", 6379)) in asked
    kafka = "cluster-a-kafka-0.example.com"
    assert at_gateway("tls", kafka, 9094, Place("cluster-a", "kafka", "kafka-0", 9094)) in asked
    assert at_gateway("https", kafka, 443) in asked
