from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from gitops_gen.engines.flux import flux_url
from gitops_gen.engines.objects import engine_files, flux_files
from gitops_gen.layout.kustomization import kustomization
from gitops_gen.manifest import load, resource_id
from gitops_gen.model import Applications, DeletionPolicy, Engine, Flux, GitOps, Inventory, SyncUnit
from tests.factories import a_cluster, a_mesh, an_ingress, an_inventory

REPOSITORY = "https://git.example.com/org/mesh.git"


def bodies(inventory: Inventory, units: list[str], *more: str, moving: bool = False) -> dict[str, str]:
    """Return the engine files for some units, and for more files of the tree."""
    tree = dict.fromkeys([*(f"{unit}/kustomization.yaml" for unit in units), *more], b"")
    return engine_files(inventory, tree, moving=moving)


def objects(inventory: Inventory, units: list[str], *more: str, moving: bool = False) -> dict[str, list[Any]]:
    """Return the engine objects for some units by file, but for kustomizations."""
    files = bodies(inventory, units, *more, moving=moving)
    return {path: list(load(body)) for path, body in files.items() if not path.endswith("kustomization.yaml")}


def mesh_of(engines: dict[str, Engine], **gitops: object) -> Inventory:
    settings = {"repository": REPOSITORY, "engine": Engine.FLUX, **gitops}
    return an_inventory(
        mesh=a_mesh(gitops=GitOps(**settings)),  # type: ignore[arg-type]
        clusters=[a_cluster(name=name, engine=engine) for name, engine in engines.items()],
        workloads=[],
    )


def test_argocd_in_full() -> None:
    inventory = mesh_of({"east": Engine.ARGOCD, "west": Engine.ARGOCD, "other": Engine.NONE})
    files = bodies(inventory, ["overlays/west/data", "overlays/east/data", "overlays/other/data"])
    assert list(files) == ["engines/argocd/gitops-gen.yaml"]
    assert (
        files["engines/argocd/gitops-gen.yaml"]
        == """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: gitops-gen
  namespace: argocd
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  sourceRepos:
  - "https://git.example.com/org/mesh.git"
  destinations:
  - name: east
    namespace: data
  - name: west
    namespace: data
  clusterResourceWhitelist: []
  namespaceResourceWhitelist:
  - group: ""
    kind: ConfigMap
  - group: ""
    kind: Service
  - group: cert-manager.io
    kind: Certificate
  - group: externaldns.k8s.io
    kind: DNSEndpoint
  - group: gateway.networking.k8s.io
    kind: GRPCRoute
  - group: gateway.networking.k8s.io
    kind: Gateway
  - group: gateway.networking.k8s.io
    kind: HTTPRoute
  - group: gateway.networking.k8s.io
    kind: ListenerSet
  - group: gateway.networking.k8s.io
    kind: TCPRoute
  - group: gateway.networking.k8s.io
    kind: TLSRoute
  - group: networking.istio.io
    kind: DestinationRule
  - group: networking.istio.io
    kind: Gateway
  - group: networking.istio.io
    kind: ServiceEntry
  - group: networking.istio.io
    kind: VirtualService
  - group: security.istio.io
    kind: PeerAuthentication
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: gitops-gen
  namespace: argocd
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  goTemplate: true
  goTemplateOptions:
  - "missingkey=error"
  generators:
  - git:
      repoURL: "https://git.example.com/org/mesh.git"
      revision: refs/heads/main
      directories:
      - path: "overlays/east/*"
      - path: "overlays/west/*"
  syncPolicy:
    applicationsSync: create-update
    preserveResourcesOnDeletion: true
  template:
    metadata:
      name: "{{index .path.segments 1}}.{{index .path.segments 2}}"
      annotations:
        argocd.argoproj.io/manifest-generate-paths: ".;/base/{{index .path.segments 2}}"
    spec:
      project: gitops-gen
      source:
        repoURL: "https://git.example.com/org/mesh.git"
        targetRevision: refs/heads/main
        path: "{{.path.path}}"
      destination:
        name: "{{index .path.segments 1}}"
        namespace: "{{index .path.segments 2}}"
      syncPolicy:
        automated:
          enabled: true
          prune: true
          selfHeal: true
          allowEmpty: false
        syncOptions:
        - "ApplyOutOfSyncOnly=true"
        - "PruneLast=true"
        - "ServerSideApply=true"
        - "FailOnSharedResource=true"
        retry:
          limit: 2
          backoff:
            duration: "5s"
            factor: 2
            maxDuration: "1m"
"""
    )


