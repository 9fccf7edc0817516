"""Explain: where a generated file, a resource, a pod or the value of a setting comes from, and why it is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.engines.units import Unit
from gitops_gen.errors import InputError
from gitops_gen.exposure import exposures
from gitops_gen.inventory.settings import setting_names, settings
from gitops_gen.inventory.suggestions import did_you_mean
from gitops_gen.layout.paths import KUSTOMIZATION, Folder, base_from_overlay, overlay_folder
from gitops_gen.layout.seal import read_seal
from gitops_gen.layout.units import unit_of
from gitops_gen.manifest import load_placed, resource_id
from gitops_gen.model import BackendChoice
from gitops_gen.problems import Location
from gitops_gen.resources.labels import POD
from gitops_gen.resources.shapes import backend, entry_obstacles, gateway_layout
from gitops_gen.resources.surroundings import read_surroundings
from gitops_gen.workflows.desired import compile_desired
from gitops_gen.workflows.proving import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.compiled import Compiled
    from gitops_gen.inventory.written import Documents
    from gitops_gen.model import Cluster, Inventory, Placement, Pod, Workload
    from gitops_gen.resources.surroundings import Surroundings
    from gitops_gen.workflows.desired import Desired


class Fact(NamedTuple):
    """One line of an explanation: what it is about, what is so, and the place that makes it so."""

    about: str
    text: str
    location: Location | None = None


class Explanation(NamedTuple):
    """Everything about one thing that was asked for."""

    subject: str
    facts: tuple[Fact, ...]


PURPOSES = {
    "AppProject": "limits what Argo CD may sync, and where to",
    "Application": "makes Argo CD sync one unit",
    "ApplicationSet": "makes an Argo CD Application of each sync unit",
    "Certificate": "makes cert-manager keep a certificate for hosts at the ingress",
    "ClusterRole": "what the account of a sync unit may do in all namespaces",
    "ClusterRoleBinding": "gives that to the account of a sync unit",
    "ConfigMap": "a list of endpoints that a Consumer reads, or what keeps an emptied sync unit",
    "DNSEndpoint": "makes external-dns write the records of hosts",
    "DestinationRule": "tells callers how to speak to a host: TLS, connections",
    "GRPCRoute": "leads a host at the gateway to exactly one pod, for gRPC",
    "Gateway": "opens a port of the ingress for the hosts of pods",
    "GitRepository": "tells Flux where the tree is",
    "HTTPRoute": "leads a host at the gateway to exactly one pod",
    "Kustomization": "makes Flux sync one unit",
    "ListenerSet": "adds ports to a Gateway for the hosts of pods",
    "Namespace": "a namespace that sync units need",
    "PeerAuthentication": "tells the sidecars of the pods which TLS they accept",
    "Role": "what the account of a sync unit may do in its namespace",
    "RoleBinding": "gives that to the account of a sync unit",
    "Service": "a name in the mesh: of one pod for routes, of all pods for DNS, or of a pod in another cluster",
    "ServiceAccount": "the account with which Flux applies a sync unit",
    "ServiceEntry": "a name in the mesh by which a route reaches exactly one pod",
    "TCPRoute": "leads a port of the gateway to exactly one pod",
    "TLSRoute": "leads a server name at the gateway to exactly one pod",
    "VirtualService": "leads a host at the gateway to exactly one pod",
}
"""What each kind is there for, and who reads it, in a few words."""


def explain(
    inventory: Inventory, documents: Documents, target: str, *, cluster: str | None = None, workload: str | None = None
) -> list[Explanation]:
    """Explain a file of the tree, a resource (`Kind/namespace/name`), a pod (`[namespace/]name`) or a setting.

    `cluster` and `workload` (`namespace/name`) narrow down what is meant. Raises InputError where nothing has that
    name, with the nearest that has.
    """
    if cluster is not None and cluster not in inventory.clusters:
        raise InputError(
            f"the inventory has no cluster {cluster}", help=did_you_mean(cluster, tuple(inventory.clusters))
        )
    found: list[Explanation] = []
    desired = compile_desired(inventory)
    view = _View(inventory, documents, desired, Places(desired.tree), cluster, workload)
    for look in (_file, _resources, _pods, _settings):
        found = list(look(view, target))
        if found:
            return found
    raise InputError(f"nothing here is called {target}", help=_nearest(view, target))


class _View(NamedTuple):
    """What is looked through."""

    inventory: Inventory
    documents: Documents
    desired: Desired
    places: Places
    cluster: str | None
    workload: str | None

    def clusters(self) -> list[str]:
        """Return the clusters that are asked about."""
        return [name for name in self.inventory.clusters if self.cluster in {None, name}]


def _nearest(view: _View, target: str) -> str:
    pods = {pod.name for _, _, pod in _all_pods(view)}
    known = [*setting_names(view.documents), *pods]
    otherwise = (
        "name a file of the tree, a resource (Kind/namespace/name), a pod or a setting such as backend; for a host, "
        "ask `gitops-gen trace`"
    )
    return did_you_mean(target, known, otherwise=otherwise)


# --- files -----------------------------------------------------------------------------------------------------------


def _file(view: _View, target: str) -> Iterator[Explanation]:
    path = next((path for path in view.desired.tree if target == path or target.endswith(f"/{path}")), None)
    if path is None:
        return
    content = view.desired.tree[path]
    found = read_seal(content)
    facts = list(_sources(view.documents, found.source if found is not None else ""))
    for line, manifest in load_placed(content.decode()):
        kind, name = manifest["kind"], manifest.get("metadata", {}).get("name", "")
        text = f"{kind} {name}".rstrip() + (f": {PURPOSES[kind]}" if kind in PURPOSES and name else "")
        facts.append(Fact("holds", text, Location(path, line, 1)))
    facts += [Fact("rendered in", unit) for unit in _units_of(view, path)]
    yield Explanation(path, tuple(facts))


def _sources(documents: Documents, source: str) -> Iterator[Fact]:
    places = {
        written.subject: written.name_place
        for of_kind in (documents.meshes, documents.clusters, documents.workloads, documents.consumers)
        for written in of_kind
    }
    for subject in filter(None, source.split(", ")):
        # What a seal says of a kustomization: `namespace monitoring of Cluster east`.
        yield Fact("comes from", subject, places.get(subject, places.get(subject.rpartition(" of ")[2])))


def _units_of(view: _View, path: str) -> list[str]:
    """Return the sync units that render a file: its own, or those that build on its base."""
    sync_unit = view.inventory.mesh.gitops.sync_unit
    unit = unit_of(path, sync_unit)
    if unit is not None:
        return [_unit(view.inventory, unit)]
    parts = path.split("/")
    if parts[0] != "base":
        return []
    folder = Folder(parts[1], parts[2])
    way = base_from_overlay(folder)
    above = [f"{overlay_folder(cluster, folder)}/kustomization.yaml" for cluster in view.inventory.clusters]
    units = [unit_of(one, sync_unit) for one in above if way.encode() in view.desired.tree.get(one, b"")]
    return [_unit(view.inventory, unit) for unit in units if unit is not None]


def _unit(inventory: Inventory, folder: str) -> str:
    _, name, *below = folder.split("/")
    cluster = inventory.clusters.get(name)
    engine = cluster.engine.value if cluster is not None else inventory.mesh.gitops.engine.value
    synced = f", synced by {engine} as {Unit(name, tuple(below)).name}" if engine != "none" else ""
    return f"sync unit {folder}{synced}"


# --- resources -------------------------------------------------------------------------------------------------------


def _resources(view: _View, target: str) -> Iterator[Explanation]:
    kind, _, rest = target.replace(" ", "/").partition("/")
    namespace, _, name = rest.rpartition("/")
    for cluster in view.clusters():
        for piece in view.desired.compiled.get(cluster, ()) if name else ():
            found = resource_id(piece.manifest)
            if (found.kind.lower(), found.name) == (kind.lower(), name) and namespace in {"", found.namespace}:
                subject = f"{found.kind} {found.namespace}/{name} in {cluster}"
                yield Explanation(subject, tuple(_of_resource(view, cluster, piece)))


def _of_resource(view: _View, cluster: str, piece: Compiled) -> Iterator[Fact]:
    metadata, folder = piece.manifest["metadata"], Folder(piece.place.namespace, piece.place.folder)
    yield Fact("is there for", PURPOSES[piece.manifest["kind"]])
    location = view.places(cluster, piece)
    yield Fact("stands in", location.file.partition("/")[0], location)
    pod = metadata["labels"].get(POD)
    if pod is not None:
        yield Fact("belongs to", f"pod {piece.place.namespace}/{pod}")
    yield from _sources(view.documents, piece.place.source)
    for unit in _units_of(view, f"{overlay_folder(cluster, folder)}/{KUSTOMIZATION}"):
        yield Fact("rendered in", unit)


# --- pods ------------------------------------------------------------------------------------------------------------


def _all_pods(view: _View) -> Iterator[tuple[Workload, Placement, Pod]]:
    for workload in view.inventory.workloads:
        for placement in workload.placements:
            if view.cluster in {None, placement.cluster} and view.workload in {None, workload.key}:
                for pod in placement.pods:
                    yield workload, placement, pod


def _pods(view: _View, target: str) -> Iterator[Explanation]:
    surroundings = read_surroundings(view.inventory)
    for workload, placement, pod in _all_pods(view):
        if target in {pod.name, f"{workload.namespace}/{pod.name}"}:
            cluster = view.inventory.clusters[placement.cluster]
            facts = [
                Fact("placed by", f"Workload {workload.key}", placement.origin),
                _named_by(workload, placement, cluster, surroundings),
                *_ways(workload, placement, pod, cluster),
                *_resources_of(view, workload, pod, cluster.name),
            ]
            yield Explanation(f"pod {workload.namespace}/{pod.name} in {cluster.name}", tuple(facts))


_CHOSEN = {
    BackendChoice.AUTO: "`backend: auto` takes it",
    BackendChoice.EXISTING: "`backend` names Services that are there",
}


def _named_by(workload: Workload, placement: Placement, cluster: Cluster, surroundings: Surroundings) -> Fact:
    """Say how routes name the pod, and why."""
    kind = backend(workload, placement, cluster, surroundings)
    why = _CHOSEN.get(placement.backend, f"`backend: {placement.backend.value}` says so")
    if placement.backend is BackendChoice.AUTO:
        against = entry_obstacles(workload, placement, cluster, surroundings)
        reasons = "; ".join(obstacle.value for obstacle in against)
        why += f", as {reasons}" if reasons else ", as nothing speaks against it"
    return Fact("named by", f"{kind.value}: {why}", placement.origin)


def _ways(workload: Workload, placement: Placement, pod: Pod, cluster: Cluster) -> Iterator[Fact]:
    for exposure in exposures(workload, placement, cluster):
        if exposure.pod == pod:
            layout = gateway_layout(placement.gateways, exposure.ingress, exposure.port)
            text = (
                f"{exposure.host}:{exposure.gateway_port} at ingress {exposure.ingress.name} ({layout.value} Gateway) "
                f"-> port {exposure.port.name} ({exposure.port.target}, {exposure.port.protocol.value})"
            )
            yield Fact("reached by", text, exposure.route.origin)


def _resources_of(view: _View, workload: Workload, pod: Pod, cluster: str) -> Iterator[Fact]:
    for piece in view.desired.compiled.get(cluster, ()):
        labels = piece.manifest["metadata"]["labels"]
        if piece.place.namespace == workload.namespace and labels.get(POD) == pod.name:
            found = resource_id(piece.manifest)
            text = f"{found.kind} {found.namespace}/{found.name}: {PURPOSES[found.kind]}"
            yield Fact("has", text, view.places(cluster, piece))


# --- settings --------------------------------------------------------------------------------------------------------


def _settings(view: _View, target: str) -> Iterator[Explanation]:
    for setting in settings(view.documents, target):
        # What holds for no cluster or workload in particular holds for the one that is asked about.
        if view.cluster not in {None, setting.cluster or view.cluster}:
            continue
        if view.workload not in {None, setting.workload or view.workload}:
            continue
        said = setting.said
        by = f"said by {said.holder}" if said.location is not None else "by default"
        facts = [Fact("is", f"{said.value}, {by}", said.location)]
        facts += [Fact("overrules", f"{one.value} of {one.holder}", one.location) for one in setting.overruled]
        yield Explanation(f"{target} of {setting.subject}", tuple(facts))
