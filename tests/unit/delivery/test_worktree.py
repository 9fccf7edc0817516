from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.delivery import worktree
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import Entry, blob_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TREE = {
    "base/data/db/kustomization.yaml": b"base\n",
    "base/data/db/service.yaml": b"service\n",
    "overlays/a/data/db/db-0.yaml": b"pod 0\n",
    "overlays/a/data/db/kustomization.yaml": b"folder\n",
    "overlays/a/kustomization.yaml": b"cluster\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "repository"


@pytest.fixture(autouse=True)
def _no_open_files() -> Iterator[None]:
    """Hold after each test that every folder and file that was opened is closed again."""
    before = os.listdir("/dev/fd")  # noqa: PTH208
    yield
    assert len(os.listdir("/dev/fd")) == len(before)  # noqa: PTH208


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, temporary ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def folders_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir()}


# --- reading --------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_back(folder: Path) -> None:
    worktree.replace(folder, TREE, [])

    assert files_in(folder) == TREE
    assert worktree.entries(folder) == {path: Entry("100644", blob_id(content)) for path, content in TREE.items()}
    assert worktree.read(folder, reversed(TREE)) == TREE


def test_a_folder_that_is_not_there_has_nothing(folder: Path) -> None:
    assert worktree.entries(folder) == {}
    assert worktree.read(folder, []) == {}
    worktree.replace(folder, {}, [])
    assert not folder.exists()


def test_every_kind_of_entry(folder: Path) -> None:
    (folder / "overlays/a").mkdir(parents=True)
    (folder / "overlays/a/run.sh").write_text("x\n")
    (folder / "overlays/a/run.sh").chmod(0o755)
    (folder / "overlays/a/link").symlink_to("../nowhere")
    (folder / "overlays/loop").symlink_to(".")
    os.mkfifo(folder / "overlays/pipe")
    (folder / "base/module").mkdir(parents=True)
    (folder / "base/module/.git").write_text("gitdir: elsewhere\n")
    (folder / "base/module/service.yaml").write_text("x\n")
    (folder / "base/empty").mkdir()
    (folder / "Overlays").mkdir()
    (folder / "Overlays/a").write_text("x\n")
    (folder / "docs").mkdir()
    (folder / "docs/base").write_text("x\n")

    assert worktree.entries(folder) == {
        "Overlays/a": Entry("100644", blob_id(b"x\n")),
        "base/module": Entry("160000", ""),
        "overlays/a/link": Entry("120000", blob_id(b"../nowhere")),
        "overlays/a/run.sh": Entry("100755", blob_id(b"x\n")),
        "overlays/loop": Entry("120000", blob_id(b".")),
        "overlays/pipe": Entry("010000", ""),
    }


def test_a_root_may_be_anything(folder: Path) -> None:
    folder.mkdir()
    (folder / "base").symlink_to("/etc")
    (folder / "overlays").write_text("x\n")

    assert worktree.entries(folder) == {
        "base": Entry("120000", blob_id(b"/etc")),
        "overlays": Entry("100644", blob_id(b"x\n")),
    }


def test_names_that_are_no_text(folder: Path) -> None:
    (folder / "base").mkdir(parents=True)
    (folder / os.fsdecode(b"base/\xff")).write_text("x\n")

    (path,) = worktree.entries(folder)

    assert os.fsencode(path) == b"base/\xff"
    assert worktree.read(folder, [path]) == {path: b"x\n"}


def test_folders_nested_without_end_are_refused(folder: Path) -> None:
    (folder / "base" / "/".join(["a"] * 70)).mkdir(parents=True)

    with pytest.raises(InputError, match="nested too deeply"):
        worktree.entries(folder)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x\n")

    for attempt in (
        lambda: worktree.entries(file),
        lambda: worktree.read(file, ["a"]),
        lambda: worktree.replace(file, TREE, []),
    ):
        with pytest.raises((InputError, ToolError), match=re.escape(str(file))):
            attempt()


def _failing(monkeypatch: pytest.MonkeyPatch, name: str, code: int, when: Callable[..., bool]) -> None:
    """Let a call to the system fail when its arguments are such."""
    real = getattr(os, name)

    def call(*arguments: Any, **options: Any) -> Any:
        if when(*arguments):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, call)


def test_what_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worktree.replace(folder, TREE, [])
    _failing(monkeypatch, "open", errno.EACCES, lambda path, *_: path == "service.yaml")

    for attempt in (lambda: worktree.entries(folder), lambda: worktree.read(folder, TREE)):
        with pytest.raises(InputError) as raised:
            attempt()
        assert raised.value.message == f"cannot read {folder}/base/data/db/service.yaml: Permission denied"


