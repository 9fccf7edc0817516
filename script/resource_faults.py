"""Makes every fault in the resources of the examples, and tells which the proof does not notice, and why not."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from gitops_gen.routes.proof import prove_mesh
from tests.resource_faults import HARMLESS, NAMES, Fault, compiled, excuse, faults, resources_with, survives

TOGETHER = 200


def main(arguments: list[str]) -> int:
    """Make the faults of the examples that are named, or of all, and return the exit code."""
    names = arguments or list(NAMES)
    if unknown := set(names) - set(NAMES):
        print(f"script/resource-faults: no example {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
        return 2
    started = time.monotonic()
    alarms = [name for name in names if prove_mesh(*compiled(name))]
    every = [fault for name in names for fault in faults(name)]
    batches = [every[place : place + TOGETHER] for place in range(0, len(every), TOGETHER)]
    made, survivors = 0, []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, found in pool.map(_judge, batches):
            made += number
            survivors += found
    excused = Counter(filter(None, (excuse(fault.said) for fault in survivors)))
    missed = [fault for fault in survivors if excuse(fault.said) is None]
    idle = [one for one in HARMLESS if one not in excused] if names == list(NAMES) else []
    print(
        f"{made} faults in {', '.join(names)}: {made - len(survivors)} noticed, {len(survivors) - len(missed)} harmless"
    )
    for one, count in excused.most_common():
        print(f"  {count:5} {one}: {HARMLESS[one]}")
    for name in alarms:
        print(f"FALSE ALARM: {name} as it is")
    for fault in missed:
        print(f"NOT NOTICED: {fault}")
    for one in idle:
        print(f"NOT NEEDED: {one}")
    print(f"{time.monotonic() - started:.0f} s")
    return int(bool(missed or idle or alarms))


def _judge(batch: list[Fault]) -> tuple[int, list[Fault]]:
    """Return how many faults could be made, and those of them that the proof does not notice."""
    made = [fault for fault in batch if resources_with(fault) is not None]
    return len(made), [fault for fault in made if survives(fault)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
