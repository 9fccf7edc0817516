"""The bot branch: a proposal as one commit on top of the branch that it is to go into.

It is the one branch that is ever replaced, with a lease on what stood there, and only while that is our own commit as
we wrote it. Whose commit it is tells the commit itself: its plan digest covers every file that it replaces, writes and
deletes (docs/explanation/how-a-publish-works.md, "Change requests").
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.message import INVENTORY_DIGEST, PLAN_DIGEST, read_trailer
from gitops_gen.delivery.published import load_published
from gitops_gen.delivery.push import push_commit
from gitops_gen.delivery.refs import branch_ref
from gitops_gen.errors import RefusedError
from gitops_gen.layout.paths import is_record
from gitops_gen.layout.seal import read_seal
from gitops_gen.plan.digest import digest_of
from gitops_gen.tree import REGULAR, blob_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.facade import CleanGit
    from gitops_gen.delivery.published import Published
    from gitops_gen.delivery.push import Outcome

PROPOSED = "refs/gitops-gen/proposed"
"""Where the bot branch stands in the clone."""


class Difference(NamedTuple):
    """A path in which a commit differs from its parent: mode and blob on both sides, "" where there is none."""

    mode: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What the bot branch holds that its base does not.

    `commits` are the newest first. `foreign` says why they must stay, "" where all is our own single commit.
    `records` are the published states that it proposes, by cluster.
    """

    commits: tuple[str, ...] = ()
    foreign: str = ""
    records: Mapping[str, Published] = field(default_factory=dict)


class Proposal:
    """The bot branch of a clone; `base` is where it stands, and what a push replaces."""

    def __init__(self, clone: Clone, name: str, mesh: str) -> None:
        """Read where the branch `name` stands. Raises InputError for an impossible name, ToolError as the clone."""
        self.clone = clone
        self.name = name
        self.ref = branch_ref(name)
        self.url = clone.url
        self.remote: CleanGit = clone.remote
        self._mesh = mesh
        self.base = clone.follow(self.ref, PROPOSED)

    def refresh(self) -> None:
        """Read both branches again."""
        self.clone.refresh()
        self.base = self.clone.follow(self.ref, PROPOSED)

    def tip(self) -> str | None:
        """Ask the remote where the bot branch stands."""
        return self.clone.tip(self.ref)

    def contains(self, tip: str, commit: str) -> bool:
        """Tell whether the bot branch, standing at `tip`, holds `commit`."""
        return self.clone.contains(tip, commit, self.ref, PROPOSED)

    def push(self, commit: str) -> Outcome:
        """Put `commit` on the bot branch in place of what stands there, if that still does."""
        return push_commit(self, commit)

    def delete(self) -> bool:
        """Take the bot branch away, if it still stands where it did; tell whether it is gone."""
        try:
            self.remote.push("--porcelain", f"--force-with-lease={self.ref}:{self.base}", "origin", f":{self.ref}")
        except GitError:
            return self.tip() is None
        self.base = None
        return True

    # --- what stands there ---------------------------------------------------------------------------------------

    def outstanding(self) -> Outstanding:
        """Tell what the bot branch holds beyond the branch that it is to go into, and whose it is."""
        if self.base is None:
            return Outstanding()
        git = self.clone.local
        listed = git.rev_list("--parents", self.base, f"^{self.clone.base}").decode().splitlines()
        commits = [line.split() for line in listed]
        foreign = ""
        if len(commits) > 1:
            foreign = f"{len(commits)} commits stand on it"
        elif commits and len(commits[0]) != 2:  # noqa: PLR2004 - the commit and one parent
            foreign = f"commit {commits[0][0][:12]} is no commit on top of the branch that it is to go into"
        elif commits:
            foreign = self._foreign(*commits[0])
        return Outstanding(
            commits=tuple(commit for commit, *_ in commits), foreign=foreign, records=self._records(self.base)
        )

    def message(self, commit: str) -> str:
        """Return a commit's message."""
        return str(self.clone.local.log("-1", "--format=%B", commit).decode("utf-8", "replace"))

    def same(self, one: str, other: str) -> bool:
        """Tell whether two commits say the same: equal messages, and equal files in what they change."""
        said = []
        for commit in (one, other):
            try:
                found = self._differences(f"{commit}^", commit)
            except GitError:
                return False  # It has no parent.
            said.append(
                (
                    self.message(commit),
                    {path: (difference.mode, difference.after) for path, difference in found.items()},
                )
            )
        return said[0] == said[1]

    def _foreign(self, commit: str, parent: str) -> str:
        """Say why a commit is not ours as we wrote it, "" where it is."""
        short = commit[:12]
        message = self.message(commit)
        planned = read_trailer(message, PLAN_DIGEST)
        if not planned:
            return f"commit {short} is not by gitops-gen"
        differences = self._differences(parent, commit)
        records = {path: found for path, found in differences.items() if is_record(self._inside(path))}
        files = {path: found for path, found in differences.items() if path not in records}
        contents = self.clone.read([found.after for found in records.values() if found.after])
        for path, found in records.items():
            mark = read_seal(contents[found.after]) if found.after else None
            if found.mode != REGULAR or mark is None or not mark.intact or mark.mesh != self._mesh:
                return f"{path} in commit {short} is not as gitops-gen wrote it"
        if any(found.after and found.mode != REGULAR for found in files.values()) or planned != digest_of(
            inventory_digest=read_trailer(message, INVENTORY_DIGEST),
            replaced=self._ids({path: found.before for path, found in files.items() if found.before}),
            written=self._ids({path: found.after for path, found in files.items() if found.after}),
            deleted=[self._inside(path) for path, found in files.items() if not found.after],
        ):
            return f"commit {short} holds more, or less, than gitops-gen wrote"
        return ""

    def _ids(self, blobs: Mapping[str, str]) -> dict[str, str]:
        """Return blob ids in Git's SHA-1 form, by path inside our folder, as a plan's digest has them."""
        if self.clone.object_format == "sha1":
            return {self._inside(path): blob for path, blob in blobs.items()}
        contents = self.clone.read(list(blobs.values()))
        return {self._inside(path): blob_id(contents[blob]) for path, blob in blobs.items()}

    def _inside(self, path: str) -> str:
        """Return a path inside our folder; one outside fits no digest of ours."""
        above = f"{self.clone.folder}/" if self.clone.folder else ""
        return path.removeprefix(above) if path.startswith(above) else f"../{path}"

    def _differences(self, before: str, after: str) -> dict[str, Difference]:
        listed = self.clone.local.diff_tree(
            "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none", before, after
        )
        records = listed.decode("utf-8", "surrogateescape").split("\0")[:-1]
        found = {}
        for head, path in zip(records[::2], records[1::2], strict=True):
            was, mode, old, new, _ = head.removeprefix(":").split(" ")
            found[path] = Difference(mode, old if int(was) else "", new if int(mode) else "")
        return found

    def _records(self, commit: str) -> dict[str, Published]:
        """Return the published states at a commit; what cannot be read says nothing."""
        entries = {
            path: entry for path, entry in self.clone.entries("published", commit=commit).items() if is_record(path)
        }
        contents = self.clone.read([entry.blob for entry in entries.values()])
        found = {}
        for path, entry in entries.items():
            cluster = path.rpartition("/")[2].removesuffix(".yaml")
            with suppress(RefusedError):
                found[cluster] = load_published(contents[entry.blob], mesh=self._mesh, cluster=cluster)
        return found
