"""Parts that start no program: malformed and truncated inventories, hostile texts, decisions of the guards."""

from __future__ import annotations

import random
import resource
import time
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from hypothesis import HealthCheck, Phase, given, seed, settings

from gitops_gen.inventory.load import load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.layout.units import lost_units
from gitops_gen.plan.guards import check_guards
from gitops_gen.report.problems import problems_json, problems_text
from gitops_gen.workflows.desired import compile_tree
from tests.command import EXAMPLES, ROOT
from tests.faults.part import Case, Part
from tests.guard_oracle import stopped
from tests.hostile import HOSTILE
from tests.meshes import plan_of_trees, tree_of
from tests.property.test_hostile import FIELDS
from tests.property.test_hostile import check as check_hostile
from tests.property.test_hostile_text import GOOD, HOSTILE_WORDS
from tests.property.test_plans import guards_of, meshes, sync_units

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from gitops_gen.model import Guards, SyncUnit
    from tests.meshes import Mesh

LONGEST_S = 10.0
MEMORY_MIB = 512
BATCH = 100


def sources() -> list[bytes]:
    """Return the inventories that are spoilt: one that has each kind of field, and the examples."""
    files = [file for name in EXAMPLES for file in sorted((ROOT / "examples" / name).rglob("*.yaml"))]
    return [GOOD.encode(), *(file.read_bytes() for file in files)]


def judge(content: bytes) -> tuple[str, str]:
    """Read an inventory; return what is wrong with how that went, and what came of it."""
    begun = time.process_time()
    loaded = load_inventory([Source("spoilt.yaml", content)])
    told = problems_text(loaded.problems, loaded.texts)
    problems_json(loaded.problems)
    if time.process_time() - begun > LONGEST_S:
        return f"{time.process_time() - begun:.1f} s", "slow"
    if loaded.inventory is None:
        good = bool(loaded.problems) and "spoilt.yaml:" in told
        return ("" if good else "refused without a place"), "refused"
    return "", "read"


