"""The command line as people start it: in this process where that is enough, as a program where it matters."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ("thanos", "kafka", "mixed")


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    """Run a command in this process."""
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err, err
    return Ended(code, out, err)


def start(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
    python: str = sys.executable,
    within_s: float = 120,
) -> Ended:
    """Run a command as a program, which ends in time; `env` is what changes in the environment."""
    ended = subprocess.run(
        [python, "-m", "gitops_gen", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=cwd or ROOT,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=within_s,
    )
    out, err = ended.stdout.decode(), ended.stderr.decode()
    assert "Traceback" not in err, err
    return Ended(ended.returncode, out, err)


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """Run git in a folder and return what it says; its failure fails the test."""
    ended = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
        input=stdin,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def no_room(*_: object) -> None:
    """Stand in for what writes, on a disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def bare_repository(folder: Path) -> Path:
    """Make an empty bare repository."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    return folder


def checked_out(repository: Path, folder: Path) -> Path:
    """Check the branch of a repository out into a new folder, as an engine does."""
    git(repository, "clone", "--quiet", "--branch=main", str(repository), str(folder))
    return folder


def committed(repository: Path, folder: Path, files: Mapping[str, str | None], message: str = "by hand") -> str:
    """Let a person commit files (None deletes one) by way of a clone in a new folder; return the commit's id."""
    checked_out(repository, folder)
    for path, text in files.items():
        if text is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    git(folder, "push", "--quiet")
    return git(folder, "rev-parse", "HEAD").strip()


def files_of(folder: Path) -> dict[str, bytes]:
    """Return path -> content of every file below a folder, but for git's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
