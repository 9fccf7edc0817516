from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_gen.delivery.moves import Move, Step
from gitops_gen.delivery.published import (
    Published,
    closure,
    closure_id,
    dump_published,
    load_published,
    next_published,
    published_path,
)
from gitops_gen.errors import RefusedError
from gitops_gen.layout.kustomization import kustomization
from gitops_gen.layout.seal import read_seal, seal
from gitops_gen.model import Engine, SyncUnit
from gitops_gen.tree import blob_id, blob_ids, tree_id

EAST = Published(
    mesh="example",
    cluster="east",
    serial=3,
    output=1,
    tree="ab" * 20,
    repository="https://git.example.com/team/inventory.git",
    revision="0123456789" * 4,
    digest="sha256:12e4",
    addresses={"b.example.com": "240.241.0.2", "a.example.com": "240.241.0.1"},
)

BODY = """\
apiVersion: gitops-gen.io/v1alpha1
kind: Published
mesh: example
cluster: east
serial: 3
output: 1
tree: abababababababababababababababababababab
inventory:
  repository: "https://git.example.com/team/inventory.git"
  revision: "0123456789012345678901234567890123456789"
  digest: "sha256:12e4"
addresses:
  a.example.com: "240.241.0.1"
  b.example.com: "240.241.0.2"
"""


def test_the_whole_file() -> None:
    assert dump_published(EAST) == seal(BODY, "example", "Cluster east")


def test_what_is_empty_is_not_written() -> None:
    content = dump_published(replace(EAST, repository="", revision="", addresses={})).decode()
    assert content.endswith(
        'serial: 3\noutput: 1\ntree: abababababababababababababababababababab\ninventory:\n  digest: "sha256:12e4"\n'
    )


MOVE = Move(step=Step.KEPT, since="2026-01-31T12:00:00Z", by="A <a@b.org>", folders=("data/db",))


def test_how_a_cluster_is_synced_is_written_where_it_is_not_the_usual() -> None:
    synced = replace(EAST, engine=Engine.FLUX, sync_unit=SyncUnit.WORKLOAD, move=MOVE)
    content = dump_published(synced).decode()
    assert "output: 1\nengine: flux\nsyncUnit: workload\ntree: ab" in content
    assert content.endswith(
        'move:\n  step: kept\n  since: "2026-01-31T12:00:00Z"\n  by: "A <a@b.org>"\n'
        "  from:\n    engine: none\n    syncUnit: namespace\n  folders:\n  - data/db\n"
    )
    assert load_published(content.encode(), mesh="example", cluster="east") == synced


def test_what_is_written_is_read_back() -> None:
    for published in (EAST, replace(EAST, repository="", revision="", addresses={}), replace(EAST, tree="1e" * 32)):
        assert load_published(dump_published(published), mesh="example", cluster="east") == published
    mark = read_seal(dump_published(EAST))
    assert mark is not None
    assert mark.intact
    assert published_path("east") == "published/east.yaml"


def edited(before: str, after: str) -> bytes:
    assert before in BODY
    return seal(BODY.replace(before, after), "example", "Cluster east")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not written by gitops-gen"),
        (BODY.encode(), "not written by gitops-gen"),
        (dump_published(EAST) + b"# mine\n", "edited"),
        (seal(BODY, "other", "Cluster east"), "belongs to Mesh other"),
        (edited("mesh: example", "mesh: other"), "another mesh or cluster"),
        (edited("cluster: east", "cluster: west"), "another mesh or cluster"),
        (edited("serial: 3", 'serial: "3"'), "serial or output"),
        (edited("serial: 3", "serial: 0"), "serial or output"),
        (edited("serial: 3", "serial: true"), "serial or output"),
        (edited("output: 1\n", ""), "serial or output"),
        (edited("tree: ab", "tree: xy"), "missing or of the wrong type"),
        (edited("tree: abababababababababababababababababababab\n", ""), "missing or of the wrong type"),
        (edited('"sha256:12e4"', "[]"), "missing or of the wrong type"),
        (edited('"240.241.0.1"', "{}"), "missing or of the wrong type"),
        (edited("  digest:", "  hash:"), "does not know 'hash'"),
        (edited("serial: 3", "serial: 3\nmoves: {}"), "does not know 'moves'"),
        (edited("serial: 3", "serial: 3\nholds: {}"), "holds has another form"),
        (edited("serial: 3", "serial: 3\nholds: [{cause: whim}]"), "does not understand a hold"),
        (edited("serial: 3", "serial: 3\nengine: fleet"), "does not know its engine or sync unit"),
        (edited("serial: 3", "serial: 3\nengine: []"), "does not know its engine or sync unit"),
        (edited("serial: 3", "serial: 3\nsyncUnit: pod"), "does not know its engine or sync unit"),
        (edited("serial: 3", "serial: 3\nmove: {step: lost}"), "does not understand the move"),
        (edited("serial: 3", "serial: 3\nmove:"), "does not understand the move"),
        (edited("v1alpha1", "v2"), "no gitops-gen.io/v1alpha1 Published"),
        (edited("kind: Published", "kind: Mesh"), "no gitops-gen.io/v1alpha1 Published"),
        (seal("inventory: x\n", "example", "x"), "another form"),
        (seal("- 1\n", "example", "x"), "document"),
        (seal("a: [\n", "example", "x"), "no YAML"),
        (seal("? []\n: 1\n", "example", "x"), "no YAML"),
        (seal("[" * 5000, "example", "x"), "no YAML"),
        (seal(f"serial: {'9' * 5000}\n", "example", "x"), "no YAML"),
        (seal("a: &a [x, x]\nb: [*a, *a]\n", "example", "x"), "no YAML"),
        (seal("", "example", "x"), "document"),
        (seal("a: 1\n---\nb: 1\n", "example", "x"), "document"),
    ],
)
def test_a_state_that_is_not_understood_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        load_published(content, mesh="example", cluster="east")
    assert words in refused.value.message
    assert "published/east.yaml" in refused.value.message
    assert refused.value.help


