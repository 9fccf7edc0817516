"""A Mesh as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from gitops_gen.inventory.format.fields import Backend, Count, Fields, Given, Percent, Text
from gitops_gen.model import Applications, DeletionPolicy, Engine, GatewayChoice, SyncUnit


class NameMetadata(Fields):
    """The name of a Mesh."""

    name: Text
    """A lower-case DNS label. The Mesh's name owns every generated file: keep it for ever."""


class ArgoCDFields(Fields):
    """How Argo CD is told of the sync units."""

    applications: Applications = Applications.SET
    """`set`: an ApplicationSet makes the Applications; `plain`: each is written out."""


class FluxFields(Fields):
    """How Flux syncs the units."""

    service_accounts: StrictBool = False
    """True: a service account for each unit, with a Role for the kinds that gitops-gen writes and nothing else."""
    sparse: StrictBool = False
    """True: a cluster's GitRepository checks out only the folders that the cluster is built from."""
    deletion_policy: Given[DeletionPolicy] = None
    """What becomes of a unit's resources when its Kustomization is deleted: MirrorPrune (Flux's own default), Delete,
    WaitForTermination or Orphan, which keeps them."""


class GitOpsFields(Fields):
    """Where the generated tree is published."""

    repository: Given[Text] = None
    """The GitOps repository: `https://...`, `ssh://...`, `git@host:path` or a local path. Never with a password."""
    branch: Text = "main"
    """The branch that the engines follow."""
    path: Text = "."
    """The folder in the repository that belongs to this Mesh."""
    engine: Engine = Engine.NONE
    """Who applies the overlays: argocd, flux or none. A Cluster may differ."""
    sync_unit: SyncUnit = SyncUnit.NAMESPACE
    """What an engine syncs as one: a cluster, a namespace in it, or a workload."""
    create_namespaces: StrictBool = False
    """True: the engines create the namespaces that are missing, and never delete one."""
    argocd: ArgoCDFields = Field(default_factory=ArgoCDFields)
    """What the objects for Argo CD are like."""
    flux: FluxFields = Field(default_factory=FluxFields)
    """What the objects for Flux are like."""


class LimitFields(Fields):
    """A guard's limit, in number and in percent of what is there; whichever is less holds."""

    at_most: Given[Count] = None
    """The highest number that passes without an approval."""
    percent: Given[Percent] = None
    """The highest share, in percent, that passes without an approval."""


class GuardsFields(Fields):
    """How much one publish may take away or change in a cluster without an approval."""

    removed_workloads: LimitFields = Field(default_factory=LimitFields)
    """Workloads that are taken away (default: at most 3, 10 percent)."""
    removed_resources: LimitFields = Field(default_factory=LimitFields)
    """Resources that are taken away (default: 10 percent)."""
    changed_hosts: LimitFields = Field(default_factory=LimitFields)
    """Hosts that change (default: 30 percent)."""


class HostClaimFields(Fields):
    """Reserves the hosts under a suffix for some namespaces."""

    suffix: Text
    """A domain such as `db.example.com`: the claim covers it and every host that ends in `.db.example.com`."""
    namespaces: Annotated[list[Text], Field(min_length=1)]
    """The namespaces whose workloads may use these hosts; all others are refused."""


class MeshSpec(Fields):
    """What holds for the whole mesh."""

    trust_domain: Text = "cluster.local"
    """Istio's trust domain, the first part of every workload identity."""
    vip_pool: Text = "240.241.0.0/16"
    """IPv4 range for shapes that need an address of their own; outside 240.240.0.0/16, which is Istio's."""
    gitops: GitOpsFields = Field(default_factory=GitOpsFields)
    """The GitOps repository and who applies it."""
    guards: GuardsFields = Field(default_factory=GuardsFields)
    """Limits on what one publish may take away."""
    hosts: list[HostClaimFields] = []
    """Who may use which hosts."""
    backend: Given[Backend] = None
    """How a route names one pod, where Cluster, Workload and placement say nothing. Default: auto."""
    gateways: Given[GatewayChoice] = None
    """A Gateway per pod or shared ones, where Cluster, Workload and placement say nothing. Default: auto."""


class MeshDocument(Fields):
    """The mesh that an inventory describes; there is exactly one."""

    api_version: Literal["gitops-gen.io/v1alpha1"]
    """The version of the inventory language."""
    kind: Literal["Mesh"]
    """What this document describes."""
    metadata: NameMetadata
    """The Mesh's name."""
    spec: MeshSpec = Field(default_factory=MeshSpec)
    """Trust domain, publishing, guards and defaults for all clusters."""
