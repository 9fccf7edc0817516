"""The way to a path below a folder: opened part by part, never through a link.

Each folder is opened by its name in the folder above (`dir_fd` and `O_NOFOLLOW`): a naive write through a linked
folder was seen to land outside
(docs/explanation/ownership-and-seals.md, "Links, and names that differ in case").
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from gitops_gen.errors import InputError, RefusedError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened."""

_LINK_ERRORS = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}


class Steps:
    """Opens folders part by part below a root, never through a link, and keeps those on the way to the last one open.

    Asked in order of paths it opens each folder once.
    """

    def __init__(self, folder: Path) -> None:
        """Open the root, by whatever way it is reached. Raises InputError where it cannot be opened."""
        try:
            self.root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise unreadable(folder, "", error) from error
        self._folder = folder
        self._open: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        """Return these steps."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every folder."""
        self._close_from(0)
        os.close(self.root)

    def to(self, path: str, made: list[str] | None = None) -> int:
        """Return the open folder at a path ("" for the root). With `made`, folders that are missing are made and noted.

        Raises RefusedError where a link or a file stands on the way, OSError for the rest.
        """
        parts = path.split("/") if path else []
        known = 0
        while known < min(len(parts), len(self._open)) and self._open[known][0] == parts[known]:
            known += 1
        self._close_from(known)
        for place in range(known, len(parts)):
            above = self._open[-1][1] if self._open else self.root
            here = "/".join(parts[: place + 1])
            if made is not None:
                with suppress(FileExistsError):
                    os.mkdir(parts[place], dir_fd=above)
                    made.append(here)
            try:
                self._open.append((parts[place], os.open(parts[place], FOLDER, dir_fd=above)))
            except OSError as error:
                if error.errno not in _LINK_ERRORS:
                    raise
                raise RefusedError(
                    f"{self._folder / here} is a symbolic link or a file, where a folder is needed",
                    help="move it away; gitops-gen follows no link",
                ) from error
        return self._open[-1][1] if self._open else self.root

    def _close_from(self, place: int) -> None:
        while len(self._open) > place:
            os.close(self._open.pop()[1])


def split(path: str) -> tuple[str, str]:
    """Return the folder and the name of a path. Raises ValueError for one that could lead out of the root."""
    above, _, name = path.rpartition("/")
    if any(part in {"", ".", ".."} for part in path.split("/")) or "\0" in path:
        msg = f"not a path inside a tree: {path!r}"
        raise ValueError(msg)
    return above, name


def unreadable(folder: Path, path: str, error: OSError) -> InputError:
    """Return the error to raise for something below a folder that cannot be read."""
    help_ = "check its permissions" if error.errno in {errno.EACCES, errno.EPERM} else "name another directory"
    return InputError(f"cannot read {folder / path}: {words(error)}", help=help_)


def words(error: OSError) -> str:
    """Return what the system says about an error, without Python's number and name around it."""
    return error.strerror or str(error)
