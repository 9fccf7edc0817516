"""Rules for ambient clusters: only what Istio's documentation says to work there, and that it was not tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen import gateway_api
from gitops_gen.model import Via
from gitops_gen.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.model import Cluster, Inventory
    from gitops_gen.resources.homes import Home


def ambient_problems(inventory: Inventory, homes: Sequence[Home]) -> Iterator[Problem]:
    """Yield what an inventory asks of ambient clusters that is not written for them, and one warning for each."""
    ambient = {name: cluster for name, cluster in inventory.clusters.items() if cluster.istio.ambient}
    for cluster in ambient.values():
        yield from _cluster(cluster)
    for home in homes if ambient else ():
        if home.cluster.name in ambient:
            yield from _own_tls(home)
    for consumer in inventory.consumers if ambient else ():
        homes_of = {home.cluster.name for home in homes if home.workload.key in consumer.workloads}
        met = sorted(({consumer.cluster} | homes_of) & ambient.keys())
        if consumer.via is Via.EAST_WEST and met and homes_of != {consumer.cluster}:
            yield Problem(
                rule="GGI036",
                message=f"Consumer {consumer.key} dials east-west, and {met[0]} is ambient: what would stand in for "
                "pods there is not written",
                location=consumer.origin,
                subject=f"Consumer {consumer.key}",
                help="write `via: north-south`, and expose the port",
                related=((f"Cluster {met[0]}", ambient[met[0]].origin),),
            )


def _cluster(cluster: Cluster) -> Iterator[Problem]:
    yield Problem(
        rule="GGI060",
        severity=Severity.WARNING,
        message=f"Cluster {cluster.name} is ambient: what is written for it follows Istio's documentation, and was not "
        "tried on a running mesh",
        location=cluster.origin,
        subject=f"Cluster {cluster.name}",
        help="try it in a cluster of yours before you rely on it",
    )
    for ingress in cluster.ingresses:
        if not gateway_api.uses(ingress):
            yield Problem(
                rule="GGI035",
                message=f"ingress {ingress.name} has `api: istio`, and Cluster {cluster.name} is ambient, where "
                "VirtualServices are second-class",
                location=ingress.origin,
                subject=f"Cluster {cluster.name}",
                help="leave `api` out: the routes are then those of Gateway API",
            )


def _own_tls(home: Home) -> Iterator[Problem]:
    for port in home.placement.ports:
        if port.own_mtls:
            yield Problem(
                rule="GGI029",
                message=f'port "{port.name}" has `mtls: own`, and {home.cluster.name} is ambient: ztunnel carries what '
                "brings its own TLS, and nothing is to be switched off",
                location=port.origin,
                subject=home.subject,
                help="leave `mtls` out; a placement may have `ports` of its own",
            )
