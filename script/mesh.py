"""Runs the mesh suite inside its sandbox, and writes the page of cells; `script/mesh` calls this."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import sysconfig
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.kustomize import find_kustomize
from tests.mesh import cells, known_bad
from tests.mesh.mesh import mesh
from tests.mesh.page import cell_section, question, read_page, shape_rows, write_page
from tests.mesh.play import play
from tests.mesh.show import show
from tests.mesh.stage import RefusedError, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mesh.cells import Cell
    from tests.mesh.known_bad import Shape

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "mesh-cells.md"
LOOKS_EVERY_S = 3.0


class Chosen(NamedTuple):
    """What is to be played."""

    cells: list[Cell]
    shapes: list[Shape]

    @property
    def slots(self) -> int:
        """Return how many clusters it takes."""
        return max(len(slots) for slots in (*(one.slots for one in self.cells), *(one.slots for one in self.shapes)))


class Run:
    """One run of the suite on a mesh that is up: what was played, and what was not as it should be."""

    def __init__(self, stage: Stage) -> None:
        """Begin a run."""
        self.stage = stage
        self.kustomize = find_kustomize(os.environ["PATH"], beside=[Path(sysconfig.get_path("scripts"))])
        self.sections: dict[str, str] = {}
        self.rows: dict[str, str] = {}
        self.requests = 0
        self.wrong: list[str] = []

    def cell(self, cell: Cell) -> None:
        """Play a cell and say how it went."""
        began = time.monotonic()
        try:
            results = play(self.stage, cell, self.kustomize)
        except (RefusedError, RuntimeError) as error:
            self._say(cell.name, f"{error}", began, wrong=True)
            return
        wrong = [result for result in results if not result.right]
        self._say(cell.name, f"{len(results)} requests, {len(wrong)} not as predicted", began, wrong=bool(wrong))
        for asked, answers, _ in wrong:
            client = "/".join(asked.client) if asked.client else "outside"
            print(f"    {asked.kind} {asked.host}:{asked.port} from {client}: {' or '.join(answers)}")
            print(f"      predicted: {sorted(asked.places) or 'nobody'}, mTLS {asked.mtls}", flush=True)
        self.requests += len(results)
        if not wrong:
            self.sections[cell.name] = cell_section(cell, {result.asked: result.answers for result in results})

    def shape(self, shape: Shape) -> None:
        """Show a known-bad shape and say how it went."""
        began = time.monotonic()
        refused = bool(known_bad.refusals(shape))
        try:
            shown = show(self.stage, shape)
        except (RefusedError, RuntimeError) as error:
            self._say(shape.name, f"{error}", began, wrong=True)
            return
        as_said = "fails as described" if shown.as_said else "does NOT fail as described"
        told = f"refused by {shape.rule}" if refused else f"NOT refused by {shape.rule}"
        self._say(shape.name, f"{as_said}, {told}", began, wrong=not (shown.as_said and refused))
        for seen, answers in () if shown.as_said else shown.answers:
            print(f"    {question(seen)}: {' or '.join(answers)}", flush=True)
        if shown.as_said and refused:
            self.rows[shape.name] = shape_rows(shape, shown.answers)

    def _say(self, name: str, text: str, began: float, *, wrong: bool) -> None:
        print(f"  {name}: {text} ({time.monotonic() - began:.0f} s)", flush=True)
        if wrong:
            self.wrong.append(name)


def main(arguments: list[str]) -> int:
    """Run what is chosen and return the exit code."""
    parser = argparse.ArgumentParser(prog="script/mesh")
    parser.add_argument("--short", action="store_true", help="a few cells")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="keep logs and state there")
    parser.add_argument("words", nargs="*", help="parts of names of cells and known-bad shapes; none: all")
    options = parser.parse_args(arguments)
    chosen = _choose(options.words, short=options.short)
    if not (chosen.cells or chosen.shapes):
        print(f"script/mesh: nothing has one of {options.words} in its name", file=sys.stderr)
        return 2
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gitops-gen-mesh-", ignore_cleanup_errors=True) as state, _memory() as peak:
        with mesh(Path(state), chosen.slots) as running:
            print(f"mesh of {chosen.slots} clusters: up after {time.monotonic() - started:.0f} s", flush=True)
            run = Run(Stage(running))
            for cell in chosen.cells:
                run.cell(cell)
            for shape in chosen.shapes:
                run.shape(shape)
        if options.keep is not None:
            shutil.copytree(state, options.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin", "etcd"))
    took = f"{(time.monotonic() - started) / 60:.1f} minutes"
    memory = f"{max(peak) / 2**20:.0f} MiB"
    print(f"{took}, at most {memory} of memory")
    full = not options.words
    if not options.short:
        measured = f"It took {took} on {os.cpu_count()} cores, and at most {memory} of memory"
        _write(run, full and not run.wrong, measured)
    if run.wrong:
        print(f"NOT as predicted: {', '.join(run.wrong)}")
    return int(bool(run.wrong))


def _write(run: Run, full: bool, measured: str) -> None:  # noqa: FBT001
    """Bring the page up to what this run has seen; a full one without a fault gives its figures."""
    page = read_page(PAGE.read_text() if PAGE.exists() else "")
    known, shapes = cells.names(), known_bad.names()
    sections = {name: text for name, text in {**page.cells, **run.sections}.items() if name in known}
    rows = {name: text for name, text in {**page.shapes, **run.rows}.items() if name in shapes}
    if full:
        said = (
            f"The last full run had {len(sections)} cells with {run.requests} requests, each made at least twice, and "
            f"{len(rows)} known-bad shapes. {measured}, with the programs built before. No answer differed from its "
            "prediction."
        )
        page = page._replace(measured=said)
    PAGE.write_text(write_page(page._replace(cells=sections, shapes=rows)))


def _choose(words: list[str], *, short: bool) -> Chosen:
    def wanted(name: str) -> bool:
        return not words or any(word in name for word in words)

    read = [cells.read_cell(name) for name in cells.names() if wanted(name)]
    if short:
        return Chosen([cell for cell in read if cell.gate], [])
    shapes = [known_bad.read_shape(name) for name in known_bad.names() if wanted(name)]
    # Those of one cluster first, those of several after them: fewer pods come and go.
    # Where istiod has other switches comes last: it is started anew for it.
    ordered = sorted(read, key=lambda cell: (len(cell.slots), bool(cell.istiod)))
    return Chosen(ordered, sorted(shapes, key=lambda shape: len(shape.slots)))


@contextmanager
def _memory() -> Iterator[list[int]]:
    """Look now and then how much memory all processes of the sandbox have, each page counted once."""
    peak, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(LOOKS_EVERY_S):
            peak.append(sum(map(_proportional, Path("/proc").glob("[0-9]*/smaps_rollup"))))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _proportional(path: Path) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
