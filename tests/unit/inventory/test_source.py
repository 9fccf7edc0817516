from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from gitops_gen.errors import InputError
from gitops_gen.inventory.source import LARGEST_FILE, Source, read_sources

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_read_under_the_name_that_was_given(tmp_path: Path) -> None:
    file = tmp_path / "anything.txt"
    file.write_bytes(b"kind: Mesh\n")
    assert read_sources(str(file), None) == [Source(str(file), b"kind: Mesh\n")]


def test_a_directory_is_read_to_any_depth_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("z.yaml", "a.yml", "b/m.json", "b/c/x.yaml", "notes.md", ".hidden.yaml", ".git/x.yaml", "b.yaml.bak"):
        (tmp_path / name).write_text(name)
    sources = read_sources(str(tmp_path), None)
    assert [os.path.relpath(source.name, tmp_path) for source in sources] == [
        "a.yml",
        "b/c/x.yaml",
        "b/m.json",
        "z.yaml",
    ]
    assert [source.content.decode() for source in sources] == ["a.yml", "b/c/x.yaml", "b/m.json", "z.yaml"]


def test_standard_input_is_read_for_a_dash() -> None:
    assert read_sources("-", io.BytesIO(b"kind: Mesh")) == [Source("<stdin>", b"kind: Mesh")]


def test_there_may_be_no_standard_input() -> None:
    with pytest.raises(InputError, match="no standard input"):
        read_sources("-", None)


class _Broken(io.BytesIO):
    def read(self, _size: int | None = -1, /) -> bytes:
        raise OSError(5, "Input/output error")


def test_standard_input_that_breaks_is_an_input_error() -> None:
    with pytest.raises(InputError, match="Input/output error"):
        read_sources("-", _Broken())


def test_no_more_is_read_than_shows_that_a_file_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as large:
        large.truncate(LARGEST_FILE * 3)
    assert len(read_sources(str(file), None)[0].content) == LARGEST_FILE + 1
    assert len(read_sources("-", io.BytesIO(b"#" * LARGEST_FILE * 2))[0].content) == LARGEST_FILE + 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "missing.yaml cannot be read: No such file"),
        ("a\0b", "embedded null byte"),
        ("", "cannot be read"),
    ],
)
def test_what_is_not_there_is_an_input_error(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_sources(f"{tmp_path}/{name}" if name else "", None)


def test_a_directory_without_inventory_files_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "readme.md").touch()
    with pytest.raises(InputError, match="holds no inventory files") as raised:
        read_sources(str(tmp_path), None)
    assert "*.yaml" in raised.value.help


def test_a_file_that_may_not_be_read_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.yaml"
    file.touch()

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"a\.yaml cannot be read: Permission denied"):
        read_sources(str(file), None)


def test_a_directory_that_may_not_be_read_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read_sources(str(tmp_path), None)


def test_a_named_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(InputError, match=r"pipe\.yaml is a named pipe, not a file"):
            read_sources(str(path), None)


def test_a_file_that_becomes_a_pipe_between_two_looks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, pipe = tmp_path / "a.yaml", tmp_path / "pipe"
    file.touch()
    os.mkfifo(pipe)
    status = file.stat()
    monkeypatch.setattr(os, "stat", lambda *_, **__: status)
    with pytest.raises(InputError, match="is a named pipe"):
        read_sources(str(pipe), None)


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_refused(device: str) -> None:
    with pytest.raises(InputError, match="is a device, not a file"):
        read_sources(device, None)


def test_links_to_files_are_followed(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "mesh.yaml").write_text("kind: Mesh")
    (tmp_path / "mesh.yaml").symlink_to("..data/mesh.yaml")
    assert read_sources(str(tmp_path), None) == [Source(f"{tmp_path}/mesh.yaml", b"kind: Mesh")]


@pytest.mark.parametrize("target", ["missing", "/dev/zero", "loop.yaml", "."])
def test_links_to_anything_else_are_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "loop.yaml").symlink_to(target)
    with pytest.raises(InputError, match=r"loop\.yaml"):
        read_sources(str(tmp_path), None)


def test_a_linked_directory_is_refused_rather_than_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    (tmp_path / "team").symlink_to(tmp_path.parent)
    with pytest.raises(InputError, match="team is a link to a directory"):
        read_sources(str(tmp_path), None)


def test_a_name_whose_bytes_are_no_text_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.yaml")).touch()
    assert read_sources(str(tmp_path), None)[0].name == f"{tmp_path}/\\xff.yaml"
