"""What was published, and what was taken back, by way of a change request that a forge merges in one way or another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from gitops_gen.cli.main import main
from gitops_gen.delivery.clone import Clone
from gitops_gen.workflows import landing
from tests.command import git
from tests.published import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_gen.delivery.push import Outcome

METHODS = ("squash", "merge", "rebase")


TEMPLATES: list[Path] = []
"""Where the mesh that every test begins with was published first; the others get copies."""


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a mesh that was published three times: prometheus has two, then three, then four pods everywhere."""
    if not TEMPLATES:
        first = World(tmp_path_factory.mktemp("published"), capsys)
        for size in (2, 3, 4):
            first.sizes(east=size, north=size, west=size)
            first.publish()
        TEMPLATES.append(first.remote.parent)
    return World(tmp_path, capsys, of=TEMPLATES[0])


def pods(world: World) -> dict[str, int]:
    return {cluster: world.pods(cluster) for cluster in ("east", "north", "west")}


def merge(world: World, branch: str, method: str) -> None:
    """Merge a branch as a forge does, after something else has landed on main."""
    clone = world.clone()
    git(clone, "fetch", "--quiet")
    (clone / "NOTES").write_text(f"{world.tip()}\n")
    git(clone, "add", "NOTES")
    git(clone, "commit", "--quiet", "-m", "Notes")
    if method == "squash":
        git(clone, "merge", "--quiet", "--squash", branch)
        git(clone, "commit", "--quiet", "-m", "Something (#7)")
    elif method == "merge":
        git(clone, "merge", "--quiet", "--no-ff", "-m", "Merge something", branch)
    else:
        git(clone, "checkout", "--quiet", "--detach", branch)
        git(clone, "rebase", "--quiet", "main")
    world.push()


def take_back(world: World, how: str) -> None:
    """Take something back on a branch `undo` of the person's clone, or of the remote."""
    if how == "rollback":
        git(world.remote, "branch", "undo", "main")
        assert world.run("rollback", "1", "--cluster", "east", "--branch", "undo", "--verify", "none").code == 0
        return
    clone = world.clone()
    git(clone, "checkout", "--quiet", "-B", "undo")
    if how == "one":
        git(clone, "revert", "--no-edit", "HEAD")
    elif how == "several":
        git(clone, "revert", "--no-edit", "HEAD", "HEAD~1")
    else:
        git(clone, "checkout", "--quiet", "HEAD~2", "--", "overlays/east", "published/east.yaml")
        for pod in (2, 3):
            git(clone, "rm", "--quiet", f"overlays/east/monitoring/prometheus/prometheus-{pod}.yaml")
        git(clone, "commit", "--quiet", "-m", "Only east")
    git(clone, "push", "--quiet", "--force", "origin", "undo")


