"""Fields that exclude or need each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.lookup import port_lists, written_routes
from gitops_gen.model import Via
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.format.cluster import ClusterDocument
    from gitops_gen.inventory.format.consumer import ConsumerDocument
    from gitops_gen.inventory.format.workload import PlacementFields, WorkloadDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import Documents, Written


def one_of_two(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI208: of two fields that say the same in two ways, exactly one is written."""
    for cluster in documents.clusters:
        yield from _east_west_address(cluster)
    for consumer in documents.consumers:
        yield from _originated(consumer)
    for workload in documents.workloads:
        for place, placement in enumerate(workload.fields.spec.placements):
            yield from _placement_choices(workload, placement, ("spec", "placements", place))
        for written in written_routes(workload.fields):
            if written.route.start_port is None:
                continue
            if written.route.port is not None:
                yield _both(workload, written.path, "port", "startPort")
            elif written.route.service is not None:
                yield Problem(
                    rule="GGI208",
                    message="a companion Service has one gateway port, not one per pod",
                    location=workload.at_key(*written.path, "startPort"),
                    subject=workload.subject,
                    help="write `port` in place of `startPort`",
                )


def _east_west_address(cluster: Written[ClusterDocument]) -> Iterator[Problem]:
    east_west = cluster.fields.spec.east_west
    if east_west is not None:
        path = ("spec", "eastWest")
        if east_west.address is not None and east_west.addresses is not None:
            yield _both(cluster, path, "address", "addresses")
        elif east_west.address is None and east_west.addresses is None:
            yield _neither(cluster, path, "address", "addresses")


def _originated(consumer: Written[ConsumerDocument]) -> Iterator[Problem]:
    """Check that TLS is made on a way that has none of the mesh's, and that a certificate comes with its key."""
    files = consumer.fields.spec.originate_tls
    if files is None:
        return
    path = ("spec", "originateTLS")
    if consumer.fields.spec.via is Via.EAST_WEST:
        yield Problem(
            rule="GGI208",
            message="`via: east-west` and `originateTLS` exclude each other: the mesh makes its own TLS",
            location=consumer.at_key(*path),
            subject=consumer.subject,
            help="take `originateTLS` away, or write `via: north-south`",
        )
    if (files.client_certificate is None) != (files.private_key is None):
        yield Problem(
            rule="GGI208",
            message="a `clientCertificate` comes with its `privateKey`, and only one of them is written",
            location=consumer.at_key(*path),
            subject=consumer.subject,
            help="write both, or neither",
        )


def _placement_choices(
    workload: Written[WorkloadDocument], placement: PlacementFields, path: Path
) -> Iterator[Problem]:
    if placement.cluster is not None and placement.clusters is not None:
        yield _both(workload, path, "cluster", "clusters")
    elif placement.cluster is None and placement.clusters is None:
        yield _neither(workload, path, "cluster", "clusters")
    if placement.replicas is not None and placement.names is not None:
        yield _both(workload, path, "replicas", "names")
    elif placement.replicas is None and placement.names is None:
        yield _neither(workload, path, "replicas", "names")
    if placement.ordinals is not None and placement.names is not None:
        yield _both(workload, path, "ordinals", "names")


def _both(
    written: Written[ClusterDocument] | Written[WorkloadDocument], path: Path, first: str, second: str
) -> Problem:
    return Problem(
        rule="GGI208",
        message=f"`{first}` and `{second}` exclude each other",
        location=written.at_key(*path, second),
        subject=written.subject,
        help=f"take `{first}` or `{second}` away",
        related=((f"`{first}`", written.at_key(*path, first)),),
    )


def _neither(
    written: Written[ClusterDocument] | Written[WorkloadDocument], path: Path, first: str, second: str
) -> Problem:
    return Problem(
        rule="GGI208",
        message=f"neither `{first}` nor `{second}` is written",
        location=written.at(*path),
        subject=written.subject,
        help=f"write one of them, for example `{_EXAMPLES[first]}`",
    )


_EXAMPLES = {
    "address": "address: 203.0.113.10",
    "cluster": "cluster: cluster-a",
    "replicas": "replicas: 3",
}


def one_default_ingress(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI209: at most one ingress of a cluster is its default."""
    for cluster in documents.clusters:
        chosen = [name for name, ingress in cluster.fields.spec.ingresses.items() if ingress.default]
        for name in chosen[1:]:
            yield Problem(
                rule="GGI209",
                message=f"the ingresses {chosen[0]} and {name} are both the default",
                location=cluster.at("spec", "ingresses", name, "default"),
                subject=cluster.subject,
                help="leave `default: true` on one of them",
                related=((f"ingress {chosen[0]}", cluster.at("spec", "ingresses", chosen[0], "default")),),
            )


_WANTING: dict[str | int, str] = {"create": "service.create", "mtls": "mtls: own", "mesh": "mesh: false"}


def selector_given(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI210: `service.create`, and ports without the mesh's TLS, need the workload's `selector`.

    Source: a Service and a PeerAuthentication choose pods by labels, and port-level settings of the latter do
    nothing without them (docs/explanation/what-istio-does.md, "Own TLS").
    """
    for workload in documents.workloads:
        spec = workload.fields.spec
        if spec.selector is not None:
            continue
        wanting: list[Path] = (
            [("spec", "service", "create")] if spec.service is not None and spec.service.create else []
        )
        wanting += [
            (*path, place, "mtls" if port.mtls == "own" else "mesh")
            for ports, path, placements in port_lists(workload.fields)
            if any(spec.mesh if placement.mesh is None else placement.mesh for placement in placements)
            for place, port in enumerate(ports)
            if port.mtls == "own" or not port.mesh
        ]
        for path in wanting:
            yield Problem(
                rule="GGI210",
                message=f"`{_WANTING[path[-1]]}` needs the labels of the pods",
                location=workload.at_key(*path),
                subject=workload.subject,
                help=f"write the Workload's `selector`, such as `{{app: {workload.fields.metadata.name}}}`",
            )
