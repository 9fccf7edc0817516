from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery.scratch import PREFIX, STALE_S, private_folder, sweep
from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


def left_over(parent: Path, name: str, age_s: float) -> Path:
    folder = parent / f"{PREFIX}{name}"
    folder.mkdir(parents=True)
    (folder / "file").write_text("left\n")
    os.utime(folder, (time.time() - age_s, time.time() - age_s))
    return folder


def test_what_a_killed_run_left_is_swept_after_a_day(tmp_path: Path) -> None:
    old, young = left_over(tmp_path, "old", STALE_S + 60), left_over(tmp_path, "young", STALE_S - 600)
    theirs = tmp_path / "something-else"
    theirs.mkdir()
    os.utime(theirs, (0, 0))
    sweep(tmp_path)
    assert not old.exists()
    assert young.exists()
    assert theirs.exists()


def test_what_goes_away_while_it_is_looked_at_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_over(tmp_path, "old", STALE_S + 60)

    def gone(_self: Path) -> os.stat_result:
        raise FileNotFoundError

    monkeypatch.setattr(type(tmp_path), "lstat", gone)
    sweep(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / f"{PREFIX}old").exists()


def test_a_private_folder_is_ours_alone_and_goes_with_whatever_is_in_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with private_folder(tmp_path) as made:
            (made / "file").write_text("secret\n")
            assert made.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no temporary folder can be made in"), private_folder(tmp_path / "nowhere"):
        pytest.fail("there is no such place")


def test_a_machine_without_a_place_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError

    monkeypatch.setattr("tempfile.gettempdir", none)
    with pytest.raises(ToolError, match="there is no place for temporary files"), private_folder():
        pytest.fail("there is no such place")


def test_what_cannot_be_removed_does_not_change_how_a_run_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object, **_options: object) -> None:
        raise OSError

    monkeypatch.setattr("shutil.rmtree", fails)
    with private_folder(tmp_path) as made:
        pass
    assert made.exists()
