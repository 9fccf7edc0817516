"""The order of inventories: which of two commits of the inventory's repository comes after the other.

Asked in the repository that the inventory was read from, read-only: nothing is fetched, no lock is taken. What is not
there (a shallow clone, another repository) has no order, and whoever asks has to say so.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitops_gen.delivery.environment import local_environment
from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.delivery.facade import CleanGit
    from gitops_gen.delivery.provenance import Provenance


class Order(StrEnum):
    """How an inventory stands to the commit that is recorded."""

    SAME = "same"
    NEWER = "newer"
    OLDER = "older"
    NONE = "none"


class Ordered(NamedTuple):
    """The order, and where there is none: why, and what to do about it."""

    order: Order
    reason: str = ""
    help: str = ""


class Lineage(Protocol):
    """What a publish asks about the inventory that it was given."""

    @property
    def provenance(self) -> Provenance:
        """Where the inventory comes from."""

    def order(self, recorded: str) -> Ordered:
        """Tell how the inventory stands to a commit that is recorded."""

    def detour(self, recorded: str) -> bool:
        """Tell whether, since a recorded commit, there was an inventory that is neither that one nor this."""


@dataclass(frozen=True, slots=True)
class Untracked:
    """An inventory that no commit holds: it has no order to anything. `provenance` says why."""

    provenance: Provenance

    def order(self, recorded: str) -> Ordered:
        """Tell that there is none."""
        return Ordered(
            Order.NONE,
            f"{self.provenance.reason}, so nobody can tell whether it is newer than commit {recorded[:12]}",
            "commit the inventory and run again in that clone",
        )

    def detour(self, recorded: str) -> bool:  # noqa: ARG002 - the protocol's
        """Tell nothing: there is no way from anywhere to here."""
        return False


@dataclass(frozen=True, slots=True)
class GitLineage:
    """An inventory that is exactly what a commit holds at `inside` ("" for the top), and the history behind it."""

    git: CleanGit
    provenance: Provenance
    inside: str

    def order(self, recorded: str) -> Ordered:
        """Ask git which of the two commits descends from the other. Raises ToolError when it fails to say."""
        own = self.provenance.revision
        if recorded == own:
            return Ordered(Order.SAME)
        if not self._has(recorded):
            reason = f"this clone of the inventory does not hold commit {recorded[:12]}, which was published last"
            return Ordered(Order.NONE, reason, self._deepen() or "run `git fetch` there and try again")
        # The usual first: it is the one answer that has to be asked for but once.
        if self.git.is_ancestor(recorded, own):
            return Ordered(Order.NEWER)
        if self.git.is_ancestor(own, recorded):
            return Ordered(Order.OLDER)
        reason = f"neither of commits {own[:12]} and {recorded[:12]}, which was published last, descends from the other"
        return Ordered(Order.NONE, reason, self._deepen() or "merge or rebase, so that one history has both")

    def detour(self, recorded: str) -> bool:
        """Compare the inventory's tree in the commits between; a doubt counts as a yes."""
        below = ("--", self.inside) if self.inside else ()
        try:
            own = self.provenance.revision
            listed = self.git.rev_list("--full-history", own, f"^{recorded}", *below).decode().split()
            before, now, *between = self._content([recorded, own, *listed])
            return any(content not in {before, now} for content in between)
        except ToolError:
            return True

    def _content(self, commits: list[str]) -> list[str]:
        """Return what each commit holds as inventory: an object id, or git's word for nothing."""
        asked = "".join(f"{commit}:{self.inside}\n" for commit in commits)
        answer = self.git.cat_file("--batch-check=%(objectname)", istream=io.BytesIO(asked.encode()))
        found = [line.rpartition(" ")[2] for line in answer.decode("utf-8", "surrogateescape").splitlines()]
        if len(found) != len(commits):
            raise ToolError("git does not say what each commit holds")
        return found

    def _deepen(self) -> str:
        """Say how to get the history that a shallow clone lacks; "" for one that has it all."""
        if self.git.rev_parse("--is-shallow-repository").strip() != b"true":
            return ""
        return "fetch the whole history: git fetch --unshallow (fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0)"

    def _has(self, commit: str) -> bool:
        exists = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
        return self.git.unless_no_twice(exists, lambda error: not error.is_fault) is not None


def inventory_lineage(
    path: str, provenance: Provenance, *, environment: Mapping[str, str], timeout_s: float
) -> Lineage:
    """Return the lineage of the inventory at `path`, whose provenance is known. Raises as `inventory_provenance`."""
    if not provenance.revision:
        return Untracked(provenance)
    from gitops_gen.delivery.facade import CleanGit

    named = Path(path).resolve()
    folder = named if named.is_dir() else named.parent
    reading = local_environment(environment, home=os.devnull, config={"safe.directory": "*"})
    asked = CleanGit(folder, reading, timeout_s=timeout_s).rev_parse("--show-toplevel")
    if not asked.strip():
        raise ToolError(f"git does not say in which working tree {path} stands", help="run it again")
    top = Path(asked.decode("utf-8", "surrogateescape").rstrip("\n"))
    return GitLineage(
        CleanGit(top, reading, timeout_s=timeout_s),
        provenance,
        "" if named == top else named.relative_to(top).as_posix(),
    )
