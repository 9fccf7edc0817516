"""Where an inventory comes from: the Git repository and commit in which exactly these files stand.

Nothing is run for the user's repository but commands that read objects: no hook, filter or file-system monitor, no
lock, no fetch, and the index is not even looked at. What was read is compared with the commit by blob id.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.delivery.environment import local_environment
from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.url import redact_urls
from gitops_gen.errors import ToolError
from gitops_gen.inventory.source import ENDINGS
from gitops_gen.tree import REGULAR, blob_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.delivery.facade import CleanGit

_NO_REPOSITORY = "not a git repository (or any"
"""git's words where no folder above has a repository; of one that is named and gone it speaks otherwise."""

_TOLD = 3
"""How many lines git answers with."""

_REMOTES = r"^remote\..*\.(url|promisor)$"

_MODES = frozenset({REGULAR, "100755"})


@dataclass(frozen=True, slots=True)
class Provenance:
    """The repository's URL without credentials, and the commit; both empty where there is none that tells all.

    `reason` says why there is no commit: people are told, a fence refuses. `date` is when the commit was made, in
    seconds since 1970.
    """

    repository: str = ""
    revision: str = ""
    reason: str = ""
    date: int | None = None


def inventory_provenance(
    path: str, contents: Mapping[str, bytes], *, environment: Mapping[str, str], timeout_s: float
) -> Provenance:
    """Return the commit whose files are exactly what was read as inventory.

    `path` is what the user named (`-` for standard input), `contents` what was read there, by file name as read.
    Raises ToolError when git is missing, fails or does not answer in time; a path outside Git is no error.
    """
    if path == "-":
        return Provenance(reason="the inventory was read from standard input")
    from gitops_gen.delivery.facade import CleanGit

    named = Path(path).resolve()
    folder = named if named.is_dir() else named.parent
    # Reading objects runs nothing, so it is safe in a checkout that belongs to another account, as in containers.
    reading = local_environment(environment, home=os.devnull, config={"safe.directory": "*"})
    git = CleanGit(folder, reading, timeout_s=timeout_s)
    try:
        top, object_format, revision = _asked_twice(git)
    except GitError as error:
        if error.is_fault or (_NO_REPOSITORY in error.words and _has_repository(folder)):
            raise _unanswered(path, error) from error
        return Provenance(reason="the inventory is not in a Git repository with a commit")
    try:
        remotes = _remotes(git)
    except GitError as error:
        raise _unanswered(path, error) from error
    repository = _origin(remotes)
    inside = "" if named == top else named.relative_to(top).as_posix()
    try:
        committed = _committed(git, revision, inside)
    except GitError as error:
        # Only a clone that left something out may lack a part of the commit that is checked out.
        if error.is_fault or not any(key.endswith(".promisor") for key in remotes):
            raise _unanswered(path, error) from error
        return Provenance(repository, reason=f"this clone does not hold all of commit {revision[:12]}")
    read = _read(contents, top, object_format)
    # What a reader of the folder would have taken: one that is committed and was not read is missing.
    start = len(inside)
    wanted = {name for name in committed if name.endswith(ENDINGS) and "/." not in f"/{name[start:]}"}
    differing = sorted(name for name in wanted.union(read) if read.get(name) != committed.get(name))
    if len(read) != len(contents):
        return Provenance(repository, reason="a file of the inventory lies outside the Git repository")
    if differing:
        return Provenance(repository, reason=f"{differing[0]} is not as in commit {revision[:12]}")
    return Provenance(repository, revision, date=int(git.log("-1", "--no-show-signature", "--format=%ct", revision)))


def _has_repository(folder: Path) -> bool:
    """Tell whether a repository stands at or above a folder, even if git does not see one there."""
    return any((above / ".git" / "HEAD").exists() for above in (folder, *folder.parents))


def _unanswered(path: str, error: GitError) -> ToolError:
    """Stop rather than publish an inventory as one that nobody knows the age of."""
    return ToolError(f"git does not say which commit holds {path}", details=error.details, help=error.help)


def _asked_twice(git: CleanGit) -> tuple[Path, str, str]:
    """Ask again before a no is believed: git says of a file that it failed to read that it is not there."""
    with contextlib.suppress(GitError):
        return _where(git)
    return _where(git)


def inventory_branch(path: str, *, environment: Mapping[str, str], timeout_s: float) -> str:
    """Return the branch that is checked out where an inventory lies, "" where none is. Raises ToolError without git."""
    if path == "-":
        return ""
    from gitops_gen.delivery.facade import CleanGit

    named = Path(path).resolve()
    reading = local_environment(environment, home=os.devnull, config={"safe.directory": "*"})
    git = CleanGit(named if named.is_dir() else named.parent, reading, timeout_s=timeout_s)
    try:
        return str(git.symbolic_ref("--quiet", "--short", "HEAD").decode().strip())
    except GitError as error:
        if error.is_fault:
            raise _unanswered(path, error) from error
        return ""


def _where(git: CleanGit) -> tuple[Path, str, str]:
    """Return the top of the working tree, the object format and the commit that HEAD names."""
    answer = git.rev_parse("--show-toplevel", "--show-object-format", "--verify", "HEAD^{commit}")
    told = answer.decode("utf-8", "surrogateescape").splitlines()
    if len(told) != _TOLD:
        raise ToolError("git does not say which commit holds the inventory", help="run it again")
    top, object_format, revision = told
    return Path(top), object_format, revision


def _read(contents: Mapping[str, bytes], top: Path, object_format: str) -> dict[str, str]:
    """Return the blob ids of what was read, by path below `top`; what lies elsewhere is left out."""
    found = {}
    for name, content in contents.items():
        # The folder may be reached through links; a file that is one is another thing to Git than its target.
        place = Path(name).parent.resolve() / Path(name).name
        if place.is_relative_to(top):
            found[place.relative_to(top).as_posix()] = blob_id(content, object_format)
    return found


def _remotes(git: CleanGit) -> dict[str, str]:
    """Return what is set of the remotes: their URLs, and whether they keep what the clone has left out."""
    asked = ["git", "config", "--null", "--local", "--get-regexp", _REMOTES]
    listed = git.unless_no_twice(asked, lambda error: error.status == 1) or b""
    found: dict[str, str] = {}
    for record in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        key, _, value = record.partition("\n")
        found.setdefault(key, value)
    return found


def _origin(remotes: Mapping[str, str]) -> str:
    """Return the URL of `origin`, or of the only remote, without credentials; "" where there is none."""
    urls = {key: value for key, value in remotes.items() if key.endswith(".url")}
    only = next(iter(urls.values())) if len(urls) == 1 else ""
    found = redact_urls(urls.get("remote.origin.url", only))
    return found if found.isprintable() else ""


def _committed(git: CleanGit, revision: str, inside: str) -> dict[str, str]:
    """Return the regular files of a commit at or below a path, by path, with their blob ids."""
    below = (inside,) if inside else ()
    listed = git.ls_tree("-r", "-z", "--full-tree", revision, "--", *below).decode("utf-8", "surrogateescape")
    found = {}
    for record in listed.split("\0")[:-1]:
        head, _, path = record.partition("\t")
        mode, _, blob = head.split(" ")
        found[path] = blob if mode in _MODES else ""
    return found
