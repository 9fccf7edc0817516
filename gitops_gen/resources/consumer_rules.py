"""Rules for every Consumer: each pod that it asks for must have an address for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import Via
from gitops_gen.problems import Problem, Severity
from gitops_gen.resources.dialled import (
    consumed_port,
    dialled_placements,
    endpoints_of,
    external_route,
    own_host,
)
from gitops_gen.resources.endpoint_list import MAX_BYTES, endpoint_text
from gitops_gen.resources.shapes import service_ports
from gitops_gen.resources.surroundings import read_surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.model import Consumer, Inventory, Workload
    from gitops_gen.resources.dialled import Dialled

_LONGEST_LINE = 300
"""More than an endpoint can take in a list: a host of 253 characters, a port and what stands around them."""


def consumer_problems(inventory: Inventory) -> list[Problem]:
    """Return what keeps Consumers from dialling pods of their own cluster, or others from outside."""
    workloads = {workload.key: workload for workload in inventory.workloads}
    surroundings = read_surroundings(inventory)
    problems: list[Problem] = []
    for consumer in inventory.consumers:
        dialled = list(dialled_placements(consumer, inventory, workloads, surroundings))
        found = [problem for pods in dialled for problem in _unreachable(pods)]
        problems += found or _size(consumer, dialled)
        for workload in (workloads[key] for key in consumer.workloads):
            problems += _without_port(consumer, workload)
    return problems


def _without_port(consumer: Consumer, workload: Workload) -> Iterator[Problem]:
    """Say which pods a Consumer leaves out because they do not have its port."""
    for placement in workload.placements:
        if consumed_port(consumer, placement) is None:
            yield Problem(
                rule="GGI036",
                severity=Severity.WARNING,
                message=f'the pods of {workload.key} in {placement.cluster} have no port "{consumer.port}": '
                f"Consumer {consumer.key} does not reach them",
                location=placement.origin,
                subject=f"Workload {workload.key}, cluster {placement.cluster}",
                help=f'add the port "{consumer.port}" to the ports of this placement if the pods have it',
                related=((f"Consumer {consumer.key}", consumer.origin),),
            )


def _unreachable(dialled: Dialled) -> Iterator[Problem]:
    """Check that the pods have an address for the Consumer; remote_rules.py has the east-west ones."""
    home, port, workload = dialled.home.name, dialled.port, dialled.workload.key
    related = ((f"Consumer {dialled.consumer.key} asks for it", dialled.consumer.origin),)
    if home == dialled.caller.name:
        if any(own_host(dialled, pod) is None for pod in dialled.placement.pods):
            yield Problem(
                rule="GGI036",
                message=f'the pods of {workload} in {home} have no names by which port "{port.name}" could be dialled',
                location=dialled.placement.origin,
                subject=f"Workload {workload}, cluster {home}",
                help="name the governing Service in `service`, or write `backend: pod-service`",
                related=related,
            )
    elif dialled.consumer.via is Via.NORTH_SOUTH and (
        port not in service_ports(dialled.placement) or external_route(port, dialled.home) is None
    ):
        yield Problem(
            rule="GGI036",
            message=f'port "{port.name}" of {workload} has no host outside of cluster "{home}", '
            "so it cannot be consumed north-south",
            location=port.origin,
            subject=f"Workload {workload}, cluster {home}",
            help="write `expose: {}` in the port, or let the Consumer name a port that is exposed",
            related=related,
        )


def _size(consumer: Consumer, dialled: Sequence[Dialled]) -> Iterator[Problem]:
    """Check that an endpoint list fits into its ConfigMap, where it could be too long at all."""
    pods = sum(len(some.placement.pods) for some in dialled)
    if consumer.endpoints is None or pods * _LONGEST_LINE <= MAX_BYTES:
        return
    size = len(endpoint_text(consumer.endpoints.format, *endpoints_of(dialled)))
    if size > MAX_BYTES:
        yield Problem(
            rule="GGI016",
            message=f'ConfigMap "{consumer.endpoints.config_map}" would have {size} bytes for {pods} pods; '
            f"Kubernetes takes {MAX_BYTES}",
            location=consumer.origin,
            subject=f"Consumer {consumer.key}",
            help="split the Consumer by workloads, each part with a ConfigMap of its own",
        )
