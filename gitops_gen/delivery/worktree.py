"""Plain directories: what stands in one, and how a tree gets into it (the direct mode of `generate` and `check`).

No path is ever followed through a link (steps.py). All new content is on the disk, under temporary names, before the
first file is replaced; files go last. A set of files is not atomic: a commit is, this is for people who commit by
hand (docs/how-to/direct-mode.md).
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gitops_gen.delivery.steps import FOLDER, Steps, split, unreadable, words
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import OWNED_ROOTS, REGULAR, Entry, blob_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sized
    from pathlib import Path

# A pipe must not make the reader wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_EXECUTABLE, _LINK, _SUBMODULE = "100755", "120000", "160000"
_DEEPEST = 64
"""Folders inside folders; ours are five. Deeper ones would use up the open files of the process."""

_TEMPORARY = (".gitops-gen-", ".tmp")


# --- reading -------------------------------------------------------------------------------------------------------


def entries(folder: Path, roots: Collection[str] = OWNED_ROOTS) -> dict[str, Entry]:
    """Return everything that stands under some roots (those that gitops-gen owns), in Git's terms: modes and blob ids.

    Names that differ from a root's only in case are included, so that the clash can be seen. A folder with a `.git`
    inside is a submodule and not entered. A folder that does not exist has nothing. Raises InputError for what cannot
    be read.
    """
    found: dict[str, Entry] = {}
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return found
    except OSError as error:
        raise unreadable(folder, "", error) from error
    try:
        for name in os.listdir(root):  # noqa: PTH208 - an open folder has no path
            if name.casefold() in roots:
                _add(found, folder, root, name, name)
    finally:
        os.close(root)
    return dict(sorted(found.items()))


def _add(found: dict[str, Entry], folder: Path, above: int, name: str, path: str) -> None:
    """Add what has this name in an open folder, and everything below it."""
    try:
        mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            if path.count("/") >= _DEEPEST:
                raise InputError(f"{folder / path} is nested too deeply", help=f"{_DEEPEST} folders are the most")
            _add_folder(found, folder, above, name, path)
        elif stat.S_ISREG(mode):
            if not _is_temporary(name):
                found[path] = Entry(_EXECUTABLE if mode & stat.S_IXUSR else REGULAR, blob_id(_content(above, name)))
        elif stat.S_ISLNK(mode):
            found[path] = Entry(_LINK, blob_id(os.fsencode(os.readlink(name, dir_fd=above))))
        else:
            found[path] = Entry(f"{stat.S_IFMT(mode):06o}", "")
    except FileNotFoundError:
        pass  # Somebody took it away since its name was read.
    except OSError as error:
        raise unreadable(folder, path, error) from error


def _add_folder(found: dict[str, Entry], folder: Path, above: int, name: str, path: str) -> None:
    here = os.open(name, FOLDER, dir_fd=above)
    try:
        names = os.listdir(here)  # noqa: PTH208 - an open folder has no path
        if ".git" in names:
            found[path] = Entry(_SUBMODULE, "")
            return
        for inner in names:
            _add(found, folder, here, inner, f"{path}/{inner}")
    finally:
        os.close(here)


def read(folder: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the content of regular files. Raises InputError for one that cannot be read, RefusedError for a link."""
    contents: dict[str, bytes] = {}
    wanted = sorted(paths)
    if not wanted:
        return contents
    with Steps(folder) as steps:
        for path in wanted:
            above, name = split(path)
            try:
                contents[path] = _content(steps.to(above), name)
            except OSError as error:
                raise unreadable(folder, path, error) from error
    return contents


def standing(folder: Path, paths: Iterable[str]) -> list[str]:
    """Return those of these paths at which something stands already, a link counts wherever it leads."""
    return [path for path in sorted(paths) if os.path.lexists(folder / path)]


def _content(above: int, name: str) -> bytes:
    """Read a whole regular file by its name in an open folder."""
    file = os.open(name, _FILE, dir_fd=above)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ELOOP, "it is no regular file")
        content = os.read(file, status.st_size + 1)
        while more := os.read(file, 1 << 20):
            content += more
        return content
    finally:
        os.close(file)


# --- writing -------------------------------------------------------------------------------------------------------


def replace(folder: Path, writes: Mapping[str, bytes], deletes: Iterable[str]) -> None:
    """Put files into a folder and take others away; the folder is made if it is not there.

    Temporary files come first, then each is moved into its place (kustomizations after what they list), then the
    deletions, then folders left empty. Modes follow the umask. What an earlier run left half done is swept. Raises
    ToolError for a full disk and the like, RefusedError where a link or a folder is in the way: nothing was changed
    then, or the message says how far it came.
    """
    deletes = sorted(deletes)
    if not writes and not deletes:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, "", error, "nothing was changed") from error
    with Steps(folder) as steps, _lock(folder, steps.root) as locked:
        if locked:
            _sweep(steps.root, OWNED_ROOTS)
        _Replacement(folder, steps).run(writes, deletes)


