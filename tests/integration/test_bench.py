"""The benchmarks compare like with like, and count right. Nothing here looks at a time."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import fleet
from benchmarks.cases import Bench
from benchmarks.measure import Case, Measured, Run, Side, measure, run
from benchmarks.objects import differences, in_tree, main, objects
from benchmarks.run import same_objects
from benchmarks.table import results, table
from gitops_gen import compile_tree
from gitops_gen.inventory.source import Source
from gitops_gen.manifest import load
from gitops_gen.workflows.reading import judge

ROOT = Path(__file__).parent.parent.parent
HELM = shutil.which("helm")


def test_the_inventory_makes_three_resources_for_each_pod(tmp_path: Path) -> None:
    judged = judge([Source("fleet.yaml", fleet.inventory(fleet.fleet(20)).encode())])
    assert judged.inventory is not None, judged.problems
    for path, content in compile_tree(judged.inventory).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    made = in_tree(tmp_path)

    assert len(made) == 20 * fleet.RESOURCES_OF_POD
    assert sorted({key.partition(" ")[0] for key in made}) == ["Gateway", "ServiceEntry", "VirtualService"]
    assert "Gateway team-0000/cluster-a-db-00003-4" in made


def test_inventory_and_values_say_the_same() -> None:
    workloads = fleet.fleet(500, more=1)
    documents = [document for document in load(fleet.inventory(workloads)) if document["kind"] == "Workload"]
    (values,) = load(fleet.values(workloads))

    told = [
        (
            document["metadata"]["namespace"],
            document["metadata"]["name"],
            document["spec"]["placements"][0]["replicas"],
            document["spec"]["ports"][0]["port"],
        )
        for document in documents
    ]

    assert told == [
        (each["namespace"], each["name"], each["replicas"], each["port"]["number"]) for each in values["workloads"]
    ]
    assert sum(replicas for _, _, replicas, _ in told) == 501
    assert max(sum(each[2] for each in told if each[0] == name) for name in {each[0] for each in told}) <= 300


def test_a_size_that_is_no_number_of_workloads_is_refused() -> None:
    with pytest.raises(ValueError, match="not workloads of 5"):
        fleet.fleet(7)


ONE = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: x}\nspec: {port: 1}\n"


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (ONE, []),
        ("spec: {port: 1}\nmetadata: {namespace: x, name: a}\nkind: Service\napiVersion: v1\n", []),
        (ONE.replace("port: 1", "port: '1'"), ["different: Service x/a"]),
        (ONE.replace("port: 1", "port: true"), ["different: Service x/a"]),
        (ONE.replace("name: a", "name: b"), ["only ours: Service x/a", "only theirs: Service x/b"]),
        ("", ["only ours: Service x/a"]),
    ],
)
def test_objects_are_compared_as_data(theirs: str, said: list[str]) -> None:
    found = differences(objects([ONE]), objects([theirs]))
    assert [line for line in found if not line.startswith("  ")] == said


def test_a_resource_that_is_made_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="Service x/a is there twice"):
        objects([ONE, ONE])


def test_trees_and_streams_are_compared_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree, stream = tmp_path / "tree", tmp_path / "stream"
    tree.mkdir()
    (tree / "a.yaml").write_text(ONE)
    (tree / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    stream.write_text(ONE)
    assert main(str(tree), str(stream)) == 0
    stream.write_text(f"{ONE}---\n{ONE.replace('name: a', 'name: b')}")
    assert main(str(tree), str(stream)) == 1
    (tree / "a.yaml").unlink()
    stream.write_text("")
    assert main(str(tree), str(stream)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "1 resources, the same on both sides",
        "only theirs: Service x/b",
        "the two sides do not make the same objects",
        "the two sides do not make the same objects",
    ]


def test_both_sides_run_in_turn_and_the_first_pair_is_not_counted(tmp_path: Path) -> None:
    order: list[str] = []

    def side(label: str) -> Side:
        def command(folder: Path) -> list[str]:
            order.append(label)
            assert list(folder.iterdir()) == []
            return [sys.executable, "-c", f"print({len(order)})"]

        return Side(label=label, command=command, told=True)

    done = measure(Case(title="a case", ours=side("ours"), theirs=side("theirs")), 2, tmp_path, ROOT)

    assert order == ["ours", "theirs"] * 3
    assert [(ours.seconds, theirs.seconds) for ours, theirs in done.pairs] == [(3.0, 4.0), (5.0, 6.0)]
    assert done.peak(0) > 2**20


def test_a_side_that_fails_ends_the_run(tmp_path: Path) -> None:
    side = Side(label="ours", command=lambda _: [sys.executable, "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(RuntimeError, match=r"(?s)ours ended with 1: .*no such thing"):
        run(side, tmp_path, ROOT)


def test_ratios_are_taken_pair_by_pair() -> None:
    side = Side(label="helm", command=lambda _: [])
    pairs = tuple(
        (Run(ours, 64 << 20), Run(theirs, 32 << 20)) for ours, theirs in [(1.0, 2.0), (9.0, 10.0), (3.0, 2.0)]
    )
    done = Measured(case=Case(title="`generate`", ours=side, theirs=side, goal=1.5), pairs=pairs)

    assert table([done]) == [
        "| what | gitops-gen, s | peak, MiB | held against | its time, s | peak, MiB | ratio | goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `generate` | 3.00 (1.00 to 9.00) | 64 | helm | 2.00 (2.00 to 10.00) | 32 | 0.90 (0.50 to 1.50) | 1.5 |",
    ]
    page = results({"machine": "one"}, [done])
    assert "- machine: one\n" in page
    assert "once to warm up and then 3 times" in page
    assert page.endswith("| 1.5 |\n")


if HELM is not None:  # Elsewhere this is no skipped test: `script/bench` looks itself, before it measures.
    helm = HELM

    def test_helm_makes_the_same_objects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bench = Bench(pods=20, folder=tmp_path / "fleet", root=ROOT, helm=helm)
        bench.write()
        same_objects(bench, tmp_path / "compared")
        assert capsys.readouterr().out == "20 pods: 60 resources, the same on both sides\n"
