"""Annotations that keep engines from deleting a resource that leaves the unit which they have it from.

Both engines' words are written, whichever syncs the cluster: a cluster may be on its way from one to the other, or be
synced by objects that somebody else wrote (docs/explanation/what-engines-and-kustomize-do.md, "Moves").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.manifest import Manifest

_FLUX, _DISABLED = "kustomize.toolkit.fluxcd.io/prune", "disabled"
_ARGOCD, _NEVER = "argocd.argoproj.io/sync-options", "Prune=false"
ANNOTATIONS = (_ARGOCD, _FLUX)


def kept_from_pruning(manifest: Manifest) -> Manifest:
    """Return a resource that no engine deletes when it leaves a unit. Other annotations and sync options stay."""
    annotations = _annotations(manifest)
    options = [*filter(None, annotations.get(_ARGOCD, "").split(",")), _NEVER]
    kept = {**annotations, _ARGOCD: ",".join(dict.fromkeys(options)), _FLUX: _DISABLED}
    return _annotated(manifest, dict(sorted(kept.items())))


def pruned_again(manifest: Manifest) -> Manifest:
    """Return a resource as it was before `kept_from_pruning`."""
    if not is_kept(manifest):
        return manifest
    annotations = {name: text for name, text in _annotations(manifest).items() if name not in {_FLUX, _ARGOCD}}
    options = [word for word in _annotations(manifest).get(_ARGOCD, "").split(",") if word and word != _NEVER]
    if options:
        annotations = dict(sorted({**annotations, _ARGOCD: ",".join(options)}.items()))
    return _annotated(manifest, annotations)


def is_kept(manifest: Manifest) -> bool:
    """Tell whether a resource is kept from pruning."""
    annotations = _annotations(manifest)
    return annotations.get(_FLUX) == _DISABLED and _NEVER in annotations.get(_ARGOCD, "").split(",")


def _annotations(manifest: Manifest) -> dict[str, str]:
    return dict(manifest["metadata"].get("annotations") or {})


def _annotated(manifest: Manifest, annotations: dict[str, str]) -> Manifest:
    """Return a resource with exactly these annotations, after its labels where kubectl has them."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    return {**manifest, "metadata": metadata}
