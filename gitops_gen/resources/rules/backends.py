"""Rules for backends: what a route names one pod by has to exist, lead to that pod alone, and disturb nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import BackendChoice
from gitops_gen.naming import LABEL_LENGTH, is_label
from gitops_gen.problems import Problem, Severity
from gitops_gen.resources.shapes import (
    Obstacle,
    entry_obstacles,
    entry_ports,
    existing_service,
    mesh_tls,
    service_ports,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.model import Inventory
    from gitops_gen.resources.homes import Home
    from gitops_gen.resources.surroundings import Surroundings

_ENTRIES = {BackendChoice.SERVICE_ENTRY, BackendChoice.DNS, BackendChoice.BLOG}
_BY_NUMBER = "a ServiceEntry that goes by DNS knows container ports by number alone"
_NAMED = {
    BackendChoice.SERVICE_ENTRY: "with a ServiceEntry, Istio takes the container port of the same name first, whatever "
    "its number",
    BackendChoice.DNS: _BY_NUMBER,
    BackendChoice.BLOG: _BY_NUMBER,
}
"""Why a container port by name does not do."""
_POD_SERVICE = "write `backend: pod-service`, or leave `backend` out"


def backend_problems(inventory: Inventory, homes: Sequence[Home], surroundings: Surroundings) -> Iterator[Problem]:
    """Yield what speaks against the backends that an inventory asks for by name; `auto` is always right."""
    for home in homes:
        if home.placement.backend in _ENTRIES:
            yield from _service_entry(home, surroundings)
        elif home.placement.backend is BackendChoice.NONE:
            yield from _none(home, inventory)
    yield from _one_pod_of_a_name(homes)
    yield from _existing(homes)


def _service_entry(home: Home, surroundings: Surroundings) -> Iterator[Problem]:
    """Check a ServiceEntry that is asked for by name (docs/explanation/what-istio-does.md, "Backends")."""
    workload, placement, cluster = home.workload, home.placement, home.cluster
    here = (f"`backend: {placement.backend.value}` holds here", placement.origin)
    obstacles = entry_obstacles(workload, placement, cluster, surroundings)
    if Obstacle.NO_SERVICE in obstacles:
        yield Problem(
            rule="GGI028",
            message=f"a ServiceEntry stands on the DNS names of the pods, and {workload.key} has no governing Service",
            location=placement.origin,
            subject=home.subject,
            help=f"name the headless Service in `service`, or {_POD_SERVICE}",
        )
    if {Obstacle.GATEWAY_API, Obstacle.AMBIENT} & {*obstacles}:
        ambient = "pods of an ambient mesh are reached by Services, and a ServiceEntry is none"
        api = "routes of Gateway API lead to Services, and a ServiceEntry is none"
        yield Problem(
            rule="GGI028",
            message=ambient if Obstacle.AMBIENT in obstacles else api,
            location=placement.origin,
            subject=home.subject,
            help=_POD_SERVICE,
        )
    if Obstacle.NO_PORTS in obstacles:
        yield Problem(
            rule="GGI023",
            message="the ServiceEntry would have no ports: TCP is in it only where a route leads to the pods",
            location=placement.origin,
            subject=home.subject,
            help=f"expose a port, or {_POD_SERVICE}",
        )
    for port in service_ports(placement):
        if port.before_ready:
            yield Problem(
                rule="GGI028",
                message=f'port "{port.name}" is needed before the pods are Ready, and a ServiceEntry leads only to '
                "pods that are",
                location=port.origin,
                subject=home.subject,
                help=_POD_SERVICE,
                related=(here,),
            )
    for port in entry_ports(placement):
        if isinstance(port.target, str):
            yield Problem(
                rule="GGI004",
                message=f'port "{port.name}" leads to a container port by its name, "{port.target}": '
                + _NAMED[placement.backend],
                location=port.origin,
                subject=home.subject,
                help=f"write the number in `targetPort`, or {_POD_SERVICE}",
                related=(here,),
            )
    if placement.backend is not BackendChoice.SERVICE_ENTRY:
        yield from _by_dns(home)


def _by_dns(home: Home) -> Iterator[Problem]:
    """Check what a ServiceEntry that goes by DNS does not know by itself: who answers, and whether it still does."""
    placement = home.placement
    if (
        placement.backend is BackendChoice.DNS
        and placement.service_account is None
        and mesh_tls(placement, home.cluster)
    ):
        yield Problem(
            rule="GGI001",
            severity=Severity.WARNING if home.cluster.istio.mtls == "permissive" else Severity.ERROR,
            message=f"`backend: dns` knows the pods of {home.workload.key} by their service account, and there is "
            "none: their callers would send plain text",
            location=placement.origin,
            subject=home.subject,
            help=f"write `serviceAccount:` as the pods have it, or {_POD_SERVICE}",
        )
    if placement.backend is BackendChoice.BLOG and not placement.in_mesh:
        yield Problem(
            rule="GGI033",
            message=f"`backend: {placement.backend.value}` asks for mesh TLS, and the pods of {home.workload.key} are "
            "outside the mesh",
            location=placement.origin,
            subject=home.subject,
            help=f"write `backend: dns`, or {_POD_SERVICE}",
        )
    yield Problem(
        rule="GGI057",
        severity=Severity.WARNING,
        message=f"`backend: {placement.backend.value}` goes by DNS: a pod of {home.workload.key} that was away answers "
        "503 for up to a minute after it is back",
        location=placement.origin,
        subject=home.subject,
        help=_POD_SERVICE,
    )


def _none(home: Home, inventory: Inventory) -> Iterator[Problem]:
    """Check that nothing needs the backend that `backend: none` leaves out."""
    workload, placement = home.workload, home.placement
    related = ("`backend: none` holds here", placement.origin)
    for port in service_ports(placement):
        for route in port.routes:
            if route.service is None:
                yield Problem(
                    rule="GGI019",
                    message=f'port "{port.name}" is exposed, and `backend: none` leaves nothing that its route could '
                    "lead to",
                    location=route.origin,
                    subject=home.subject,
                    help="take `expose` away, or choose another backend",
                    related=(related,),
                )
    for consumer in inventory.consumers:
        if workload.key in consumer.workloads:
            yield Problem(
                rule="GGI019",
                message=f"Consumer {consumer.key} dials {workload.key}, and `backend: none` leaves nothing that it "
                f"could reach in {placement.cluster}",
                location=consumer.origin,
                subject=f"Consumer {consumer.key}",
                help="take the workload out of the Consumer, or choose another backend",
                related=(related,),
            )


def _one_pod_of_a_name(homes: Sequence[Home]) -> Iterator[Problem]:
    """Check that no istiod may know two pods of one name where a ServiceEntry selects by that name.

    It would know one of them only, and lead everybody there; what is not declared counts as discovery
    (docs/explanation/what-istio-does.md, "Endpoint discovery").
    """
    by_set: dict[tuple[str, str], list[Home]] = {}
    by_pod: dict[tuple[str, str], list[Home]] = {}
    for home in homes:
        namespace = home.workload.namespace
        by_set.setdefault((namespace, home.placement.stateful_set), []).append(home)
        for pod in home.placement.pods:
            by_pod.setdefault((namespace, pod.name), []).append(home)
    for home in homes:
        if home.placement.backend is not BackendChoice.SERVICE_ENTRY or home.cluster.istio.endpoint_discovery is False:
            continue
        namespace = home.workload.namespace
        alike = [*by_set[namespace, home.placement.stateful_set]]
        alike += (other for pod in home.placement.pods for other in by_pod[namespace, pod.name])
        twin = next((other for other in alike if other.cluster.name != home.cluster.name), None)
        if twin is not None:
            yield Problem(
                rule="GGI007",
                message=f"pods of {home.workload.key} have the same names in {home.cluster.name} and "
                f"{twin.cluster.name}: an istiod that sees both knows one of each name, and a ServiceEntry may lead "
                "to the other cluster",
                location=home.placement.origin,
                subject=home.subject,
                help=f"{_POD_SERVICE}; or declare `endpointDiscovery: false` in Cluster {home.cluster.name} if its "
                "istiod reads no other cluster",
                related=((f"the pods in {twin.cluster.name}", twin.placement.origin),),
            )


def _existing(homes: Sequence[Home]) -> Iterator[Problem]:
    """Check the names of Services that others made: one for each pod of a cluster, none twice in a joined mesh."""
    in_cluster: dict[tuple[str, str, str], tuple[Home, str]] = {}
    in_mesh: dict[tuple[str, str], Home] = {}
    for home in homes:
        if home.placement.backend is not BackendChoice.EXISTING:
            continue
        namespace, merged = home.workload.namespace, False
        for pod in home.placement.pods:
            name = existing_service(home.workload, home.placement, pod, home.cluster)
            if not is_label(name):
                yield Problem(
                    rule="GGI030",
                    message=f'the template "{home.placement.existing_backend}" makes "{name}" for pod "{pod.name}", '
                    "which no Service can be called: lower-case letters, digits and hyphens, "
                    f"{LABEL_LENGTH} characters at most",
                    location=home.placement.origin,
                    subject=home.subject,
                    help="write the name that the Service has",
                )
                break
            first, first_pod = in_cluster.setdefault((home.cluster.name, namespace, name), (home, pod.name))
            if first is not home or first_pod != pod.name:
                yield Problem(
                    rule="GGI008",
                    message=f'pods "{first_pod}" and "{pod.name}" would both be reached by the Service "{name}"',
                    location=home.placement.origin,
                    subject=home.subject,
                    help="let the template tell the pods apart, with {pod} or {ordinal}",
                    related=(("the first of them", first.placement.origin),),
                )
                break
            other = in_mesh.setdefault((namespace, name), home)
            if not merged and other.cluster.name != home.cluster.name and _joined(other, home):
                merged = True
                yield Problem(
                    rule="GGI026",
                    severity=Severity.WARNING,
                    message=f'the Service "{name}" exists in {other.cluster.name} and {home.cluster.name}: a mesh with '
                    "endpoint discovery merges the two, and half of the requests go to the other cluster",
                    location=home.placement.origin,
                    subject=home.subject,
                    help=f"{_POD_SERVICE}; or declare `endpointDiscovery: false` in both clusters if that is so",
                    related=((f"the Services in {other.cluster.name}", other.placement.origin),),
                )


def _joined(one: Home, other: Home) -> bool:
    """Tell whether at least one of two clusters may see the endpoints of the other."""
    return any(home.cluster.istio.endpoint_discovery is not False for home in (one, other))
