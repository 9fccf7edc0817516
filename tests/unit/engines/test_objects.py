from __future__ import annotations

import pytest

from gitops_gen.engines.flux import flux_url
from gitops_gen.engines.objects import engine_files
from gitops_gen.manifest import dump
from gitops_gen.model import Engine, GitOps, Inventory, SyncUnit
from tests.factories import a_cluster, a_mesh, an_inventory

REPOSITORY = "https://git.example.com/org/mesh.git"


def mesh_of(engines: dict[str, Engine], **gitops: object) -> Inventory:
    settings = {"repository": REPOSITORY, "engine": Engine.FLUX, **gitops}
    return an_inventory(
        mesh=a_mesh(gitops=GitOps(**settings)),  # type: ignore[arg-type]
        clusters=[a_cluster(name=name, engine=engine) for name, engine in engines.items()],
        workloads=[],
    )


def test_argocd_in_full() -> None:
    inventory = mesh_of({"east": Engine.ARGOCD, "west": Engine.ARGOCD, "other": Engine.NONE})
    files = engine_files(inventory, ["overlays/west/data", "overlays/east/data", "overlays/other/data"])
    assert list(files) == ["engines/argocd/gitops-gen.yaml"]
    assert (
        dump(files["engines/argocd/gitops-gen.yaml"])
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


def test_flux_in_full() -> None:
    inventory = mesh_of({"east": Engine.FLUX, "west": Engine.ARGOCD}, branch="live")
    files = engine_files(inventory, ["overlays/east/data", "overlays/east/monitoring", "overlays/west/data"])
    assert list(files) == ["engines/argocd/gitops-gen.yaml", "engines/flux/east/gitops-gen.yaml"]
    assert (
        dump(files["engines/flux/east/gitops-gen.yaml"])
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
    project, applications = engine_files(inventory, [folder])["engines/argocd/gitops-gen.yaml"]
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
    inventory = mesh_of({"east": Engine.FLUX}, path="./live/")
    _source, kustomization = engine_files(inventory, [folder])["engines/flux/east/gitops-gen.yaml"]
    assert kustomization["metadata"]["name"] == name
    assert kustomization["spec"]["path"] == path


def test_a_cluster_that_left_the_inventory_keeps_the_engine_of_the_mesh() -> None:
    inventory = mesh_of({"east": Engine.ARGOCD})
    files = engine_files(inventory, ["overlays/gone/data"])
    assert list(files) == ["engines/flux/gone/gitops-gen.yaml"]


def test_without_an_engine_or_units_there_is_nothing() -> None:
    assert engine_files(mesh_of({"east": Engine.NONE}), ["overlays/east/data"]) == {}
    assert engine_files(mesh_of({"east": Engine.FLUX}), []) == {}


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
