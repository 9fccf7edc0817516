"""Being told to end: everything that was started is ended, private folders are gone, and the last word is true."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.command import ROOT, bare_repository, git
from tests.inventories import cluster, mesh, placed

if TYPE_CHECKING:
    from pathlib import Path


class Stage(NamedTuple):
    """A folder with an inventory, an empty repository, and a program that waits in place of a real one."""

    folder: Path
    repository: Path


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "inventory.yaml").write_text(f"{mesh()}---\n{cluster()}---\n{placed()}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "scratch").mkdir()
    return Stage(tmp_path, bare_repository(tmp_path / "mesh.git"))


def waiting(stage: Stage, program: str, word: str) -> None:
    """Put a program on the PATH that does as the real one does, until it is called with a word."""
    real = shutil.which(program) or "/nonexistent"
    here = stage.folder / "bin" / program
    here.write_text(
        f'#!/bin/sh\ncase " $* " in *" {word} "*) sleep 60 & echo $! >"{stage.folder}/started"; wait;; esac\n'
        f'exec "{real}" "$@"\n'
    )
    here.chmod(stat.S_IRWXU)


def begin(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    """Start a command, and return when the waiting program has been reached."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gitops_gen", *arguments],
        cwd=stage.folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(stage.folder / "scratch"),
            "PATH": f"{stage.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    deadline = time.monotonic() + 30
    started = stage.folder / "started"
    while not (started.exists() and started.read_text().endswith("\n")):
        assert time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    return process


def child_has_ended(stage: Stage) -> bool:
    pid = int((stage.folder / "started").read_text())
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False, encoding="utf-8")
    # Who takes care of orphans may not have seen yet that it is dead.
    return told.stdout.strip()[:1] in {"", "Z"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("program", "word", "arguments"),
    [
        ("git", "fetch", ("publish", "inventory.yaml", "--repository", "mesh.git")),
        ("git", "ls-remote", ("plan", "inventory.yaml", "--repository", "mesh.git")),
        (
            "kubectl",
            "kustomize",
            ("generate", "inventory.yaml", "-o", "out", "--verify", "all", "--kustomize", "kubectl"),
        ),
    ],
)
def test_a_signal_ends_a_run_and_all_that_it_started(
    stage: Stage, number: signal.Signals, program: str, word: str, arguments: tuple[str, ...]
) -> None:
    if word == "fetch":
        git(stage.folder, "init", "-q", "-b", "main", "seed")
        git(stage.folder / "seed", "commit", "-q", "--allow-empty", "-m", "first")
        git(stage.folder / "seed", "push", "-q", str(stage.repository), "main")
    waiting(stage, program, word)
    process = begin(stage, *arguments)
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - begun < 10
    assert (process.returncode, out, err.strip()) == (130, "", "gitops-gen: interrupted")
    assert list((stage.folder / "scratch").iterdir()) == []
    assert child_has_ended(stage)
    assert not (stage.folder / "out").exists()


def test_a_second_signal_does_not_keep_things_from_being_put_away(stage: Stage) -> None:
    waiting(stage, "git", "ls-remote")
    process = begin(stage, "publish", "inventory.yaml", "--repository", "mesh.git")
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)
        time.sleep(0.01)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err.strip()) == (130, "gitops-gen: interrupted")
    assert list((stage.folder / "scratch").iterdir()) == []


def test_an_interrupted_push_names_its_commit(stage: Stage) -> None:
    waiting(stage, "git", "push")
    process = begin(stage, "publish", "inventory.yaml", "--repository", "mesh.git", "--verify", "none")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert re.match(r"gitops-gen: error: interrupted while pushing: commit [0-9a-f]{40} may or may not be on", err)
    assert "running publish again is safe" in err
    assert list((stage.folder / "scratch").iterdir()) == []
    assert git(stage.repository, "for-each-ref") == ""


def test_what_is_ignored_stays_ignored(stage: Stage) -> None:
    """As under nohup: the terminal may be closed."""
    waiting(stage, "git", "ls-remote")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = begin(stage, "plan", "inventory.yaml", "--repository", "mesh.git")
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=0.5)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 130
