"""The fence over real git: whatever the order in which runs come, the newest inventory stays."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.command import git
from tests.published import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    return World(tmp_path, capsys)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("sizes", [(2, 3, 4), (2, 3, 2)], ids=["onward", "there-and-back"])
def test_every_order_of_three_runs_ends_with_the_newest(
    world: World, order: tuple[int, ...], sizes: tuple[int, ...]
) -> None:
    commits = [world.sizes(east=size, west=size) for size in sizes]
    newest_seen = -1
    for place in order:
        if place < newest_seen:
            said = world.publish_at(commits[place], code=4)
            assert f"superseded: cluster east has a newer inventory, of commit {commits[newest_seen][:12]}" in said
        else:
            world.publish_at(commits[place])
        newest_seen = max(newest_seen, place)
        assert world.pods("east") == sizes[newest_seen]
    assert world.pods("west") == sizes[2]


def test_a_run_that_changes_nothing_still_fences_one_in_between(world: World) -> None:
    first, middle, last = world.sizes(east=2), world.sizes(east=3), world.sizes(east=2)
    world.publish_at(first)
    files, serial = world.files(), world.record("east")["serial"]
    world.publish_at(last)
    assert world.files() == files
    assert world.record("east")["inventory"]["revision"] == last  # type: ignore[index]
    assert world.record("east")["serial"] == serial
    tip = world.tip()
    world.publish_at(middle, code=4)
    assert world.tip() == tip


def test_commits_that_do_not_touch_the_inventory_leave_the_records_alone(world: World) -> None:
    world.sizes()
    world.publish()
    tip = world.tip()
    (world.inventory / "README.md").write_text("Something else.\n")
    world.write((world.inventory / "mesh" / "mesh.yaml").read_text())
    world.write((world.inventory / "mesh" / "mesh.yaml").read_text())
    assert "nothing to change" in world.publish()
    assert world.tip() == tip


def test_a_cluster_that_a_newer_inventory_gave_up_does_not_come_back(world: World) -> None:
    first, middle = world.sizes(), world.sizes(north=3)
    text = (world.inventory / "mesh" / "mesh.yaml").read_text()
    without = text.replace("    - {cluster: north, replicas: 3}\n", "")
    last = world.write(without)
    only_two = world.write(without)
    world.publish_at(last)
    assert world.pods("north") == 0
    for late in (first, middle):
        world.publish_at(late, code=4)
    assert world.pods("north") == 0
    assert not [path for path in world.files() if "/north/" in path]
    world.publish_at(only_two)


def test_the_fence_is_per_cluster(world: World) -> None:
    first = world.sizes()
    second = world.sizes(east=3, west=3)
    third = world.sizes(east=4, west=4)
    world.publish_at(first)
    world.at(third)
    world.publish("--select", "ring=canary")
    world.at(second)
    said = world.publish(code=4)
    assert "superseded: cluster east" in said
    assert "superseded: cluster west" not in said
    assert (world.pods("east"), world.pods("west")) == (4, 3)


def test_an_inventory_without_order_needs_the_approval_of_its_very_plan(world: World) -> None:
    revision = world.sizes()
    world.publish()
    tip = world.tip()
    path = world.inventory / "mesh" / "mesh.yaml"
    path.write_text(path.read_text().replace("{cluster: east, replicas: 2}", "{cluster: east, replicas: 3}"))
    ended = world.run("plan")
    assert ended.code == 0, "a plan is asked for on branches, too"
    assert "guard unordered-inventory (warning): cluster east" in ended.out
    said = world.publish(code=3)
    assert "guard unordered-inventory (needs approval): cluster east" in said
    assert "is not as in commit" in said
    assert "commit the inventory" in said
    assert world.tip() == tip
    digest = said.rpartition("--approve ")[2].split()[0]
    world.publish("--approve", "sha256:" + "0" * 64, code=3)
    world.publish("--approve", digest)
    assert world.pods("east") == 3
    # The fence still stands where it stood.
    assert world.record("east")["inventory"]["revision"] == revision  # type: ignore[index]


def test_an_inventory_without_order_that_changes_nothing_is_no_matter(world: World) -> None:
    world.sizes()
    world.publish()
    git(world.inventory, "checkout", "--quiet", "--orphan", "elsewhere")
    git(world.inventory, "commit", "--quiet", "-m", "Another history")
    assert "nothing to change" in world.publish()


def test_a_shallow_clone_is_told_to_fetch_the_rest(world: World, tmp_path: Path) -> None:
    world.sizes()
    world.publish()
    world.sizes(east=3)
    world.sizes(east=4)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{world.inventory}", str(shallow))
    whole, world.inventory = world.inventory, shallow
    said = world.publish(code=3)
    assert "does not hold commit" in said
    assert "git fetch --unshallow" in said
    assert git(shallow, "rev-parse", "--is-shallow-repository").strip() == "true"
    git(shallow, "fetch", "--quiet", "--unshallow")
    world.publish()
    world.inventory = whole
    assert world.pods("east") == 4


def test_an_unrelated_history_has_no_order(world: World) -> None:
    world.sizes()
    world.publish()
    git(world.inventory, "checkout", "--quiet", "--orphan", "elsewhere")
    world.sizes(east=3)
    assert "descends from the other" in world.publish(code=3)


def test_a_plan_says_that_it_is_superseded(world: World) -> None:
    first, second = world.sizes(), world.sizes(east=3)
    world.publish_at(second)
    world.at(first)
    ended = world.run("plan")
    assert ended.code == 4
    assert "superseded: cluster east" in ended.out
