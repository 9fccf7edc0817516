"""One written placement in one cluster: its pods, its ports with their routes, its backend and Gateways."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.inventory.format.fields import ExistingBackend
from gitops_gen.inventory.lookup import pod_count, routes_of
from gitops_gen.model import BackendChoice, Family, GatewayChoice, Ingress, Placement, Pod, Policy, Port, Route
from gitops_gen.naming import ordinal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.inventory.format.cluster import ClusterSpec
    from gitops_gen.inventory.format.fields import CompatBackend
    from gitops_gen.inventory.format.mesh import MeshSpec
    from gitops_gen.inventory.format.workload import (
        PlacementFields,
        PolicyFields,
        PortFields,
        RouteFields,
        WorkloadDocument,
        WorkloadSpec,
    )
    from gitops_gen.inventory.written import Written
    from gitops_gen.model import Cluster

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"

NO_POLICY = Policy()

HTTPS_PORT = 443
HTTP_PORT = 80


class Inherited(NamedTuple):
    """What placements of a cluster have where neither they nor their workload say otherwise."""

    backend: str | CompatBackend | ExistingBackend
    gateways: GatewayChoice


def inherited(cluster: ClusterSpec, mesh: MeshSpec | None) -> Inherited:
    """Return the settings of a cluster: its own over the Mesh's over the default."""
    return Inherited(
        backend=cluster.backend or (mesh and mesh.backend) or "auto",
        gateways=cluster.gateways or (mesh and mesh.gateways) or GatewayChoice.AUTO,
    )


def expand_placement(
    written: Written[WorkloadDocument], place: int, cluster: Cluster, from_cluster: Inherited
) -> Placement:
    """Return the written placement number `place` of a workload, in one of its clusters."""
    spec = written.fields.spec
    fields = spec.placements[place]
    stateful_set = fields.stateful_set or written.fields.metadata.name
    pods = pods_of(fields, stateful_set)
    backend = fields.backend or spec.backend or from_cluster.backend
    in_mesh = spec.mesh if fields.mesh is None else fields.mesh
    if fields.ports is None:
        ports = _ports(written, spec.ports, ("spec", "ports"), cluster, len(pods), in_mesh=in_mesh)
    else:
        path = ("spec", "placements", place, "ports")
        ports = _ports(written, fields.ports, path, cluster, len(pods), in_mesh=in_mesh)
    return Placement(
        cluster=cluster.name,
        stateful_set=stateful_set,
        pods=pods,
        autoscaled=fields.replicas is not None and not isinstance(fields.replicas, int),
        service=governing_service(spec, fields, written.fields.metadata.name),
        service_account=fields.service_account or spec.service_account,
        in_mesh=in_mesh,
        ports=ports,
        port_offset=fields.port_offset,
        pod_label=fields.pod_label or POD_NAME_LABEL,
        backend=_backend_choice(backend),
        existing_backend=backend.existing if isinstance(backend, ExistingBackend) else None,
        gateways=fields.gateways or spec.gateways or from_cluster.gateways,
        origin=written.at("spec", "placements", place),
    )


def _backend_choice(written: str | CompatBackend | ExistingBackend) -> BackendChoice:
    if isinstance(written, str):
        return BackendChoice(written)
    return BackendChoice.EXISTING if isinstance(written, ExistingBackend) else BackendChoice.BLOG


def governing_service(spec: WorkloadSpec, placement: PlacementFields, workload: str) -> str | None:
    """Return the name of the Service that gives the pods their DNS names; None where null is written."""
    if "service" in placement.model_fields_set:
        return placement.service.name if placement.service else None
    return spec.service.name or workload if spec.service else None


def pods_of(placement: PlacementFields, stateful_set: str) -> tuple[Pod, ...]:
    """Return the pods of a placement in order, all that an autoscaler could make."""
    if placement.names is not None:
        return tuple(Pod(name, ordinal_of(name)) for name in placement.names)
    return _numbered(stateful_set, placement.ordinals.start if placement.ordinals else 0, pod_count(placement))


