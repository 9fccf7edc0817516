"""What a cluster is built from, as one archive for an OCI registry: the cluster's overlay, its bases and components.

What Flux applies there before any unit is in it, too: that Kustomization has the source of the others.

The files stand in it where they stand in the repository, so that a Kustomization finds its folder in an artifact as it
does in the repository.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery import worktree
from gitops_gen.delivery.closures import Closures
from gitops_gen.delivery.history import find_commit
from gitops_gen.engines.flux import flux_url
from gitops_gen.engines.units import in_repository, prerequisites_folder
from gitops_gen.errors import InputError, ToolError
from gitops_gen.layout.archive import gzip, tar
from gitops_gen.layout.closure import closure_of, is_kustomization, near
from gitops_gen.tree import FILES
from gitops_gen.workflows.publishing import gitops_clone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops_gen.model import Inventory
    from gitops_gen.workflows.publishing import Remote

_ROOTS = ("base", "components", "engines", "overlays")
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755
"""Of what is written: those of somebody's umask would be another digest in the registry
(docs/explanation/what-engines-and-kustomize-do.md, "Flux")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An archive: `tree` are its files, `packed` its bytes; `commit` is what it was made from, "" for a folder.

    `digest` is that of the bytes, `content` that of the tar inside, which does not depend on how well it is packed.
    """

    cluster: str
    tree: Mapping[str, bytes]
    packed: bytes
    digest: str
    content: str
    source: str
    branch: str
    commit: str = ""

    @property
    def revision(self) -> str:
        """What Flux calls the commit, `main@sha1:...`; a folder has no commit but its content."""
        if not self.commit:
            return f"{self.branch}@{self.content}"
        kind = "sha256" if len(self.commit) == hashlib.sha256().digest_size * 2 else "sha1"
        return f"{self.branch}@{kind}:{self.commit}"


def artifact_of_commit(inventory: Inventory, remote: Remote, cluster: str, revision: str = "") -> Artifact:
    """Make the artifact of a cluster at a commit of the GitOps repository, by default the newest.

    Raises InputError for a cluster that has nothing there and for what is no commit, the rest as `gitops_clone` does.
    """
    with gitops_clone(inventory, remote) as clone:
        commit = find_commit(clone, revision) if revision else clone.base
        closures = Closures(clone)
        tree = closures.contents(commit, f"overlays/{cluster}") if commit else {}
        if commit is None or not tree:
            raise InputError(f"nothing is published for {cluster}", help="publish first, or see gitops-gen history")
        tree |= closures.contents(commit, prerequisites_folder(cluster))
        branch = remote.branch or inventory.mesh.gitops.branch
        return _artifact(cluster, tree, source=str(clone.url), branch=branch, commit=commit)


def artifact_of_folder(inventory: Inventory, folder: Path, cluster: str) -> Artifact:
    """Make the artifact of a cluster from a folder that `generate` wrote, with what people added.

    Raises InputError for a cluster that has nothing there, and for what cannot be read.
    """
    entries = worktree.entries(folder, _ROOTS)
    there = {path for path, entry in entries.items() if entry.mode in FILES}
    overlay = f"overlays/{cluster}"
    read = worktree.read(folder, filter(is_kustomization, near(there, overlay)))
    closure = closure_of(overlay, there, lambda path: read[path])
    if not closure:
        raise InputError(f"{folder} has nothing for {cluster}", help="write it with gitops-gen generate")
    closure += closure_of(prerequisites_folder(cluster), there, lambda path: read[path])
    contents = worktree.read(folder, closure)
    tree = {in_repository(inventory, path): content for path, content in contents.items()}
    gitops = inventory.mesh.gitops
    return _artifact(cluster, tree, source=gitops.repository, branch=gitops.branch)


def write_folder(artifact: Artifact, folder: Path) -> None:
    """Write the files of an artifact into a new or empty folder; an empty one keeps its own mode.

    Raises InputError for any other folder, ToolError when it cannot be written.
    """
    try:
        ours = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder} is not empty", help="name a folder that is, or one that does not exist")
        for path, content in artifact.tree.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
            (folder / path).chmod(_FILE_MODE)
        for made in (*([folder] if ours else []), *(one for one in folder.rglob("*") if one.is_dir())):
            made.chmod(_FOLDER_MODE)
    except OSError as error:
        raise ToolError(f"{folder} cannot be written: {error.strerror}") from error


def write_archive(artifact: Artifact, file: Path) -> None:
    """Write the archive. Raises ToolError when it cannot be written."""
    try:
        file.write_bytes(artifact.packed)
    except OSError as error:
        raise ToolError(f"{file} cannot be written: {error.strerror}") from error


def _artifact(cluster: str, tree: Mapping[str, bytes], *, source: str, branch: str, commit: str = "") -> Artifact:
    content = tar(tree)
    packed = gzip(content)
    return Artifact(
        cluster=cluster,
        tree=tree,
        packed=packed,
        digest=f"sha256:{hashlib.sha256(packed).hexdigest()}",
        content=f"sha256:{hashlib.sha256(content).hexdigest()}",
        source=flux_url(source),
        branch=branch,
        commit=commit,
    )
