from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery.published import Published, dump_published
from gitops_gen.errors import RefusedError
from gitops_gen.layout.kustomization import listed
from gitops_gen.manifest import load
from gitops_gen.resources.addresses import allocate, given_addresses
from gitops_gen.workflows.generate import compare_folder, generate
from tests.inventories import cluster, consumer, mesh, placed
from tests.inventories import load as read

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.model import Inventory

POOL = "240.241.0.0/29"
EAST = """
istio: {endpointDiscovery: false}
eastWest: {addresses: [192.0.2.1]}
"""


def inventory_of(replicas: int, *, first: int = 0) -> Inventory:
    port = "{name: http, port: 8080, protocol: HTTP}"
    loaded = read(
        mesh(f"vipPool: {POOL}"),
        cluster(spec=EAST),
        cluster("observer", spec="istio: {endpointDiscovery: false}"),
        placed(
            port, f"{{cluster: east, replicas: {replicas}, ordinals: {{start: {first}}}}}", more="serviceAccount: kafka"
        ),
        consumer("{cluster: observer, workloads: [streaming/kafka], via: east-west, port: http}"),
    )
    assert loaded.inventory is not None, loaded.problems
    return loaded.inventory


def addresses(folder: Path) -> dict[str, str]:
    files = sorted(folder.glob("overlays/observer/streaming/kafka/*.east.yaml"))
    return given_addresses(manifest for file in files for manifest in load(file.read_text()))


def host(ordinal: int) -> str:
    return f"east-kafka-{ordinal}.streaming.svc.cluster.local"


def test_a_folder_s_own_addresses_stay_when_pods_come_and_go(tmp_path: Path) -> None:
    """In a pool of six addresses most hosts are moved aside by others; fresh ones are not to move them again."""
    generate(inventory_of(3, first=3), tmp_path)
    before = addresses(tmp_path)
    assert set(before) == {host(3), host(4), host(5)}
    generate(inventory_of(6), tmp_path)
    after = addresses(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == 6
    # Without looking at the folder, they would not have stayed: the test is about something.
    assert allocate([host(number) for number in range(6)], POOL, {}) != after
    assert compare_folder(inventory_of(6), tmp_path).comparison.reconciled.writes == {}
    generate(inventory_of(1, first=5), tmp_path)
    assert addresses(tmp_path) == {host(5): before[host(5)]}


def test_addresses_of_an_edited_file_are_not_believed(tmp_path: Path) -> None:
    generate(inventory_of(1), tmp_path)
    (file,) = tmp_path.glob("overlays/observer/streaming/kafka/*.east.yaml")
    given = addresses(tmp_path)[host(0)]
    file.write_text(file.read_text().replace(given, "240.241.0.250"))
    compared = compare_folder(inventory_of(1), tmp_path).comparison
    assert compared.desired.addresses == {host(0): given}
    assert [refusal.path for refusal in compared.reconciled.refusals] == [str(file.relative_to(tmp_path))]


def test_what_people_keep_beside_the_records_is_let_be(tmp_path: Path) -> None:
    for path in ("published/README.md", "published/notes/east.yaml", "published/Upper.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("notes\n")
    done = generate(inventory_of(1), tmp_path).compared
    assert (done.comparison.reconciled.refusals, done.kept.refuses) == ((), False)
    # Where a record should stand, it holds the cluster, as it does for a publish.
    (tmp_path / "published" / "east.yaml").write_text("notes\n")
    before = (tmp_path / "overlays/east/streaming/kafka/kafka-0.yaml").read_bytes()
    done = generate(inventory_of(2), tmp_path).compared
    assert done.kept.refuses
    assert "published/east.yaml" in done.kept.lost["east"]
    assert (tmp_path / "overlays/east/streaming/kafka/kafka-0.yaml").read_bytes() == before
    assert not (tmp_path / "overlays/east/streaming/kafka/kafka-1.yaml").exists()
    assert (tmp_path / "published" / "east.yaml").read_text() == "notes\n"


def test_a_record_of_another_mesh_is_refused(tmp_path: Path) -> None:
    record = Published(mesh="other", cluster="east", serial=1, output=1, tree="ab" * 20, digest=f"sha256:{'0' * 64}")
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "east.yaml").write_bytes(dump_published(record))
    with pytest.raises(RefusedError, match=r"published/east\.yaml"):
        generate(inventory_of(1), tmp_path)


def test_a_file_that_is_executable_is_the_file_that_was_there(tmp_path: Path) -> None:
    generate(inventory_of(1), tmp_path)
    file = "overlays/east/streaming/kafka/kafka-0.yaml"
    (tmp_path / file).chmod(0o755)
    comparison = compare_folder(inventory_of(1), tmp_path).comparison
    assert {path: comparison.contents[path] for path in comparison.reconciled.writes} == comparison.reconciled.writes
    assert list(comparison.reconciled.writes) == [file]


def test_a_pod_that_is_called_as_a_tombstone_has_its_neighbours_beside_it(tmp_path: Path) -> None:
    loaded = read(mesh(), cluster(), placed(placements="{cluster: east, names: [other, retired]}"))
    assert loaded.inventory is not None
    generate(loaded.inventory, tmp_path)
    folder = tmp_path / "overlays/east/streaming/kafka"
    assert listed((folder / "kustomization.yaml").read_bytes()) == ["other.yaml", "retired_.yaml"]
    assert compare_folder(loaded.inventory, tmp_path).comparison.reconciled.writes == {}
