"""The engines' own CRDs accept every engine object, and would not accept a mistake in one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.manifest import load
from gitops_gen.model import Engine
from gitops_gen.workflows.desired import compile_tree
from gitops_gen.workflows.reading import load_inventory
from tests.command import EXAMPLES, ROOT
from tests.engine_samples import samples
from tests.oracle.crd import complaints, kinds

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = kinds()
SAMPLES = [(name, one) for name, one in samples() if f"{one['apiVersion']} {one['kind']}" in FACTS]


def test_the_facts_are_those_of_every_kind_of_the_engines() -> None:
    assert sorted(FACTS) == [
        "argoproj.io/v1alpha1 AppProject",
        "argoproj.io/v1alpha1 Application",
        "argoproj.io/v1alpha1 ApplicationSet",
        "kustomize.toolkit.fluxcd.io/v1 Kustomization",
        "source.toolkit.fluxcd.io/v1 GitRepository",
    ]
    others = {one["kind"] for _, one in samples() if f"{one['apiVersion']} {one['kind']}" not in FACTS}
    assert others == {"Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


def test_every_form_of_every_engine_object_is_accepted() -> None:
    found = {name: complaints(one, FACTS[f"{one['apiVersion']} {one['kind']}"]) for name, one in SAMPLES}
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize("engine", [Engine.ARGOCD, Engine.FLUX])
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_engine_objects_of_the_examples_are_accepted(example: str, engine: Engine) -> None:
    judged = load_inventory(str(ROOT / "examples" / example))
    assert judged.inventory is not None
    inventory = judged.inventory
    gitops = replace(inventory.mesh.gitops, repository="https://git.example.com/m.git", engine=engine)
    tree = compile_tree(
        replace(
            inventory,
            mesh=replace(inventory.mesh, gitops=gitops),
            clusters={name: replace(cluster, engine=engine) for name, cluster in inventory.clusters.items()},
        )
    )
    files = [path for path in tree if path.startswith("engines/") and not path.endswith("kustomization.yaml")]
    assert files
    for path in files:
        for one in load(tree[path].decode()):
            assert complaints(one, FACTS[f"{one['apiVersion']} {one['kind']}"]) == []


def first(kind: str) -> dict[str, Any]:
    return copy.deepcopy(next(dict(one) for _, one in SAMPLES if one["kind"] == kind))


@pytest.mark.parametrize(
    ("kind", "mistake", "said"),
    [
        ("Kustomization", lambda one: one["spec"].update(prunes=True), ".spec.prunes: unknown"),
        ("Kustomization", lambda one: one["spec"].pop("prune"), ".spec.prune: required"),
        ("Kustomization", lambda one: one["spec"].update(interval="10 minutes"), "does not match"),
        ("Kustomization", lambda one: one["spec"].update(wait="true"), ".spec.wait: str in place of boolean"),
        ("Kustomization", lambda one: one["spec"].update(deletionPolicy="Keep"), "is none of"),
        ("Kustomization", lambda one: one["spec"]["sourceRef"].update(kind="Git"), "is none of"),
        ("Kustomization", lambda one: one["spec"].update(images=[]), "no facts beyond its type"),
        ("Kustomization", lambda one: one["metadata"].update(name="Data"), "no DNS subdomain"),
        ("Kustomization", lambda one: one["metadata"].update(finalizer=[]), "metadata.finalizer: unknown"),
        ("Kustomization", lambda one: one["metadata"].update(labels={"a": 1}), "metadata.labels: not text"),
        ("GitRepository", lambda one: one["spec"].update(url="git@git.example.com:org/mesh.git"), "does not match"),
        ("GitRepository", lambda one: one["spec"].update(sparseCheckout="base"), "str in place of array"),
        ("Application", lambda one: one["spec"].pop("project"), ".spec.project: required"),
        ("Application", lambda one: one["spec"]["syncPolicy"].update(syncOption=[]), "syncOption: unknown"),
        ("ApplicationSet", lambda one: one["spec"]["generators"].append({"gits": {}}), ".spec.generators[1].gits"),
        ("AppProject", lambda one: one["spec"]["destinations"].append("*"), "str in place of object"),
    ],
)
def test_a_mistake_is_noticed(kind: str, mistake: Callable[[dict[str, Any]], None], said: str) -> None:
    one = first(kind)
    facts = FACTS[f"{one['apiVersion']} {kind}"]
    assert complaints(one, facts) == []
    mistake(one)
    (found,) = complaints(one, facts)
    assert said in found
