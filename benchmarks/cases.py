"""What is measured, and against what."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from benchmarks import fleet
from benchmarks.measure import Case, Side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMMITTED_FILES = 20_000

GENERATE_GOAL = 1.5
GENERATE_GOAL_FROM = 10_000
"""Pods; with few of them Python's start is what takes the time."""
UNCHANGED_GOAL = 0.6
PUBLISH_GOAL = 0.2
COMMIT_GOAL = 1.2
VERIFY_GOAL = 1.2

_PYTHON = (sys.executable, "-m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One fleet on the disk: the same workloads as an inventory and as values, and one workload with a pod more."""

    pods: int
    folder: Path
    root: Path
    helm: str

    def write(self) -> None:
        """Write inventories and values."""
        self.folder.mkdir(parents=True)
        for name, more in (("usual", 0), ("grown", 1)):
            workloads = fleet.fleet(self.pods, more=more)
            (self.folder / f"{name}.yaml").write_text(fleet.inventory(workloads))
            (self.folder / f"{name}-values.yaml").write_text(fleet.values(workloads))

    def gitops_gen(self, command: str, *options: object, inventory: str = "usual") -> list[str]:
        """Return a command line of gitops-gen, as a user types it."""
        return [*_PYTHON, "gitops_gen", command, f"{self.folder / inventory}.yaml", *map(str, options)]

    def generate(self) -> Side:
        """Write the tree into an empty directory."""
        return Side(label="gitops-gen generate", command=lambda here: self.gitops_gen("generate", "-o", here / "tree"))

    def helm_template(self, values: str = "usual") -> Side:
        """Render the chart to standard output."""
        arguments = [
            self.helm,
            "template",
            "bench",
            str(self.root / "benchmarks/chart"),
            "--values",
            f"{self.folder / values}-values.yaml",
        ]
        return Side(label="helm template", command=lambda _: arguments)

    def title(self, what: str) -> str:
        """Return the title of a case of this fleet."""
        return f"{what}, {self.pods:,} pods"


def generating(bench: Bench) -> Case:
    """Make everything from nothing."""
    goal = GENERATE_GOAL if bench.pods >= GENERATE_GOAL_FROM else None
    return Case(title=bench.title("`generate`"), ours=bench.generate(), theirs=bench.helm_template(), goal=goal)


def checking(bench: Bench) -> Case:
    """Look at a tree that is as it should be."""
    tree = bench.folder / "checked"
    _run(bench, bench.gitops_gen("generate", "-o", tree))
    ours = Side(label="gitops-gen check", command=lambda _: bench.gitops_gen("check", "-o", tree))
    return Case(
        title=bench.title("`check`, nothing changed"), ours=ours, theirs=bench.helm_template(), goal=UNCHANGED_GOAL
    )


def planning(bench: Bench) -> Case:
    """Look at a repository that is as it should be."""
    repository = _published(bench, "planned.git")
    ours = Side(label="gitops-gen plan", command=lambda _: bench.gitops_gen("plan", "--repository", repository))
    return Case(
        title=bench.title("`plan`, nothing changed"), ours=ours, theirs=bench.helm_template(), goal=UNCHANGED_GOAL
    )


def publishing(bench: Bench, verify: str) -> Case:
    """Add one pod to one workload, and take it away the next time.

    It is held against Helm, which has to render everything again.
    """
    repository = _published(bench, f"published-{verify}.git")
    inventories = cycle(["grown", "usual"])

    def publish(_: Path) -> Sequence[str]:
        options = ("--repository", repository, "--verify", verify)
        return bench.gitops_gen("publish", *options, inventory=next(inventories))

    count = bench.pods // fleet.PODS_OF_WORKLOAD
    how = "unit rendered by kustomize" if verify == "changed" else "nothing rendered"
    return Case(
        title=bench.title(f"`publish`, 1 workload of {count:,} changed, {how}"),
        ours=Side(label="gitops-gen publish", command=publish),
        theirs=bench.helm_template("grown"),
        goal=PUBLISH_GOAL,
    )


def committing() -> Case:
    """Write many files in one commit."""

    def side(label: str, how: str) -> Side:
        command = [*_PYTHON, "benchmarks.commit", how]
        return Side(label=label, command=lambda here: [*command, str(here), str(COMMITTED_FILES)], told=True)

    return Case(
        title=f"commit of {COMMITTED_FILES:,} files",
        ours=side("gitops-gen", "ours"),
        theirs=side("git fast-import", "plain"),
        goal=COMMIT_GOAL,
    )


def verifying(bench: Bench, kustomize: Sequence[str], jobs: int) -> Case:
    """Render and compare every unit; against kustomize alone for the same units, as many at a time."""
    tree = bench.folder / "verified"
    _run(bench, bench.gitops_gen("generate", "-o", tree))
    units = sorted(str(path.parent) for path in tree.glob("overlays/*/*/kustomization.yaml"))
    # The shell only starts them: xargs is told the units on its standard input.
    build = ["sh", "-c", 'printf "%s\\n" "$@" | xargs -P "$JOBS" -n 1 $KUSTOMIZE', "sh", *units]
    alone = ["env", f"JOBS={jobs}", f"KUSTOMIZE={' '.join(kustomize)}", *build]
    return Case(
        title=bench.title("`generate --verify all`"),
        ours=Side(
            label="gitops-gen",
            command=lambda here: bench.gitops_gen("generate", "-o", here / "tree", "--verify", "all"),
        ),
        theirs=Side(label=f"kustomize alone, {len(units)} units, {jobs} at a time", command=lambda _: alone),
        goal=VERIFY_GOAL,
    )


def _published(bench: Bench, name: str) -> Path:
    """Make a bare repository that holds the fleet."""
    repository = bench.folder / name
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", repository], check=True)
    _run(bench, bench.gitops_gen("publish", "--repository", repository, "--verify", "none"))
    return repository


def _run(bench: Bench, command: Sequence[str]) -> None:
    subprocess.run(command, cwd=bench.root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
