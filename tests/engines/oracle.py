"""What should live in a cluster, by kustomize alone, against what does.

It shares nothing with gitops-gen: the branch is checked out, each unit's folder is built by the kustomize that both
engines embed, and each resource is compared with the API server's, field by field.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from tests.programs.catalogue import program

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.programs.kube import Kube

KINDS = (
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("networking.istio.io/v1", "DestinationRule"),
    ("networking.istio.io/v1", "Gateway"),
    ("networking.istio.io/v1", "ServiceEntry"),
    ("networking.istio.io/v1", "VirtualService"),
    ("security.istio.io/v1", "PeerAuthentication"),
)
ANNOTATIONS = ("argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune")
"""By which an engine prunes something, or does not."""

VERSIONS = {kind: version for version, kind in KINDS}
LABEL = ("app.kubernetes.io/managed-by", "gitops-gen")


class Name(NamedTuple):
    """What names a resource in a cluster."""

    kind: str
    namespace: str
    name: str


def live(kube: Kube) -> dict[Name, dict[str, Any]]:
    """Return every resource in a cluster that bears our label, but for the engines' own objects."""
    found = {}
    for version, kind in KINDS:
        for one in kube.list(version, kind):
            metadata = one["metadata"]
            if metadata.get("labels", {}).get(LABEL[0]) == LABEL[1]:
                found[Name(kind, metadata["namespace"], metadata["name"])] = one
    return found


def rendered(repository: Path, revision: str, cluster: str) -> dict[Name, dict[str, Any]]:
    """Return what kustomize makes of every unit of a cluster at a commit."""
    found: dict[Name, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="gitops-gen-engines-") as made:
        archive = subprocess.run(["git", "archive", revision], cwd=repository, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", made], input=archive, check=True)
        folder = Path(made) / "overlays" / cluster
        if not folder.is_dir():
            return found
        for unit in sorted(path.parent for path in folder.glob("*/kustomization.yaml")):
            built = subprocess.run([program("kustomize"), "build", unit], capture_output=True, text=True, check=True)
            for one in yaml.load_all(built.stdout, yaml.CSafeLoader):
                metadata = one["metadata"]
                name = Name(one["kind"], metadata["namespace"], metadata["name"])
                assert name not in found, f"{name} is in two units"
                found[name] = one
    return found


def differences(wanted: Mapping[Name, Mapping[str, Any]], there: Mapping[Name, Mapping[str, Any]]) -> list[str]:
    """Say in what a cluster differs from what should be there; nothing where it does not."""
    lines = [f"missing: {_text(name)}" for name in sorted(wanted.keys() - there.keys())]
    lines += [f"too many: {_text(name)}" for name in sorted(there.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & there.keys()):
        lines += [f"different: {_text(name)}: {place}" for place in _differing(wanted[name], there[name], name.kind)]
    return lines


def _differing(wanted: Mapping[str, Any], there: Mapping[str, Any], kind: str) -> list[str]:
    """Return the places at which a live resource differs. Istio's kinds have no defaults: their spec must be equal."""
    exact = kind not in {"ConfigMap", "Service"}
    places = []
    if exact and wanted.get("spec") != there.get("spec"):
        places.append("spec")
    for field in () if exact else ("spec", "data"):
        places += _not_within(wanted.get(field, {}), there.get(field, {}), field)
    annotations = [one["metadata"].get("annotations", {}) for one in (wanted, there)]
    # Taken off they must be, though an engine may leave them where another has put them on as well.
    places += [name for name in ANNOTATIONS if annotations[0].get(name) != annotations[1].get(name)]
    for field in ("labels", "annotations"):
        own = wanted["metadata"].get(field, {})
        places += _not_within(own, there["metadata"].get(field, {}), f"metadata.{field}")
    return places


def _not_within(wanted: Any, there: Any, place: str) -> list[str]:
    """Return where a value is not what is wanted; what the API server has added by default does not count."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return [found for key in wanted for found in _not_within(wanted[key], there.get(key), f"{place}.{key}")]
    if isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        pairs = enumerate(zip(wanted, there, strict=True))
        return [found for number, (one, two) in pairs for found in _not_within(one, two, f"{place}[{number}]")]
    return [] if wanted == there else [place]


def identities(there: Mapping[Name, Mapping[str, Any]]) -> dict[Name, str]:
    """Return what tells a resource from another of the same name that was made later."""
    return {name: one["metadata"]["uid"] for name, one in there.items()}


def versions(there: Mapping[Name, Mapping[str, Any]]) -> dict[Name, str]:
    """Return what changes with every change of a resource."""
    return {name: one["metadata"]["resourceVersion"] for name, one in there.items()}


def by_kind(names: Iterable[Name]) -> dict[str, int]:
    """Count resources by kind."""
    found: dict[str, int] = {}
    for name in sorted(names):
        found[name.kind] = found.get(name.kind, 0) + 1
    return found


def _text(name: Name) -> str:
    return f"{name.kind} {name.namespace}/{name.name}"
