"""A private, temporary, bare clone of one branch of the GitOps repository: read from it, write to it, throw it away.

There is no working tree and no shared state: whatever happens to this folder or to us, the remote does not notice
until one commit is pushed. Where the server can, the clone holds commits and trees but no file contents
(`blob:none`); the contents that are asked for come in one batch.
"""

from __future__ import annotations

import io
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitops_gen.delivery.commit import write_commit
from gitops_gen.delivery.environment import local_environment, remote_environment
from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.push import push_commit
from gitops_gen.delivery.refs import branch_ref
from gitops_gen.delivery.scratch import private_folder
from gitops_gen.delivery.shown import shown
from gitops_gen.errors import InputError, RefusedError, ToolError
from gitops_gen.tree import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from gitops_gen.delivery.commit import Signature
    from gitops_gen.delivery.facade import CleanGit
    from gitops_gen.delivery.keys import Signing
    from gitops_gen.delivery.push import Outcome
    from gitops_gen.delivery.signing import Signer
    from gitops_gen.delivery.url import RepositoryUrl

BASE = "refs/gitops-gen/base"
"""Where the remote's branch stands in the clone; no local branch exists."""

_TREE = "040000"
_SHA256_LENGTH = 64


def repository_folder(path: str) -> str:
    """Return `spec.gitops.path` as git writes it: `.` is "".

    Raises InputError for a path that leaves the repository or ends in its own folder.
    """
    parts = [part for part in path.split("/") if part != "."]
    if parts and not parts[-1]:
        parts.pop()
    if any(part in {"", ".."} or part.lower() == ".git" or not part.isprintable() for part in parts):
        raise InputError(f"{path!r} is no folder in a repository", help="write spec.gitops.path like deploy/mesh, or .")
    return "/".join(parts)


@contextmanager
def open_clone(  # noqa: PLR0913 - each is a fact that only the caller knows
    url: RepositoryUrl,
    branch: str,
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    folder: str = "",
    scratch: Path | None = None,
) -> Iterator[Clone]:
    """Clone one branch into a private folder and remove it again at the end, whatever happens.

    `environment` is that of our own process; git sees the little that environment.py lets through. Each git command
    may take `timeout_s` seconds. Every path that the clone is asked for is relative to `folder` of the repository.
    The private folder is made in `scratch`, by default in the system's place for temporary files.
    Raises ToolError when git is missing or too old or the remote cannot be read, InputError for an impossible branch
    name, RefusedError when `folder` is no folder in the repository.
    """
    ref = branch_ref(branch)
    with private_folder(scratch) as private:
        clone = Clone(private, url, ref, folder, environment=environment, timeout_s=timeout_s)
        clone.refresh()
        yield clone


