"""Engine objects of every form that gitops-gen writes: what is held against the engines' own CRDs."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from gitops_gen.engines.objects import engine_files
from gitops_gen.manifest import load
from gitops_gen.model import Applications, DeletionPolicy, Engine, Flux, GitOps, SyncUnit
from tests.factories import a_cluster, a_mesh, an_ingress, an_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.manifest import Manifest

_UNITS = {
    SyncUnit.CLUSTER: "overlays/east",
    SyncUnit.NAMESPACE: "overlays/east/data",
    SyncUnit.WORKLOAD: "overlays/east/data/kafka",
}

_PLAIN = GitOps(repository="git@git.example.com:org/mesh.git", branch="live", path="mesh")


def samples() -> Iterator[tuple[str, Manifest]]:
    """Yield a name and an object, for all settings that change what is written."""
    for unit, create, moving, applications in product(SyncUnit, (False, True), (False, True), Applications):
        gitops = GitOps(
            repository=_PLAIN.repository, sync_unit=unit, create_namespaces=create, applications=applications
        )
        yield from _objects(gitops, Engine.ARGOCD, moving=moving)
    yield from _objects(_PLAIN, Engine.ARGOCD, protected=True)
    for unit, create, policy in product(SyncUnit, (False, True), (None, *DeletionPolicy)):
        flux = Flux(service_accounts=create, sparse=create, deletion_policy=policy)
        gitops = GitOps(repository=_PLAIN.repository, path="mesh", sync_unit=unit, create_namespaces=create, flux=flux)
        yield from _objects(gitops, Engine.FLUX)


def _objects(
    gitops: GitOps, engine: Engine, *, moving: bool = False, protected: bool = False
) -> Iterator[tuple[str, Manifest]]:
    cluster = a_cluster(name="east", engine=engine, ingresses=(an_ingress(protected=protected),))
    inventory = an_inventory(mesh=a_mesh(gitops=gitops), clusters=[cluster], workloads=[])
    tree = {f"{_UNITS[gitops.sync_unit]}/kustomization.yaml": b"", "base/data/kafka/service.yaml": b""}
    for path, body in engine_files(inventory, tree, moving=moving).items():
        if not path.endswith("kustomization.yaml"):
            for manifest in load(body):
                yield f"{gitops.sync_unit} {manifest['kind']} {manifest['metadata']['name']}", manifest
