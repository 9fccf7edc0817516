"""Concurrent writers: many runs push to one branch at the same moment, and a person among them."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, ClassVar

from tests.command import bare_repository, git
from tests.faults.part import Case, Part
from tests.faults.stage import environment
from tests.faults.zygote import Run, Zygote
from tests.published import START, inventory_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Self

    from tests.faults.zygote import Ended

DEADLINE_S = 120
PERSONS = 3
"""How many commits a person makes while the runs race."""


class Writers(Part):
    """Rounds of two forms: every run has a mesh of its own in the repository; all runs are of one inventory's history.

    Of the first form every run has to land, of the second the newest has to, and each other lands or is superseded.
    """

    name: ClassVar = "writers"
    promise: ClassVar = "runs that race lose nothing: each lands or is superseded, and the history is one line"
    goal: ClassVar = 320
    cases: ClassVar = "racing runs"
    figure: ClassVar = "longest run (s)"
    alone: ClassVar = True

    def points(self, *, short: bool) -> Sequence[str]:
        rounds, writers = (2, 8) if short else (10, 32)
        return [f"{('own', 'one')[number % 2]} round={number} writers={writers}" for number in range(rounds)]

    def __enter__(self) -> Self:
        self._sources = self.scratch / "inventories"
        self._sources.mkdir()
        git(self._sources, "init", "--quiet", "--initial-branch=main")
        self._write({"warm": self._text("warm", 9090)})
        bare_repository(self.scratch / "warm.git")
        (self.scratch / "tmp").mkdir()
        warm = self._run(self._sources / "warm", self.scratch / "warm.git", "warm")
        self._zygote = Zygote(warm.environment, warming=[warm]).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._zygote.__exit__()

    def check(self, point: str) -> Case:
        form, number, writers = (part.rpartition("=")[2] for part in point.split())
        count = int(writers)
        remote = bare_repository(self.scratch / f"{number}.git")
        git(remote, "config", "gc.auto", "0")
        runs = list(self._own(remote, count) if form == "own" else self._one(remote, count))
        seeds = self._zygote.run_all([run for _, run in runs] if form == "own" else [runs[0][1]])
        assert not any(ended.code for ended in seeds), seeds
        # The round itself: every writer has a change, and some start while others are at the end.
        if form == "own":
            self._write({f"m{place}": self._text(f"m{place}", 9100) for place in range(count)})
        person = threading.Thread(target=self._person, args=(remote,))
        person.start()
        ended = self._zygote.run_all([run for _, run in runs])
        person.join()
        problem = self._judge(remote, form, [mesh for mesh, _ in runs], [*seeds, *ended], len(seeds))
        superseded = sum(one.code == 4 for one in ended)
        outcome = f"{form}: {count - superseded} landed" + (f", {superseded} superseded" if superseded else "")
        return Case(problem, outcome, count, max(one.seconds for one in ended))

    # --- what is raced with --------------------------------------------------------------------------------------

    def _own(self, remote: Path, count: int) -> Iterator[tuple[str, Run]]:
        self._write({f"m{place}": self._text(f"m{place}", 9090) for place in range(count)})
        for place in range(count):
            yield f"m{place}", self._run(self._sources / f"m{place}", remote, f"{place}")

    def _one(self, remote: Path, count: int) -> Iterator[tuple[str, Run]]:
        for place in range(count):
            self._write({"one": self._text("one", 9100 + place)})
            clone = self.scratch / f"{remote.stem}-{place}"
            git(self._sources, "clone", "--quiet", "--shared", str(self._sources), str(clone))
            yield "one", self._run(clone / "one", remote, f"{place}")

    @staticmethod
    def _text(mesh: str, port: int) -> str:
        text = inventory_text(START, port)
        return text.replace("{name: example}", f"{{name: {mesh}}}").replace(
            "spec: {}", f"spec: {{gitops: {{path: {mesh}}}}}"
        )

    def _write(self, inventories: dict[str, str]) -> None:
        for name, text in inventories.items():
            (self._sources / name).mkdir(exist_ok=True)
            (self._sources / name / "mesh.yaml").write_text(text)
        git(self._sources, "add", ".")
        git(self._sources, "commit", "--quiet", "--allow-empty", "-m", "Next")

    def _run(self, inventory: Path, remote: Path, name: str) -> Run:
        options = ("--verify", "none", "--format", "json", "--deadline", str(DEADLINE_S))
        return Run(
            arguments=("publish", str(inventory), "--repository", str(remote), *options),
            environment=environment(self.scratch, self.scratch / "tmp"),
            said=str(self.scratch / f"said-{name}"),
            timeout_s=DEADLINE_S + 60.0,
        )

    @staticmethod
    def _person(remote: Path) -> None:
        """Commit files beside the meshes, each on top of whatever is there by then."""
        for number in range(PERSONS):
            blob = git(remote, "hash-object", "-w", "--stdin", stdin=f"{number}\n").strip()
            while True:
                tip = git(remote, "rev-parse", "refs/heads/main").strip()
                listed = git(remote, "ls-tree", tip) + f"100644 blob {blob}\tperson-{number}\n"
                tree = git(remote, "mktree", stdin=listed).strip()
                commit = git(remote, "commit-tree", tree, "-p", tip, "-m", f"Person {number}").strip()
                try:
                    git(remote, "update-ref", "refs/heads/main", commit, tip)
                except AssertionError:
                    continue  # somebody else was first
                break

    # --- what came of it -----------------------------------------------------------------------------------------

    def _judge(self, remote: Path, form: str, meshes: list[str], ended: list[Ended], seeds: int) -> str:
        landed: dict[str, str] = {}
        for place, one in enumerate(ended):
            mesh = meshes[place - seeds if place >= seeds else place]
            told = json.loads(one.said[: one.said.rindex("}") + 1]) if one.code in {0, 4} and "{" in one.said else {}
            commit = told.get("outcome", {}).get("commit") if told else None
            if commit:
                landed[commit] = mesh
            late = form == "one" and one.code == 4 and told and place != len(ended) - 1
            if one.hung or (one.code and not late):
                return f"the run of {mesh} ended with {one.code}:\n{one.said}"
            if one.code == 0 and place >= seeds and form == "own" and not commit:
                return f"the run of {mesh} says that there was nothing to do:\n{one.said}"
        parents = [line.split() for line in git(remote, "rev-list", "--parents", "main").splitlines()]
        if any(len(line) > 2 for line in parents):
            return "the history is no line"
        commits = {line[0] for line in parents}
        if not set(landed) <= commits:
            return f"{len(set(landed) - commits)} commits that were said to have landed are not there"
        if len(commits) != len(landed) + PERSONS:
            return f"{len(commits)} commits are there, {len(landed)} were said to have landed, {PERSONS} are a person's"
        return self._files(remote, landed, meshes, 9100 + (len(meshes) - 1 if form == "one" else 0))

    @staticmethod
    def _files(remote: Path, landed: dict[str, str], meshes: list[str], port: int) -> str:
        """Say what is wrong with the files: each commit touches its own alone, and all that was newest is there."""
        commit = ""
        for line in git(remote, "log", "--format=> %H", "--name-only", "main").splitlines():
            if line.startswith("> "):
                commit = line.removeprefix("> ")
            elif line and not line.startswith(f"{landed[commit]}/" if commit in landed else "person-"):
                return f"commit {commit} touches {line}"
        for mesh in {*meshes}:
            if f"port: {port}\n" not in git(remote, "show", f"main:{mesh}/base/monitoring/prometheus/service.yaml"):
                return f"what {mesh} published last is not there"
        there = git(remote, "ls-tree", "--name-only", "main").split()
        lost = {f"person-{number}" for number in range(PERSONS)} - {*there}
        if lost:
            return f"{lost} of a person is lost"
        git(remote, "fsck", "--strict", "--no-dangling", "--no-progress")
        return ""