# Placements by label make the same pods in many clusters.
@lru_cache(maxsize=256)
def _numbered(stateful_set: str, start: int, count: int) -> tuple[Pod, ...]:
    return tuple(Pod(f"{stateful_set}-{ordinal}", ordinal) for ordinal in range(start, start + count))


def _ports(  # noqa: PLR0913 - what its routes get, and whether a sidecar is there
    written: Written[WorkloadDocument],
    ports: Sequence[PortFields],
    path: tuple[str | int, ...],
    cluster: Cluster,
    pods: int,
    *,
    in_mesh: bool,
) -> tuple[Port, ...]:
    return tuple(
        Port(
            name=fields.name,
            number=fields.port,
            target=fields.port if fields.target_port is None else fields.target_port,
            protocol=fields.protocol,
            routes=_routes(written, fields, (*path, place), cluster, pods),
            own_mtls=fields.mtls == "own",
            in_mesh=in_mesh and fields.mesh,
            policy=_policy(fields, written.fields.spec.policy),
            before_ready=fields.before_ready,
            carried=fields.carried,
            not_carried_because=fields.reason or "",
            origin=written.at(*path, place),
        )
        for place, fields in enumerate(ports)
    )


def _policy(port: PortFields, workload: PolicyFields | None) -> Policy:
    """Return the policy of a port: its own word over the workload's; what only HTTP has, for HTTP alone."""
    said = [policy for policy in (port.policy, workload) if policy is not None]
    if not said:
        return NO_POLICY
    http = port.protocol.family is Family.HTTP
    retries = next((policy.retries for policy in said if policy.retries is not None), None) if http else None
    connections = next((policy.connections for policy in said if policy.connections is not None), None)
    timeout = next((policy.timeout for policy in said if policy.timeout is not None), None)
    return Policy(
        timeout=(timeout or "") if http else "",
        attempts=retries.attempts if retries else 0,
        per_try_timeout=(retries.per_try_timeout or "") if retries else "",
        retry_on=(retries.retry_on or "") if retries else "",
        max_connections=connections.max if connections else None,
        connect_timeout=(connections.connect_timeout or "") if connections else "",
        idle_timeout=(connections.idle_timeout or "") if connections else "",
        max_requests=connections.max_requests if connections and http else None,
    )


def _routes(
    written: Written[WorkloadDocument],
    port: PortFields,
    path: tuple[str | int, ...],
    cluster: Cluster,
    pods: int,
) -> tuple[Route, ...]:
    """Return the routes of a port, without those that name no known ingress, host or gateway port."""
    routes = []
    for fields, place in routes_of(port):
        ingress = ingress_of(fields, cluster)
        host = fields.host or (ingress.host_template if ingress else "")
        if ingress is None or not host:
            continue
        gateway_port = fields.port
        if gateway_port is None and fields.start_port is None:
            gateway_port = default_port(port.protocol.family, ingress)
        if (gateway_port is None) == (fields.start_port is None) or needs_start_port(fields, port, pods):
            continue
        if fields.service is not None and fields.start_port is not None:
            continue
        routes.append(
            Route(
                ingress=ingress.name,
                host=host,
                own_host=fields.host not in (None, ingress.host_template),
                port=gateway_port,
                start_port=fields.start_port,
                service=fields.service,
                origin=written.at(*path, *place),
            )
        )
    return tuple(routes)


def ingress_of(route: RouteFields, cluster: Cluster) -> Ingress | None:
    """Return the ingress that a route means in a cluster, None where there is none of that name or no default."""
    if route.ingress is None:
        return next((ingress for ingress in cluster.ingresses if ingress.default), None)
    return next((ingress for ingress in cluster.ingresses if ingress.name == route.ingress), None)


def default_port(family: Family, ingress: Ingress) -> int | None:
    """Return the gateway port of a route that names none; None for TCP, where pods cannot share one."""
    if family is Family.HTTP:
        return HTTP_PORT if ingress.credential_name is None else HTTPS_PORT
    return HTTPS_PORT if family is Family.TLS else None


def needs_start_port(route: RouteFields, port: PortFields, pods: int) -> bool:
    """Tell whether a route gives one gateway port to several pods that can only be told apart by port."""
    return port.protocol.family is Family.TCP and route.port is not None and route.service is None and pods > 1
