"""Small meshes as compiled resources, their trees, and the plan from one to another: what tests of plans start from.

The resources are written out here and not by the builders, so that a plan is tested on what it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.compiled import Compiled, Place
from gitops_gen.layout.build import build_tree, manifests_by_path
from gitops_gen.layout.units import lost_units
from gitops_gen.model import SyncUnit
from gitops_gen.plan.census import take_census
from gitops_gen.plan.compare import plan_changes
from tests.factories import a_mesh, a_placement, a_workload, an_inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory
    from gitops_gen.plan.changes import Plan

Mesh = dict[str, list[Compiled]]
"""Cluster -> what it renders."""


def a_manifest(kind: str, namespace: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Manifest:
    """Make a resource; `spec` is `data` for a ConfigMap."""
    version = {"Service": "v1", "ConfigMap": "v1", "PeerAuthentication": "security.istio.io/v1"}
    return {
        "apiVersion": version.get(kind, "networking.istio.io/v1"),
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        ("data" if kind == "ConfigMap" else "spec"): dict(spec),
    }


def a_pod(
    cluster: str,
    key: str,
    pod: str,
    *,
    host: str | None = "{cluster}-{pod}.example.com",
    port: int = 9090,
    gateway_port: int | None = 443,
    entry: bool = False,
    attempts: int = 0,
) -> list[Compiled]:
    """Make Service (or ServiceEntry), VirtualService and Gateway of one pod; without `host` only the first."""
    namespace, _, workload = key.partition("/")
    name = f"{cluster}-{pod}"
    place = Place(namespace=namespace, folder=workload, file=pod, source=f"Workload {key}")
    labels = {"gitops-gen.io/pod": pod, "gitops-gen.io/workload": workload}
    backend = (
        a_manifest(
            "ServiceEntry",
            namespace,
            name,
            {
                "hosts": [f"{pod}.{workload}.{namespace}.svc.cluster.local"],
                "ports": [{"number": port, "name": "http-web", "protocol": "HTTP"}],
                "exportTo": [".", "istio-ingress"],
            },
            labels=labels,
        )
        if entry
        else a_manifest(
            "Service",
            namespace,
            name,
            {"ports": [{"name": "http-web", "port": port, "targetPort": port, "appProtocol": "http"}]},
            labels=labels,
            annotations={"networking.istio.io/exportTo": ".,istio-ingress"},
        )
    )
    made = [backend]
    if host is not None and gateway_port is not None:
        external = host.format(cluster=cluster, pod=pod)
        destination = {"host": f"{name}.{namespace}.svc.cluster.local", "port": {"number": port}}
        rule = {
            "match": [{"port": gateway_port}],
            "route": [{"destination": destination}],
            "retries": {"attempts": attempts},
        }
        made += [
            a_manifest(
                "VirtualService",
                namespace,
                name,
                {"hosts": [external], "gateways": [name], "exportTo": [".", "istio-ingress"], "http": [rule]},
                labels=labels,
            ),
            a_manifest(
                "Gateway",
                namespace,
                name,
                {
                    "selector": {"istio": "ingressgateway"},
                    "servers": [
                        {
                            "port": {"number": gateway_port, "name": "http", "protocol": "HTTP"},
                            "hosts": [f"./{external}"],
                        }
                    ],
                },
                labels=labels,
            ),
        ]
    return [Compiled(manifest, place) for manifest in made]


def pods(cluster: str, key: str, ordinals: Iterable[int], **settings: Any) -> list[Compiled]:
    """Make the pods `<workload>-<ordinal>` of a workload in a cluster."""
    name = key.partition("/")[2]
    return [member for ordinal in ordinals for member in a_pod(cluster, key, f"{name}-{ordinal}", **settings)]


def a_policy(key: str, mode: str = "ISTIO_MUTUAL") -> Compiled:
    """Make the DestinationRule of a workload: not per pod, so it stands in base where its clusters agree."""
    namespace, _, name = key.partition("/")
    rule = a_manifest(
        "DestinationRule",
        namespace,
        name,
        {
            "host": f"{name}.{namespace}.svc.cluster.local",
            "trafficPolicy": {"tls": {"mode": mode}},
            "exportTo": ["."],
        },
    )
    return Compiled(rule, Place(namespace, name, "destination-rule", f"Workload {key}", shared=True))


def an_endpoint_list(key: str, endpoints: Sequence[str]) -> Compiled:
    """Make the ConfigMap of a consumer."""
    namespace, _, name = key.partition("/")
    text = "- targets:\n" + "".join(f"  - {endpoint}\n" for endpoint in endpoints)
    made = a_manifest("ConfigMap", namespace, f"{name}-endpoints", {"endpoints.yaml": text})
    return Compiled(made, Place(namespace, f"consumer.{name}", "config-map", f"Consumer {key}"))


def tree_of(mesh: Mesh, retired: Iterable[str] = ()) -> dict[str, bytes]:
    """Lay a mesh out as a tree."""
    return build_tree(_inventory_of(mesh), mesh, retired)


def resources_of(mesh: Mesh) -> dict[str, list[Manifest]]:
    """Return the resources in each file of the tree of a mesh."""
    return manifests_by_path(_inventory_of(mesh), mesh)


def _inventory_of(mesh: Mesh) -> Inventory:
    placed: dict[tuple[str, str], set[str]] = {}
    for cluster, members in mesh.items():
        for member in members:
            if "." not in member.place.folder:
                placed.setdefault((member.place.namespace, member.place.folder), set()).add(cluster)
    workloads = [
        a_workload(
            namespace=namespace,
            name=name,
            placements=tuple(a_placement(cluster=cluster) for cluster in sorted(clusters)),
        )
        for (namespace, name), clusters in sorted(placed.items())
    ]
    return an_inventory(mesh=a_mesh(), workloads=tuple(workloads))


def plan_of(
    before: Mesh, after: Mesh, *, sync_unit: SyncUnit = SyncUnit.NAMESPACE, inventory: str = "sha256:1"
) -> Plan:
    """Plan the way from what one mesh publishes to another, as a publish would: emptied units get their tombstone."""
    old, new = tree_of(before), tree_of(after)
    lost = lost_units(new, {path: content for path, content in old.items() if path not in new}, "example", sync_unit)
    if lost:
        new = tree_of(after, lost)
    return plan_of_trees(old, new, after, sync_unit=sync_unit, inventory=inventory)


def plan_of_trees(
    old: Mapping[str, bytes],
    new: Mapping[str, bytes],
    after: Mesh,
    *,
    sync_unit: SyncUnit = SyncUnit.NAMESPACE,
    inventory: str = "sha256:1",
    compiled: Mapping[str, Sequence[Manifest]] | None = None,
) -> Plan:
    """Plan the way from one tree to another; `after` is what the second one was made of."""
    return plan_changes(
        inventory_digest=inventory,
        sync_unit=sync_unit,
        census=take_census(after, sync_unit),
        before={path: content for path, content in old.items() if new.get(path) != content},
        after={path: content for path, content in new.items() if old.get(path) != content},
        deletes=[path for path in old if path not in new],
        kept=new,
        paths_before=list(old),
        compiled=compiled,
    )
