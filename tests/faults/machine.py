"""Whatever happens in whatever order: a machine of Hypothesis that edits, publishes, takes back, races and kills.

After every step that a run made, what must never happen is looked for: in trees, by an oracle that reads only YAML, and
in the history.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.faults.part import Case, Part
from tests.faults.stage import environment as run_environment
from tests.faults.world import OWNED, PERSON, Said, World, scope
from tests.faults.zygote import Run, Zygote
from tests.guard_oracle import rendered, stopped, without_tombstones
from tests.published import CLUSTERS, START

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from tests.faults.zygote import Ended

LIMITS: dict[str, tuple[int | None, int]] = {
    "removed-workloads": (3, 10),
    "removed-resources": (None, 10),
    "changed-hosts": (None, 30),
}
"""What a Mesh has that says nothing of guards."""

GOOD_ENDS = {0, 3, 4}
clusters = st.sampled_from(sorted(CLUSTERS))
workloads = st.sampled_from([*START, "databases/mongodb"])
TOMBSTONE = "retired.yaml"
METHODS = ("push", "squash", "rebase", "merge")

_zygote: Zygote | None = None
_scratch: Path | None = None
_steps: Counter[str] = Counter()


class Mesh(RuleBasedStateMachine):
    """One mesh, from its first publish on."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=_scratch))
        self.world = World(self.folder)
        self.world.begin()
        self.sizes = copy.deepcopy(START)
        self.port, self.unit = 9090, "namespace"
        self.theirs: dict[str, bytes] = {"README.md": b"Ours.\n"}
        """Path -> content of all that no run may touch: a person's files, and edited ones of ours."""
        self.write()
        self.publish(approve=True)

    def teardown(self) -> None:
        self.world.end()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)

    def write(self) -> None:
        self.world.write(self.world.text(self.sizes, self.port, self.unit))

    # --- the inventory -------------------------------------------------------------------------------------------

    @rule(cluster=clusters, workload=workloads, size=st.integers(0, 5))
    def edit(self, cluster: str, workload: str, size: int) -> None:
        self.sizes.setdefault(workload, {})[cluster] = size
        self.write()

    @rule(cluster=clusters, workload=workloads)
    def leave(self, cluster: str, workload: str) -> None:
        self.sizes.get(workload, {}).pop(cluster, None)
        self.write()

    @rule(port=st.sampled_from([9090, 9091]))
    def change_what_is_shared(self, port: int) -> None:
        self.port = port
        self.write()

    @rule(share=st.floats(0, 1))
    def publish_a_truncated_inventory(self, share: float) -> None:
        text = self.world.text(self.sizes, self.port, self.unit)
        self.world.write(text[: int(len(text) * share)])
        self.publish(approve=False)
        self.write()

    @rule()
    def publish_an_emptied_inventory(self) -> None:
        self.world.write(self.world.text({}, self.port, self.unit))
        self.publish(approve=False)
        self.write()

    # --- runs ----------------------------------------------------------------------------------------------------

    @rule(approve=st.booleans())
    def publish(self, *, approve: bool) -> None:
        before = self.world.tip()
        said = self.world.run("publish")
        self.check(before, said, approved=False)
        if said.code == 3 and approve and "--approve " in said.said:
            before = self.world.tip()
            digest = said.said.rpartition("--approve ")[2].split()[0]
            self.check(before, self.world.run("publish", "--approve", digest), approved=True)

    @rule(back=st.integers(1, 4))
    def publish_late(self, back: int) -> None:
        self.world.at(self.world.revisions[-min(back, len(self.world.revisions))])
        try:
            before = self.world.tip()
            self.check(before, self.world.run("publish"), approved=False)
        finally:
            self.world.back()

    @rule(cluster=clusters)
    def publish_a_part(self, cluster: str) -> None:
        before = self.world.tip()
        self.check(before, self.world.run("publish", "--cluster", cluster), approved=False, usage=True)

    @rule(back=st.integers(1, 4), cluster=st.none() | clusters)
    def roll_back(self, back: int, cluster: str | None) -> None:
        before = self.world.tip()
        commits = self.world.branch.first_parents(before)
        target = commits[min(back, len(commits) - 1)]
        only = ("--cluster", cluster) if cluster else ()
        self.check(before, self.world.run("rollback", target, *only), approved=False, usage=True, holds=False)

    @rule()
    def release(self) -> None:
        before = self.world.tip()
        self.check(before, self.world.run("release"), approved=False, holds=False)

    @rule(unit=st.sampled_from(["namespace", "workload", "cluster"]), steps=st.integers(1, 3))
    def move(self, unit: str, steps: int) -> None:
        """Begin a move, or go on with one; what is rendered stays, whatever unit it is in."""
        self.unit = unit
        self.write()
        for _ in range(steps):
            before = self.world.tip()
            self.check(before, self.world.run("move"), approved=False, moving=True)

    @rule(unit=st.sampled_from(["namespace", "workload", "cluster"]), steps=st.integers(1, 3), data=st.data())
    def move_and_take_it_back(self, unit: str, steps: int, data: st.DataObject) -> None:
        """Begin a move, take the last commits of it back, and let the next run see that."""
        before = self.world.tip()
        self.move(unit, steps)
        if self.world.tip() != before:
            back = data.draw(st.integers(1, self.world.branch.first_parents(self.world.tip()).index(before)))
            self.take_back(back, data.draw(st.sampled_from(METHODS)), None)
            self.publish(approve=False)

    @rule(which=st.integers(0, 7), approve=st.booleans())
    def retire(self, which: int, *, approve: bool) -> None:
        """Take a unit away that has nothing left; one that has something is refused."""
        before = self.world.tip()
        old = self.world.files(before)
        left = sorted(path.rpartition("/")[0] for path in old if path.endswith(f"/{TOMBSTONE}"))
        unit = [*left, "overlays/east/monitoring"][which % (len(left) + 1)]
        said = self.world.run("retire", unit)
        self.check(before, said, approved=False)
        assert said.code in {1, 3}, said.said
        assert self.world.tip() == before, "a unit was retired without an approval"
        if unit in left and approve and "--approve " in said.said:
            digest = said.said.rpartition("--approve ")[2].split()[0]
            said = self.world.run("retire", unit, "--approve", digest)
            self.check(before, said, approved=True, holds=False)  # what is held has nothing in it
            assert said.code == 0, said.said
            self.check_retired(old, self.world.files(self.world.tip()), unit)

    @rule(at=st.integers(1, 400))
    def kill(self, at: int) -> None:
        before = self.world.tip()
        ended = self.started([self.a_run(0, at)])[0]
        self.check(before, Said(max(ended.code, 0), ended.said), approved=False)

    @rule(back=st.integers(1, 3))
    def race(self, back: int) -> None:
        """Let the newest inventory race with itself and with an older one."""
        clone = self.world.clone_at(self.world.revisions[-min(back, len(self.world.revisions))])
        runs = [self.a_run(number, 0, clone if number == 2 else self.world.inventory) for number in range(3)]
        before = self.world.tip()
        for ended in self.started(runs):
            assert not ended.hung
            assert ended.code in GOOD_ENDS | {1}, ended.said
        self.check(before, Said(0, ""), approved=False)

    def a_run(self, number: int, kill_at: int, inventory: Path | None = None) -> Run:
        words = list(self.world.command("publish"))
        if inventory is not None:
            words[1] = str(inventory / "mesh")
        said = str(self.folder / f"said-{number}")
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        return Run(
            arguments=tuple(words), environment=run_environment(self.folder, scratch), said=said, kill_at=kill_at
        )

    @staticmethod
    def started(runs: list[Run]) -> list[Ended]:
        assert _zygote is not None
        return _zygote.run_all(runs)

    # --- people in the GitOps repository -------------------------------------------------------------------------

    @rule(
        place=st.sampled_from(["NOTES.md", "overlays/east/notes.txt", "overlays/west/monitoring/prometheus/extra.yaml"])
    )
    def commit_a_file(self, place: str) -> None:
        self.theirs[place] = b"Ours.\n"
        self.world.commit({place: b"Ours.\n"}, "Our file")

    @rule(data=st.data())
    def edit_by_hand(self, data: st.DataObject) -> None:
        files = self.world.files(self.world.tip())
        pods = sorted(path for path in files if path.startswith("overlays/") and path.rpartition("-")[2][0].isdigit())
        if pods:
            path = data.draw(st.sampled_from(pods))
            self.theirs[path] = files[path].replace(b"kind: ", b"kind:  ", 1) + b"# by hand\n"
            self.world.commit({path: self.theirs[path]}, "By hand")

    @rule()
    def mend_by_hand(self) -> None:
        """Put edited files back to what was published last: then they are nobody's but ours."""
        files = {path: None for path in self.theirs if path.rpartition("-")[2][:1].isdigit()}
        if files:
            self.theirs = {path: content for path, content in self.theirs.items() if path not in files}
            self.world.commit(dict.fromkeys(files), "Gone")

    @rule(back=st.integers(1, 3), method=st.sampled_from(METHODS), cluster=st.none() | clusters)
    def take_back(self, back: int, method: str, cluster: str | None) -> None:
        """Take commits back, as `git revert` does, of all or of one cluster; what people own stays theirs."""
        tip = self.world.tip()
        commits = self.world.branch.first_parents(tip)
        if len(commits) <= back:
            return
        then, now = self.world.files(commits[back]), self.world.files(tip)
        wanted = (f"overlays/{cluster}/", f"published/{cluster}.yaml") if cluster else OWNED
        changes = {
            path: then.get(path)
            for path in {*then, *now}
            if path.startswith(wanted) and then.get(path) != now.get(path) and path not in self.theirs
        }
        if not changes:
            return
        if method == "merge":
            side = self.world.commit(changes, "Take it back")
            self.world.branch.move(tip)
            self.world.commit(changes, "Merge it", merged=side)
        elif method == "rebase":
            half = dict(sorted(changes.items())[: len(changes) // 2])
            if half:
                self.world.commit(half, "Take a part back")
            self.world.commit(changes, "Take the rest back")
        else:
            self.world.commit(changes, "Take it back")

    # --- what must never happen ----------------------------------------------------------------------------------

    def check(
        self, before: str, said: Said, *, approved: bool, usage: bool = False, moving: bool = False, holds: bool = True
    ) -> None:
        """Hold the branch against what it was before a run."""
        assert said.code in GOOD_ENDS | {1}, f"exit code {said.code}\n{said.said}"
        assert said.code != 1 or usage or "error" in said.said
        assert "Traceback" not in said.said
        after = self.world.tip()
        _steps[f"exit {said.code}, {'something' if after != before else 'nothing'} published"] += 1
        if after == before:
            return
        old, new = self.world.files(before), self.world.files(after)
        self.check_history(before, after)
        for path, content in self.theirs.items():
            assert new.get(path) == content, f"{path} is not as its owner left it"
        if holds:
            self.check_holds(old, new)
        if moving:
            assert self.identities(new) >= self.identities(old), "a move lost resources"
        elif not approved:
            stops = {guard for guard in self.stops(old, new) if guard[0] != "changed-hosts" or holds}
            assert not stops, f"published without an approval: {stops}"

    def check_history(self, before: str, after: str) -> None:
        """A run's commits have one parent each and touch nothing but what is ours."""
        branch = self.world.branch
        while after != before:
            found = branch.commit(after)
            assert found.author != PERSON
            assert len(found.parents) == 1, "the history is no line, or what was there is gone"
            (parent,) = found.parents
            then, now = branch.blobs(branch.commit(parent).tree), branch.blobs(found.tree)
            touched = {path for path in {*then, *now} if then.get(path) != now.get(path)}
            assert all(path.startswith(OWNED) for path in touched), f"a run touched {sorted(touched)}"
            after = parent

    def check_holds(self, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
        """What was held renders as it did."""
        for cluster, record in self.world.records(old).items():
            held: Any = record.get("holds", [])
            for hold in held:
                workload = hold.get("workload", "")
                if self.readable(old) and self.readable(new):
                    assert scope(old, cluster, workload) == scope(new, cluster, workload), f"{hold} was not held"

    def check_retired(self, old: Mapping[str, bytes], new: Mapping[str, bytes], unit: str) -> None:
        """The unit has nothing of ours any more, and everything else renders as it did."""
        assert not [path for path in new if path.startswith(f"{unit}/") and path not in self.theirs]
        if self.readable(old) and self.readable(new):
            was, becomes = (
                {one: without_tombstones(found) for one, found in rendered(overlays_of(files)).items()}
                for files in (old, new)
            )
            assert {one: found for one, found in was.items() if found} == {
                one: found for one, found in becomes.items() if found
            }

    @staticmethod
    def readable(files: Mapping[str, bytes]) -> bool:
        """Whether every kustomization has what it lists: people may leave a tree in which that is not so."""
        try:
            rendered(overlays_of(files))
        except (KeyError, AssertionError):
            return False
        return True

    def stops(self, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> set[tuple[str, str]]:
        """Ask the oracle which guards should have stopped this."""
        if not (self.readable(old) and self.readable(new)):
            return set()
        return set(stopped(overlays_of(old), overlays_of(new), LIMITS, self.unit))

    def identities(self, files: Mapping[str, bytes]) -> set[tuple[str, ...]]:
        if not self.readable(files):
            return set()
        found = rendered(overlays_of(files))
        return {
            (cluster, *identity)
            for cluster, members in found.items()
            for identity in members
            if not identity[3].startswith("gitops-gen-retired-")
        }


def overlays_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what is rendered, without what a person put beside it."""
    return {path: text for path, text in files.items() if path.startswith(("base/", "overlays/"))}


class Machine(Part):
    name: ClassVar = "machine"
    promise: ClassVar = (
        "whatever happens in whatever order: nothing deleted unapproved, no foreign or edited file touched, holds hold"
    )
    goal: ClassVar = 400
    cases: ClassVar = "sequences of up to 50 steps"

    def points(self, *, short: bool) -> Sequence[str]:
        if short:
            return [f"seed={self.seed + number} sequences=3 steps=15" for number in range(2)]
        return [f"seed={self.seed * 100_000 + number} sequences=5 steps=50" for number in range(80)]

    def __enter__(self) -> Self:
        global _zygote, _scratch  # noqa: PLW0603 - Hypothesis makes the machines
        _scratch = self.scratch
        world = World(self.scratch / "warm")
        world.begin()
        world.write(world.text(START, 9090, "namespace"))
        (self.scratch / "tmp").mkdir()
        environment = run_environment(self.scratch, self.scratch / "tmp")
        warm = Run(arguments=world.command("publish"), environment=environment, said=str(self.scratch / "said"))
        _zygote = Zygote(environment, warming=[warm]).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        assert _zygote is not None
        _zygote.__exit__()

    def check(self, point: str) -> Case:
        given = dict(word.split("=") for word in point.split())
        chosen = settings(
            max_examples=int(given["sequences"]),
            stateful_step_count=int(given["steps"]),
            deadline=None,
            database=None,
            derandomize=False,
            phases=(Phase.generate,),
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        machine = type("Seeded", (Mesh,), {})
        try:
            run_state_machine_as_test(seed(int(given["seed"]))(machine), settings=chosen)
        except Exception as error:  # noqa: BLE001 - whatever was broken
            notes = "\n".join(getattr(error, "__notes__", ()))
            return Case(f"{type(error).__name__}: {error}\n{notes}"[:6000])
        return Case("", "held", int(given["sequences"]))
