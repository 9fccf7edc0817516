"""The history of `published/`: which commit put which version of a cluster's record in place.

Along the first parents of the branch, so that a merged change request counts as the one commit that it was for the
branch, however it was merged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.published import FOLDER
from gitops_gen.delivery.shown import shown
from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from gitops_gen.delivery.clone import Clone

COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
"""How a commit may be named: its id, or the beginning of one."""

_RECORD = re.compile(r":\d+ (?P<mode>\d+) [0-9a-f]+ (?P<blob>[0-9a-f]+) [A-Z]\d*\t(?P<path>\S+)")
_START = "commit "


class Version(NamedTuple):
    """A commit that put a version of a record in place; `blob` is "" for one that took the record away.

    `by` is the commit's author, `date` when it was committed, in seconds since 1970. `place` counts commits from the
    newest: clocks are no order.
    """

    commit: str
    blob: str
    by: str
    date: int
    subject: str
    place: int = 0


def record_history(clone: Clone) -> dict[str, list[Version]]:
    """Return cluster -> all versions of its record on the branch, the newest first."""
    if clone.base is None:
        return {}
    place = clone.place(FOLDER)
    listed = clone.local.log(
        "--first-parent",
        "--diff-merges=first-parent",
        "--raw",
        "--no-renames",
        "--no-abbrev",
        f"--format={_START}%H%x09%ct%x09%an <%ae>%x09%s",
        clone.base,
        "--",
        place,
    )
    found: dict[str, list[Version]] = {}
    commit = Version("", "", "", 0, "")
    # Not splitlines: a subject may hold characters that Python, not git, takes for the end of a line.
    for line in listed.decode("utf-8", "replace").split("\n"):
        if line.startswith(_START):
            oid, date, by, subject = line.removeprefix(_START).split("\t", 3)
            commit = Version(oid, "", shown(by), int(date), shown(subject), commit.place + 1)
            continue
        record = _RECORD.fullmatch(line)
        cluster = record["path"].removeprefix(f"{place}/").removesuffix(".yaml") if record else ""
        if record and cluster and "/" not in cluster and record["path"].endswith(".yaml"):
            blob = record["blob"] if int(record["mode"]) else ""
            found.setdefault(cluster, []).append(commit._replace(blob=blob))
    return found


def last_change(clone: Clone, *roots: str) -> Version:
    """Return the last commit of the branch that changed anything below some roots (there is one)."""
    listed = clone.local.log(
        "--first-parent",
        "--diff-merges=first-parent",
        "-n",
        "1",
        "--format=%H%x09%ct%x09%an <%ae>%x09%s",
        str(clone.base),
        "--",
        *[clone.place(root) for root in roots],
    )
    oid, date, by, subject = listed.decode("utf-8", "replace").rstrip("\n").split("\t", 3)
    return Version(oid, "", shown(by), int(date), shown(subject))


def find_commit(clone: Clone, revision: str) -> str:
    """Return the id of a commit of the branch. Raises InputError for one that is not there."""
    if COMMIT.fullmatch(revision) and clone.base is not None:
        try:
            commit: str = clone.local.rev_parse("--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
            if clone.local.is_ancestor(commit, clone.base):
                return commit
        except GitError as error:
            if error.is_fault:
                raise
    raise InputError(
        f"{revision!r} is no commit of the branch",
        help="write a commit of the GitOps repository, or with one --cluster the serial of a publish: "
        "gitops-gen history lists both",
    )


def parent_of(clone: Clone, commit: str) -> str | None:
    """Return the first parent of a commit, None for a first commit."""
    parents = clone.local.rev_list("--parents", "-n", "1", commit).decode().split()[1:]
    return parents[0] if parents else None


def changed_paths(clone: Clone, before: str, after: str, *roots: str) -> list[str]:
    """Return the paths, relative to the clone's folder, at which two commits differ below some roots."""
    listed = clone.local.diff_tree(
        "-r", "-z", "--name-only", "--no-renames", before, after, "--", *[clone.place(root) for root in roots]
    )
    skip = len(clone.folder) + 1 if clone.folder else 0
    return [path[skip:] for path in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]]