def test_what_disappears_while_it_is_read_was_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worktree.replace(folder, TREE, [])
    _failing(monkeypatch, "open", errno.ENOENT, lambda path, *_: path == "service.yaml")

    assert set(worktree.entries(folder)) == set(TREE) - {"base/data/db/service.yaml"}


def test_a_file_that_grows_and_one_that_becomes_a_pipe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worktree.replace(folder, {"base/a.yaml": b"0123456789"}, [])
    real = os.fstat

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", lambda file: os.stat_result((*real(file)[:6], 3, *real(file)[7:])))
        assert worktree.read(folder, ["base/a.yaml"]) == {"base/a.yaml": b"0123456789"}
    (folder / "base/a.yaml").unlink()
    os.mkfifo(folder / "base/a.yaml")
    with pytest.raises(InputError, match="no regular file"):
        worktree.read(folder, ["base/a.yaml"])


def test_a_folder_that_may_not_be_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worktree.replace(folder, {"base/a.yaml": b"x\n"}, [])
    _failing(monkeypatch, "rmdir", errno.EACCES, lambda *_: True)

    with pytest.raises(ToolError, match="Permission denied") as raised:
        worktree.replace(folder, {}, ["base/a.yaml"])

    assert raised.value.help.endswith("1 of 1 files are changed already: run again to finish")


def test_no_link_is_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("x\n")
    folder.mkdir()
    (folder / "base").symlink_to(tmp_path / "outside")
    (folder / "overlays").mkdir()
    (folder / "overlays/secret").symlink_to(tmp_path / "outside/secret")

    with pytest.raises(RefusedError, match="symbolic link"):
        worktree.read(folder, ["base/secret"])
    with pytest.raises(InputError, match="overlays/secret"):
        worktree.read(folder, ["overlays/secret"])


# --- writing --------------------------------------------------------------------------------------------------------


def test_files_are_replaced_and_deleted_and_empty_folders_go(folder: Path) -> None:
    worktree.replace(folder, TREE, [])
    (folder / "overlays/a/notes").write_text("mine\n")

    worktree.replace(
        folder,
        {"overlays/b/kustomization.yaml": b"new\n", "overlays/a/kustomization.yaml": b"other\n"},
        ["base/data/db/kustomization.yaml", "base/data/db/service.yaml", "overlays/a/data/db/db-0.yaml",
         "overlays/a/data/db/kustomization.yaml", "overlays/gone/a.yaml"],
    )  # fmt: skip

    assert files_in(folder) == {
        "overlays/a/kustomization.yaml": b"other\n",
        "overlays/a/notes": b"mine\n",
        "overlays/b/kustomization.yaml": b"new\n",
    }
    assert folders_in(folder) == {"overlays", "overlays/a", "overlays/b"}
    assert folder.is_dir()


