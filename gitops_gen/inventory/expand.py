"""From what is written to what is meant: defaults filled in, labels resolved, pods named.

Expansion never fails and reports nothing: what cannot be resolved (a cluster that nobody knows, a TCP route without
a port) is left out, and the rules say so. Its result is used only where no rule found an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.lookup import Clusters, default_ingress
from gitops_gen.inventory.placements import Inherited, expand_placement, inherited
from gitops_gen.model import (
    Api,
    Cluster,
    Component,
    Consumer,
    EastWest,
    EndpointList,
    Flux,
    GitOps,
    Guards,
    HostClaim,
    Ingress,
    Inventory,
    Issuer,
    Istio,
    Limit,
    Mesh,
    Switch,
    TlsOrigination,
    Workload,
)
from gitops_gen.problems import Location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.inventory.format.cluster import ClusterDocument, IngressFields
    from gitops_gen.inventory.format.consumer import ConsumerDocument, TlsOriginationFields
    from gitops_gen.inventory.format.mesh import LimitFields, MeshDocument
    from gitops_gen.inventory.format.workload import WorkloadDocument as WorkloadFields
    from gitops_gen.inventory.written import Documents, Written

NOWHERE = Location(file="", line=1, column=1)
"""The place of a Mesh that is not there."""

_NO_MESH = Mesh(name="mesh", origin=NOWHERE)


def expand_inventory(documents: Documents, digest: str = "") -> Inventory:
    """Return the inventory that the documents describe; of two documents with one name, the first counts."""
    mesh_document = documents.meshes[0] if documents.meshes else None
    mesh = expand_mesh(mesh_document) if mesh_document else _NO_MESH
    clusters = Clusters(documents.clusters)
    expanded = {name: expand_cluster(clusters.by_name[name], mesh) for name in sorted(clusters.by_name)}
    from_clusters = {
        name: inherited(
            clusters.by_name[name].fields.spec,
            mesh_document.fields.spec if mesh_document else None,
        )
        for name in expanded
    }
    workloads: dict[str, Workload] = {}
    for written in documents.workloads:
        key = f"{written.fields.metadata.namespace}/{written.fields.metadata.name}"
        if key not in workloads:
            workloads[key] = expand_workload(written, clusters, expanded, from_clusters)
    consumers: dict[str, Consumer] = {}
    for consumer in map(expand_consumer, documents.consumers):
        consumers.setdefault(consumer.key, consumer)
    return Inventory(
        mesh=mesh,
        clusters=expanded,
        workloads=tuple(sorted(workloads.values(), key=_by_key)),
        consumers=tuple(sorted(consumers.values(), key=_by_key)),
        digest=digest,
    )


def _by_key(named: Workload | Consumer) -> tuple[str, str]:
    return named.namespace, named.name


def expand_mesh(written: Written[MeshDocument]) -> Mesh:
    """Return the Mesh with its defaults."""
    spec = written.fields.spec
    gitops, standard = spec.gitops, Guards()
    return Mesh(
        name=written.fields.metadata.name,
        trust_domain=spec.trust_domain,
        vip_pool=spec.vip_pool,
        gitops=GitOps(
            repository=gitops.repository or "",
            branch=gitops.branch,
            path=gitops.path,
            engine=gitops.engine,
            sync_unit=gitops.sync_unit,
            create_namespaces=gitops.create_namespaces,
            applications=gitops.argocd.applications,
            flux=Flux(
                service_accounts=gitops.flux.service_accounts,
                sparse=gitops.flux.sparse,
                deletion_policy=gitops.flux.deletion_policy,
            ),
        ),
        guards=Guards(
            removed_workloads=_limit(spec.guards.removed_workloads, standard.removed_workloads),
            removed_resources=_limit(spec.guards.removed_resources, standard.removed_resources),
            changed_hosts=_limit(spec.guards.changed_hosts, standard.changed_hosts),
        ),
        hosts=tuple(
            HostClaim(
                suffix=claim.suffix, namespaces=tuple(claim.namespaces), origin=written.at("spec", "hosts", place)
            )
            for place, claim in enumerate(spec.hosts)
        ),
        origin=written.name_place,
    )


def _limit(fields: LimitFields, standard: Limit) -> Limit:
    return Limit(
        at_most=standard.at_most if fields.at_most is None else fields.at_most,
        percent=standard.percent if fields.percent is None else fields.percent,
    )


def expand_cluster(written: Written[ClusterDocument], mesh: Mesh) -> Cluster:
    """Return a cluster with its defaults and those of the Mesh."""
    metadata, spec = written.fields.metadata, written.fields.spec
    return Cluster(
        name=metadata.name,
        labels=_pairs(metadata.labels),
        istio=Istio(
            version=spec.istio.version,
            mtls=spec.istio.mtls,
            dns_capture=spec.istio.dns_capture,
            endpoint_discovery=spec.istio.endpoint_discovery,
            outbound_policy=spec.istio.outbound_policy,
            ambient=spec.istio.dataplane == "ambient",
            waypoint=spec.istio.waypoint,
            gateway_api_version=spec.istio.gateway_api_version,
            gateway_api_alpha=spec.istio.gateway_api_alpha,
        ),
        network=spec.network or "",
        cluster_domain=spec.cluster_domain,
        ingresses=_ingresses(written),
        east_west=_east_west(written),
        engine=mesh.gitops.engine if spec.engine is None else spec.engine,
        output=spec.output,
        origin=written.name_place,
    )


def _ingresses(written: Written[ClusterDocument]) -> tuple[Ingress, ...]:
    default = default_ingress(written.fields)
    standard = Api.GATEWAY_API if written.fields.spec.istio.dataplane == "ambient" else Api.ISTIO
    return tuple(
        Ingress(
            name=name,
            default=name == default,
            namespace=fields.namespace,
            selector=_pairs(fields.selector),
            host_template=fields.host_template or "",
            open_ports=tuple(filter(None, map(port_range, fields.open_ports or ()))),
            credential_name=fields.credential_name,
            client_ca=fields.client_ca,
            scoped=fields.scoped,
            existing_gateway=None if isinstance(fields.gateway, str) else fields.gateway.existing,
            protected=fields.protected,
            addresses=tuple(fields.addresses),
            api=fields.api or standard,
            service=fields.service,
            listeners=_listeners(fields),
            listener_sets=fields.listener_sets,
            dns_endpoint=fields.dns is not None,
            issuer=_issuer(fields),
            origin=written.at_key("spec", "ingresses", name),
        )
        for name, fields in sorted(written.fields.spec.ingresses.items())
    )


def _issuer(fields: IngressFields) -> Issuer | None:
    if fields.certificates is None or fields.issuer_ref is None:
        return None
    return Issuer(name=fields.issuer_ref.name, kind=fields.issuer_ref.kind, group=fields.issuer_ref.group)


def _listeners(fields: IngressFields) -> tuple[tuple[int, str], ...]:
    """Return the names of listeners by port, without keys that are no port."""
    if isinstance(fields.gateway, str):
        return ()
    ports = ((port_range(written), name) for written, name in fields.gateway.listeners.items())
    return tuple(sorted((port[0], name) for port, name in ports if port is not None and port[0] == port[1]))


def port_range(text: int | str) -> tuple[int, int] | None:
    """Read a port (`443`, `"443"`) or a range of ports (`31000-31099`); None if it is neither."""
    if isinstance(text, int):
        return text, text
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not all(number.isascii() and number.isdigit() and len(number) <= len("65535") for number in (first, last)):
        return None
    low, high = int(first), int(last)
    return (low, high) if 1 <= low <= high <= 65535 else None  # noqa: PLR2004 - the highest port


def _east_west(written: Written[ClusterDocument]) -> EastWest | None:
    fields = written.fields.spec.east_west
    if fields is None:
        return None
    return EastWest(
        addresses=tuple(fields.addresses or ()) if fields.address is None else (fields.address,),
        port=fields.port,
        namespace=fields.namespace,
        selector=_pairs(fields.selector),
        generated=fields.gateway == "generated",
        origin=written.at_key("spec", "eastWest"),
    )


def expand_workload(
    written: Written[WorkloadFields],
    clusters: Clusters,
    expanded: Mapping[str, Cluster],
    from_clusters: Mapping[str, Inherited],
) -> Workload:
    """Return a workload with one placement for each cluster that each of its written placements is in."""
    metadata, spec = written.fields.metadata, written.fields.spec
    placements = [
        expand_placement(written, place, expanded[name], from_clusters[name])
        for place, fields in enumerate(spec.placements)
        for name in clusters.of(fields)
    ]
    return Workload(
        namespace=metadata.namespace,
        name=metadata.name,
        selector=_pairs(spec.selector or {}),
        create_service=spec.service is not None and spec.service.create,
        set_aside=tuple(Switch(rule=one.rule, reason=one.reason) for one in spec.set_aside),
        components=tuple(
            Component(name=name, origin=written.at("spec", "components", place))
            for place, name in enumerate(spec.components)
        ),
        allow_consumers=None if spec.allow_consumers is None else tuple(spec.allow_consumers),
        # Sorting is stable: within a cluster the order written stays.
        placements=tuple(sorted(placements, key=lambda placement: placement.cluster)),
        origin=written.name_place,
    )


def expand_consumer(written: Written[ConsumerDocument]) -> Consumer:
    """Return a consumer; the workloads that it names are looked up by the rules and by who compiles it."""
    metadata, spec = written.fields.metadata, written.fields.spec
    endpoints = spec.endpoints
    return Consumer(
        namespace=metadata.namespace,
        name=metadata.name,
        cluster=spec.cluster,
        workloads=tuple(sorted(set(spec.workloads))),
        via=spec.via,
        port=spec.port,
        originate=_originate(spec.originate_tls),
        endpoints=None if endpoints is None else EndpointList(config_map=endpoints.config_map, format=endpoints.format),
        origin=written.name_place,
    )


def _originate(fields: TlsOriginationFields | None) -> TlsOrigination | None:
    if fields is None:
        return None
    return TlsOrigination(
        ca_certificates=fields.ca_certificates or "",
        client_certificate=fields.client_certificate or "",
        private_key=fields.private_key or "",
    )


def _pairs(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
