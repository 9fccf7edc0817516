"""The names as written: each is what Kubernetes and DNS accept in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.inventory.rules.words import (
    consumer_pattern_fault,
    container_port_fault,
    label_fault,
    label_key_fault,
    label_value_fault,
    pair_fault,
    service_fault,
    shown,
    subdomain_fault,
)
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_gen.inventory.format.cluster import ClusterDocument, IngressFields
    from gitops_gen.inventory.format.consumer import ConsumerDocument
    from gitops_gen.inventory.format.mesh import MeshDocument
    from gitops_gen.inventory.format.workload import PlacementFields, PortFields, WorkloadDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import Documents, Written


class Name(NamedTuple):
    """A name somewhere in a document: its path, what it names, and who says what is wrong with it."""

    path: Path
    text: str
    what: str
    fault: Callable[[str], str | None]


def valid_names(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI203: every name is one that Kubernetes and DNS accept where it ends up."""
    for mesh in documents.meshes:
        yield from _faulty(mesh, _mesh_names(mesh.fields))
    for cluster in documents.clusters:
        yield from _faulty(cluster, _cluster_names(cluster.fields))
    for workload in documents.workloads:
        yield from _faulty(workload, _workload_names(workload.fields))
    for consumer in documents.consumers:
        yield from _faulty(consumer, _consumer_names(consumer.fields))


def _faulty(
    written: Written[MeshDocument] | Written[ClusterDocument] | Written[WorkloadDocument] | Written[ConsumerDocument],
    names: Iterator[Name],
) -> Iterator[Problem]:
    for name in names:
        fault = name.fault(name.text)
        if fault is not None:
            yield Problem(
                rule="GGI203",
                message=f"the {name.what} {shown(name.text)} {fault}",
                location=written.at(*name.path),
                subject=written.subject,
                help=_help(name),
            )


def _help(name: Name) -> str:
    lower = name.text.lower().replace("_", "-")
    if name.fault(lower) is None:
        return f"for example {shown(lower)}"
    return (
        "" if name.fault in (pair_fault, consumer_pattern_fault) else "choose another name; names are never shortened"
    )


def _mesh_names(mesh: MeshDocument) -> Iterator[Name]:
    yield Name(("metadata", "name"), mesh.metadata.name, "Mesh name", label_fault)
    yield Name(("spec", "trustDomain"), mesh.spec.trust_domain, "trust domain", subdomain_fault)
    for place, claim in enumerate(mesh.spec.hosts):
        path = ("spec", "hosts", place)
        yield Name((*path, "suffix"), claim.suffix, "suffix", subdomain_fault)
        for inner, namespace in enumerate(claim.namespaces):
            yield Name((*path, "namespaces", inner), namespace, "namespace", label_fault)


def _cluster_names(cluster: ClusterDocument) -> Iterator[Name]:
    spec = cluster.spec
    # Services are called `<cluster>-<pod>`, so a cluster's name begins as a Service's does.
    yield Name(("metadata", "name"), cluster.metadata.name, "cluster name", service_fault)
    if spec.network is not None:
        yield Name(("spec", "network"), spec.network, "network", label_value_fault)
    if spec.istio.waypoint is not None:
        yield Name(("spec", "istio", "waypoint"), spec.istio.waypoint, "waypoint", label_fault)
    yield Name(("spec", "clusterDomain"), spec.cluster_domain, "cluster domain", subdomain_fault)
    for ingress_name, ingress in spec.ingresses.items():
        yield from _ingress_names(ingress_name, ingress)
    if spec.east_west is not None:
        yield Name(("spec", "eastWest", "namespace"), spec.east_west.namespace, "namespace", label_fault)


def _ingress_names(ingress_name: str, ingress: IngressFields) -> Iterator[Name]:
    path = ("spec", "ingresses", ingress_name)
    yield Name(path, ingress_name, "ingress name", label_fault)
    yield Name((*path, "namespace"), ingress.namespace, "namespace", label_fault)
    for key, secret in (("credentialName", ingress.credential_name), ("clientCA", ingress.client_ca)):
        # What a template makes is looked at for each pod.
        if secret is not None and "{" not in secret:
            yield Name((*path, key), secret, "credential name", subdomain_fault)
    if ingress.issuer_ref is not None:
        yield Name((*path, "issuerRef", "name"), ingress.issuer_ref.name, "issuer", subdomain_fault)
    if ingress.service is not None:
        yield Name((*path, "service"), ingress.service, "Service name", label_fault)
    if not isinstance(ingress.gateway, str):
        for port, listener in ingress.gateway.listeners.items():
            yield Name((*path, "gateway", "listeners", port), listener, "listener name", subdomain_fault)
        yield Name((*path, "gateway", "existing"), ingress.gateway.existing, "Gateway", pair_fault)


