"""Where the text of an inventory comes from: a file, a directory of files, or standard input.

What cannot be read is an InputError and stops the work at once; what is wrong with the bytes that were read is a
Problem of `text.py`. A link, a FIFO or a device that stands where a file should be is never opened by surprise.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_FILE = 5 * 1024 * 1024
"""Bytes; what reads more than that would make every later bound worthless."""

ENDINGS = (".yaml", ".yml", ".json")
"""How the files end that are read from a directory."""

STANDARD_INPUT = "<stdin>"
"""The name under which standard input stands in reports."""

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file and the name under which reports show it.

    `content` holds at most one byte more than LARGEST_FILE: enough to see that a file is too large.
    """

    name: str
    content: bytes


def read_sources(path: str, stdin: BinaryIO | None) -> list[Source]:
    """Read an inventory: `path` is a file, a directory (searched to any depth, in order of names) or `-`.

    In a directory, files and folders whose names begin with a dot are left alone, links to regular files are
    followed, and links to folders are refused. Raises InputError for what is not there or cannot be read.
    """
    if path == "-":
        if stdin is None:
            raise InputError("there is no standard input to read the inventory from")
        try:
            return [Source(STANDARD_INPUT, stdin.read(LARGEST_FILE + 1))]
        except OSError as error:
            raise InputError(f"standard input cannot be read: {error.strerror or error}") from error
    if not os.path.isdir(path):  # noqa: PTH112 - the path is kept as the user wrote it
        return [Source(_shown(path), _read(path))]
    sources = [Source(_shown(name), _read(name)) for name in sorted(_files(path))]
    if not sources:
        raise InputError(
            f"{_shown(path)} holds no inventory files",
            help="name a directory with " + ", ".join(f"*{ending}" for ending in ENDINGS) + " in it",
        )
    return sources


def _files(folder: str) -> Iterator[str]:
    """Give the paths of the inventory files below a folder."""
    for here, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            inner = os.path.join(here, name)  # noqa: PTH118 - the path is kept as the user wrote it
            if os.path.islink(inner):  # noqa: PTH114
                raise InputError(
                    f"{_shown(inner)} is a link to a directory; such links are not followed",
                    help="put the directory itself here, or run with a directory that holds both",
                )
        for name in names:
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield os.path.join(here, name)  # noqa: PTH118


def _read(path: str) -> bytes:
    """Read a regular file, at most one byte more than may be. Never waits, whatever stands at the path."""
    try:
        _only_regular(path, os.stat(path))  # noqa: PTH116
        # Between the two looks the file may have been replaced by a FIFO: opening that must not wait for a writer.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with open(number, "rb") as file:  # noqa: PTH123
            _only_regular(path, os.fstat(number))
            return file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        _refuse(error, path)


def _only_regular(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = _SPECIAL.get(stat.S_IFMT(status.st_mode), "no regular file")
        raise InputError(
            f"{_shown(path)} is {what}, not a file", help="name a file or a directory, or give the text by `-`"
        )


def _refuse(error: OSError | ValueError, path: str = "") -> NoReturn:
    """Turn what the system says into an InputError."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    name = path or str(getattr(error, "filename", ""))
    missing = isinstance(error, FileNotFoundError)
    advice = (
        "name a file or a directory that is there, or `-` for standard input" if missing else "check its permissions"
    )
    raise InputError(f"{_shown(name) or 'a file without a name'} cannot be read: {reason}", help=advice) from error


def _shown(path: str) -> str:
    """Return a path as text, also when its bytes are none."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
