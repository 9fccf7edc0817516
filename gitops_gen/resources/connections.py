"""DestinationRules of single pods: limits on the connections to their ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import Family
from gitops_gen.naming import cluster_prefixed
from gitops_gen.resources.labels import pod_labels
from gitops_gen.resources.shapes import ON_POD_NAMES, Backend, backend_host, entry_ports, mesh_tls, service_ports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Placement, Pod, Port, Workload
    from gitops_gen.resources.fields import ConnectionPool, DestinationRule, PortPolicy


def limited_ports(placement: Placement, kind: Backend) -> list[Port]:
    """Return the ports of a pod's backend that limit connections."""
    ports = entry_ports(placement) if kind in ON_POD_NAMES else service_ports(placement)
    return [port for port in ports if port.policy.limits_connections]


def pod_destination_rule(  # noqa: PLR0913, PLR0917 - what a backend's builder gets, and which backend it is
    workload: Workload,
    placement: Placement,
    pod: Pod,
    cluster: Cluster,
    kind: Backend,
    export_to: Sequence[str],
) -> DestinationRule:
    """DestinationRule that limits the connections to one pod, for gateways and for callers of its own backend.

    Of several rules only the one for the most specific host counts, and nothing of it where a port says anything: so
    where the pods' ServiceEntries go by DNS, what all of them are told of mesh TLS is said here again. How long a
    connection that is not HTTP may be idle is read from what is said for the host alone
    (docs/explanation/what-istio-does.md, "Policies").
    """
    idle = idle_timeout(limited_ports(placement, kind))
    settings = _settings(placement, cluster, kind)
    rule: DestinationRule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {
            "name": cluster_prefixed(cluster.name, pod.name),
            "namespace": workload.namespace,
            "labels": pod_labels(workload.name, pod.name),
        },
        "spec": {
            "host": backend_host(kind, workload, placement, pod, cluster),
            "trafficPolicy": {
                "connectionPool": {"tcp": {"idleTimeout": idle}},
                "tls": {"mode": "ISTIO_MUTUAL"},
                "portLevelSettings": settings,
            },
            "exportTo": list(export_to),
        },
    }
    if not idle:
        del rule["spec"]["trafficPolicy"]["connectionPool"]
    if not settings:
        del rule["spec"]["trafficPolicy"]["portLevelSettings"]
    if not _mutual(placement, cluster, kind):
        del rule["spec"]["trafficPolicy"]["tls"]
    return rule


def idle_timeout(ports: Sequence[Port]) -> str:
    """Return how long connections that are not HTTP may be idle: by a rule, equally long for all ports of a pod."""
    raw = (port.policy.idle_timeout for port in ports if port.protocol.family is not Family.HTTP)
    return next(filter(None, raw), "")


def _mutual(placement: Placement, cluster: Cluster, kind: Backend) -> bool:
    return kind is Backend.BLOG and mesh_tls(placement, cluster)


def _settings(placement: Placement, cluster: Cluster, kind: Backend) -> list[PortPolicy]:
    limited = [port for port in limited_ports(placement, kind) if _pool(port)]
    by_dns = kind in {Backend.DNS, Backend.BLOG}
    bare = [port for port in placement.without_mesh_tls if by_dns and port in entry_ports(placement)]
    settings: list[PortPolicy] = []
    for port in sorted({*limited, *bare}, key=lambda port: port.number):
        setting: PortPolicy = {"port": {"number": port.number}}
        if port in limited:
            setting["connectionPool"] = _pool(port)
        if port in bare:
            setting["tls"] = {"mode": "DISABLE"}
        elif _mutual(placement, cluster, kind):
            setting["tls"] = {"mode": "ISTIO_MUTUAL"}
        settings.append(setting)
    return settings


def _pool(port: Port) -> ConnectionPool:
    policy, http = port.policy, port.protocol.family is Family.HTTP
    pool: ConnectionPool = {"tcp": {}, "http": {}}
    if policy.max_connections is not None:
        pool["tcp"]["maxConnections"] = policy.max_connections
    if policy.connect_timeout:
        pool["tcp"]["connectTimeout"] = policy.connect_timeout
    if policy.max_requests is not None:
        pool["http"]["maxRequestsPerConnection"] = policy.max_requests
    if policy.idle_timeout and http:
        pool["http"]["idleTimeout"] = policy.idle_timeout
    if not pool["tcp"]:
        del pool["tcp"]
    if not pool["http"]:
        del pool["http"]
    return pool