def _workload_names(workload: WorkloadDocument) -> Iterator[Name]:
    spec = workload.spec
    yield Name(("metadata", "namespace"), workload.metadata.namespace, "namespace", label_fault)
    yield Name(("metadata", "name"), workload.metadata.name, "workload name", label_fault)
    if spec.service is not None and spec.service.name is not None:
        fault = service_fault if spec.service.create else label_fault
        yield Name(("spec", "service", "name"), spec.service.name, "Service name", fault)
    if spec.service_account is not None:
        yield Name(("spec", "serviceAccount"), spec.service_account, "service account", subdomain_fault)
    for place, pattern in enumerate(spec.allow_consumers or ()):
        yield Name(("spec", "allowConsumers", place), pattern, "consumer", consumer_pattern_fault)
    for place, component in enumerate(spec.components):
        yield Name(("spec", "components", place), component, "component", label_fault)
    for place, port in enumerate(spec.ports):
        yield from _port_names(port, ("spec", "ports", place))
    for place, placement in enumerate(spec.placements):
        yield from _placement_names(placement, ("spec", "placements", place))


def _port_names(port: PortFields, path: Path) -> Iterator[Name]:
    yield Name((*path, "name"), port.name, "port name", label_fault)
    if isinstance(port.target_port, str):
        yield Name((*path, "targetPort"), port.target_port, "container port", container_port_fault)
    routes = port.expose if isinstance(port.expose, list) else [port.expose]
    for place, route in enumerate(routes):
        if route is not None and route.service is not None:
            inner = ("expose", place) if isinstance(port.expose, list) else ("expose",)
            yield Name((*path, *inner, "service"), route.service, "Service name", label_fault)


def _placement_names(placement: PlacementFields, path: Path) -> Iterator[Name]:
    if placement.stateful_set is not None:
        yield Name((*path, "statefulSet"), placement.stateful_set, "StatefulSet name", label_fault)
    if placement.service is not None:
        yield Name((*path, "service", "name"), placement.service.name, "Service name", label_fault)
    if placement.service_account is not None:
        yield Name((*path, "serviceAccount"), placement.service_account, "service account", subdomain_fault)
    if placement.pod_label is not None:
        yield Name((*path, "podLabel"), placement.pod_label, "label", label_key_fault)
    for place, name in enumerate(placement.names or ()):
        yield Name((*path, "names", place), name, "pod name", label_fault)
    for place, port in enumerate(placement.ports or ()):
        yield from _port_names(port, (*path, "ports", place))


def _consumer_names(consumer: ConsumerDocument) -> Iterator[Name]:
    spec = consumer.spec
    yield Name(("metadata", "namespace"), consumer.metadata.namespace, "namespace", label_fault)
    yield Name(("metadata", "name"), consumer.metadata.name, "consumer name", label_fault)
    for place, workload in enumerate(spec.workloads):
        yield Name(("spec", "workloads", place), workload, "workload", pair_fault)
    if spec.endpoints is not None:
        path = ("spec", "endpoints", "configMap")
        yield Name(path, spec.endpoints.config_map, "ConfigMap name", subdomain_fault)


def valid_labels(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI204: the keys and values of labels and selectors are ones that Kubernetes accepts."""
    for cluster in documents.clusters:
        spec = cluster.fields.spec
        yield from _faulty_labels(cluster, ("metadata", "labels"), cluster.fields.metadata.labels)
        for name, ingress in spec.ingresses.items():
            yield from _faulty_labels(cluster, ("spec", "ingresses", name, "selector"), ingress.selector)
        if spec.east_west is not None:
            yield from _faulty_labels(cluster, ("spec", "eastWest", "selector"), spec.east_west.selector)
    for workload in documents.workloads:
        yield from _faulty_labels(workload, ("spec", "selector"), workload.fields.spec.selector or {})


def _faulty_labels(
    written: Written[ClusterDocument] | Written[WorkloadDocument], path: Path, labels: Mapping[str, str]
) -> Iterator[Problem]:
    for key, value in labels.items():
        if (fault := label_key_fault(key)) is not None:
            message, location = f"the label {shown(key)} {fault}", written.at_key(*path, key)
        elif (fault := label_value_fault(value)) is not None:
            message, location = f"the value {shown(value)} of the label {shown(key)} {fault}", written.at(*path, key)
        else:
            continue
        yield Problem(rule="GGI204", message=message, location=location, subject=written.subject)


def named_once(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI225: a placement names each of its pods once."""
    for workload in documents.workloads:
        for place, placement in enumerate(workload.fields.spec.placements):
            first: dict[str, int] = {}
            for inner, name in enumerate(placement.names or ()):
                if first.setdefault(name, inner) != inner:
                    path = ("spec", "placements", place, "names")
                    yield Problem(
                        rule="GGI225",
                        message=f"pod {shown(name)} is named twice",
                        location=workload.at(*path, inner),
                        subject=workload.subject,
                        help="write each pod once",
                        related=(("the first time", workload.at(*path, first[name])),),
                    )


def components_once(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI246: a workload names each component once."""
    for workload in documents.workloads:
        first: dict[str, int] = {}
        for place, name in enumerate(workload.fields.spec.components):
            if first.setdefault(name, place) != place:
                yield Problem(
                    rule="GGI246",
                    message=f"component {shown(name)} is named twice",
                    location=workload.at("spec", "components", place),
                    subject=workload.subject,
                    help="write each component once, in the order in which they are to be put on top",
                    related=(("the first time", workload.at("spec", "components", first[name])),),
                )