BACK = {
    "one": {"east": 3, "north": 3, "west": 3},
    "several": {"east": 2, "north": 2, "west": 2},
    "partial": {"east": 2, "north": 4, "west": 4},
    "rollback": {"east": 2, "north": 4, "west": 4},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("how", sorted(BACK))
def test_what_was_taken_back_stays_by_every_way_to_do_it_and_to_merge_it(world: World, how: str, method: str) -> None:
    take_back(world, how)
    merge(world, "origin/undo", method)
    assert pods(world) == BACK[how]
    world.sizes(east=5, north=5, west=5)
    world.publish(code=3)
    # A part that was not taken back goes on.
    after = {cluster: 5 if size == 4 else size for cluster, size in BACK[how].items()}
    assert pods(world) == after
    world.sizes(east=6, north=5, west=5)
    world.publish(code=3)
    assert world.pods("east") == BACK[how]["east"]
    assert world.run("release").code == 0
    world.publish()
    assert pods(world) == {"east": 6, "north": 5, "west": 5}
    git(world.remote, "fsck", "--strict", "--no-dangling")


@pytest.mark.parametrize("method", METHODS)
def test_the_forges_button_takes_back_a_change_request_as_a_whole(world: World, method: str) -> None:
    git(world.remote, "branch", "bot", "main")
    world.sizes(east=5, north=5, west=5)
    world.publish("--branch", "bot")
    merge(world, "origin/bot", method)
    assert pods(world) == {"east": 5, "north": 5, "west": 5}
    clone = world.clone()
    # The button reverts the merge to its first parent, or else the one commit that came of it.
    git(clone, "revert", "--no-edit", *(("-m", "1") if method == "merge" else ()), "HEAD")
    world.push()
    assert pods(world) == {"east": 4, "north": 4, "west": 4}
    world.sizes(east=6, north=6, west=6)
    world.publish(code=3)
    assert pods(world) == {"east": 4, "north": 4, "west": 4}


@pytest.mark.parametrize("method", METHODS)
def test_what_was_published_on_a_branch_is_known_once_it_is_merged(world: World, method: str) -> None:
    git(world.remote, "branch", "bot", "main")
    late = world.sizes(east=6)
    newest = world.sizes(east=5)
    world.publish("--branch", "bot")
    serial = world.record("east", "bot")["serial"]
    merge(world, "origin/bot", method)
    tip = world.tip()
    assert "nothing to change" in world.publish()
    assert world.tip() == tip
    assert world.record("east")["serial"] == serial
    assert world.record("east")["inventory"]["revision"] == newest  # type: ignore[index]
    world.publish_at(late, code=4)
    assert world.tip() == tip


# --- runs at the same time -----------------------------------------------------------------------------------------


def between(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """Let the first step happen just before the next push, the second just before the push of the first, and so on."""
    left = list(steps)
    push = Clone.push

    def late(self: Clone, commit: str) -> Outcome:
        if left:
            left.pop(0)()
        return push(self, commit)

    monkeypatch.setattr(Clone, "push", late)
    monkeypatch.setattr(landing, "PAUSE_S", 0.0)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_runs_at_once_end_with_the_newest_whoever_looks_and_pushes_first(
    world: World, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    """Each looks before any has pushed; then they push in the other order: two lose their race and look again."""
    commits = [world.sizes(east=size) for size in (5, 6, 5)]
    codes: list[int] = []

    def run(place: int) -> None:
        world.at(commits[place])
        codes.append(
            main(["publish", str(world.inventory / "mesh"), "--repository", str(world.remote), "--verify", "none"])
        )

    between(monkeypatch, lambda: run(order[1]), lambda: run(order[2]))
    run(order[0])
    world.back()
    world.capsys.readouterr()
    assert world.pods("east") == 5
    assert world.record("east")["inventory"]["revision"] == commits[2]  # type: ignore[index]
    # They end in the order in which they push: an older one after a newer one is superseded, and says so.
    pushed = [order[2], order[1], order[0]]
    assert codes == [4 if any(other > place for other in pushed[:number]) else 0 for number, place in enumerate(pushed)]


def test_a_run_that_is_under_way_does_not_put_back_what_a_rewound_branch_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = git(world.remote, "rev-parse", "main~1").strip()
    between(monkeypatch, lambda: git(world.remote, "update-ref", "refs/heads/main", older))
    world.sizes(east=5)
    ended = world.run("publish", "--verify", "none")
    assert (ended.code, ended.out) == (3, "")
    assert "the branch was rewound while this ran" in ended.err
    assert world.tip() == older
    # Without anybody who saw it, there is no trace; the next run goes on from there.
    world.publish()
    assert world.pods("east") == 5


def test_a_run_that_is_under_way_does_not_make_a_deleted_branch_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, lambda: git(world.remote, "update-ref", "-d", "refs/heads/main"))
    world.sizes(east=5)
    ended = world.run("publish", "--verify", "none")
    assert ended.code == 3
    assert not git(world.remote, "for-each-ref")
