from __future__ import annotations

import json
import re
from pathlib import Path
from time import perf_counter

import pytest

from gitops_gen.inventory.load import Loaded, load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.problems import Severity
from tests.inventories import HEAD, PUBLIC, WEB, cluster, consumer, found, load, mesh, placed, workload

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "inventory.md"


def digest(loaded: Loaded) -> str:
    assert loaded.problems == ()
    assert loaded.inventory is not None
    return loaded.inventory.digest


def test_all_problems_come_in_one_run_in_order_of_places() -> None:
    loaded = load(
        mesh("gitops: {path: ../up, branch: a..b}"),
        cluster(spec='istio: {version: "1.2"}' + PUBLIC),
        placed("{name: a, port: 1, protocol: UDP}", "{cluster: eats, replicas: 2}"),
        placed("{name: a, port: x, protocol: HTTP}", name="broken"),
        consumer("{cluster: east, workloads: [streaming/kafak], via: north-south, port: http}"),
    )
    assert loaded.inventory is None
    rules = [problem.rule for problem in loaded.problems]
    assert [rule for rule in rules if rule.startswith("GGI2")] == [
        "GGI223",
        "GGI223",
        "GGI219",
        "GGI215",
        "GGI205",
        "GGI232",
    ]
    assert len([rule for rule in rules if rule.startswith("GGI1")]) == 1
    places = [problem.location for problem in loaded.problems]
    assert places == sorted(places)


def test_a_document_that_is_broken_itself_is_not_unknown_to_others() -> None:
    loaded = load(
        mesh(),
        cluster(spec="network: 7"),
        placed(),
        placed("{name: http, port: x, protocol: HTTP}", name="broken"),
        consumer("{cluster: east, workloads: [streaming/broken], via: north-south, port: http}"),
        placed(placements="{clusters: {ring: any}, replicas: 1}", name="by-label"),
    )
    assert [problem.rule[:4] for problem in loaded.problems] == ["GGI1", "GGI1"]


def test_a_mesh_that_is_broken_itself_is_not_missing() -> None:
    loaded = load(mesh("branch: main"), cluster(), placed())
    assert [problem.rule[:4] for problem in loaded.problems] == ["GGI1"]


def test_where_the_text_cannot_be_read_nothing_is_said_to_be_missing() -> None:
    loaded = load_inventory(
        [
            Source("clusters.yaml", b"kind: [Cluster"),
            Source("workloads.yaml", placed(placements="{clusters: {ring: any}, replicas: 1}").encode()),
            Source(
                "consumers.yaml",
                consumer("{cluster: east, workloads: [streaming/other], via: east-west, port: http}").encode(),
            ),
        ]
    )
    assert {problem.location.file for problem in loaded.problems} == {"clusters.yaml"}


def test_warnings_alone_do_not_stop_the_work() -> None:
    loaded = load(mesh(), cluster(), placed("{name: pg, port: 5432, protocol: TLS, expose: {}}"))
    assert [(problem.rule, problem.severity) for problem in loaded.problems] == [("GGI216", Severity.WARNING)]
    assert loaded.inventory is not None


def test_no_sources_are_an_inventory_without_mesh() -> None:
    loaded = load_inventory([])
    assert [problem.rule for problem in loaded.problems] == ["GGI201"]
    assert loaded.texts == {}


def test_texts_are_kept_by_file() -> None:
    first, second = mesh(), cluster()
    loaded = load_inventory([Source("a.yaml", first.encode()), Source("b.yaml", second.encode())])
    assert loaded.texts == {"a.yaml": first, "b.yaml": second}
    assert loaded.inventory is not None
    assert loaded.inventory.clusters["east"].origin.file == "b.yaml"


DOCUMENTS = [
    mesh("gitops: {engine: flux, repository: git@git.example.com:mesh.git}"),
    cluster(),
    cluster("west", labels="ring: canary, zone: z1"),
    placed(),
    placed(name="zookeeper", placements="{clusters: {zone: z1, ring: canary}, replicas: 3}"),
    consumer("{cluster: east, workloads: [streaming/kafka], via: north-south, port: http}"),
]


def test_the_digest_does_not_see_the_order_of_documents_files_and_keys() -> None:
    expected = digest(load(*DOCUMENTS))
    shuffled = [DOCUMENTS[place] for place in (3, 5, 1, 0, 4, 2)]
    assert digest(load(*shuffled)) == expected
    assert digest(load_inventory([Source(f"{place}.yaml", text.encode()) for place, text in enumerate(shuffled)])) == (
        expected
    )
    other_keys = DOCUMENTS[2].replace("ring: canary, zone: z1", "zone: z1, ring: canary")
    assert digest(load(*DOCUMENTS[:2], other_keys, *DOCUMENTS[3:])) == expected
    assert re.fullmatch("[0-9a-f]{64}", expected)