def test_a_confirmed_deletion_stays_confirmed() -> None:
    engines = {"east": Engine.ARGOCD, "west": Engine.ARGOCD, "other": Engine.FLUX}
    folders = [f"overlays/{name}/data" for name in (*engines, "left")]

    def preserved(protected: str) -> object:
        inventory = mesh_of(engines)
        asking = replace(inventory.clusters[protected], ingresses=(an_ingress(), an_ingress(protected=True)))
        inventory = replace(inventory, clusters={**inventory.clusters, protected: asking}, left={"left": Engine.ARGOCD})
        _project, made = objects(inventory, folders)["engines/argocd/gitops-gen.yaml"]
        return made["spec"].get("preservedFields")

    assert preserved("west") == {"annotations": ["argocd.argoproj.io/deletion-approved"]}
    assert preserved("other") is None, "Argo CD does not sync it"


def test_flux_in_full() -> None:
    inventory = mesh_of({"east": Engine.FLUX, "west": Engine.ARGOCD}, branch="live")
    files = bodies(inventory, ["overlays/east/data", "overlays/east/monitoring", "overlays/west/data"])
    assert list(files) == [
        "engines/argocd/gitops-gen.yaml",
        "engines/flux/east/gitops-gen.yaml",
        "engines/flux/east/kustomization.yaml",
    ]
    assert files["engines/flux/east/kustomization.yaml"] == kustomization(["gitops-gen.yaml"])
    assert (
        files["engines/flux/east/gitops-gen.yaml"]
        == """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: gitops-gen
  namespace: flux-system
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  interval: "10m"
  timeout: "60s"
  url: "https://git.example.com/org/mesh.git"
  ref:
    branch: live
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: data
  namespace: flux-system
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  interval: "10m"
  retryInterval: "2m"
  timeout: "3m"
  path: "./overlays/east/data"
  prune: true
  wait: true
  sourceRef:
    kind: GitRepository
    name: gitops-gen
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: monitoring
  namespace: flux-system
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  interval: "10m"
  retryInterval: "2m"
  timeout: "3m"
  path: "./overlays/east/monitoring"
  prune: true
  wait: true
  sourceRef:
    kind: GitRepository
    name: gitops-gen
"""
    )


CLUSTER, NAMESPACE, WORKLOAD = (f"{{{{index .path.segments {place}}}}}" for place in (3, 4, 5))