class Clone:
    """The clone: what stands on the branch, and the way to put one commit on top of it."""

    def __init__(  # noqa: PLR0913 - see open_clone
        self,
        private: Path,
        url: RepositoryUrl,
        ref: str,
        folder: str,
        *,
        environment: Mapping[str, str],
        timeout_s: float,
    ) -> None:
        """Prepare an empty clone in `private`, a folder that is ours alone; `refresh` fills it."""
        from gitops_gen.delivery.facade import CleanGit, check_version

        self.url = url
        self.ref = ref
        self.folder = folder
        self.base: str | None = None
        """The commit on the branch that everything here is about; None: the branch does not exist."""
        self.object_format = "sha1"
        self._caller = environment
        self._timeout_s = timeout_s
        self._made = False
        self._filtering = True
        self._partial = False
        self._fetched: set[str] = set()
        self._followed: dict[str, str] = {}
        self._repository = private / "repository.git"
        home = private / "home"
        for made in (home, self._repository):
            made.mkdir(mode=0o700)
        origin = {"remote.origin.url": url.text}
        self.local: CleanGit = CleanGit(
            self._repository, local_environment(environment, home=str(home)), timeout_s=timeout_s
        )
        self.remote: CleanGit = CleanGit(
            self._repository,
            remote_environment(environment, url, home=str(home), config=origin),
            timeout_s=timeout_s,
        )
        check_version(self.local)

    # --- the remote ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the branch again: after this, `base` is where it stands now.

        Raises as open_clone does, and RefusedError when the branch no longer has what was read of it before: what
        somebody took away is not put back by a run that happened to be under way.
        """
        before = self.base
        tip = self.tip()
        if not self._made:
            self._make(tip)
        if tip is not None:
            try:
                self._fetch(self.ref, BASE)
            except GitError as error:
                # The branch may have been deleted in between.
                tip = self.tip()
                if tip is not None:
                    raise self._unreadable(error) from error
        self.base = None if tip is None else self._commit_at(BASE)
        if before is not None and (self.base is None or not self._fetched_has(before, BASE)):
            raise RefusedError(
                f"the branch was rewound while this ran: it no longer has commit {before[:12]}",
                help="nothing was published; see who did that, and run it again if the branch is as it should be",
            )
        self._check_folder()

    def tip(self, ref: str = "") -> str | None:
        """Ask the remote where the branch, or another ref, stands; None: it does not exist.

        Raises ToolError when the remote does not say.
        """
        wanted = ref or self.ref
        try:
            listed: bytes = self.remote.execute(["git", "ls-remote", "origin", wanted])
        except GitError as error:
            raise self._unreadable(error) from error
        # git matches the end of a name, so that a ref may be listed which only ends like ours.
        for line in listed.decode("utf-8", "surrogateescape").splitlines():
            commit, _, name = line.partition("\t")
            if name == wanted:
                return commit
        return None

    def follow(self, ref: str, name: str) -> str | None:
        """Fetch another branch of the remote beside ours and call it `name`; return where it stands, None: nowhere."""
        while (tip := self.tip(ref)) is not None:
            try:
                self._fetch(ref, name)
            except GitError as error:
                # It may have been deleted in between.
                if self.tip(ref) is not None:
                    raise self._unreadable(error) from error
            else:
                self._followed[ref] = name
                return self._commit_at(name)
        self._followed.pop(ref, None)
        return tip

    def contains(self, tip: str, commit: str, ref: str = "", name: str = BASE) -> bool:
        """Tell whether `tip`, where the branch stands on the remote, is `commit` or descends from it.

        So for another branch, which `follow` has called `name`.
        """
        if tip == commit:
            return True
        try:
            self._fetch(ref or self.ref, name)
        except GitError as error:
            raise self._unreadable(error) from error
        return self._fetched_has(commit, name)

    def _fetched_has(self, commit: str, name: str) -> bool:
        try:
            return self.local.is_ancestor(commit, name)
        except GitError as error:
            raise self._unreadable(error) from error

    def push(self, commit: str) -> Outcome:
        """Put `commit`, whose parent is `base`, on the branch, if the branch still stands at `base`."""
        return push_commit(self, commit)

    # --- reading -------------------------------------------------------------------------------------------------

    def entries(self, *roots: str, commit: str | None = None) -> dict[str, Entry]:
        """Return everything at and below the given paths (without any: in the whole folder), by path.

        A path is relative to `folder`. What is no regular file, a symlink or a submodule, is there with its mode. So is
        what stands below a name that differs from the first of a path only in case, so that the clash can be seen.
        `commit` is one of the branch, by default `base`.
        """
        commit = commit or self.base
        if commit is None:
            return {}
        paths = [self.place(root) for root in self._spellings(commit, roots)] if roots else [self.folder]
        skip = len(self.folder) + 1 if self.folder else 0
        return {path[skip:]: entry for path, entry in self._listed(commit, *filter(None, paths))}

    def everything(self) -> dict[str, Entry]:
        """Return everything in the repository at `base`, in `folder` or not, by where it stands there."""
        return {} if self.base is None else dict(self._listed(self.base))

    def _listed(self, commit: str, *paths: str) -> Iterator[tuple[str, Entry]]:
        listed = self.local.ls_tree("-r", "-z", "--full-tree", commit, "--", *paths)
        for record in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            head, _, path = record.partition("\t")
            mode, _, blob = head.split(" ")
            yield path, Entry(mode, blob)

    def _spellings(self, commit: str, roots: Iterable[str]) -> list[str]:
        """Return these paths, and each with every other spelling of its first name that there is."""
        above = f"{self.folder}/" if self.folder else ""
        listed = self.local.ls_tree("-z", "--full-tree", "--name-only", commit, "--", *filter(None, [above]))
        names = listed.decode("utf-8", "surrogateescape").split("\0")[:-1]
        spelled: dict[str, list[str]] = {}
        for name in (name.removeprefix(above) for name in names):
            spelled.setdefault(name.casefold(), []).append(name)
        found = []
        for root in roots:
            first, slash, rest = root.partition("/")
            found += [
                f"{name}{slash}{rest}" for name in {first: None, **dict.fromkeys(spelled.get(first.casefold(), ()))}
            ]
        return found

    def read(self, blobs: Collection[str]) -> dict[str, bytes]:
        """Return the contents of blobs by their ids, fetched in one batch where the clone has none of them yet.

        Raises ToolError when the remote does not hand them out.
        """
        wanted = sorted(set(blobs))
        if not wanted:
            return {}
        asked = "".join(f"{blob}\n" for blob in wanted).encode()
        missing = [blob for blob in wanted if blob not in self._fetched]
        if self._partial and missing:
            self._fetch_blobs(missing)
        try:
            answer = self.local.cat_file("--batch", "--buffer", istream=io.BytesIO(asked))
        except GitError as error:
            raise self._unreadable(error) from error
        return dict(_batch(answer, wanted))

    def place(self, path: str) -> str:
        """Return where a path of ours stands in the repository."""
        return f"{self.folder}/{path}" if self.folder else path

    # --- writing -------------------------------------------------------------------------------------------------

    def write_commit(
        self, *, writes: Mapping[str, bytes], deletes: Iterable[str], message: str, signature: Signature
    ) -> str:
        """Write a commit on top of `base` and return its id; nothing on the remote changes. See commit.py.

        Every commit of ours is made here, so that it is signed, and its signature verified, where that is asked for.
        """
        return write_commit(
            self.local,
            base=self.base,
            writes={self.place(path): content for path, content in writes.items()},
            deletes=[self.place(path) for path in deletes],
            message=message,
            signature=signature,
            signer=self._signer(signature.signing) if signature.signing else None,
            object_format=self.object_format,
        )

    def _signer(self, signing: Signing) -> Signer:
        from gitops_gen.delivery.signing import Signer

        folder = self._repository.parent / "signing"
        folder.mkdir(mode=0o700, exist_ok=True)
        return Signer(signing, self._repository, folder, environment=self._caller, timeout_s=self._timeout_s)

    # --- inside --------------------------------------------------------------------------------------------------

    def _make(self, tip: str | None) -> None:
        """Make the repository in the remote's object format."""
        known = tip or self.remote.execute(["git", "ls-remote", "--heads", "origin"]).decode().partition("\t")[0]
        if known:
            self.object_format = "sha256" if len(known) == _SHA256_LENGTH else "sha1"
        else:
            # An empty repository has no id to judge by, but its greeting says it.
            self.remote.execute(["git", "ls-remote", "origin"], env={"GIT_TRACE_PACKET": "1"})
            self.object_format = "sha256" if "object-format=sha256" in self.remote.last_words else "sha1"
        self._init()
        self._made = True

    def _init(self) -> None:
        self.local.init("--bare", "--quiet", "--template=", f"--object-format={self.object_format}")

    def _fetch(self, ref: str, name: str) -> None:
        filtered = ("--filter=blob:none",) if self._filtering else ()
        self.remote.fetch("--quiet", "--no-tags", "--no-write-fetch-head", *filtered, "origin", f"+{ref}:{name}")
        # A server that cannot filter sends everything, and git says so.
        self._partial = self._filtering and "filtering not recognized" not in self.remote.last_words

    def _fetch_blobs(self, blobs: list[str]) -> None:
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        try:
            self.remote(c="fetch.negotiationAlgorithm=noop").fetch(
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--filter=blob:none",
                "--stdin",
                "origin",
                istream=io.BytesIO(asked),
            )
        except GitError:
            # Old protocols hand out what a ref names and nothing else.
            self._fetch_whole()
        self._fetched.update(blobs)

    def _fetch_whole(self) -> None:
        """Clone again, with all contents; `base` stays what it was."""
        self._filtering = False
        for left in self._repository.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            self._init()
            for ref, name in {self.ref: BASE, **self._followed}.items():
                self._fetch(ref, name)
            self.local.cat_file("-e", f"{self.base}^{{commit}}")
        except GitError as error:
            raise self._unreadable(error) from error

    def _commit_at(self, name: str) -> str:
        return str(self.local.rev_parse("--verify", f"{name}^{{commit}}").decode().strip())

    def _check_folder(self) -> None:
        """Refuse a folder that is, or lies behind, a symlink, a submodule or a file."""
        if self.base is None or not self.folder:
            return
        parts = self.folder.split("/")
        for end in range(1, len(parts) + 1):
            path = "/".join(parts[:end])
            listed = self.local.ls_tree("-z", "--full-tree", self.base, "--", path).decode("utf-8", "surrogateescape")
            if listed and not listed.startswith(_TREE):
                raise RefusedError(
                    f"{path!r} in {self.url} is a symlink, a submodule or a file, so that {self.folder!r} is no folder",
                    help="name a real folder in spec.gitops.path",
                )

    def _unreadable(self, error: GitError) -> ToolError:
        return ToolError(f"git cannot read {self.url}", details=error.details, help=error.help)


def _batch(answer: bytes, wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    """Take the answer of `git cat-file --batch` apart."""
    start = 0
    for blob in wanted:
        end = answer.find(b"\n", start)
        parts = answer[start : max(end, start)].split(b" ")
        if len(parts) != 3:  # noqa: PLR2004 - id, type, size; or "<id> missing"
            raise ToolError(f"git has no object {blob}", details=shown(answer[start : max(end, start)]))
        start = end + 1 + int(parts[2])
        if start > len(answer):
            raise ToolError(f"git hands out a part of object {blob} only", help="run it again")
        yield blob, answer[end + 1 : start]
        start += 1
