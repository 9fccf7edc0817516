"""Cells: each has a proven inventory, and the page tells of exactly these, with what is predicted for them now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mesh import cells, known_bad
from tests.mesh.cells import read_cell
from tests.mesh.page import predictions, read_page, write_page
from tests.mesh.predict import Asked, Place
from tests.mesh.records import read_zone

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
    for row in shown:
        assert row[2] == "as predicted" or row[1] == "nobody" or set(row[2].split(" or ")) <= set(row[1].split(" or "))


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
        asked = Asked(None, kind, host, port, "cluster-a", gateway, frozenset(places), mtls=True if places else None)
        return asked._replace(
            certificate="wildcard-example-com" if places and kind.endswith("s") and kind != "tls" else ""
        )

    zero, one = "cluster-a-prometheus-0.example.com", "cluster-a-prometheus-1.example.com"
    assert at_gateway("https", zero, 443, Place("cluster-a", "monitoring", "prometheus-0", 9090)) in asked
    assert at_gateway("grpcs", one, 10901, Place("cluster-a", "monitoring", "prometheus-1", 10901)) in asked
    assert at_gateway("tcp", "*", 16380, Place("cluster-a", "redis", "redis-1", 6379)) in asked
    kafka = "cluster-a-kafka-0.example.com"
    assert at_gateway("tls", kafka, 9094, Place("cluster-a", "kafka", "kafka-0", 9094)) in asked
    assert at_gateway("https", kafka, 443) in asked


def requests(name: str) -> list[str]:
    return [line.request for line in predictions(read_cell(name).asked)]


def test_a_policy_is_tried_beside_a_port_without_one() -> None:
    asked = [one for one in read_cell("policy").asked if one.trial is not None]
    by_port = {
        (one.host.partition("-")[2].partition(".")[0], one.port): [
            other.trial.seen for other in asked if other.trial is not None and other[2:4] == one[2:4]
        ]
        for one in asked
    }
    assert by_port["a-prometheus-0", 443] == ["attempt 3", "503", "attempt 1", "504", "3 at once"]
    assert by_port["a-prometheus-0", 9443] == ["attempt 2", "503", "attempt 2", "504"]
    assert by_port["a-prometheus-0", 10443] == ["503", "attempt 1", "1 at once"]
    assert by_port["a-prometheus-0", 11443] == ["503", "attempt 1", "3 at once"]
    assert by_port["", 16379] == ["1 at once", "closed"]
    assert by_port["", 16389] == ["3 at once", "attempt 1"]


def test_who_is_let_out_is_asked_beside_who_is_not() -> None:
    kept = [one for one in read_cell("ways-out").asked if one.client is not None and not one.places]
    assert {one.client[1] for one in kept if one.client is not None} >= {"callers", "thanos", "streaming"}
    let_out = [one for one in read_cell("ways-out").asked if one.client is not None and one.client[0] == "cluster-b"]
    assert {one.kind for one in let_out if one.places and one.cluster == "cluster-a"} == {
        "http",
        "grpc",
        "grpcs",
        "tls",
        "tcp",
    }


def test_a_client_shows_no_certificate_that_nobody_believes_in() -> None:
    shown = {(one.shows, bool(one.places)) for one in read_cell("certificate-of-clients").asked if one.certificate}
    assert shown == {("client", True), ("", False), ("stranger", False)}


def test_records_are_read_as_they_are_written() -> None:
    zone = (
        "$TTL 60\na.example.com. IN A 192.0.2.1\na.example.com. IN A 192.0.2.2\nb.example.com. IN CNAME c.example.net."
    )
    assert read_zone(zone) == {"a.example.com": ["192.0.2.1", "192.0.2.2"], "b.example.com": ["c.example.net"]}
    assert any("by its record" in request for request in requests("records-dnsendpoint"))


def test_each_pod_shows_its_own_certificate() -> None:
    found = {one.certificate for one in read_cell("certificate-per-pod").asked if one.places and one.certificate}
    assert found == {"cluster-a-prometheus-0-tls", "cluster-a-prometheus-1-tls"}