@pytest.mark.parametrize(
    ("sync_unit", "folder", "expected"),
    [
        (
            SyncUnit.CLUSTER,
            "overlays/east",
            ("*", "live/mesh/overlays/east", CLUSTER, "default", ".;/live/mesh/base"),
        ),
        (
            SyncUnit.NAMESPACE,
            "overlays/east/data",
            (
                "data",
                "live/mesh/overlays/east/*",
                f"{CLUSTER}.{NAMESPACE}",
                NAMESPACE,
                f".;/live/mesh/base/{NAMESPACE}",
            ),
        ),
        (
            SyncUnit.WORKLOAD,
            "overlays/east/data/kafka",
            (
                "data",
                "live/mesh/overlays/east/*/*",
                f"{CLUSTER}.{NAMESPACE}.{WORKLOAD}",
                NAMESPACE,
                f".;/live/mesh/base/{NAMESPACE}/{WORKLOAD}",
            ),
        ),
    ],
)
def test_each_sync_unit_below_a_path_of_the_repository(
    sync_unit: SyncUnit, folder: str, expected: tuple[str, ...]
) -> None:
    permitted, directory, name, namespace, paths = expected
    inventory = mesh_of({"east": Engine.ARGOCD}, sync_unit=sync_unit, path="live/mesh")
    project, applications = objects(inventory, [folder])["engines/argocd/gitops-gen.yaml"]
    assert project["spec"]["destinations"] == [{"name": "east", "namespace": permitted}]
    spec = applications["spec"]
    assert spec["generators"][0]["git"]["directories"] == [{"path": directory}]
    assert spec["template"]["metadata"] == {
        "name": name,
        "annotations": {"argocd.argoproj.io/manifest-generate-paths": paths},
    }
    assert spec["template"]["spec"]["destination"] == {"name": CLUSTER, "namespace": namespace}


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("overlays/east", "east", "./live/overlays/east"),
        ("overlays/east/data", "data", "./live/overlays/east/data"),
        ("overlays/east/data/consumer.query", "data.consumer.query", "./live/overlays/east/data/consumer.query"),
    ],
)
def test_flux_names_units_after_their_folders(folder: str, name: str, path: str) -> None:
    sync_unit = [SyncUnit.CLUSTER, SyncUnit.NAMESPACE, SyncUnit.WORKLOAD][folder.count("/") - 1]
    inventory = mesh_of({"east": Engine.FLUX}, path="./live/", sync_unit=sync_unit)
    _source, kustomization = objects(inventory, [folder])["engines/flux/east/gitops-gen.yaml"]
    assert kustomization["metadata"]["name"] == name
    assert kustomization["spec"]["path"] == path


def test_a_cluster_that_left_the_inventory_keeps_its_engine_or_else_that_of_the_mesh() -> None:
    inventory = mesh_of({"east": Engine.ARGOCD})
    assert list(objects(inventory, ["overlays/gone/data"])) == ["engines/flux/gone/gitops-gen.yaml"]
    known = replace(inventory, left={"gone": Engine.ARGOCD})
    assert list(objects(known, ["overlays/gone/data"])) == ["engines/argocd/gitops-gen.yaml"]


def test_without_an_engine_or_units_there_is_nothing() -> None:
    assert bodies(mesh_of({"east": Engine.NONE}), ["overlays/east/data"]) == {}
    assert bodies(mesh_of({"east": Engine.FLUX}), []) == {}


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("https://git.example.com/org/mesh.git", "https://git.example.com/org/mesh.git"),
        ("ssh://git@git.example.com:2222/org/mesh.git", "ssh://git@git.example.com:2222/org/mesh.git"),
        ("git@git.example.com:org/mesh.git", "ssh://git@git.example.com/org/mesh.git"),
        ("git@git.example.com:/srv/mesh.git", "ssh://git@git.example.com/srv/mesh.git"),
        ("git.example.com:mesh.git", "ssh://git.example.com/mesh.git"),
        ("/srv/git/mesh.git", "/srv/git/mesh.git"),
    ],
)
def test_flux_gets_urls_that_it_takes(repository: str, url: str) -> None:
    assert flux_url(repository) == url


UNITS = ["overlays/east/data", "overlays/east/monitoring"]


def test_plain_applications_are_the_template_of_the_set_with_its_values() -> None:
    plain = mesh_of({"east": Engine.ARGOCD}, applications=Applications.PLAIN, path="live")
    project, data, monitoring = objects(plain, UNITS)["engines/argocd/gitops-gen.yaml"]
    _, made = objects(mesh_of({"east": Engine.ARGOCD}, path="live"), UNITS)["engines/argocd/gitops-gen.yaml"]
    assert project["kind"] == "AppProject"
    assert (data["metadata"]["name"], monitoring["metadata"]["name"]) == ("east.data", "east.monitoring")
    assert "finalizers" not in data["metadata"]
    assert data["metadata"]["annotations"] == {"argocd.argoproj.io/manifest-generate-paths": ".;/live/base/data"}
    template = made["spec"]["template"]["spec"]
    assert data["spec"] == {
        **template,
        "source": {**template["source"], "path": "live/overlays/east/data"},
        "destination": {"name": "east", "namespace": "data"},
    }


