"""The stage for a fault: an inventory with a next commit, a GitOps repository before it, and what must come of it.

Before the fault the branch holds a published tree and a person's own file. The run that the fault hits adds pods,
changes what all clusters share, takes a workload out of a cluster, and writes records. Without a fault its commit is
always the same one, so that afterwards the branch can be held against two commits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_gen.delivery.scratch import PREFIX
from tests.command import bare_repository, committed, git
from tests.faults.zygote import Ended, Run, Zygote
from tests.published import START, inventory_text

if TYPE_CHECKING:
    from collections.abc import Mapping

NEXT = {
    "monitoring/prometheus": {"east": 3, "north": 2, "west": 1},
    "streaming/kafka": {"east": 2},
    "databases/mongodb": {"north": 2},
}
THEIRS = {"NOTES.md": "Ours.\n", "overlays/east/monitoring/prometheus/patch.txt": "Ours, too.\n"}
"""Files of a person, which no run may touch."""

CALL_S = 20
"""Time limit of a git call; some that fail never end by themselves."""

BUG = 70
NOTHING_LANDED = {1, 2, 3, 4, 5, 7}
"""Exit codes of publish that say that nothing is on the branch; 6 says that nobody knows, 130 says which."""


def fast_folder(folder: Path) -> Path:
    """Return a place for many small files: memory where there is such a file system, else the folder."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else folder


def environment(home: Path, scratch: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all that a run sees; its clones are made in `scratch`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "1700000000",
        **(more or {}),
    }