class Inventories(Part):
    name: ClassVar = "inventories"
    promise: ClassVar = "malformed inventories: problems with places or an inventory; no traceback, 10 s, 512 MiB"
    goal: ClassVar = 20_000
    cases: ClassVar = "malformed inventories"
    figure: ClassVar = "memory at most (MiB)"

    def points(self, *, short: bool) -> Sequence[str]:
        batches = (2 if short else 200) * (self.goal // 200) // BATCH
        return [f"seed={self.seed * 1000 + number} count={BATCH}" for number in range(batches)]

    def check(self, point: str) -> Case:
        given = dict(word.split("=") for word in point.split())
        chosen = random.Random(int(given["seed"]))  # noqa: S311 - dice, not secrets
        known = sources()
        outcomes: Counter[str] = Counter()
        for number in range(int(given["count"])):
            content = spoilt(chosen, chosen.choice(known))
            try:
                problem, outcome = judge(content)
            except Exception as error:  # noqa: BLE001 - that none escapes is the point
                return Case(f"number {number}: {type(error).__name__}: {error}\n{content!r}"[:3000])
            if problem:
                return Case(f"number {number}: {problem}\n{content!r}"[:3000])
            outcomes[outcome] += 1
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        problem = "" if memory < MEMORY_MIB else f"{memory:.0f} MiB"
        return Case(problem, "read without a traceback", int(given["count"]), memory)


def spoilt(chosen: random.Random, good: bytes) -> bytes:
    """Spoil an inventory in a few places: bytes, words, lines, or the whole end of it."""
    content = bytearray(good)
    for _ in range(chosen.choice((1, 1, 2, 4, 30))):
        place = chosen.randrange(len(content) + 1)
        match chosen.randrange(7):
            case 0 if place < len(content):
                content[place] ^= 1 << chosen.randrange(8)
            case 1:
                del content[place : place + chosen.randrange(1, 40)]
            case 2:
                content[place:place] = content[place : place + chosen.randrange(1, 80)]
            case 3:
                content[place:place] = chosen.choice(HOSTILE_WORDS).encode()
            case 4:
                end = content.find(b"\n", place)
                content[place : end if end >= 0 else place] = b": " + chosen.choice(HOSTILE).encode("utf-8", "replace")
            case 5:
                lines = bytes(content).split(b"\n")
                line = chosen.randrange(len(lines))
                lines[line] = b" " * chosen.randrange(9) + lines[line].lstrip()
                content = bytearray(b"\n".join(lines))
            case _:
                del content[chosen.randrange(len(content) + 1) :]
                content += bytes(chosen.choices(b"{}[],:-\"'#&*!|>% \n\t", k=chosen.randrange(20)))
    return bytes(content)


class Truncations(Part):
    name: ClassVar = "truncations"
    promise: ClassVar = (
        "an inventory cut at any byte: refused, of the same meaning, or stopped by a guard that an oracle agrees with"
    )
    goal: ClassVar = 1_000
    cases: ClassVar = "cuts"

    def points(self, *, short: bool) -> Sequence[str]:
        cuts = range(len(GOOD.encode()))
        return [f"cut={cut}" for cut in (cuts[::20] if short else cuts)]

    def __enter__(self) -> Self:
        whole = load_inventory([Source("whole.yaml", GOOD.encode())]).inventory
        assert whole is not None
        self._whole = whole
        self._tree = compile_tree(whole)
        return self

    def check(self, point: str) -> Case:
        cut = int(point.removeprefix("cut="))
        loaded = load_inventory([Source("whole.yaml", GOOD.encode()[:cut])]).inventory
        if loaded is None:
            return Case("", "refused")
        if loaded.digest == self._whole.digest:
            return Case("", "of the same meaning")
        if compile_tree(loaded) == self._tree:
            return Case("", "of the same tree")
        return self._guarded(cut, loaded)

    def _guarded(self, cut: int, loaded: object) -> Case:
        from gitops_gen.workflows.desired import Target, compare
        from gitops_gen.workflows.publishing import plan_of
        from tests.trees import entries_of

        entries = entries_of(self._tree)
        target = Target(found=entries, read=lambda paths: {path: self._tree[path] for path in paths})
        comparison = compare(loaded, target)  # type: ignore[arg-type]
        plan = plan_of(comparison, entries)
        findings = check_guards(plan, comparison.desired.inventory.mesh.guards)
        if findings:
            return Case("", "stopped by a guard")
        removed = [change.folder for cluster in plan.clusters for change in cluster.workloads if change.pods_removed]
        return Case(f"cut at {cut}: {removed} would lose pods" if removed else "", "nothing is taken away")


class Hostile(Part):
    name: ClassVar = "hostile"
    promise: ClassVar = "hostile texts in every field: refused, or harmless in names, hosts and paths"
    goal: ClassVar = 200 * 60
    cases: ClassVar = "texts in fields"

    def points(self, *, short: bool) -> Sequence[str]:
        return [f"field={number}" for number in range(0, len(FIELDS), 20 if short else 1)]

    def check(self, point: str) -> Case:
        field = FIELDS[int(point.removeprefix("field="))]
        place, path, is_key = field.values
        for text in HOSTILE:
            try:
                check_hostile(place, path, text, is_key=is_key)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001 - that none escapes is the point
                return Case(f"{field.id} {text!r}: {type(error).__name__}: {error}")
        return Case("", "refused or harmless", len(HOSTILE))


class Deletions(Part):
    name: ClassVar = "deletions"
    promise: ClassVar = "what the guards stop is what an oracle stops that reads two trees of YAML and none of our code"
    goal: ClassVar = 10_000
    cases: ClassVar = "random pairs of trees"

    def points(self, *, short: bool) -> Sequence[str]:
        return [f"seed={self.seed * 1000 + number} pairs={BATCH}" for number in range(1 if short else 100)]

    def check(self, point: str) -> Case:
        words = dict(word.split("=") for word in point.split())
        count = int(words["pairs"])
        tried = 0

        @seed(int(words["seed"]))
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=False,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(before=meshes(), after=meshes(), guards=guards_of, sync_unit=sync_units)
        def decide(before: Mesh, after: Mesh, guards: Guards, sync_unit: SyncUnit) -> None:
            nonlocal tried
            tried += 1
            old = tree_of(before)
            new = tree_of(after)
            new = tree_of(after, lost_units(new, old, "example", sync_unit))
            plan = plan_of_trees(old, new, after, sync_unit=sync_unit)
            found = Counter((finding.guard, finding.scope) for finding in check_guards(plan, guards))
            limits = {
                "removed-workloads": (guards.removed_workloads.at_most, guards.removed_workloads.percent),
                "removed-resources": (guards.removed_resources.at_most, guards.removed_resources.percent),
                "changed-hosts": (guards.changed_hosts.at_most, guards.changed_hosts.percent),
            }
            assert found == stopped(old, new, limits, sync_unit)

        try:
            decide()
        except AssertionError as error:
            return Case(f"{error}"[:3000])
        return Case("", "decided alike", tried)