def test_the_inventory_does_not_depend_on_the_order_of_documents() -> None:
    assert load(*DOCUMENTS).inventory == load(*reversed(DOCUMENTS)).inventory


@pytest.mark.parametrize("place", range(len(DOCUMENTS)))
def test_the_digest_sees_every_document(place: int) -> None:
    changed = [*DOCUMENTS]
    changed[place] = changed[place].replace("flux", "argocd").replace("example.com", "example.org")
    changed[place] = changed[place].replace("port: 8080", "port: 8081").replace("via: north", "port: http, via: north")
    changed[place] = changed[place].replace("via: north-south, port: http", "via: north-south")
    changed[place] = changed[place].replace("name: reader", "name: readers")
    changed[place] = changed[place].replace("name: west", "name: north")
    assert changed[place] != DOCUMENTS[place]
    assert digest(load(*changed)) != digest(load(*DOCUMENTS))


def test_json_says_the_same_as_yaml() -> None:
    documents = [
        {"apiVersion": "gitops-gen.io/v1alpha1", "kind": "Mesh", "metadata": {"name": "example"}},
        {"apiVersion": "gitops-gen.io/v1alpha1", "kind": "Cluster", "metadata": {"name": "east", "labels": {}}},
    ]
    sources = [Source(f"{place}.json", json.dumps(value).encode()) for place, value in enumerate(documents)]
    assert digest(load_inventory(sources)) == digest(load(mesh(), cluster(spec="")))


def test_a_slip_of_the_finger_is_refused_at_once() -> None:
    begin = perf_counter()
    assert found(mesh(), cluster(), placed(placements="{cluster: east, replicas: 1000000000}")) != []
    many = "\n".join(f"{{cluster: east, replicas: 150000, statefulSet: s{place}}}" for place in range(2000))
    assert "GGI224" in found(mesh(), cluster(), placed(placements=many))
    assert perf_counter() - begin < 10


def test_placements_by_label_cannot_multiply_beyond_bounds() -> None:
    clusters = [cluster(f"c{place}", spec="", labels="a: b") for place in range(300)]
    placements = "\n".join(["{clusters: {a: b}, replicas: 0}"] * 7000)
    begin = perf_counter()
    assert found(mesh(), *clusters, placed("{name: a, port: 1, protocol: TCP}", placements)) == ["GGI224"]
    assert perf_counter() - begin < 20


@pytest.mark.parametrize("example", ["gateway-api", "kafka", "mixed", "thanos"])
def test_the_examples_have_no_problems(example: str) -> None:
    folder = Path(__file__).parents[3] / "examples" / example
    sources = [Source(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    assert sources
    assert load_inventory(sources).problems == ()


def test_the_first_example_of_the_reference_is_accepted_as_it_stands() -> None:
    text = re.search("^```yaml\n(.*?)^```$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert text is not None
    loaded = load(text[1])
    assert loaded.problems == ()
    assert loaded.inventory is not None
    (prometheus,) = loaded.inventory.workloads
    assert [(placement.cluster, len(placement.pods)) for placement in prometheus.placements] == [
        ("cluster-a", 2),
        ("cluster-b", 3),
    ]


def test_ports_given_by_the_placement_alone_are_enough() -> None:
    spec = f"placements:\n- cluster: east\n  replicas: 1\n  ports:\n  - {WEB}\n"
    assert found(mesh(), cluster(), workload(spec)) == []


def test_a_document_of_an_unknown_kind_is_one_problem() -> None:
    rules = found(mesh(), f"{HEAD}kind: Workloads\nmetadata: {{name: a}}\n")
    assert len(rules) == 1
    assert rules[0].startswith("GGI1")


@pytest.mark.parametrize("texts", [{"<stdin>": b""}, {"a.yaml": b"# nothing\n", "b.yaml": b""}])
def test_an_inventory_of_nothing_is_told_at_its_first_file(texts: dict[str, bytes]) -> None:
    (problem,) = load_inventory([Source(name, text) for name, text in texts.items()]).problems
    assert (problem.rule, str(problem.location)) == ("GGI201", f"{next(iter(texts))}:1:1")