def test_the_folder_itself_stays_when_everything_goes(folder: Path) -> None:
    worktree.replace(folder, TREE, [])
    worktree.replace(folder, {}, TREE)

    assert folder.is_dir()
    assert not any(folder.iterdir())


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_modes_follow_the_umask(folder: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        worktree.replace(folder, {"base/a.yaml": b"x\n"}, [])
    finally:
        os.umask(before)

    assert (folder / "base/a.yaml").stat().st_mode & 0o777 == mode


def test_an_executable_file_becomes_an_ordinary_one(folder: Path) -> None:
    worktree.replace(folder, {"base/a.yaml": b"x\n"}, [])
    (folder / "base/a.yaml").chmod(0o755)

    worktree.replace(folder, {"base/a.yaml": b"x\n"}, [])

    assert worktree.entries(folder)["base/a.yaml"].mode == "100644"


def test_large_content(folder: Path) -> None:
    content = b"0123456789abcdef" * 300_000

    worktree.replace(folder, {"base/a.yaml": content, "base/empty.yaml": b""}, [])

    assert worktree.read(folder, ["base/a.yaml", "base/empty.yaml"]) == {"base/a.yaml": content, "base/empty.yaml": b""}


def test_a_file_that_is_open_elsewhere_keeps_its_content(folder: Path) -> None:
    worktree.replace(folder, {"base/a.yaml": b"old\n"}, [])
    with (folder / "base/a.yaml").open("rb") as reader:
        worktree.replace(folder, {"base/a.yaml": b"new\n"}, [])

        assert reader.read() == b"old\n"
    assert files_in(folder) == {"base/a.yaml": b"new\n"}


def test_kustomizations_come_after_what_they_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    real = os.replace

    def note(source: str, target: str, **options: int) -> None:
        moved.append(target)
        real(source, target, **options)

    monkeypatch.setattr(os, "replace", note)
    worktree.replace(folder, TREE, [])

    assert moved == ["service.yaml", "db-0.yaml", "kustomization.yaml", "kustomization.yaml", "kustomization.yaml"]


@pytest.mark.parametrize(
    "path", ["../a", "base/../../a", "/etc/a", "base//a", "base/./a", "", "base/", "base/a\0b", ".."]
)
def test_a_path_that_could_lead_out_is_a_mistake_of_ours(folder: Path, path: str) -> None:
    folder.mkdir()

    with pytest.raises(ValueError, match="not a path inside a tree"):
        worktree.replace(folder, {path: b"x\n"}, [])
    with pytest.raises(ValueError, match="not a path inside a tree"):
        worktree.replace(folder, {}, [path])
    with pytest.raises(ValueError, match="not a path inside a tree"):
        worktree.read(folder, [path])
    assert not any(folder.iterdir())


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["overlays", "overlays/a", "overlays/a/data", "overlays/a/data/db"])
@pytest.mark.parametrize("target", ["absolute", "relative", "dangling", "loop"])
def test_no_link_is_written_through(folder: Path, tmp_path: Path, link: str, target: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "db-0.yaml").write_bytes(b"theirs\n")
    (folder / link).parent.mkdir(parents=True)
    targets = {
        "absolute": str(outside),
        "relative": os.path.relpath(outside, (folder / link).parent),
        "dangling": "nowhere",
        "loop": Path(link).name,
    }
    (folder / link).symlink_to(targets[target])

    with pytest.raises(RefusedError, match=re.escape(f"{folder / link} is a symbolic link")) as raised:
        worktree.replace(folder, TREE, [])
    with pytest.raises(RefusedError, match="symbolic link"):
        worktree.replace(folder, {}, [f"{link}/db-0.yaml"])

    assert raised.value.help.endswith("nothing was changed")
    assert files_in(outside) == {"db-0.yaml": b"theirs\n"}
    assert [path for path in folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_files_are_replaced_and_deleted(folder: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_text("theirs\n")
    target = folder / "base/a.yaml"
    target.parent.mkdir(parents=True)
    if kind == "link":
        target.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        target.mkdir()
    else:
        os.mkfifo(target)

    with pytest.raises(RefusedError, match=r"base/a\.yaml is"):
        worktree.replace(folder, {"base/a.yaml": b"ours\n", "base/b.yaml": b"ours\n"}, [])
    with pytest.raises(RefusedError, match=r"base/a\.yaml is"):
        worktree.replace(folder, {"base/b.yaml": b"ours\n"}, ["base/a.yaml"])

    assert [path.name for path in target.parent.iterdir()] == ["a.yaml"]
    assert (tmp_path / "secret").read_text() == "theirs\n"


def test_a_folder_swapped_for_a_link_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can write into the folder can swap it between any two calls to the system; nothing lands outside."""
    outcomes = {"written": 0, "refused": 0}
    for moment in itertools.count():
        folder, outside = tmp_path / f"repository-{moment}", tmp_path / f"outside-{moment}"
        outside.mkdir()
        (outside / "gone.yaml").write_bytes(b"theirs\n")
        here = folder / "overlays/a"
        worktree.replace(folder, {"overlays/a/gone.yaml": b"old\n", "overlays/a/b.yaml": b"old\n"}, [])
        calls = itertools.count()

        def swap(
            calls: Iterator[int] = calls, moment: int = moment, here: Path = here, outside: Path = outside
        ) -> None:
            if next(calls) == moment:
                here.rename(here.with_name("aside"))
                here.symlink_to(outside)

        with monkeypatch.context() as patched:
            for name in ("open", "stat", "mkdir", "write", "replace", "unlink", "rmdir", "access"):
                _before(patched, name, swap)
            try:
                worktree.replace(
                    folder, {f"overlays/a/{name}.yaml": b"new\n" for name in "bc"}, ["overlays/a/gone.yaml"]
                )
                outcomes["written"] += 1
            except RefusedError:
                outcomes["refused"] += 1
        assert files_in(outside) == {"gone.yaml": b"theirs\n"}
        if next(calls) <= moment:
            break

    assert outcomes["refused"] >= 5
    assert outcomes["written"] >= 1


def test_a_link_put_in_place_of_a_file_while_others_are_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worktree.replace(folder, TREE, [])
    target = folder / "base/data/db/service.yaml"

    def swap() -> None:
        if not target.is_symlink():
            target.unlink()
            target.symlink_to(tmp_path / "theirs")

    _before(monkeypatch, "replace", swap)
    with pytest.raises(RefusedError, match="is a symbolic link"):
        worktree.replace(folder, {"base/a.yaml": b"new\n", "base/data/db/service.yaml": b"new\n"}, [])

    assert target.is_symlink()
    assert not (tmp_path / "theirs").exists()


def _before(monkeypatch: pytest.MonkeyPatch, name: str, first: Callable[[], None]) -> None:
    """Do something before each call to the system of this name."""
    real = getattr(os, name)

    def call(*arguments: Any, **options: Any) -> Any:
        first()
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, call)


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("name", ["write", "mkdir"])
def test_a_failure_before_anything_was_moved_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, name: str
) -> None:
    worktree.replace(folder, TREE, [])
    calls = iter(range(100))
    _failing(monkeypatch, name, code, lambda *_: next(calls) == 2)

    with pytest.raises(ToolError) as raised:
        worktree.replace(
            folder,
            dict.fromkeys((*TREE, "base/aaa/b/x.yaml", "overlays/c/data/x.yaml"), b"new\n"),
            ["overlays/a/data/db/db-0.yaml"],
        )

    assert os.strerror(code) in raised.value.message
    assert raised.value.help.endswith("nothing was changed")
    assert ("free some space" in raised.value.help) == (code in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
    assert files_in(folder) == TREE
    assert folders_in(folder) == {
        "base",
        "base/data",
        "base/data/db",
        "overlays",
        "overlays/a",
        "overlays/a/data",
        "overlays/a/data/db",
    }


def test_a_folder_from_which_nothing_can_be_deleted_is_found_out_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worktree.replace(folder, TREE, [])
    monkeypatch.setattr(os, "access", lambda *_, **__: False)

    with pytest.raises(ToolError, match="Permission denied") as raised:
        worktree.replace(folder, {"overlays/a/kustomization.yaml": b"new\n"}, ["overlays/a/data/db/db-0.yaml"])

    assert raised.value.help.endswith("nothing was changed")
    assert files_in(folder) == TREE


@pytest.mark.parametrize(("name", "done"), [("replace", 2), ("unlink", 6)])
def test_a_failure_half_way_says_how_far_it_came(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, done: int
) -> None:
    worktree.replace(folder, {**TREE, "base/x.yaml": b"x\n", "base/y.yaml": b"y\n"}, [])
    calls = iter(range(100))
    failing = 2 if name == "replace" else 1
    with monkeypatch.context() as patched:
        _failing(patched, name, errno.EIO, lambda *_: next(calls) == failing)
        with pytest.raises(ToolError) as raised:
            worktree.replace(folder, dict.fromkeys(TREE, b"new\n"), ["base/x.yaml", "base/y.yaml"])

    assert raised.value.help.endswith(f"{done} of 7 files are changed already: run again to finish")
    assert not [path for path in files_in(folder) if ".tmp" in path]
    worktree.replace(folder, dict.fromkeys(TREE, b"new\n"), ["base/x.yaml", "base/y.yaml"])
    assert files_in(folder) == dict.fromkeys(TREE, b"new\n")


def test_an_interruption_leaves_no_temporary_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worktree.replace(folder, TREE, [])
    calls = iter(range(100))
    real = os.write

    def interrupted(file: int, content: bytes) -> int:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return real(file, content)

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        worktree.replace(folder, dict.fromkeys(TREE, b"new\n"), [])

    assert files_in(folder) == TREE


def test_what_a_killed_run_left_is_not_seen_and_swept(folder: Path) -> None:
    worktree.replace(folder, TREE, [])
    left = folder / "overlays/a/data/.gitops-gen-0123456789abcdef.tmp"
    left.write_text("half")
    kept = [
        folder / "overlays/a/.gitops-gen-notes",
        folder / "docs/.gitops-gen-1.tmp",
        folder / "base/m/.gitops-gen-1.tmp",
    ]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    (folder / "base/m/.git").mkdir()

    assert not any(".tmp" in path for path in worktree.entries(folder))
    worktree.replace(folder, {"base/x.yaml": b"x\n"}, [])

    assert not left.exists()
    assert all(path.exists() for path in kept)


def test_two_runs_do_not_write_into_one_folder(folder: Path) -> None:
    worktree.replace(folder, TREE, [])
    other = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(RefusedError, match="another run is writing"):
            worktree.replace(folder, {"base/x.yaml": b"x\n"}, [])
    finally:
        os.close(other)

    assert files_in(folder) == TREE
    worktree.replace(folder, {"base/x.yaml": b"x\n"}, [])


def test_without_locks_nothing_is_swept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worktree.replace(folder, TREE, [])
    (folder / "base/.gitops-gen-1.tmp").write_text("perhaps another run's")

    def no_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    worktree.replace(folder, {"base/x.yaml": b"x\n"}, [])

    assert (folder / "base/.gitops-gen-1.tmp").exists()
    assert (folder / "base/x.yaml").exists()
