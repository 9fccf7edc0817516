"""Cluster gateways: the Gateways that belong to a cluster's own gateways, whatever workloads are behind them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from gitops_gen import gateway_api
from gitops_gen.compiled import EAST_WEST_GATEWAYS, INGRESS_GATEWAYS, Compiled, Place
from gitops_gen.naming import shared_gateway, template_fields
from gitops_gen.resources.api_gateway import api_gateway, in_listener_set, listener_set, listener_set_name, listeners
from gitops_gen.resources.entrances import serve
from gitops_gen.resources.gateway import EAST_WEST_GATEWAY, east_west_gateway, gateway, in_order, servers
from gitops_gen.resources.labels import ownership_labels
from gitops_gen.resources.shapes import GatewayLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Cluster, Ingress
    from gitops_gen.resources.entrances import Entrances, ServedHosts

Shared = dict[str, "ServedHosts"]
"""What the shared Gateways of one cluster serve, by the name of the ingress."""


def share(shared: Shared, namespace: str, entrances: Entrances) -> None:
    """Add the entrances of a workload in `namespace` that shared Gateways serve."""
    for entrance in chain(*entrances.pods.values(), entrances.companions):
        if entrance.layout is GatewayLayout.SHARED:
            serve(shared.setdefault(entrance.exposure.ingress.name, {}), namespace, entrance)


def compile_cluster_gateways(mesh: str, cluster: Cluster, shared: Mapping[str, ServedHosts]) -> Iterator[Compiled]:
    """Yield the shared Gateway of each ingress that serves something, and the generated east-west Gateway."""
    source = f"Cluster {cluster.name}"
    for ingress in sorted(cluster.ingresses, key=lambda ingress: (ingress.namespace, ingress.name)):
        if ingress.name in shared and gateway_api.uses(ingress):
            yield from _of_gateway_api(mesh, cluster, ingress, shared[ingress.name])
        elif ingress.name in shared:
            name = shared_gateway(mesh, ingress)
            yield Compiled(
                gateway(
                    name=name,
                    namespace=ingress.namespace,
                    labels=ownership_labels(),
                    ingress=ingress,
                    servers=servers(shared[ingress.name], named=bool(template_fields(ingress.credential_name or ""))),
                ),
                Place(namespace=ingress.namespace, folder=INGRESS_GATEWAYS, file=name, source=source),
            )
    if cluster.east_west is not None and cluster.east_west.generated:
        yield Compiled(
            east_west_gateway(cluster.east_west, cluster),
            Place(
                namespace=cluster.east_west.namespace,
                folder=EAST_WEST_GATEWAYS,
                file=EAST_WEST_GATEWAY,
                source=source,
            ),
        )


def _of_gateway_api(mesh: str, cluster: Cluster, ingress: Ingress, served: ServedHosts) -> Iterator[Compiled]:
    """Yield the Gateway of an ingress and, where its TCP is to be in ListenerSets, those; all in one file."""
    source = f"Cluster {cluster.name}"
    place = Place(
        namespace=ingress.namespace, folder=INGRESS_GATEWAYS, file=shared_gateway(mesh, ingress), source=source
    )
    own: ServedHosts = {}
    sets: dict[str, ServedHosts] = {}
    for of, hosts in sorted(served.items(), key=in_order):
        within = own
        if in_listener_set(ingress, of[1]):
            within = sets.setdefault(listener_set_name(mesh, ingress, of[0]), {})
        within[of] = hosts
    yield Compiled(api_gateway(mesh, ingress, cluster, listeners(own, ingress)), place)
    for name, of_set in sets.items():
        yield Compiled(listener_set(name, mesh, ingress, listeners(of_set, ingress)), place)