@dataclass
class Stage:
    """All that a fault needs, in one folder.

    `verify` is the option of publish that says what kustomize has to see. `first`: there is no branch yet.
    """

    folder: Path
    verify: str = "none"
    first: bool = False

    def __post_init__(self) -> None:
        self.inventory = self.folder / "inventory"
        self.before = self.folder / "before.git"
        self.remote = self.folder / "mesh.git"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir(parents=True)
        self.old = self.new = ""
        self.events = 0
        """How many audit events a run without a fault has."""
        self.approval: tuple[str, ...] = ()
        self._sound: set[str] = set()
        self._converged: set[str] = set()
        self.reruns = 0

    # --- before --------------------------------------------------------------------------------------------------

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return all that a run sees."""
        return environment(self.folder, self.scratch, more)

    def a_run(self, repository: str = "", **options: Any) -> Run:
        """Return the run, with a fault; the guards' approval is given."""
        where = repository or str(self.remote)
        arguments = ("publish", str(self.inventory), "--repository", where, "--verify", self.verify, *self.approval)
        arguments = (*arguments, "--timeout", str(CALL_S))
        given = {"environment": self.environment(), "said": str(self.folder / "said"), "timeout_s": 60.0, **options}
        return Run(arguments=arguments, **given)

    def build(self) -> Zygote:
        """Publish for the first time, let a person commit, write the next inventory, and find out what it comes to."""
        self.inventory.mkdir()
        git(self.inventory, "init", "--quiet", "--initial-branch=main")
        self._write(inventory_text(START))
        bare_repository(self.remote)
        zygote = Zygote(self.environment(), warming=[self.a_run()])
        zygote.__enter__()
        self.old = committed(self.remote, self.folder / "person", THEIRS)
        self._write(inventory_text(NEXT, port=9091))
        if self.first:
            shutil.rmtree(self.remote)
            bare_repository(self.remote)
            self.old = ""
        self._slim(self.remote)
        self.remote.rename(self.before)
        self.fresh()
        if not self.first:
            guarded = zygote.run(self.a_run())
            assert guarded.code == 3, guarded.said
            self.approval = ("--approve", guarded.said.rpartition("--approve ")[2].split()[0])
        ended = zygote.run(self.a_run())
        assert ended.code == 0, ended.said
        self.new, self.events = self.tip(), ended.events
        assert self.new != self.old
        assert not self.check_sound()
        return zygote

    def _write(self, text: str) -> None:
        (self.inventory / "mesh.yaml").write_text(text)
        git(self.inventory, "add", ".")
        git(self.inventory, "commit", "--quiet", "-m", "Next")

    @staticmethod
    def _slim(repository: Path) -> None:
        """Leave out of a repository what only people look at."""
        for name in ("hooks", "info", "description"):
            path = repository / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def fresh(self) -> None:
        """Put the repository back to where it was before the fault, and throw left-over clones away."""
        shutil.rmtree(self.remote, ignore_errors=True)
        shutil.copytree(self.before, self.remote)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()

    # --- after ---------------------------------------------------------------------------------------------------

    def tip(self) -> str:
        """Return where the branch stands, "" when there is none. Raises ValueError when it cannot be read."""
        ref = self.remote / "refs" / "heads" / "main"
        if not ref.exists():
            return git(self.remote, "for-each-ref", "--format=%(objectname)", "refs/heads/main").strip()
        tip = ref.read_text()
        if len(tip) != 41:
            message = f"the branch is {tip!r}"
            raise ValueError(message)
        return tip.strip()

    def judge(self, ended: Ended, *, killed: bool = False) -> tuple[str, str]:
        """Say which promise a run broke ("" for none), and what came of it: nothing may be halfway.

        `killed`: the run itself was to die, so that it need not have put its clone away.
        """
        try:
            tip = self.tip()
        except (AssertionError, ValueError) as error:
            return f"the branch cannot be read: {error}", "elsewhere"
        state = {self.old: "old", self.new: "new"}.get(tip)
        left = [one.name for one in self.scratch.glob(f"{PREFIX}*")]
        nothing = ended.code in NOTHING_LANDED
        broken = (
            (state is None, "elsewhere", f"the branch is at {tip}, which is neither the old nor the new commit"),
            (ended.hung, "hung", "it did not end"),
            (ended.code == BUG or "Traceback" in ended.said, "bug", "it ended with a traceback"),
            (ended.code == 0 and state == "old", "false success", "it said that it had published"),
            (nothing and state == "new", "false failure", "it said that nothing was published"),
            (bool(left) and not killed, "litter", f"it left {left}"),
        )
        for found, outcome, problem in broken:
            if found:
                return f"{problem} (exit code {ended.code}):\n{ended.said}", outcome
        return self.check_sound(), f"{state} tree, exit {ended.code}" if ended.code >= 0 else f"{state} tree, killed"

    def check_sound(self) -> str:
        """Say what is wrong with the repository; each set of objects is looked through once."""
        objects = self._listed("objects", contents=False)
        if objects in self._sound:
            return ""
        checked = subprocess.run(
            ["git", "fsck", "--strict", "--no-dangling", "--connectivity-only", "--no-progress"],
            cwd=self.remote,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        if checked.returncode:
            return f"git fsck: {checked.stdout}{checked.stderr}"
        self._sound.add(objects)
        return ""

    def converges(self, zygote: Zygote) -> str:
        """Run again without a fault: it must end with the new commit. Each state of the repository is tried once.

        Locks that a server's git left behind when it died, of the branch or of HEAD, are taken away first, as their
        keeper does who is told of them.
        """
        for lock in self.remote.rglob("*.lock"):
            lock.unlink()
        state = self._listed("", contents=True)
        if state in self._converged:
            return ""
        ended = zygote.run(self.a_run())
        self.reruns += 1
        if ended.code or self.tip() != self.new:
            return f"the run after it ended with exit code {ended.code}:\n{ended.said}"
        problem = self.check_sound()
        if not problem:
            self._converged.add(state)
        return problem

    def _listed(self, below: str, *, contents: bool) -> str:
        """Return a digest of what is in the repository: names, and contents of what git changes in place."""
        told = sha256()
        for path in sorted((self.remote / below).rglob("*")):
            name = path.relative_to(self.remote).as_posix()
            # Names that git draws at random: quarantine and half-written packs.
            parts = ["~" if "tmp_" in part or "incoming-" in part else part for part in name.split("/")]
            told.update(f"{'/'.join(parts)}\0".encode())
            if contents and path.is_file() and parts[0] != "objects":
                told.update(path.read_bytes())
            elif path.is_file():
                told.update(b"%d" % path.stat().st_size)
        return told.hexdigest()