class _Replacement:
    """One `replace`, step by step, and how to undo what can be undone."""

    def __init__(self, folder: Path, steps: Steps) -> None:
        self._folder = folder
        self._steps = steps
        self._pending: dict[str, str] = {}
        """Path -> temporary name of what has not yet been moved into place."""
        self._made: list[str] = []
        """Folders that were made, the upper before the lower."""
        self._done = 0
        """How many files were replaced or deleted."""

    def run(self, writes: Mapping[str, bytes], deletes: list[str]) -> None:
        """Do all of it; `replace` says in which order."""
        path = ""
        try:
            for path in sorted(writes):
                self._prepare(path, writes[path])
            for path in deletes:
                self._check_deletion(path)
            for path in sorted(writes, key=_moving_order):
                self._move(path)
            for path in deletes:
                self._delete(path)
            self._remove_empty(deletes)
        except OSError as error:
            raise _unwritable(self._folder, path, error, self._far(writes, deletes)) from error
        except RefusedError as error:
            raise RefusedError(error.message, help=f"{error.help}; {self._far(writes, deletes)}") from error
        finally:
            self._clean()

    def _far(self, writes: Sized, deletes: Sized) -> str:
        if not self._done:
            return "nothing was changed"
        return f"{self._done} of {len(writes) + len(deletes)} files are changed already: run again to finish"

    def _prepare(self, path: str, content: bytes) -> None:
        above, name = split(path)
        here = self._steps.to(above, made=self._made)
        self._refuse_other_than_file(here, name, path)
        temporary = f"{_TEMPORARY[0]}{secrets.token_hex(8)}{_TEMPORARY[1]}"
        self._pending[path] = temporary
        file = os.open(temporary, _NEW_FILE, 0o666, dir_fd=here)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(file, left) :]
        finally:
            os.close(file)

    def _check_deletion(self, path: str) -> None:
        """Find out before anything has changed whether a file can go."""
        above, name = split(path)
        with suppress(FileNotFoundError):
            here = self._steps.to(above)
            self._refuse_other_than_file(here, name, path)
            if not os.access(".", os.W_OK | os.X_OK, dir_fd=here):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def _refuse_other_than_file(self, above: int, name: str, path: str) -> None:
        """Refuse to replace or delete what has this name in an open folder and is no regular file."""
        with suppress(FileNotFoundError):
            mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
            if not stat.S_ISREG(mode):
                what = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file"
                raise RefusedError(
                    f"{self._folder / path} is {what}",
                    help="move it away; gitops-gen replaces nothing but its own files",
                )

    def _move(self, path: str) -> None:
        above, name = split(path)
        here = self._steps.to(above)
        # Moving onto a link would destroy it: look again, as late as can be.
        self._refuse_other_than_file(here, name, path)
        os.replace(self._pending[path], name, src_dir_fd=here, dst_dir_fd=here)
        del self._pending[path]
        self._done += 1

    def _delete(self, path: str) -> None:
        above, name = split(path)
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._steps.to(above))
            self._done += 1

    def _remove_empty(self, deletes: list[str]) -> None:
        """Remove the folders that the deletions left empty, the lower before the upper."""
        folders = {path[:end] for path in deletes for end, sign in enumerate(path) if sign == "/"}
        for path in sorted(folders, reverse=True):
            self._remove_folder(path)

    def _remove_folder(self, path: str) -> None:
        above, name = split(path)
        try:
            os.rmdir(name, dir_fd=self._steps.to(above))
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise

    def _clean(self) -> None:
        """After a failure: take away what is under a temporary name, and folders made for nothing."""
        if not self._pending:
            return
        for path, temporary in self._pending.items():
            with suppress(OSError, RefusedError):
                os.unlink(temporary, dir_fd=self._steps.to(split(path)[0]))
        for path in reversed(self._made):
            with suppress(OSError, RefusedError):
                self._remove_folder(path)


def _moving_order(path: str) -> tuple[bool, int, str]:
    """Order moves so that a kustomization never lists a file that is not there yet."""
    above, _, name = path.rpartition("/")
    last = name == "kustomization.yaml"
    return last, -above.count("/") if last else 0, path


@contextmanager
def _lock(folder: Path, root: int) -> Iterator[bool]:
    """Let one run at a time write into a folder; yield whether that is sure.

    The lock is the kernel's own: it ends with the process, however that ends. Some network file systems have none.
    """
    try:
        fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RefusedError(f"another run is writing into {folder}", help="run again when it has ended") from error
    except OSError:
        yield False
    else:
        yield True


def _sweep(above: int, names: Iterable[str], depth: int = 0) -> None:
    """Remove the temporary files that an interrupted run left in these folders; under the lock nobody else has any."""
    for name in names:
        try:
            here = os.open(name, FOLDER, dir_fd=above)
        except OSError:
            continue  # Not there, no folder, not ours to enter.
        try:
            with os.scandir(here) as children:
                inner = [(child.name, child.is_dir(follow_symlinks=False)) for child in children]
            if (".git", True) in inner or (".git", False) in inner:
                continue
            for child, is_folder in inner:
                if not is_folder and _is_temporary(child):
                    with suppress(OSError):
                        os.unlink(child, dir_fd=here)
            if depth < _DEEPEST:
                _sweep(here, [child for child, is_folder in inner if is_folder], depth + 1)
        finally:
            os.close(here)


def _is_temporary(name: str) -> bool:
    return name.startswith(_TEMPORARY[0]) and name.endswith(_TEMPORARY[1])


def _unwritable(folder: Path, path: str, error: OSError, far: str) -> ToolError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    advice = "free some space" if full else "check the permissions of the folder"
    return ToolError(f"cannot write {folder / path}: {words(error)}", help=f"{advice}; {far}")