def test_an_unchanged_cluster_keeps_its_file_byte_for_byte() -> None:
    current = replace(EAST, serial=99, revision="f" * 40, digest="sha256:new", repository="git@host:elsewhere")
    assert next_published(EAST, current) is EAST


@pytest.mark.parametrize(
    "change",
    [
        {"tree": "cd" * 20},
        {"output": 2},
        {"addresses": {"a.example.com": "240.241.0.9"}},
        {"addresses": {}},
        {"engine": Engine.FLUX},
        {"sync_unit": SyncUnit.CLUSTER},
        {"move": MOVE},
    ],
)
def test_a_changed_cluster_gets_the_next_serial(change: dict[str, object]) -> None:
    current = replace(EAST, serial=1, revision="f" * 40, **change)  # type: ignore[arg-type]
    assert next_published(EAST, current) == replace(current, serial=4)


def test_the_first_serial_is_one() -> None:
    assert next_published(None, replace(EAST, serial=77)).serial == 1


DB = "overlays/east/data/db"


def tree(**changed: str) -> dict[str, bytes]:
    """Return a tree of two clusters; a consumer's folder in `east` has a workload's name but not its base."""
    texts = {
        "base/data/db/kustomization.yaml": kustomization(["service.yaml"]),
        "base/data/db/service.yaml": "service\n",
        "base/data/dba/kustomization.yaml": kustomization(["x.yaml"]),
        "base/mq/kafka/kustomization.yaml": kustomization(["x.yaml"]),
        "overlays/east/kustomization.yaml": kustomization(["data", "mq"]),
        "overlays/east/data/kustomization.yaml": kustomization(["db"]),
        f"{DB}/kustomization.yaml": kustomization(["../../../../base/data/db", "db-0.yaml"]),
        f"{DB}/db-0.yaml": "pod\n",
        "overlays/east/mq/kustomization.yaml": kustomization(["kafka"]),
        "overlays/east/mq/kafka/kustomization.yaml": kustomization(["kafka-0.west.yaml"]),
        "overlays/eastern/kustomization.yaml": kustomization(["data"]),
        "published/east.yaml": "x\n",
        **changed,
    }
    return {path: text.encode() for path, text in texts.items()}


def test_the_closure_is_the_overlay_and_the_base_folders_that_it_names() -> None:
    assert closure(tree(), "east") == [
        "base/data/db/kustomization.yaml",
        "base/data/db/service.yaml",
        "overlays/east/data/db/db-0.yaml",
        "overlays/east/data/db/kustomization.yaml",
        "overlays/east/data/kustomization.yaml",
        "overlays/east/kustomization.yaml",
        "overlays/east/mq/kafka/kustomization.yaml",
        "overlays/east/mq/kustomization.yaml",
    ]


def identity(files: dict[str, bytes]) -> str:
    return closure_id(files, blob_ids(files), "east", "sha1")


def test_the_tree_id_is_gits_own_of_the_closure() -> None:
    files = tree()
    assert identity(files) == tree_id({path: blob_id(files[path]) for path in closure(files, "east")})


@pytest.mark.parametrize("path", ["base/data/db/service.yaml", f"{DB}/db-0.yaml", f"{DB}/db-1.yaml"])
def test_the_tree_id_follows_the_closure(path: str) -> None:
    assert identity(tree(**{path: "changed\n"})) != identity(tree())


@pytest.mark.parametrize("path", ["base/mq/kafka/x.yaml", "overlays/eastern/x.yaml", "published/east.yaml", "README"])
def test_the_tree_id_heeds_nothing_else(path: str) -> None:
    assert identity(tree(**{path: "changed\n"})) == identity(tree())
