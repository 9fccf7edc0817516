"""The fault suite in short: a share of every part's points; `script/faults` tries them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.command import bare_repository, git
from tests.faults.crashes import Crashes
from tests.faults.machine import Machine
from tests.faults.pure import Deletions, Inventories, Truncations
from tests.faults.stage import Stage, fast_folder
from tests.faults.writers import Writers
from tests.faults.zygote import ROOT, Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.part import Part

SHARES = [
    *((Crashes, share, 4) for share in range(4)),
    *((Writers, share, 2) for share in range(2)),
    *((Machine, share, 2) for share in range(2)),
    *((Deletions, share, 2) for share in range(2)),
    (Inventories, 0, 1),
    (Truncations, 0, 1),
]
"""Part, which share of its points, of how many: shares run side by side."""


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gitops-gen-faults-", dir=fast_folder(tmp_path)) as folder:
        yield Path(folder)


@pytest.mark.parametrize(("part", "share", "of"), SHARES, ids=lambda value: getattr(value, "name", value))
def test_every_point_keeps_the_promise(part: type[Part], share: int, of: int, scratch: Path) -> None:
    assert not part.missing()
    with part(scratch, 1) as entered:
        points = entered.points(short=True)[share::of]
        cases = {point: entered.check(point) for point in points}
    assert {point: case.problem for point, case in cases.items() if case.problem} == {}
    assert sum(case.tried for case in cases.values()) >= len(points) * 0.9, "hardly a point is passed over"


@pytest.mark.parametrize(
    ("code", "landed", "said"),
    [
        (0, False, "it said that it had published"),
        (7, True, "it said that nothing was published"),
        (4, True, "it said that nothing was published"),
        (70, False, "it ended with a traceback"),
        (-9, False, ""),
        (-9, True, ""),
        (6, False, ""),
        (6, True, ""),
        (0, True, ""),
        (5, False, ""),
    ],
)
def test_a_report_that_is_not_true_is_seen(scratch: Path, code: int, said: str, *, landed: bool) -> None:
    stage = a_stage(scratch)
    (stage.remote / "refs" / "heads" / "main").write_text(f"{stage.new if landed else stage.old}\n")
    problem, _ = stage.judge(an_end(code))
    assert problem.startswith(said) if said else not problem


def test_a_branch_that_is_elsewhere_is_seen(scratch: Path) -> None:
    stage = a_stage(scratch)
    for tip in ("3" * 40 + "\n", "3" * 20, ""):
        (stage.remote / "refs" / "heads" / "main").write_text(tip)
        assert stage.judge(an_end(-9))[1] == "elsewhere"


def test_what_is_left_over_and_what_hangs_is_seen(scratch: Path) -> None:
    stage = a_stage(scratch)
    (stage.remote / "refs" / "heads" / "main").write_text(f"{stage.old}\n")
    assert stage.judge(an_end(-9)._replace(hung=True))[1] == "hung"
    (stage.scratch / "gitops-gen-clone-1").mkdir()
    assert stage.judge(an_end(7))[1] == "litter"
    assert stage.judge(an_end(-9), killed=True)[0] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody is told that a parent has ended")
def test_nothing_goes_on_when_what_has_started_it_is_killed() -> None:
    starts = """if True:
        import os, subprocess, time
        from tests.faults.zygote import Zygote
        with Zygote(dict(os.environ)) as one:
            # Somebody else holds the pipe, so that its end says nothing.
            holder = subprocess.Popen(["sleep", "60"], pass_fds=[one._process.stdin.fileno()])
            print(one._process.pid, holder.pid, flush=True)
            time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", starts], cwd=ROOT, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        zygote, holder = map(int, starter.stdout.readline().split())
        starter.kill()
    try:
        deadline = time.monotonic() + 20
        while (status := Path(f"/proc/{zygote}/status")).exists() and "zombie" not in status.read_text():
            assert time.monotonic() < deadline, "it runs on"
            time.sleep(0.01)
    finally:
        os.kill(holder, signal.SIGKILL)


def a_stage(scratch: Path) -> Stage:
    """Make a stage whose repository has both commits."""
    stage = Stage(scratch / "stage")
    bare_repository(stage.remote)
    stage.old, stage.new = (a_commit(stage.remote, text) for text in ("1\n", "2\n"))
    return stage


def a_commit(remote: Path, text: str) -> str:
    blob = git(remote, "hash-object", "-w", "--stdin", stdin=text).strip()
    tree = git(remote, "mktree", stdin=f"100644 blob {blob}\ta\n").strip()
    commit = git(remote, "commit-tree", tree, "-m", text).strip()
    git(remote, "update-ref", "refs/heads/main", commit)
    return commit


def an_end(code: int) -> Ended:
    return Ended(code, hung=False, seconds=1.0, events=0, event="", said="")
