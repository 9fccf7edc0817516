"""A sync unit that has nothing left is taken away by name, with an approval, and nothing else is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitops_gen.cli import console
from tests.command import git, no_room
from tests.integration.test_moves import digest, names, text
from tests.published import START, World

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize

FEWER = {**START, "streaming/kafka": {"north": 1}}


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """Make a mesh in which kafka has left two clusters for a third; Argo CD syncs all but one."""
    world = World(tmp_path, capsys)
    world.write(text(west="flux"))
    world.publish()
    world.write(text(sizes=FEWER, west="flux"))
    world.publish("--approve", digest(world))
    return world


def retire(world: World, *arguments: str, code: int = 0) -> str:
    ended = world.run("retire", "--verify", "none", *arguments)
    assert ended.code == code, f"exit code {ended.code}\n{ended.out}\n{ended.err}"
    return ended.out + ended.err


def approved(world: World, *units: str, verify: str = "none") -> str:
    value = json.loads(retire(world, *units, "--format", "json", code=3))
    return retire(world, *units, "--approve", value["digest"], "--verify", verify)


def test_units_are_listed_and_one_goes_with_its_engine_object_and_nothing_else(
    world: World, kustomize: Kustomize
) -> None:
    assert retire(world) == (
        "sync units that have nothing left:\n  overlays/east/streaming\n  overlays/west/streaming\n"
    )
    assert "guard retired-unit (needs approval): sync unit overlays/west/streaming" in retire(
        world, "overlays/west/streaming", code=3
    )
    before = world.files()
    said = approved(world, "overlays/west/streaming", verify="changed")
    assert (
        "run in cluster west: kubectl --namespace flux-system delete kustomizations.kustomize.toolkit.fluxcd.io "
        "streaming  (unless what applies engines/flux/west prunes it)"
    ) in said
    assert "configmap" not in said, "its Kustomization takes it along"
    after = world.files()
    assert set(before) - set(after) == {
        "overlays/west/streaming/kustomization.yaml",
        "overlays/west/streaming/retired.yaml",
    }
    assert {path for path in after if after[path] != before[path]} == {
        "overlays/west/kustomization.yaml",
        "engines/flux/west/gitops-gen.yaml",
    }
    assert names(world, "engines/flux/west/gitops-gen.yaml") == {"GitRepository gitops-gen", "Kustomization monitoring"}
    assert "nothing to change" in world.publish()
    assert "- path: overlays/east/" not in world.file("engines/argocd/gitops-gen.yaml")


def test_argocd_loses_the_destination_and_a_person_the_rest(world: World) -> None:
    value = json.loads(retire(world, "east/streaming", "--format", "json", code=3))
    assert value["outcome"]["commit"] is None
    value = json.loads(retire(world, "east/streaming/", "--approve", value["digest"], "--format", "json"))
    assert value["retire"] == {
        "units": ["overlays/east/streaming"],
        "apply": ["engines/argocd/gitops-gen.yaml"],
        "commands": [
            {
                "cluster": "",
                "command": "kubectl --namespace argocd delete applications.argoproj.io east.streaming",
                "note": "its resources stay",
            },
            {
                "cluster": "east",
                "command": "kubectl --namespace streaming delete configmap gitops-gen-retired-streaming",
                "note": "nothing else takes it away",
            },
        ],
    }
    written = world.file("engines/argocd/gitops-gen.yaml")
    assert "  - name: east\n    namespace: monitoring\n  - name: north\n" in written


def test_a_cluster_that_has_left_goes_unit_by_unit_and_an_older_inventory_does_not_bring_it_back(
    world: World,
) -> None:
    old = git(world.inventory, "rev-parse", "HEAD").strip()
    gone = {key: {one: size for one, size in placed.items() if one != "west"} for key, placed in FEWER.items()}
    whole = text(sizes=gone)
    world.write("---\n".join(one for one in whole.split("---\n") if "name: west" not in one))
    world.publish("--approve", digest(world))
    assert "west" in world.file("engines/flux/west/gitops-gen.yaml"), "it keeps its engine"
    assert "west" not in world.file("engines/argocd/gitops-gen.yaml")
    approved(world, "west/streaming", "west/monitoring")
    assert not [path for path in world.files() if "west" in path]
    assert world.record("west")["serial"] == 4
    assert "nothing to retire" not in retire(world)
    world.publish_at(old, code=4)
    assert not [path for path in world.files() if "west" in path]


def test_what_is_no_tombstone_is_refused(world: World) -> None:
    said = retire(world, "overlays/west/monitoring", code=3)
    assert "overlays/west/monitoring is no sync unit that has nothing left" in said
    assert "those that are: overlays/east/streaming, overlays/west/streaming" in said
    # The inventory fills it again.
    world.write(text(west="flux"))
    assert "the inventory has resources for overlays/west/streaming again" in retire(world, "west/streaming", code=3)
    world.write(text(sizes=FEWER, west="flux"))
    # Somebody edited it.
    clone = world.clone()
    path = clone / "overlays/west/streaming/retired.yaml"
    path.write_text(path.read_text() + "# mine\n")
    git(clone, "commit", "--quiet", "--all", "-m", "edit")
    world.push()
    assert "overlays/west/streaming/retired.yaml is in the way" in retire(world, "west/streaming", code=3)


def test_nothing_is_retired_in_the_middle_of_a_move(world: World) -> None:
    world.write(text(sizes=FEWER, west="argocd"))
    assert world.run("move", "--verify", "none").code == 0
    assert "a move is under way in west" in retire(world, "west/streaming", code=3)
    # The units stay the same, so that a tombstone is in nobody's way.
    assert world.run("move", "--verify", "none").code == 0


def test_without_any_tombstone_there_is_nothing_to_retire(world: World) -> None:
    approved(world, "west/streaming", "east/streaming")
    assert retire(world) == "every sync unit has something to sync; there is nothing to retire\n"
    assert json.loads(retire(world, "--format", "json")) == {"tombstones": []}
    assert "there is none" in retire(world, "west/streaming", code=3)


def test_a_retirement_that_landed_is_told_though_its_report_cannot_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = json.loads(retire(world, "west/streaming", "--format", "json", code=3))
    monkeypatch.setattr(console, "result", no_room)
    ended = world.run("retire", "west/streaming", "--approve", value["digest"], "--verify", "none")
    assert ended.code == 6
    assert f"commit {world.tip()} is on main, but the report cannot be written: No space left" in ended.err
