from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.compiled import Compiled, Place
from gitops_gen.delivery.moves import Move, Step
from gitops_gen.delivery.published import Published
from gitops_gen.engines.pruning import is_kept, kept_from_pruning
from gitops_gen.model import Engine, GitOps, SyncUnit
from gitops_gen.workflows.stages import Stage, after_stage, folders_on_the_way, situation_of, stage_of, synced_before
from tests.factories import a_cluster, a_mesh, an_inventory

if TYPE_CHECKING:
    from gitops_gen.workflows.stages import Situation


def resource(name: str, folder: str = "old", *, kept: bool = False) -> Compiled:
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "data"}}
    return Compiled(kept_from_pruning(manifest) if kept else manifest, Place("data", folder, name, "Workload data/x"))


def situation(
    here: list[Compiled],
    live: list[Compiled],
    *,
    now: tuple[Engine, SyncUnit] = (Engine.FLUX, SyncUnit.WORKLOAD),
    wanted: tuple[Engine, SyncUnit] = (Engine.FLUX, SyncUnit.WORKLOAD),
    move: Move | None = None,
) -> Situation:
    record = Published(
        mesh="m", cluster="east", serial=1, output=1, tree="", digest="", engine=now[0], sync_unit=now[1], move=move
    )
    inventory = an_inventory(
        mesh=a_mesh(gitops=GitOps(engine=wanted[0], sync_unit=wanted[1])),
        clusters=[a_cluster(name="east", engine=wanted[0])],
        workloads=[],
    )
    return situation_of(inventory, "east", record=record, here=here, live=live)


def places(resources: list[Compiled]) -> dict[str, tuple[str, bool]]:
    return {one.manifest["metadata"]["name"]: (one.place.folder, is_kept(one.manifest)) for one in resources}


def test_what_stays_in_its_unit_does_not_move() -> None:
    one = situation([resource("a")], [resource("a"), resource("b")])
    assert (one.concerned, stage_of([one])) == (False, None)
    assert after_stage(None, one) == [resource("a")]
    # In a unit of the whole namespace, another folder is no other unit.
    wide = (Engine.FLUX, SyncUnit.NAMESPACE)
    assert not situation([resource("a")], [resource("a", "new")], now=wide, wanted=wide).concerned


def test_the_stages_of_what_gets_another_folder() -> None:
    live = [resource("a", "new"), resource("c", "new")]
    first = situation([resource("a"), resource("b")], live)
    assert stage_of([first]) is Stage.KEEP
    kept = after_stage(Stage.KEEP, first)
    assert places(kept) == {"a": ("old", True), "b": ("old", False)}
    assert folders_on_the_way(first, kept) == ("data/old",)

    second = situation(kept, live)
    assert stage_of([second]) is Stage.MOVE
    moved = after_stage(Stage.MOVE, second)
    assert places(moved) == {"b": ("old", False), "a": ("new", True)}, "nothing is added or taken away"
    assert folders_on_the_way(second, moved) == ("data/new", "data/old")

    third = situation(moved, live)
    assert stage_of([third]) is Stage.RELEASE
    assert places(after_stage(Stage.RELEASE, third)) == {"b": ("old", False), "a": ("new", False)}


@pytest.mark.parametrize(
    ("now", "wanted", "resynced"),
    [
        ((Engine.FLUX, SyncUnit.CLUSTER), (Engine.FLUX, SyncUnit.NAMESPACE), True),
        ((Engine.NONE, SyncUnit.CLUSTER), (Engine.NONE, SyncUnit.NAMESPACE), True),
        ((Engine.FLUX, SyncUnit.CLUSTER), (Engine.ARGOCD, SyncUnit.CLUSTER), True),
        ((Engine.NONE, SyncUnit.CLUSTER), (Engine.ARGOCD, SyncUnit.CLUSTER), False),
        ((Engine.FLUX, SyncUnit.CLUSTER), (Engine.NONE, SyncUnit.CLUSTER), False),
    ],
)
def test_another_engine_or_sync_unit_moves_all_that_stands_there(
    now: tuple[Engine, SyncUnit],
    wanted: tuple[Engine, SyncUnit],
    resynced: bool,  # noqa: FBT001 - a column of the table
) -> None:
    one = situation([resource("a", kept=True)], [resource("b")], now=now, wanted=wanted)
    assert one.resynced is resynced
    assert stage_of([one]) is (Stage.MOVE if resynced else Stage.RELEASE)
    if resynced:
        assert after_stage(Stage.MOVE, one) == [resource("a", kept=True)], "it moves with the engine's objects"
        assert folders_on_the_way(one, one.here) == ()


def test_nothing_moves_in_one_cluster_before_all_is_kept_in_the_others() -> None:
    ready = situation([resource("a", kept=True)], [resource("a", "new")])
    late = situation([resource("a")], [resource("a", "new")])
    assert stage_of([ready]) is Stage.MOVE
    assert stage_of([ready, late]) is Stage.KEEP


def test_a_move_under_way_ends_even_if_nothing_is_kept_any_more() -> None:
    whole = Move(step=Step.MOVED, since="now", by="A")
    one = situation([resource("a")], [resource("a")], move=whole)
    assert stage_of([one]) is Stage.RELEASE
    assert folders_on_the_way(one, one.here) == (), "a move of the whole cluster stays one"
    part = Move(step=Step.KEPT, since="now", by="A", folders=("data/other",))
    assert folders_on_the_way(situation([resource("a")], [], move=part), []) == ("data/other",)


def test_a_cluster_without_a_record_is_synced_as_the_inventory_says() -> None:
    inventory = an_inventory(mesh=a_mesh(), clusters=[a_cluster(name="east")], workloads=[])
    assert not situation_of(inventory, "east", record=None, here=[resource("a")], live=[resource("a")]).concerned


def test_a_cluster_without_a_record_was_synced_as_it_is_said() -> None:
    inventory = an_inventory(mesh=a_mesh(), clusters=[a_cluster(name="east")], workloads=[])
    one = situation_of(inventory, "east", record=None, here=[], live=[])
    before = synced_before(one, Engine.FLUX, SyncUnit.WORKLOAD)
    assert (before.engine, before.sync_unit) == (Engine.FLUX, SyncUnit.WORKLOAD)