def test_argocd_creates_namespaces_where_that_is_asked_for() -> None:
    asked = mesh_of({"east": Engine.ARGOCD}, create_namespaces=True, applications=Applications.PLAIN)
    project, *applications = objects(asked, UNITS)["engines/argocd/gitops-gen.yaml"]
    assert project["spec"]["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]
    for one in applications:
        assert "CreateNamespace=true" in one["spec"]["syncPolicy"]["syncOptions"]


def test_nothing_minds_a_shared_resource_in_the_middle_of_a_move() -> None:
    for applications in Applications:
        inventory = mesh_of({"east": Engine.ARGOCD}, applications=applications)
        usual, moving = (str(objects(inventory, UNITS, moving=one)) for one in (False, True))
        assert "FailOnSharedResource=true" in usual
        assert "FailOnSharedResource" not in moving


@pytest.mark.parametrize("policy", DeletionPolicy)
def test_flux_is_told_what_to_do_when_a_unit_goes(policy: DeletionPolicy) -> None:
    inventory = mesh_of({"east": Engine.FLUX}, flux=Flux(deletion_policy=policy))
    _, unit, _ = objects(inventory, UNITS)["engines/flux/east/gitops-gen.yaml"]
    assert unit["spec"]["deletionPolicy"] == policy


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), ["live/overlays/east"]),
        (("base/data/db/service.yaml", "overlays/west/data/x.yaml"), ["live/base", "live/overlays/east"]),
    ],
)
def test_a_sparse_source_names_folders_that_are_there(more: tuple[str, ...], expected: list[str]) -> None:
    inventory = mesh_of({"east": Engine.FLUX, "west": Engine.NONE}, flux=Flux(sparse=True), path="live")
    source, *_ = objects(inventory, UNITS, *more)["engines/flux/east/gitops-gen.yaml"]
    assert source["spec"]["sparseCheckout"] == expected
    gitops = replace(inventory.mesh.gitops, create_namespaces=True)
    both = replace(inventory, mesh=replace(inventory.mesh, gitops=gitops))
    source, *_ = objects(both, UNITS, *more)["engines/flux/east/gitops-gen.yaml"]
    assert source["spec"]["sparseCheckout"] == sorted([*expected, "live/engines/flux/east"])


def test_namespaces_are_a_unit_of_their_own_that_every_other_waits_for() -> None:
    files = objects(mesh_of({"east": Engine.FLUX}, create_namespaces=True), UNITS)
    _, first, *units = files["engines/flux/east/gitops-gen.yaml"]
    assert first["metadata"]["name"] == "gitops-gen.cluster.prerequisites"
    assert first["spec"]["path"] == "./engines/flux/east/prerequisites"
    assert "dependsOn" not in first["spec"]
    assert [one["spec"]["dependsOn"] for one in units] == [[{"name": first["metadata"]["name"]}]] * 2
    namespaces = files["engines/flux/east/prerequisites/gitops-gen.yaml"]
    assert [one["metadata"]["name"] for one in namespaces] == ["data", "monitoring"]
    for one in namespaces:
        assert one["kind"] == "Namespace"
        assert one["metadata"]["annotations"] == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}, "never deleted"


