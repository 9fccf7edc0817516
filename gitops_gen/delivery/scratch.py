"""Private folders for temporary clones: made for one run, removed at its end, swept up when a run was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "gitops-gen-clone-"
STALE_S = 24 * 3600
"""Age at which a folder that some killed run left behind is swept away."""


@contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that only our account can enter (mode 0700) and remove it with all that is in it at the end.

    It is made in `parent`, by default in the system's place for temporary files. Raises ToolError when that fails.
    """
    try:
        place = Path(tempfile.gettempdir()) if parent is None else parent
    except OSError as error:
        raise ToolError("there is no place for temporary files", help="name one in TMPDIR") from error
    sweep(place)
    try:
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    except OSError as error:
        help_ = "make room there, or name another place in TMPDIR"
        raise ToolError(f"no temporary folder can be made in {place}: {error.strerror}", help=help_) from error
    try:
        yield made
    finally:
        _remove(made)


def sweep(parent: Path) -> None:
    """Remove folders of ours that a killed run left in `parent` a day ago or earlier."""
    # Age is what a clock is for; nothing that is written depends on it.
    oldest = time.time() - STALE_S
    for left in parent.glob(f"{PREFIX}*"):
        try:
            found = left.lstat()
        except OSError:
            continue
        # A link or a file of that name is no folder of ours: rmtree leaves it alone.
        if found.st_uid == os.geteuid() and found.st_mtime < oldest:
            _remove(left)


def _remove(folder: Path) -> None:
    """Remove a folder as far as that goes: what became of the run is no other for it."""
    # Not every error is ignored by rmtree, whatever it is asked.
    with suppress(OSError):
        shutil.rmtree(folder, ignore_errors=True)
