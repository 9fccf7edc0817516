"""A mesh whose inventory lives in Git, a GitOps repository beside it, and people who take commits back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import yaml

from tests.command import Ended, bare_repository, git, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CLUSTERS = {"east": "canary", "north": "production", "west": "production"}
WORKLOADS = ("monitoring/prometheus", "streaming/kafka")

_HEAD = "apiVersion: gitops-gen.io/v1alpha1\n"
_MESH = f"{_HEAD}kind: Mesh\nmetadata: {{name: example}}\nspec: {{}}\n"
_CLUSTER = f"""\
{_HEAD}kind: Cluster
metadata: {{name: NAME, labels: {{ring: RING}}}}
spec:
  ingresses:
    public: {{namespace: istio-ingress, hostTemplate: "{{cluster}}-{{pod}}.example.com"}}
"""
_WORKLOAD = f"""\
{_HEAD}kind: Workload
metadata: {{name: NAME, namespace: NAMESPACE}}
spec:
  service: {{create: true}}
  selector: {{app: NAME}}
  ports:
    - {{name: http, port: PORT, protocol: HTTP, expose: {{}}}}
  placements:
"""

Sizes = dict[str, dict[str, int]]
"""Workload -> cluster -> replicas."""

START: Sizes = {
    "monitoring/prometheus": {"east": 2, "north": 2, "west": 2},
    "streaming/kafka": {"east": 1, "west": 1},
}


def inventory_text(sizes: Sizes, port: int = 9090) -> str:
    """Write an inventory; the port of every workload is in what all clusters share."""
    documents = [_MESH]
    documents += [_CLUSTER.replace("NAME", name).replace("RING", ring) for name, ring in CLUSTERS.items()]
    for key, placed in sizes.items():
        namespace, _, name = key.partition("/")
        text = _WORKLOAD.replace("NAMESPACE", namespace).replace("NAME", name).replace("PORT", str(port))
        documents.append(
            text + "".join(f"    - {{cluster: {one}, replicas: {size}}}\n" for one, size in placed.items())
        )
    return "---\n".join(documents)


class World:
    """The inventory's clone, the GitOps repository, and a person's clone of that."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], of: Path | None = None) -> None:
        """Make a new one in a folder, or a copy of the one in the folder `of`."""
        self.capsys = capsys
        self.inventory = folder / "inventory"
        self.remote = folder / "gitops.git"
        self.person = folder / "person"
        if of is not None:
            for each in (self.inventory, self.remote):
                shutil.copytree(of / each.name, each)
            return
        bare_repository(self.remote)
        self.inventory.mkdir()
        git(self.inventory, "init", "--quiet", "--initial-branch=main")
        for each in (self.inventory, self.remote):
            git(each, "config", "user.name", "A. Person")
            git(each, "config", "user.email", "person@example.com")

    # --- the inventory -------------------------------------------------------------------------------------------

    def write(self, text: str, message: str = "Change the inventory") -> str:
        """Commit an inventory and return the commit."""
        (self.inventory / "mesh").mkdir(exist_ok=True)
        (self.inventory / "mesh" / "mesh.yaml").write_text(text)
        git(self.inventory, "add", ".")
        git(self.inventory, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(self.inventory, "rev-parse", "HEAD").strip()

    def sizes(self, port: int = 9090, **changes: int) -> str:
        """Commit an inventory in which prometheus has other sizes; return the commit."""
        sizes = {key: dict(placed) for key, placed in START.items()}
        sizes["monitoring/prometheus"] |= changes
        return self.write(inventory_text(sizes, port))

    def at(self, commit: str) -> None:
        """Check out a commit of the inventory, as a CI job does."""
        git(self.inventory, "checkout", "--quiet", "--detach", commit)

    def back(self) -> None:
        git(self.inventory, "checkout", "--quiet", "main")

    # --- commands ------------------------------------------------------------------------------------------------

    def run(self, command: str, *arguments: str | Path) -> Ended:
        """Run a command on the inventory and the repository."""
        return run(self.capsys, command, self.inventory / "mesh", *arguments, "--repository", self.remote)

    def publish(self, *arguments: str | Path, code: int = 0) -> str:
        """Publish; return what was said."""
        ended = self.run("publish", "--verify", "none", *arguments)
        assert ended.code == code, f"exit code {ended.code}\n{ended.out}\n{ended.err}"
        return ended.out

    def publish_at(self, commit: str, code: int = 0) -> str:
        """Publish from a clone that stands at a commit of the inventory."""
        self.at(commit)
        try:
            return self.publish(code=code)
        finally:
            self.back()

    # --- the branch ----------------------------------------------------------------------------------------------

    def tip(self) -> str:
        return git(self.remote, "rev-parse", "main").strip()

    def file(self, path: str, revision: str = "main") -> str:
        return git(self.remote, "show", f"{revision}:{path}")

    def files(self, revision: str = "main") -> dict[str, str]:
        """Return the blob ids of all files but the records, by path."""
        listed = git(self.remote, "ls-tree", "-r", revision).splitlines()
        found = {line.split("\t")[1]: line.split()[2] for line in listed}
        return {path: blob for path, blob in found.items() if not path.startswith("published/")}

    def record(self, cluster: str, revision: str = "main") -> dict[str, object]:
        value = yaml.safe_load(self.file(f"published/{cluster}.yaml", revision))
        assert isinstance(value, dict)
        return value

    def pods(self, cluster: str, workload: str = "monitoring/prometheus", revision: str = "main") -> int:
        """Return how many pods of a workload a cluster has on the branch."""
        folder = f"overlays/{cluster}/{workload}/"
        files = [path for path in self.files(revision) if path.startswith(folder)]
        return sum(path.rpartition("/")[2].rpartition("-")[2][0].isdigit() for path in files)

    # --- a person ------------------------------------------------------------------------------------------------

    def clone(self) -> Path:
        """Return a person's up-to-date clone of the GitOps repository."""
        if not self.person.exists():
            git(self.remote, "clone", "--quiet", str(self.remote), str(self.person))
            git(self.person, "config", "user.name", "O. Operator")
            git(self.person, "config", "user.email", "operator@example.com")
        git(self.person, "fetch", "--quiet")
        git(self.person, "checkout", "--quiet", "-B", "main", "origin/main")
        return self.person

    def push(self) -> str:
        """Push what the person has done; return the new tip."""
        git(self.person, "push", "--quiet", "origin", "HEAD:main")
        return self.tip()

    def revert(self, *commits: str) -> str:
        """Take commits back as `git revert` does, one by one; return the new tip."""
        clone = self.clone()
        git(clone, "revert", "--no-edit", *commits)
        return self.push()
