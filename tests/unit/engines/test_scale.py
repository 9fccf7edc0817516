"""A hundred clusters with fifty namespaces each, in one repository: what the engines' objects come to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from gitops_gen.engines.objects import ARGOCD_FILE, engine_files, flux_files
from gitops_gen.model import Applications, Engine, GitOps
from gitops_gen.workflows.desired import compile_tree
from tests.factories import a_cluster, a_mesh, a_placement, a_workload, an_inventory

if TYPE_CHECKING:
    from gitops_gen.model import Inventory

CLUSTERS = [f"cluster-{number:03}" for number in range(100)]
NAMESPACES = [f"namespace-{number:02}" for number in range(50)]

ETCD = 1_572_864
"""The largest object that etcd takes by default, in bytes (1.5 MiB)."""

STATUS_OF_ONE = json.dumps(
    {
        "group": "argoproj.io",
        "health": {"lastTransitionTime": "2026-01-31T12:00:00Z", "status": "Progressing"},
        "kind": "Application",
        "name": "cluster-000.namespace-00",
        "namespace": "argocd",
        "status": "OutOfSync",
        "version": "v1alpha1",
    }
)
"""What an ApplicationSet's status has of each Application."""


def mesh(engines: dict[str, Engine], **gitops: object) -> Inventory:
    settings = {"repository": "https://git.example.com/org/mesh.git", **gitops}
    return an_inventory(
        mesh=a_mesh(gitops=GitOps(**settings)),  # type: ignore[arg-type]
        clusters=[a_cluster(name=name, engine=engine) for name, engine in engines.items()],
        workloads=[],
    )


def tree(*more: str) -> dict[str, bytes]:
    units = [f"overlays/{cluster}/{namespace}" for cluster in CLUSTERS for namespace in NAMESPACES]
    return dict.fromkeys((f"{unit}/kustomization.yaml" for unit in (*units, *more)), b"")


def sizes(files: dict[str, str]) -> dict[str, int]:
    """Return the bytes of each object; as YAML, which is about what an API stores, and is not read again here."""
    found = {}
    for path, body in files.items():
        for document in body.split("---\n"):
            kind = re.search(r"^kind: (.*)$", document, re.MULTILINE)
            name = re.search(r"^  name: (.*)$", document, re.MULTILINE)
            if kind and name:
                found[f"{path} {kind[1]} {name[1]}"] = len(document)
    return found


@pytest.mark.parametrize("applications", Applications)
def test_the_objects_of_argocd_stay_far_below_what_etcd_takes(applications: Applications) -> None:
    everywhere = mesh(dict.fromkeys(CLUSTERS, Engine.ARGOCD), applications=applications)
    found = sizes(engine_files(everywhere, tree()))
    assert len(found) == (2 if applications is Applications.SET else 5001)
    assert max(found.values()) < ETCD / 4, "the AppProject's destinations are the most of it"
    if applications is Applications.SET:
        status = len(STATUS_OF_ONE) * len(CLUSTERS) * len(NAMESPACES)
        assert found[f"{ARGOCD_FILE} ApplicationSet gitops-gen"] + status < ETCD


def test_each_cluster_with_flux_has_small_objects_of_its_own_and_the_engines_do_not_mix() -> None:
    halves = {name: Engine.FLUX if number % 2 else Engine.ARGOCD for number, name in enumerate(CLUSTERS)}
    before = engine_files(mesh(halves), tree())
    assert max(sizes({path: body for path, body in before.items() if path != ARGOCD_FILE}).values()) < 1_000
    assert len([path for path in before if path.endswith("gitops-gen.yaml")]) == 51
    for name, engine in halves.items():
        assert (name in before[ARGOCD_FILE]) is (engine is Engine.ARGOCD)
        assert (flux_files(name)[0] in before) is (engine is Engine.FLUX)
        others = [other for other in CLUSTERS if other != name]
        assert not any(other in before.get(flux_files(name)[0], "") for other in others)
    # One more namespace is a line of one cluster.
    after = engine_files(mesh(halves), tree("overlays/cluster-007/new", "overlays/cluster-008/new"))
    assert {path for path in after if after[path] != before.get(path)} == {ARGOCD_FILE, flux_files("cluster-007")[0]}
    assert after[ARGOCD_FILE].replace("  - name: cluster-008\n    namespace: new\n", "") == before[ARGOCD_FILE]


def test_a_change_in_one_cluster_touches_that_clusters_units_alone() -> None:
    names = CLUSTERS[:12]

    def compiled(more: str = "") -> dict[str, bytes]:
        workloads = [
            a_workload(
                namespace=namespace,
                name="db",
                create_service=True,
                selector=(("app", "db"),),
                placements=tuple(
                    a_placement(
                        cluster=name,
                        stateful_set="db",
                        replicas=2 if (name, namespace) == (more, "namespace-03") else 1,
                    )
                    for name in names
                ),
            )
            for namespace in NAMESPACES[:6]
        ]
        gitops = GitOps(repository="https://git.example.com/m.git", engine=Engine.ARGOCD)
        clusters = [
            a_cluster(name=name, engine=Engine.FLUX if number % 2 else Engine.ARGOCD)
            for number, name in enumerate(names)
        ]
        return dict(compile_tree(an_inventory(mesh=a_mesh(gitops=gitops), clusters=clusters, workloads=workloads)))

    before = compiled()
    for name in names[4:6]:
        after = compiled(name)
        changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        assert changed
        assert all(path.startswith(f"overlays/{name}/namespace-03/") for path in changed)
