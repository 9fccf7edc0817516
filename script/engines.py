"""Runs the scenarios with both engines and writes what was seen; `script/engines` calls this."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import tempfile
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.cli.signals import ending_as_interrupt
from tests.engines.clusters import clusters
from tests.engines.page import page
from tests.engines.scenarios import SCENARIOS
from tests.engines.stand import Stand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENGINES = ("flux", "argocd")
SHORT = ("examples", "scale-down")
"""What the checks of every change run."""

PORT, PORTS = 21000, 100
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "engine-scenarios.md"
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A. Person"), ("EMAIL", "person@example.com"))
}


class Outcome(NamedTuple):
    """How a scenario ended: what was seen, or what was not as it should be, and how long it took."""

    engine: str
    scenario: str
    ok: bool
    said: str
    seconds: float


class Results:
    """What runs have seen so far, kept in a file where there is one: a run that was ended goes on from there."""

    def __init__(self, file: Path | None) -> None:
        """Read what is in the file, if there is one."""
        self.file = file
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.memory: dict[str, dict[str, int]] = {}
        if file is not None and file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            self.outcomes = {(one[0], one[1]): Outcome(*one) for one in kept["outcomes"]}
            self.memory = kept["memory"]

    def left(self, engine: str, names: Sequence[str]) -> list[str]:
        """Return the scenarios that have not been seen to be as they should be."""
        return [name for name in names if not ((one := self.outcomes.get((engine, name))) and one.ok)]

    def add(self, outcome: Outcome, memory: dict[str, int]) -> None:
        """Take in how a scenario ended, and what memory the programs had at most."""
        self.outcomes[outcome.engine, outcome.scenario] = outcome
        before = self.memory.setdefault(outcome.engine, {})
        before |= {name: max(size, before.get(name, 0)) for name, size in memory.items()}
        if self.file is not None:
            kept = {"outcomes": list(self.outcomes.values()), "memory": self.memory}
            self.file.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="script/engines")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one")
    parser.add_argument("--port", type=int, default=PORT, help=f"the first of {PORTS} ports on loopback")
    parser.add_argument("--keep", type=Path, help="keep logs and state in this folder")
    parser.add_argument("--resume", type=Path, help="keep results in this file, and run only what is not in it yet")
    parser.add_argument("--short", action="store_true", help=f"only {', '.join(SHORT)}, with Flux")
    parser.add_argument("--list", action="store_true", help="say which scenarios there are")
    parser.add_argument("words", nargs="*", help="only scenarios whose names hold one of these words")
    options = parser.parse_args(arguments)
    names = [name for name in SCENARIOS if _chosen(name, options.words, short=options.short)]
    if options.list or not names:
        print("\n".join(SCENARIOS))
        return 0 if options.list else 2
    if taken := _taken(options.port):
        print(f"script/engines: port {taken} is in use; choose others with --port", file=sys.stderr)
        return 7
    os.environ.update(IDENTITY)
    results = Results(options.resume)
    whole = options.resume or not (options.words or options.short or options.engine)
    ran = failed = 0
    with ending_as_interrupt(), _folder(options.keep) as folder:
        for engine in options.engine or (ENGINES[:1] if options.short else ENGINES):
            left = results.left(engine, names)
            if left:
                _run(engine, left, folder / engine, options.port, results)
            ran += len(left)
            failed += len(results.left(engine, left))
    print(f"{ran - failed} of {ran} as they should be")
    if whole:
        PAGE.write_text(page(results.outcomes, results.memory, one_run=options.resume is None), encoding="utf-8")
        print(f"written: {PAGE.name}")
    return int(bool(failed))


def _run(engine: str, names: Sequence[str], folder: Path, port: int, results: Results) -> None:
    """Run scenarios with one engine, all in the same clusters."""
    begun = time.monotonic()
    with clusters(folder / "clusters", engine, port) as running:
        print(f"{engine}: up after {time.monotonic() - begun:.0f} s", flush=True)
        for name in names:
            started = time.monotonic()
            try:
                with Stand(running, folder / "inventories", name) as stand:
                    said, ok = SCENARIOS[name](stand), True
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are run
                said, ok = f"{type(error).__name__}: {error}", False
                traceback.print_exc()
            outcome = Outcome(engine, name, ok, said, time.monotonic() - started)
            results.add(outcome, running.memory())
            print(f"{engine} {name}: {'ok' if ok else 'FAILED'}, {outcome.seconds:.0f} s: {said}", flush=True)


def _chosen(name: str, words: Sequence[str], *, short: bool) -> bool:
    if short:
        return name in SHORT
    return not words or any(word in name for word in words)


def _taken(first: int) -> int | None:
    """Return a port that somebody listens on, None when all are free."""
    for port in range(first, first + PORTS):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                return port
    return None


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="gitops-gen-engines-") as made:
        yield Path(made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
