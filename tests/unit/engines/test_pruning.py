from __future__ import annotations

import pytest

from gitops_gen.engines.pruning import is_kept, kept_from_pruning, pruned_again
from gitops_gen.manifest import dump

FLUX, ARGOCD = "kustomize.toolkit.fluxcd.io/prune", "argocd.argoproj.io/sync-options"
BOTH = {ARGOCD: "Prune=false", FLUX: "disabled"}


def resource(annotations: dict[str, str] | None = None) -> dict[str, object]:
    metadata: dict[str, object] = {"name": "one", "namespace": "data", "labels": {"a": "b"}}
    if annotations is not None:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": []}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, BOTH),
        ({"networking.istio.io/exportTo": "."}, {**BOTH, "networking.istio.io/exportTo": "."}),
        ({ARGOCD: "Prune=confirm"}, {ARGOCD: "Prune=confirm,Prune=false", FLUX: "disabled"}),
    ],
)
def test_a_kept_resource_goes_back_to_its_very_bytes(before: dict[str, str] | None, after: dict[str, str]) -> None:
    kept = kept_from_pruning(resource(before))
    assert kept["metadata"]["annotations"] == after
    assert list(kept["metadata"]["annotations"]) == sorted(after)
    assert is_kept(kept)
    assert kept_from_pruning(kept) == kept
    assert not is_kept(resource(before))
    assert dump([pruned_again(kept)]) == dump([resource(before)])
    assert pruned_again(resource(before)) == resource(before)


@pytest.mark.parametrize("annotations", [{FLUX: "disabled"}, {ARGOCD: "Prune=false"}, {**BOTH, FLUX: "enabled"}])
def test_only_both_words_keep_a_resource(annotations: dict[str, str]) -> None:
    assert not is_kept(resource(annotations))
    assert pruned_again(resource(annotations)) == resource(annotations)