def test_each_unit_has_an_account_with_rights_in_its_namespace_only() -> None:
    files = objects(mesh_of({"east": Engine.FLUX}, flux=Flux(service_accounts=True)), UNITS)
    _, _, data, _ = files["engines/flux/east/gitops-gen.yaml"]
    assert data["spec"]["serviceAccountName"] == "gitops-gen.data"
    found = {str(resource_id(one)): one for one in files["engines/flux/east/prerequisites/gitops-gen.yaml"]}
    assert sorted(found) == [
        "Role data/gitops-gen.data",
        "Role monitoring/gitops-gen.monitoring",
        "RoleBinding data/gitops-gen.data",
        "RoleBinding monitoring/gitops-gen.monitoring",
        "ServiceAccount flux-system/gitops-gen.data",
        "ServiceAccount flux-system/gitops-gen.monitoring",
    ]
    assert found["Role data/gitops-gen.data"]["rules"][0]["resources"] == ["configmaps", "services"]
    assert not any("*" in str(one["rules"]) for one in found.values() if one["kind"] == "Role")
    binding = found["RoleBinding data/gitops-gen.data"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "gitops-gen.data"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "gitops-gen.data", "namespace": "flux-system"}]


def test_where_a_cluster_is_one_unit_its_rights_hold_in_all_namespaces() -> None:
    inventory = mesh_of({"east": Engine.FLUX}, flux=Flux(service_accounts=True), sync_unit=SyncUnit.CLUSTER)
    found = objects(inventory, ["overlays/east"])["engines/flux/east/prerequisites/gitops-gen.yaml"]
    assert [str(resource_id(one)) for one in found] == [
        "ServiceAccount flux-system/gitops-gen.east",
        "ClusterRole gitops-gen.east",
        "ClusterRoleBinding gitops-gen.east",
    ]


def test_the_paths_of_flux_files_are_known() -> None:
    everything = mesh_of({"east": Engine.FLUX}, create_namespaces=True)
    assert sorted(bodies(everything, UNITS)) == sorted(flux_files("east"))


EXTENDED = kustomization(["db-0.yaml"], ["../../../../components/team"]).encode()


@pytest.mark.parametrize(("path", "before"), [(".", ""), ("mesh/one", "mesh/one/")])
def test_argocd_looks_for_changes_in_components_where_units_have_some(path: str, before: str) -> None:
    inventory = mesh_of({"east": Engine.ARGOCD, "west": Engine.ARGOCD}, path=path)
    tree = {
        "overlays/east/data/kustomization.yaml": b"",
        "overlays/east/data/db/kustomization.yaml": EXTENDED,
        "overlays/east/datum/db/kustomization.yaml": b"",
        "overlays/west/data/db/kustomization.yaml": b"",
    }

    def paths(applications: Applications) -> list[str]:
        gitops = replace(inventory.mesh.gitops, applications=applications)
        files = engine_files(replace(inventory, mesh=replace(inventory.mesh, gitops=gitops)), tree)
        return re.findall(r"generate-paths: \"?([^\"\n]*)", files["engines/argocd/gitops-gen.yaml"])

    namespace = f"{{{{index .path.segments {2 + before.count('/')}}}}}"
    assert paths(Applications.SET) == [f".;/{before}base/{namespace};/{before}components"]
    assert paths(Applications.PLAIN) == [
        f".;/{before}base/data;/{before}components",
        f".;/{before}base/datum",
        f".;/{before}base/data",
    ]


def test_a_sparse_source_of_flux_has_the_components_of_its_cluster() -> None:
    inventory = mesh_of({"east": Engine.FLUX, "west": Engine.FLUX}, flux=Flux(sparse=True))
    tree = {
        "base/data/db/service.yaml": b"",
        "overlays/east/data/db/kustomization.yaml": EXTENDED,
        "overlays/west/data/db/kustomization.yaml": b"",
    }
    files = engine_files(inventory, tree)

    def sparse(cluster: str) -> Any:
        source = next(iter(load(files[f"engines/flux/{cluster}/gitops-gen.yaml"])))
        return source["spec"]["sparseCheckout"]

    assert sparse("east") == ["base", "components", "overlays/east"]
    assert sparse("west") == ["base", "overlays/west"]
