"""Direct mode: a folder gets what a publish would leave there, whatever happens meanwhile, and nothing else changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery import worktree
from gitops_gen.errors import GitopsGenError
from tests.command import ROOT, checked_out, files_of, git, run
from tests.integration.test_moves import move, text
from tests.published import World

if TYPE_CHECKING:
    from pathlib import Path

SWAPS = 1000


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    return World(tmp_path, capsys)


def direct(world: World, command: str, folder: Path, *arguments: str, code: int) -> str:
    ended = run(world.capsys, command, world.inventory / "mesh", "--output", folder, *arguments)
    assert ended.code == code, f"exit code {ended.code}\n{ended.out}\n{ended.err}"
    return ended.out + ended.err


def tree(folder: Path) -> dict[str, bytes]:
    return {path: content for path, content in files_of(folder).items() if not path.startswith("published/")}


# --- what a publish would leave ------------------------------------------------------------------------------------


def test_what_is_held_stays_in_a_folder_too(world: World, tmp_path: Path) -> None:
    world.sizes()
    world.publish()
    world.sizes(east=3, west=3)
    world.publish()
    assert world.run("rollback", "1", "--cluster", "east", "--reason", "503", "--verify", "none").code == 0
    folder = checked_out(world.remote, tmp_path / "checkout")

    # The folder is as a publish left it, though not as the inventory alone would have it.
    said = direct(world, "check", folder, code=0)
    assert "held: cluster east, rolled back to " in said
    assert "up to date: " in said
    held = json.loads(direct(world, "check", folder, "--format", "json", code=0))
    assert [(one["cluster"], one["changes"]) for one in held["kept"]["holds"]] == [("east", True)]

    world.sizes(east=4, west=4)
    said = direct(world, "check", folder, code=1)
    assert "overlays/west/monitoring/prometheus/prometheus-3.yaml" in said
    assert "overlays/east/monitoring/prometheus/prometheus-3.yaml" not in said
    records = {path: content for path, content in files_of(folder).items() if path.startswith("published/")}
    said = direct(world, "generate", folder, code=3)
    assert "it stays as it is published; to go on: gitops-gen release INVENTORY --cluster east" in said
    world.publish(code=3)
    assert tree(folder) == tree(checked_out(world.remote, tmp_path / "published"))
    assert {path: content for path, content in files_of(folder).items() if path.startswith("published/")} == records
    direct(world, "check", folder, code=0)

    # Once it says what is held, the inventory has nothing to wait for.
    world.sizes(east=2, west=4)
    assert "the inventory says the same now, so it ends" in direct(world, "generate", folder, code=0)


def test_what_is_on_its_way_stays_in_a_folder_too(world: World, tmp_path: Path) -> None:
    world.write(text(west="flux"))
    world.publish()
    world.write(text("workload", west="flux"))
    move(world)
    folder = checked_out(world.remote, tmp_path / "checkout")
    assert "moving: " in direct(world, "check", folder, code=0)
    assert "moving: " in direct(world, "generate", folder, code=0)
    assert tree(folder) == tree(checked_out(world.remote, tmp_path / "again"))


# --- the user's repository -----------------------------------------------------------------------------------------


def test_index_refs_and_configuration_of_a_users_repository_are_untouched(world: World) -> None:
    world.sizes()
    top = world.inventory
    direct(world, "generate", top, code=0)
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "-m", "all of it")
    git(top, "branch", "other")
    (top / "staged.txt").write_text("staged\n")
    git(top, "add", "staged.txt")
    (top / "base" / "mine.txt").write_text("not staged\n")
    hook = top / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    (top / ".git" / "index.lock").touch()

    def internals() -> dict[str, tuple[int, int, bytes]]:
        return {
            str(path.relative_to(top)): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
            for path in (top / ".git").rglob("*")
            if path.is_file()
        }

    before = internals()
    mesh = top / "mesh" / "mesh.yaml"
    mesh.write_text(mesh.read_text().replace("replicas: 2", "replicas: 3"))
    assert "stale" in direct(world, "check", top, code=1)
    direct(world, "generate", top, code=0)
    direct(world, "generate", top, code=0)
    direct(world, "check", top, code=0)
    edited = top / "overlays/east/monitoring/prometheus/prometheus-0.yaml"
    edited.write_text(edited.read_text().replace("number: 9090", "number: 9091"))
    direct(world, "generate", top, code=3)
    assert internals() == before
    assert (top / "base" / "mine.txt").read_text() == "not staged\n"


# --- while it runs -------------------------------------------------------------------------------------------------


class Swapping(threading.Thread):
    """Somebody who swaps a folder of ours for a link to one of theirs and back, as fast as they can."""

    def __init__(self, inside: Path, theirs: Path, aside: Path) -> None:
        super().__init__()
        self.inside, self.theirs, self.aside = inside, theirs, aside
        self.swaps = 0

    def run(self) -> None:
        while self.swaps < SWAPS:
            # Where the folder was missing for a moment, a new one may have been made.
            with suppress(OSError):
                self.inside.rename(self.aside)
                self.inside.symlink_to(self.theirs)
                self.swaps += 1
            with suppress(OSError):
                self.inside.unlink()
            shutil.rmtree(self.inside, ignore_errors=True)
            with suppress(OSError):
                self.aside.rename(self.inside)


def test_nothing_is_written_through_a_link_that_comes_and_goes_a_thousand_times(tmp_path: Path) -> None:
    folder, theirs = tmp_path / "tree", tmp_path / "theirs"
    (folder / "overlays").mkdir(parents=True)
    (theirs / "east").mkdir(parents=True)
    (theirs / "east" / "a.yaml").write_text("theirs\n")
    somebody = Swapping(folder / "overlays", theirs, tmp_path / "aside")
    somebody.start()
    written = refused = 0
    while somebody.is_alive():
        content = f"{written}\n".encode()
        try:
            worktree.replace(folder, {"overlays/east/a.yaml": content, "overlays/east/b/c.yaml": content}, [])
            worktree.replace(folder, {}, ["overlays/east/a.yaml"])
            written += 1
        except GitopsGenError:
            refused += 1
    somebody.join()
    assert files_of(theirs) == {"east/a.yaml": b"theirs\n"}
    assert somebody.swaps == SWAPS
    assert written
    assert refused


def test_killed_at_any_moment_no_file_is_half_written_and_another_run_ends_it(tmp_path: Path) -> None:
    # In a process of its own: it has no threads, so that it may fork.
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed", tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert 30 < int(done.stdout) < 499
