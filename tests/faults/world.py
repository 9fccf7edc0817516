"""A mesh in which everything happens: its inventory's history, the GitOps repository, people in it, and runs.

Every repository and every run is real; only people work straight on the objects, because that is quicker.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from gitops_gen.cli.main import main
from tests.command import bare_repository, git
from tests.faults.objects import Objects
from tests.guard_oracle import rendered
from tests.published import CLUSTERS, inventory_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.published import Sizes

PERSON = "O. Operator"
OWNED = ("base/", "overlays/", "engines/", "published/")
MARKS = {"argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune"}
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
        self.written = Objects(self.inventory / ".git")
        self.branch = Objects(self.remote)
        self.revisions: list[str] = []
        self._texts: dict[str, str] = {}
        self._date = 1_600_000_000

    def begin(self) -> None:
        """Make both repositories, with a first commit of a person in the second."""
        (self.inventory / "mesh").mkdir(parents=True)
        git(self.inventory, "init", "--quiet", "--initial-branch=main")
        git(self.inventory, "config", "remote.origin.url", "https://git.example.com/inventory.git")
        bare_repository(self.remote)
        shutil.rmtree(self.remote / "hooks", ignore_errors=True)
        self.commit({"README.md": b"Ours.\n"}, "Begin")

    def end(self) -> None:
        """Let go of both repositories."""
        self.written.close()
        self.branch.close()

    def now(self) -> int:
        """Return a later time with each call."""
        self._date += 1
        return self._date

    # --- the inventory -------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Commit an inventory; the working tree has it."""
        tree = self.written.write_tree({"mesh/mesh.yaml": self.written.write("blob", text.encode())})
        revision = self.written.write_commit(tree, self.revisions[-1:], PERSON, "Next", self.now())
        self.written.move(revision)
        self.revisions.append(revision)
        self._texts[revision] = text
        self._put(text)

    def _put(self, text: str) -> None:
        (self.inventory / "mesh" / "mesh.yaml").write_text(text)

    @staticmethod
    def text(sizes: Sizes, port: int, unit: str) -> str:
        """Write an inventory; what has no pods at all is left out."""
        placed = {key: found for key, found in sizes.items() if found}
        return inventory_text(placed, port).replace("spec: {}", SPEC.format(unit=unit))

    def at(self, revision: str) -> None:
        """Check out a commit of the inventory."""
        (self.inventory / ".git" / "HEAD").write_text(f"{revision}\n")
        self._put(self._texts[revision])

    def back(self) -> None:
        """Check out the newest."""
        (self.inventory / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        self._put(self._texts[self.revisions[-1]])

    def clone_at(self, revision: str) -> Path:
        """Return another working tree of the inventory, in which a commit is checked out."""
        clone = self.folder / "late"
        if not clone.exists():
            shutil.copytree(self.inventory, clone, ignore=shutil.ignore_patterns("objects"))
            (clone / ".git" / "objects" / "info").mkdir(parents=True)
            (clone / ".git" / "objects" / "info" / "alternates").write_text(f"{self.inventory / '.git' / 'objects'}\n")
        (clone / ".git" / "HEAD").write_text(f"{revision}\n")
        (clone / "mesh" / "mesh.yaml").write_text(self._texts[revision])
        return clone

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
        return self.branch.tip()

    def files(self, revision: str) -> dict[str, bytes]:
        """Return every file of a commit."""
        blobs = self.branch.blobs(self.branch.commit(revision).tree)
        return {path: self.branch.read(blob) for path, blob in blobs.items()}

    def commit(self, changes: Mapping[str, bytes | None], message: str, merged: str = "") -> str:
        """Let a person commit changes on top of the branch; `merged` is a second parent."""
        tip = self.tip()
        blobs = self.branch.blobs(self.branch.commit(tip).tree) if tip else {}
        for path, content in changes.items():
            if content is None:
                blobs.pop(path, None)
            else:
                blobs[path] = self.branch.write("blob", content)
        parents = [parent for parent in (tip, merged) if parent]
        commit = self.branch.write_commit(self.branch.write_tree(blobs), parents, PERSON, message, self.now())
        self.branch.move(commit)
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


def scope(files: Mapping[str, bytes], cluster: str, workload: str) -> object:
    """Return what a cluster, or one of its workloads, renders, as an oracle reads it."""
    overlays = {path: content for path, content in files.items() if path.startswith(("base/", "overlays/"))}
    found = rendered(overlays).get(cluster, {})
    below = f"overlays/{cluster}/{workload}"
    return {
        identity: _unmarked(member["resource"])
        for identity, member in found.items()
        if not workload or member["overlay"] == below or member["overlay"].startswith(f"{below}/")
    }


def _unmarked(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what keeps a resource from being pruned during a move, which changes nothing of what it does."""
    metadata = dict(resource["metadata"])
    kept = {name: value for name, value in metadata.pop("annotations", {}).items() if name not in MARKS}
    return {**resource, "metadata": {**metadata, "annotations": kept}}
