"""A mesh in which everything happens: its inventory's history, the GitOps repository, people in it, and runs.

Everything is real git; only people work without a clone, straight on the repository's objects, because that is quicker.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

import yaml

from gitops_gen.cli.main import main
from tests.command import bare_repository, git
from tests.guard_oracle import rendered
from tests.published import CLUSTERS, inventory_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.published import Sizes

PERSON = "O. Operator"
OWNED = ("base/", "overlays/", "engines/", "published/")
SPEC = "spec: {{gitops: {{repository: 'https://git.example.com/mesh.git', engine: argocd, syncUnit: {unit}}}}}"


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    said: str


class World:
    """The inventory's repository and the GitOps repository, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        self.remote = folder / "mesh.git"
        self.revisions: list[str] = []
        self._blobs: dict[str, bytes] = {}

    def begin(self) -> None:
        """Make both repositories, with a first commit of a person in the second."""
        self.inventory.mkdir(parents=True)
        git(self.inventory, "init", "--quiet", "--initial-branch=main")
        bare_repository(self.remote)
        shutil.rmtree(self.remote / "hooks", ignore_errors=True)
        self.commit({"README.md": b"Ours.\n"}, "Begin")

    # --- the inventory -------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Commit an inventory."""
        (self.inventory / "mesh").mkdir(exist_ok=True)
        (self.inventory / "mesh" / "mesh.yaml").write_text(text)
        git(self.inventory, "add", ".")
        git(self.inventory, "commit", "--quiet", "--allow-empty", "-m", "Next")
        self.revisions.append(git(self.inventory, "rev-parse", "HEAD").strip())

    @staticmethod
    def text(sizes: Sizes, port: int, unit: str) -> str:
        """Write an inventory; what has no pods at all is left out."""
        placed = {key: found for key, found in sizes.items() if found}
        return inventory_text(placed, port).replace("spec: {}", SPEC.format(unit=unit))

    def at(self, revision: str) -> None:
        """Check out a commit of the inventory."""
        git(self.inventory, "checkout", "--quiet", "--detach", revision)

    def back(self) -> None:
        """Check out the newest."""
        git(self.inventory, "checkout", "--quiet", "main")

    # --- commands ------------------------------------------------------------------------------------------------

    def command(self, *words: str) -> tuple[str, ...]:
        """Return a command line on this inventory and repository."""
        name, *more = words
        verify = () if name in {"release", "plan"} else ("--verify", "none")
        return (name, str(self.inventory / "mesh"), *more, "--repository", str(self.remote), *verify)

    def run(self, *words: str) -> Said:
        """Run a command in this process."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(self.command(*words))
        return Said(code, said.getvalue())

    # --- the branch ----------------------------------------------------------------------------------------------

    def tip(self) -> str:
        return git(self.remote, "rev-parse", "refs/heads/main").strip()

    def files(self, revision: str) -> dict[str, bytes]:
        """Return every file of a commit."""
        listed = [line.split(None, 3) for line in git(self.remote, "ls-tree", "-r", revision).splitlines()]
        missing = [blob for _, _, blob, _ in listed if blob not in self._blobs]
        for blob in missing:
            self._blobs[blob] = b""
        if missing:
            asked = "".join(f"{blob}\n" for blob in missing)
            told = git(self.remote, "cat-file", "--batch", "--buffer", stdin=asked).encode()
            for blob in missing:
                head, _, told = told.partition(b"\n")
                size = int(head.split()[2])
                self._blobs[blob], told = told[:size], told[size + 1 :]
        return {path: self._blobs[blob] for _, _, blob, path in listed}

    def commit(self, changes: Mapping[str, bytes | None], message: str, tree: str = "", merged: str = "") -> str:
        """Let a person commit changes on top of the branch, or a whole tree; `merged` is a second parent."""
        tip = git(self.remote, "for-each-ref", "--format=%(objectname)", "refs/heads/main").strip()
        index = {"GIT_INDEX_FILE": str(self.folder / "index"), "GIT_DIR": str(self.remote)}
        lines = ""
        for path, content in changes.items():
            if content is None:
                lines += f"0 {'0' * 40}\t{path}\0"
            else:
                blob = git(self.remote, "hash-object", "-w", "--stdin", stdin=content.decode()).strip()
                lines += f"100644 {blob}\t{path}\0"
        with environment(index):
            git(self.folder, "read-tree", *([tree or tip] if tree or tip else ["--empty"]))
            git(self.folder, "update-index", "--add", "-z", "--index-info", stdin=lines)
            tree = git(self.folder, "write-tree").strip()
        parents = [word for parent in (tip, merged) if parent for word in ("-p", parent)]
        with environment({"GIT_AUTHOR_NAME": PERSON, "GIT_COMMITTER_NAME": PERSON}):
            commit = git(self.remote, "commit-tree", tree, *parents, "-m", message).strip()
        git(self.remote, "update-ref", "refs/heads/main", commit, *([tip] if tip else []))
        return commit

    def records(self, files: Mapping[str, bytes]) -> dict[str, dict[str, object]]:
        """Return the records of all clusters, by cluster; those that are no YAML are left out."""
        found = {}
        for cluster in CLUSTERS:
            try:
                value = yaml.safe_load(files.get(f"published/{cluster}.yaml", b""))
            except yaml.YAMLError:
                continue
            if isinstance(value, dict):
                found[cluster] = value
        return found


@contextlib.contextmanager
def environment(more: Mapping[str, str]) -> Iterator[None]:
    """Let git see some variables."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def scope(files: Mapping[str, bytes], cluster: str, workload: str) -> object:
    """Return what a cluster, or one of its workloads, renders, as an oracle reads it."""
    overlays = {path: content for path, content in files.items() if path.startswith(("base/", "overlays/"))}
    found = rendered(overlays).get(cluster, {})
    below = f"overlays/{cluster}/{workload}"
    return {
        identity: member["resource"]
        for identity, member in found.items()
        if not workload or member["overlay"] == below or member["overlay"].startswith(f"{below}/")
    }
