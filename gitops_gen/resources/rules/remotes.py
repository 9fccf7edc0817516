"""Rules for pods dialled east-west: what has no shape that was seen to route is a problem that says what to do instead.

Each problem stands where the inventory has to change, and once, however many Consumers and pods meet it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import BackendChoice, Via
from gitops_gen.problems import Problem, Severity
from gitops_gen.resources.demand import read_demand
from gitops_gen.resources.remote import remotes, through_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Cluster, Consumer, Inventory, Port
    from gitops_gen.problems import Location
    from gitops_gen.resources.remote import Remote

_OUTSIDE = "consume the pods with `via: north-south`"
_POD_SERVICE = {BackendChoice.AUTO, BackendChoice.POD_SERVICE}


def remote_problems(inventory: Inventory) -> list[Problem]:
    """Return what keeps Consumers from dialling pods of other clusters inside the mesh."""
    found: dict[tuple[str, Location, str], Problem] = {}
    asking = _asking(inventory)
    for remote in remotes(inventory, read_demand(inventory)):
        consumer = asking[remote.workload.key, remote.caller.name, remote.ports[0].name]
        problems = [*_way(remote, consumer), *_pods(remote, consumer)]
        for port in remote.ports:
            problems += _port(remote, port, asking[remote.workload.key, remote.caller.name, port.name])
        for problem in problems:
            found.setdefault((problem.rule, problem.location, problem.message), problem)
    return list(found.values())


def _asking(inventory: Inventory) -> dict[tuple[str, str, str], Consumer]:
    """Return, for each workload, cluster and port, the first east-west Consumer: the one that a problem names."""
    asking: dict[tuple[str, str, str], Consumer] = {}
    for consumer in inventory.consumers:
        if consumer.via is Via.EAST_WEST:
            for workload in consumer.workloads:
                asking.setdefault((workload, consumer.cluster, consumer.port), consumer)
    return asking


def _of_consumer(consumer: Consumer) -> tuple[str, Location]:
    return (f"Consumer {consumer.key} asks for it", consumer.origin)


# --- the two clusters ------------------------------------------------------------------------------------------------


def _way(remote: Remote, consumer: Consumer) -> Iterator[Problem]:
    """Check that the two clusters have a way between them that was seen to work."""
    home, caller = remote.home, remote.caller
    related = (_of_consumer(consumer),)
    if caller.istio.endpoint_discovery is None:
        yield Problem(
            rule="GGI036",
            message=f'cluster "{caller.name}" does not declare whether its istiod sees the pods of other clusters',
            location=caller.origin,
            subject=f"Cluster {caller.name}",
            help=f"write `istio: {{endpointDiscovery: true}}` in Cluster {caller.name} if it reads their endpoints, "
            "false if not: the two need different objects",
            related=related,
        )
        return
    if home.cluster_domain != caller.cluster_domain:
        yield Problem(
            rule="GGI036",
            message=f'a pod of cluster "{home.name}" has no name in cluster "{caller.name}": their clusterDomain '
            f"differs, {home.cluster_domain} and {caller.cluster_domain}",
            location=home.origin,
            subject=f"Cluster {home.name}",
            help=f"give both clusters the same clusterDomain, or {_OUTSIDE}",
            related=((f"Cluster {caller.name}", caller.origin), *related),
        )
    if through_gateway(home, caller):
        yield from _gateway(home, caller, related)


def _gateway(home: Cluster, caller: Cluster, related: tuple[tuple[str, Location], ...]) -> Iterator[Problem]:
    """Check the way through the home's east-west gateway: it routes mesh TLS by the names of Services, nothing else."""
    if home.east_west is None:
        yield Problem(
            rule="GGI006",
            message=f'cluster "{home.name}" declares no east-west gateway, the way to its pods from other clusters',
            location=home.origin,
            subject=f"Cluster {home.name}",
            help=f"declare `eastWest: {{address: …}}` in Cluster {home.name}, or {_OUTSIDE}",
            related=related,
        )
    elif not home.east_west.generated and not home.cluster_domain.endswith(".local"):
        yield Problem(
            rule="GGI006",
            severity=Severity.WARNING,
            message=f'the east-west gateway of cluster "{home.name}" must serve its clusterDomain '
            f"{home.cluster_domain}; the usual one serves *.local",
            location=home.east_west.origin,
            subject=f"Cluster {home.name}",
            help="let the hosts of its AUTO_PASSTHROUGH server cover that domain, or write `gateway: generated`",
            related=related,
        )
    for cluster in (home, caller):
        if cluster.istio.mtls == "disabled":
            yield Problem(
                rule="GGI032",
                message=f'cluster "{cluster.name}" has mutual TLS disabled, and an east-west gateway '
                "passes nothing else",
                location=cluster.origin,
                subject=f"Cluster {cluster.name}",
                help=f"declare `mtls: permissive` or `strict` if that is so, or {_OUTSIDE}",
                related=related,
            )


# --- the pods --------------------------------------------------------------------------------------------------------


def _pods(remote: Remote, consumer: Consumer) -> Iterator[Problem]:
    """Check that the pods have what callers elsewhere need: a Service each, and an identity that is known."""
    workload, placement, home = remote.workload, remote.placement, remote.home
    subject = f"Workload {workload.key}, cluster {home.name}"
    if placement.backend not in _POD_SERVICE:
        yield Problem(
            rule="GGI036",
            message=f"`backend: {placement.backend.value}` leaves the pods of {workload.key} in {home.name} without "
            "the Service per pod that other clusters dial",
            location=placement.origin,
            subject=subject,
            help=f"write `backend: pod-service`, leave it out, or {_OUTSIDE}",
            related=(_of_consumer(consumer),),
        )
    if remote.caller.istio.endpoint_discovery is False and placement.in_mesh and placement.service_account is None:
        yield Problem(
            rule="GGI032",
            message=f"the pods of {workload.key} in {home.name} have no serviceAccount, so callers in other clusters "
            "cannot tell them from anybody else",
            location=placement.origin,
            subject=subject,
            help=f"write `serviceAccount:` as the pods have it in Workload {workload.key}",
            related=(_of_consumer(consumer),),
        )


def _port(remote: Remote, port: Port, consumer: Consumer) -> Iterator[Problem]:
    """Check that mesh TLS reaches a port, where the way between these clusters passes nothing else."""
    what = f'port "{port.name}" ({port.protocol.value}) of {remote.workload.key}'
    subject = f"Workload {remote.workload.key}, cluster {remote.home.name}"
    related = (_of_consumer(consumer),)
    if not port.in_mesh and through_gateway(remote.home, remote.caller):
        yield Problem(
            rule="GGI033",
            message=f"{what} is outside the mesh, and an east-west gateway passes mesh TLS only",
            location=port.origin,
            subject=subject,
            help=_OUTSIDE,
            related=related,
        )
    elif port.own_mtls and through_gateway(remote.home, remote.caller):
        yield Problem(
            rule="GGI032",
            message=f"{what} has `mtls: own`, and an east-west gateway passes mesh TLS only",
            location=port.origin,
            subject=subject,
            help=_OUTSIDE,
            related=related,
        )
