"""Runs parts of the fault suite, over some processes, from where an earlier run was stopped; `script/faults` starts it.

Each part's points are tried once; what came of each is kept in `build/faults/RUN/PART.jsonl`, so that a run that was
stopped goes on where it stood. When the code has changed since, it begins anew.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tests.conftest import IDENTITY
from tests.faults.catalogue import PARTS
from tests.faults.part import Case
from tests.faults.stage import fast_folder
from tests.faults.table import Done, write_table
from tests.faults.zygote import end_with_the_parent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.queues import SimpleQueue

    from tests.faults.part import Part

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "faults"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 when a promise was broken or a part cannot run here."""
    parser = argparse.ArgumentParser(prog="script/faults", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--short", action="store_true", help="the short form, as the checks run it")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes side by side")
    parser.add_argument("--run", default="1", metavar="NAME", help="name of this run: results of each are kept apart")
    parser.add_argument("--point", action="append", metavar="NAME", help="this point alone; nothing is kept")
    parser.add_argument("--table", action="store_true", help="write the page of figures from what is kept")
    given = parser.parse_args(arguments)
    unknown = sorted({*given.parts} - {*PARTS})
    if unknown:
        parser.error(f"there is no part {unknown[0]}")
    if given.table:
        write_table(kept(KEPT))
        return 0
    os.environ.update(IDENTITY, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull, TZ="UTC")
    signal.signal(signal.SIGTERM, stopped)
    bad = 0
    for name in given.parts or PARTS:
        missing = PARTS[name].missing()
        if missing:
            print(f"{name}: {missing}", file=sys.stderr)
            bad += 1
            continue
        with tempfile.TemporaryDirectory(
            prefix="gitops-gen-faults-", dir=fast_folder(Path(tempfile.gettempdir())), ignore_cleanup_errors=True
        ) as at:
            if given.point:
                bad += try_points(PARTS[name], Path(at), given.seed, given.point)
            else:
                bad += whole_part(PARTS[name], Path(at), given)
    return min(bad, 1)


def stopped(*_: object) -> NoReturn:
    """End as after an interrupt: what was started is ended, and the scratch folder is taken away."""
    raise SystemExit(128 + signal.SIGTERM)


def try_points(part: type[Part], scratch: Path, seed: int, points: Sequence[str]) -> int:
    """Try some points in this process and say what came of each."""
    bad = 0
    with part(scratch, seed) as entered:
        for point in points:
            case = entered.check(point)
            print(f"{part.name} {point}: {case.problem or case.outcome or 'good'}")
            bad += bool(case.problem)
    return bad


def whole_part(part: type[Part], scratch: Path, given: argparse.Namespace) -> int:
    """Try all points that were not tried yet, and say how it went."""
    begun = time.monotonic()
    file = KEPT / ("short" if given.short else given.run) / f"{part.name}.jsonl"
    with part(_folder(scratch, "points"), given.seed) as entered:
        points = entered.points(short=given.short)
    head = {"seed": given.seed, "points": len(points), "code": code(), "short": given.short}
    cases = read(file, head)
    if not cases:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**head, "seconds": 0.0}) + "\n")
    left = [point for point in points if point not in cases]
    jobs = 1 if part.alone else given.jobs
    with file.open("a") as keeping:
        for point, case in tried(part, scratch, given.seed, left, jobs):
            cases[point] = case
            keeping.write(json.dumps([point, *case, round(time.monotonic() - begun, 1)]) + "\n")
            keeping.flush()
            if case.problem:
                print(f"PROBLEM {part.name} {point}: {case.problem}")
                again = shlex.join(["script/faults", part.name, "--seed", str(given.seed), "--point", point])
                print(f"  try it again: {again}", flush=True)
    done = Done(part, given.seed, {point: cases[point] for point in points})
    print(f"{done.line()} [{time.monotonic() - begun:.0f} s]", flush=True)
    if not given.short and done.tried < part.goal:
        print(f"PROBLEM {part.name}: {done.tried} {part.cases}, the goal is {part.goal}")
        return 1
    return done.bad


def tried(part: type[Part], scratch: Path, seed: int, points: Sequence[str], jobs: int) -> Iterator[tuple[str, Case]]:
    """Try points over some processes; yield each as it is done."""
    asking: SimpleQueue[str | None] = multiprocessing.SimpleQueue()
    answering: SimpleQueue[tuple[str, Case]] = multiprocessing.SimpleQueue()
    jobs = max(1, min(jobs, len(points)))
    workers = [
        multiprocessing.Process(target=work, args=(part, _folder(scratch, str(number)), seed, asking, answering))
        for number in range(jobs)
    ]
    for worker in workers:
        worker.start()
    try:
        # A few ahead, so that nobody waits; the pipe behind the queue is never full.
        waiting = iter(points)
        for _ in range(2 * jobs):
            asking.put(next(waiting, None))
        for _ in points:
            yield answering.get()
            asking.put(next(waiting, None))
    except BaseException:
        for worker in workers:
            worker.terminate()
        raise
    finally:
        for worker in workers:
            worker.join(timeout=10)
            worker.terminate()


def work(
    part: type[Part],
    scratch: Path,
    seed: int,
    asking: SimpleQueue[str | None],
    answering: SimpleQueue[tuple[str, Case]],
) -> None:
    """Try points until there is none left, or nobody is there any more to ask for them."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_the_parent()
    with part(scratch, seed) as entered:
        while (point := asking.get()) is not None:
            try:
                case = entered.check(point)
            except Exception:  # noqa: BLE001 - a fault of the suite is one, too
                case = Case(traceback.format_exc())
            answering.put((point, case))


def read(file: Path, head: dict[str, object]) -> dict[str, Case]:
    """Return what is kept of a part; nothing when it is of another code, seed or form."""
    if not file.exists():
        return {}
    first, *lines = file.read_text().splitlines()
    known = json.loads(first)
    if {name: known.get(name) for name in head} != head:
        return {}
    return {point: Case(*case) for point, *case, _ in map(json.loads, lines)}


def kept(folder: Path) -> dict[str, list[Done]]:
    """Return what is kept of every part, by run."""
    found: dict[str, list[Done]] = {}
    for file in sorted(folder.glob("*/*.jsonl")):
        first, *lines = file.read_text().splitlines()
        head = json.loads(first)
        part = PARTS.get(file.stem)
        if part is None or head["short"]:
            continue
        cases = {point: Case(*case) for point, *case, _ in map(json.loads, lines)}
        found.setdefault(file.stem, []).append(
            Done(part, head["seed"], cases, code=head["code"], points=head["points"])
        )
    return found


def code() -> str:
    """Return the id of the code that is tried: its tree, with what is not committed."""
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "gitops_gen"], cwd=ROOT, check=False).returncode
    told = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD:gitops_gen"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return told.stdout.strip() + ("+" if changed else "")


def _folder(scratch: Path, name: str) -> Path:
    made = scratch / name
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    return made


if __name__ == "__main__":
    sys.exit(main())
