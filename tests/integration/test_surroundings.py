"""The command line in odd surroundings: encodings, limits and places that somebody did not mean."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.command import ROOT, Ended
from tests.inventories import cluster, mesh, placed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(f"{mesh()}---\n{cluster()}---\n{placed()}")
    (tmp_path / "odd.yaml").write_text(mesh(name="m\u00fcnchen\u2013\u6771"), encoding="utf-8")
    return tmp_path


def start(here: Path, *arguments: str, **environment: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "gitops_gen", *arguments],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return Ended(done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1"))


@pytest.mark.parametrize(
    ("encoding", "shown"), [("latin-1", "m\u00fcnchen\\u2013\\u6771"), ("cp1252", "m\u00fcnchen\x96\\u6771")]
)
@pytest.mark.parametrize("style", ["text", "github"])
def test_what_an_encoding_does_not_have_is_shown_as_escapes(here: Path, encoding: str, shown: str, style: str) -> None:
    ended = start(here, "validate", "odd.yaml", "--format", style, PYTHONIOENCODING=f"{encoding}:strict")
    assert ended.code == 1
    assert shown in ended.out


@pytest.mark.parametrize("option", ["--timeout", "--deadline"])
def test_a_time_limit_beyond_all_clocks_is_a_mistake_in_usage(here: Path, option: str) -> None:
    ended = start(here, "publish", "good.yaml", "--repository", "nowhere", option, "99999999999999999999")
    assert ended.code == 2
    assert f"Invalid value for '{option}'" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("validate", "nowhere.yaml"), "nowhere.yaml cannot be read: No such file or directory"),
        (("validate", ""), "a file without a name cannot be read: No such file or directory"),
        (("validate", "x" * 300), "cannot be read: File name too long"),
        (("generate", "good.yaml", "-o", "good.yaml/x"), "cannot read good.yaml/x: Not a directory"),
        (("check", "good.yaml", "-o", "x" * 300), ": File name too long"),
    ],
)
def test_places_that_are_none_are_told_with_what_to_do(here: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = start(here, *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert "\n  help: name " in ended.err.replace("check its permissions", "name another")
