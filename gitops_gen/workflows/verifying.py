"""Verify: the rules on rendered resources, for any folder of manifests, ours or not, without an inventory."""

from __future__ import annotations

from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_gen.errors import InputError
from gitops_gen.kustomize import build_all
from gitops_gen.manifest import UNREADABLE, ResourceId, load_placed, resource_id
from gitops_gen.problems import Location, Problem, in_order
from gitops_gen.routes.declared import assume
from gitops_gen.routes.judge import judge, of_good_form
from gitops_gen.routes.resource import Resource, read_resource
from gitops_gen.routes.table import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitops_gen.workflows.rendering import Verification

ENDINGS = {".yaml", ".yml", ".json"}
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
BUILD_TIMEOUT_S = 300.0

_NOT_A_RESOURCE = (KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found: problems in order, the texts that they point into, and how much was looked at."""

    problems: tuple[Problem, ...]
    texts: Mapping[str, str]
    clusters: int
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known about the clusters: their domain, and the namespaces of gateway pods by selector ("" for all).

    `mtls` is the mode of the mesh's TLS, as in an inventory; the strictest one finds most.
    """

    cluster_domain: str = "cluster.local"
    namespaces: Mapping[str, str]
    mtls: str = "strict"


def verify_folder(folder: Path, known: Surroundings, rendering: Callable[[], Verification | None]) -> Verified:
    """Read a folder and run the rules on what it renders.

    Each kustomization that no other one names is built and taken for one cluster; a folder without any is one cluster
    as it stands. `rendering` finds the program, and is asked only where there is something to build.
    Raises InputError when the folder cannot be read or holds nothing, ToolError when kustomize fails.
    """
    files = _Files()
    roots = _roots(folder, files)
    how = rendering() if roots else None
    if how is not None:
        built = build_all(how.kustomize, [root.resolve() for root in roots], how.jobs, BUILD_TIMEOUT_S)
        clusters = [_built(root, text, files) for root, text in zip(roots, built.values(), strict=True)]
    else:
        clusters = [[read for path in _manifests(folder) for read in files.resources(path)]]
    if not any(clusters):
        raise InputError(f"{folder} holds no resources", help="name a folder with manifests or a kustomization")
    problems = [problem for cluster in clusters for problem in judge_resources(cluster, known)]
    return Verified(
        problems=tuple(in_order([*files.problems, *problems])),
        texts=files.texts,
        clusters=len(clusters),
        resources=sum(map(len, clusters)),
    )


def judge_resources(resources: Iterable[Resource], known: Surroundings) -> list[Problem]:
    """Run the rules on the resources of one cluster, of which nothing else is declared."""
    good, problems = of_good_form(resources)
    declared = assume(good, cluster_domain=known.cluster_domain, namespaces=known.namespaces, mtls=known.mtls)
    return [*problems, *judge(read_table(good, declared))]


class _Files:
    """Files that were read, each once, and what is wrong with their text."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._read: dict[Path, list[tuple[int, Any]]] = {}

    def documents(self, path: Path) -> list[tuple[int, Any]]:
        """Return the documents of a file, each with its first line. Raises InputError."""
        key = path.resolve()
        if key not in self._read:
            self._read[key] = []
            try:
                text = path.read_bytes().decode("utf-8")
                self.texts[str(path)] = text
                self._read[key] = list(load_placed(text))
            except OSError as error:
                raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
            except UNREADABLE as error:
                mark = getattr(error, "problem_mark", None)
                line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
                message = f"this cannot be read as YAML: {getattr(error, 'problem', None) or error}"
                self.problems.append(
                    Problem(rule="GGI104", message=message, location=Location(str(path), line, column))
                )
        return self._read[key]

    def resources(self, path: Path) -> Iterator[Resource]:
        """Yield the resources of a file; what is none is somebody's values or a kustomization, and passed over."""
        for line, document in self.documents(path):
            for manifest in _flat(document):
                resource = _resource(manifest, Location(str(path), line, 1))
                if resource is not None:
                    yield resource


def _flat(document: Any) -> list[Any]:  # noqa: ANN401 - whatever YAML holds
    """Return a document, or what it lists where it is a List."""
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return list(document["items"])
    return [document]


def _resource(manifest: Any, location: Location) -> Resource | None:  # noqa: ANN401
    try:
        resource = read_resource(manifest, location)
    except _NOT_A_RESOURCE:
        return None
    texts = (resource.kind, resource.namespace, resource.name)
    return resource if all(isinstance(text, str) for text in texts) else None


def _manifests(folder: Path) -> list[Path]:
    """Return the manifests below a folder, but for hidden ones, in order."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no directory")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _roots(folder: Path, files: _Files) -> list[Path]:
    """Return the folder itself if it has a kustomization, else those that have one which no other names."""
    if _kustomization(folder) is not None:
        return [folder]
    found = sorted({path.parent for path in _manifests(folder) if path.name in KUSTOMIZATIONS})
    named = {named.resolve() for one in found for named in _named(one, files)}
    # kustomize builds a component on top of something only.
    return [one for one in found if one.resolve() not in named and not _is_component(one, files)]


def _kustomization(folder: Path) -> Path | None:
    return next((folder / name for name in KUSTOMIZATIONS if (folder / name).is_file()), None)


def _is_component(folder: Path, files: _Files) -> bool:
    path = _kustomization(folder)
    documents = files.documents(path) if path is not None else ()
    return any(isinstance(document, dict) and document.get("kind") == "Component" for _, document in documents)


def _named(folder: Path, files: _Files) -> list[Path]:
    """Return the files and folders that a kustomization names."""
    path = _kustomization(folder)
    named: list[Path] = []
    for _, document in files.documents(path) if path is not None else ():
        for field in ("resources", "components", "bases"):
            entries = document.get(field) if isinstance(document, dict) else None
            # Without the dots, so that reports name files as people do.
            named += [Path(normpath(folder / entry)) for entry in entries or () if isinstance(entry, str)]
    return named


def _built(root: Path, text: str, files: _Files) -> list[Resource]:
    """Read what kustomize made of a folder, and point each resource at the file that it came from."""
    places: dict[ResourceId, Location] = {}
    waiting, met = [root], set()
    while waiting:
        path = waiting.pop()
        if path.resolve() in met:
            continue
        met.add(path.resolve())
        if path.is_dir():
            waiting += _named(path, files)
        elif path.is_file():
            for resource in files.resources(path):
                places.setdefault(resource_id(resource.manifest), resource.location)
    unknown = Location(str(_kustomization(root) or root), 1, 1)
    found: Sequence[Resource | None] = [
        _resource(manifest, unknown) for _, document in load_placed(text) for manifest in _flat(document)
    ]
    return [
        resource._replace(location=places.get(resource_id(resource.manifest), unknown))
        for resource in found
        if resource is not None
    ]
