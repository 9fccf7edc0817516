"""The cache of real programs: what is made is named by what it is made of, and what is missing is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from script import programs
from tests.programs import catalogue
from tests.programs.catalogue import MODULES, PROGRAMS, SETS, Program, missing, names_of

if TYPE_CHECKING:
    from pathlib import Path


def test_every_program_has_what_makes_it() -> None:
    for program in PROGRAMS.values():
        assert program.how in programs.MAKERS
        assert all((MODULES / folder).is_dir() for folder in program.source)
    assert set(programs.COLLECTED) == {program.name for program in PROGRAMS.values() if program.how == "files"}


def test_every_module_is_pinned_to_the_byte() -> None:
    for module in sorted(MODULES.glob("*/go.mod")):
        assert (module.parent / "go.sum").stat().st_size, f"{module} has no go.sum"
        assert f"module gitops-gen.io/tests/programs/{module.parent.name}\n" in module.read_text()
    for line in (MODULES / "envoy" / "requirements.txt").read_text().splitlines():
        assert re.search("==|--hash=sha256:", line)


def test_a_name_or_a_set_names_each_program_once() -> None:
    assert names_of([]) == list(PROGRAMS)
    assert names_of(["istiod", "mesh", "etcd"]) == ["istiod", *(name for name in SETS["mesh"] if name != "istiod")]
    with pytest.raises(KeyError, match="istoid"):
        names_of(["istoid"])


def test_the_folder_changes_with_what_the_program_is_made_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(catalogue, "MODULES", tmp_path)
    (tmp_path / "etcd").mkdir()
    module = tmp_path / "etcd" / "go.mod"
    module.write_text("v1")
    first, static = Program("etcd", "go", ("etcd",), ".").key, Program("etcd", "go", ("etcd",), ".", static=True).key
    module.write_text("v2")
    second = Program("etcd", "go", ("etcd",), ".").key
    module.rename(tmp_path / "etcd" / "go.sum")
    assert len({first, second, static, Program("etcd", "go", ("etcd",), ".").key}) == 4


def test_what_is_missing_is_listed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "CACHE", tmp_path)
    there = PROGRAMS["etcd"].path
    there.parent.mkdir()
    there.touch()
    assert missing(["etcd", "istiod"]) == ["istiod"]
    assert programs.main(["--list", "etcd", "istiod"]) == 1
    assert capsys.readouterr().out == f"etcd: {there}\nistiod: missing\n"
    assert programs.main(["etcd"]) == 0
    assert capsys.readouterr().out == "etcd: there\n"


def test_an_unknown_name_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert programs.main(["istoid"]) == 2
    assert "no program is called 'istoid'; there are: mesh, engines, engines-short, etcd" in capsys.readouterr().err


def test_a_missing_tool_has_a_code_of_its_own_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "CACHE", tmp_path)
    monkeypatch.setattr(programs, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.main(["etcd", "redis-server"]) == 7
    said = capsys.readouterr().err
    assert "etcd: go is missing: install Go 1.26 or newer" in said
    assert "redis-server: redis-server is not on PATH and there is no apt-get" in said
    assert not list(tmp_path.iterdir())
