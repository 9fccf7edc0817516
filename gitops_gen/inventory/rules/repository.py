"""Where the tree is published: repository, branch and path, in forms that git takes as nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_gen.inventory.rules.addresses import is_dns_name, is_ip
from gitops_gen.inventory.rules.words import shown
from gitops_gen.model import Engine, SyncUnit
from gitops_gen.naming import is_branch
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import AnyWritten, Documents

_SCP = re.compile(r"([^@:/]+)@([^@:/]+):(.+)")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)
_PATH_PART = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*", re.ASCII)
_FORMS = "known forms: https://host/path, ssh://git@host/path, git@host:path, or a local path"


def repository_form(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI222: the repository is an https or ssh URL without secrets, `git@host:path`, or a local path.

    Everything else that git understands (`ext::`, options, plain http) is refused: the value ends on git's
    command line.
    """
    for mesh in documents.meshes:
        repository = mesh.fields.spec.gitops.repository
        fault = None if repository is None else repository_fault(repository)
        if repository is not None and fault is not None:
            message, help_ = fault
            yield Problem(
                rule="GGI222",
                message=message,
                location=mesh.at("spec", "gitops", "repository"),
                subject=mesh.subject,
                help=help_,
            )


def repository_fault(text: str) -> tuple[str, str] | None:
    """Return message and help if a text is no repository, else None. A secret in it is never repeated."""
    if not text.isprintable() or text.strip() != text:
        return "the repository has blanks around it or characters that do not print", _FORMS
    if text.startswith(("-", "~")):
        return f"{shown(text)} is not a repository", _FORMS
    if "://" in text:
        return _url_fault(text)
    if ":" in text.partition("/")[0]:
        match = _SCP.fullmatch(text)
        if match is None or not (_USER.fullmatch(match[1]) and _is_host(match[2])) or match[3].startswith("-"):
            return f"{shown(text)} is not a repository", _FORMS
    return None


def _url_fault(text: str) -> tuple[str, str] | None:
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError:
        return "the repository is not a URL that can be read", _FORMS
    checks = (
        (url.scheme not in {"https", "ssh"}, f"repositories by {shown(url.scheme)} are not supported", _FORMS),
        (
            url.scheme == "https" and "@" in url.netloc,
            "the repository's URL holds a user name or a token, which would end in Git and in logs",
            "write the URL without it, and give the token to git's credential helper",
        ),
        (
            url.password is not None or not _USER.fullmatch(url.username or "git"),
            "the repository's URL holds a password or an odd user name",
            "write ssh://git@host/path",
        ),
        ("?" in text or "#" in text, "the repository's URL has a query or a fragment", "write it without `?` and `#`"),
        (not _is_host(host) or not url.path.strip("/"), "the repository's URL has no host or no path", _FORMS),
    )
    return next(((message, help_) for failed, message, help_ in checks if failed), None)


def _is_host(text: str) -> bool:
    return is_ip(text) or is_dns_name(text.lower())


def engine_follows(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI237: where an engine is named, the repository is a URL, from which the engine can fetch too."""
    for mesh in documents.meshes[:1]:
        repository = mesh.fields.spec.gitops.repository
        if repository is not None and (repository_fault(repository) is not None or _is_remote(repository)):
            continue
        chosen: list[tuple[AnyWritten, Engine | None, Path]] = [
            (mesh, mesh.fields.spec.gitops.engine, ("spec", "gitops", "engine"))
        ]
        chosen += [(cluster, cluster.fields.spec.engine, ("spec", "engine")) for cluster in documents.clusters]
        for written, engine, path in chosen:
            if engine in {None, Engine.NONE}:
                continue
            fault = (
                "no `gitops.repository` is written" if repository is None else f"{shown(repository)} is a local path"
            )
            yield Problem(
                rule="GGI237",
                message=f"{engine} has nothing to fetch from: {fault}",
                location=written.at(*path),
                subject=written.subject,
                help="write `gitops.repository` in the Mesh: https://host/path, ssh://git@host/path or git@host:path",
                related=(("the Mesh", mesh.at("spec", "gitops")),),
            )


def namespaces_created(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI245: namespaces are asked for where the engine can create them.

    Argo CD creates one for each Application, that of its destination; an Application of a whole cluster has many.
    """
    for mesh in documents.meshes[:1]:
        gitops = mesh.fields.spec.gitops
        if not gitops.create_namespaces or gitops.sync_unit is not SyncUnit.CLUSTER:
            continue
        synced = [one for one in documents.clusters if (one.fields.spec.engine or gitops.engine) is Engine.ARGOCD]
        if synced:
            yield Problem(
                rule="GGI245",
                message="Argo CD creates no namespaces where a whole cluster is one sync unit",
                location=mesh.at("spec", "gitops", "createNamespaces"),
                subject=mesh.subject,
                help="write `syncUnit: namespace`, or `createNamespaces: false` and see to the namespaces yourself",
                related=(("synced by Argo CD", synced[0].at("spec", "engine")),),
            )


def _is_remote(repository: str) -> bool:
    """Tell whether a sound repository is somewhere else than in a folder of this machine."""
    return "://" in repository or ":" in repository.partition("/")[0]


def branch_name(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI223: the branch is a name that git accepts (git-check-ref-format), without `refs/heads/`."""
    for mesh in documents.meshes:
        branch = mesh.fields.spec.gitops.branch
        if not is_branch(branch):
            yield Problem(
                rule="GGI223",
                message=f"{shown(branch)} is not the name of a branch",
                location=mesh.at("spec", "gitops", "branch"),
                subject=mesh.subject,
                help="for example `main` or `releases/production`",
            )


def clean_path(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI223: the path is a clean relative path inside the repository."""
    for mesh in documents.meshes:
        path = mesh.fields.spec.gitops.path
        if not is_clean_path(path):
            yield Problem(
                rule="GGI223",
                message=f"{shown(path)} is not a folder inside the repository",
                location=mesh.at("spec", "gitops", "path"),
                subject=mesh.subject,
                help="write it from the root with `/`, for example `meshes/example`; `.` is the root itself",
            )


def is_clean_path(text: str) -> bool:
    """Tell whether a text is `.` or plain names joined by `/`, which git and file systems all read the same way."""
    return text == "." or all(
        _PATH_PART.fullmatch(part) and part.strip(".") and not part.endswith(".") and part.lower() != ".git"
        for part in text.split("/")
    )
