"""What placements and routes refer to: clusters by name or by labels, ingresses by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.lookup import WrittenRoute, default_ingress, written_routes
from gitops_gen.inventory.rules.words import many, shown
from gitops_gen.inventory.suggestions import did_you_mean
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.format.cluster import ClusterDocument
    from gitops_gen.inventory.format.workload import WorkloadDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.written import AnyWritten, Documents, Written


def known_clusters(documents: Documents, clusters: Clusters) -> Iterator[Problem]:
    """GGI205: a cluster that a placement or a Consumer names is there."""
    for workload in documents.workloads:
        for place, placement in enumerate(workload.fields.spec.placements):
            if placement.cluster is not None:
                path = ("spec", "placements", place, "cluster")
                yield from _unknown_cluster(documents, clusters, placement.cluster, workload, path)
    for consumer in documents.consumers:
        yield from _unknown_cluster(documents, clusters, consumer.fields.spec.cluster, consumer, ("spec", "cluster"))


def _unknown_cluster(
    documents: Documents, clusters: Clusters, name: str, written: AnyWritten, path: tuple[str | int, ...]
) -> Iterator[Problem]:
    if name in clusters.by_name or ("Cluster", name) in documents.broken or not documents.complete:
        return
    yield Problem(
        rule="GGI205",
        message=f"there is no cluster {shown(name)}",
        location=written.at(*path),
        subject=written.subject,
        help=did_you_mean(name, clusters.by_name, otherwise="add a document with `kind: Cluster` and this name"),
    )


def selecting_labels(documents: Documents, clusters: Clusters) -> Iterator[Problem]:
    """GGI206: labels by which a placement picks clusters are those of one cluster at least."""
    if not documents.complete or any(kind == "Cluster" for kind, _ in documents.broken):
        # The labels of a cluster that cannot be read are not known.
        return
    for workload in documents.workloads:
        for place, placement in enumerate(workload.fields.spec.placements):
            if placement.clusters is None or clusters.selected(placement.clusters):
                continue
            labels = ", ".join(f"{key}: {value}" for key, value in sorted(placement.clusters.items()))
            known = {
                f"{key}: {value}"
                for cluster in clusters.by_name.values()
                for key, value in cluster.fields.metadata.labels.items()
            }
            yield Problem(
                rule="GGI206",
                message=f"no cluster has the labels {shown(labels)}",
                location=workload.at("spec", "placements", place, "clusters"),
                subject=workload.subject,
                help=did_you_mean(labels, known, otherwise="write `cluster: NAME`, or label a Cluster"),
            )


def known_ingresses(documents: Documents, clusters: Clusters) -> Iterator[Problem]:
    """GGI207: every cluster of a workload has the ingresses of its routes, and a default for routes that name none."""
    for workload in documents.workloads:
        for written in written_routes(workload.fields):
            yield from _missing_ingress(workload, written, clusters)


def _missing_ingress(
    workload: Written[WorkloadDocument], written: WrittenRoute, clusters: Clusters
) -> Iterator[Problem]:
    name = written.route.ingress
    without = [cluster for cluster in _clusters_of(written, clusters) if not _has(clusters.by_name[cluster], name)]
    if not without:
        return
    cluster = clusters.by_name[without[0]]
    ingresses = cluster.fields.spec.ingresses
    if name is not None:
        message = f"cluster {without[0]} has no ingress {shown(name)}"
        help_ = did_you_mean(name, ingresses, otherwise="add it to the Cluster's `ingresses`")
    elif not ingresses:
        message = f"cluster {without[0]} has no ingress for this route"
        help_ = "add one to the Cluster's `ingresses`"
    else:
        message = f"cluster {without[0]} has no default ingress, and the route names none"
        help_ = "write `default: true` on one of the Cluster's ingresses, or `ingress: NAME` in the route"
    yield Problem(
        rule="GGI207",
        message=many(message, len(without) - 1),
        location=workload.at(*written.path, "ingress"),
        subject=workload.subject,
        help=help_,
        related=(("the cluster", cluster.name_place),),
    )


def _clusters_of(written: WrittenRoute, clusters: Clusters) -> list[str]:
    return sorted({name for placement in written.placements for name in clusters.of(placement)})


def _has(cluster: Written[ClusterDocument], ingress: str | None) -> bool:
    if ingress is None:
        return default_ingress(cluster.fields) is not None
    return ingress in cluster.fields.spec.ingresses


def hosts_given(documents: Documents, clusters: Clusters) -> Iterator[Problem]:
    """GGI212: a route has a host: its own, or by the `hostTemplate` of its ingress."""
    for workload in documents.workloads:
        for written in written_routes(workload.fields):
            if written.route.host is not None:
                continue
            without = []
            for name in _clusters_of(written, clusters):
                cluster = clusters.by_name[name].fields
                ingress = cluster.spec.ingresses.get(written.route.ingress or default_ingress(cluster) or "")
                if ingress is not None and ingress.host_template is None:
                    without.append(name)
            if without:
                yield Problem(
                    rule="GGI212",
                    message=many(
                        f"the route has no host: its ingress in cluster {without[0]} has no hostTemplate",
                        len(without) - 1,
                    ),
                    location=workload.at(*written.path),
                    subject=workload.subject,
                    help="write `hostTemplate` in the ingress, or `host` in the route",
                    related=(("the cluster", clusters.by_name[without[0]].name_place),),
                )
