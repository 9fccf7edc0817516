"""Rules for every Consumer: each pod that it asks for must have an address for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.problems import Problem, Severity
from gitops_gen.resources.dialled import (
    consumed_port,
    dialled_placements,
    endpoints_of,
    own_host,
)
from gitops_gen.resources.endpoint_list import MAX_BYTES, endpoint_text
from gitops_gen.resources.surroundings import read_surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.model import Consumer, Inventory, Workload
    from gitops_gen.resources.dialled import Dialled

_LONGEST_LINE = 300
"""More than an endpoint can take in a list: a host of 253 characters, a port and what stands around them."""


def consumer_problems(inventory: Inventory) -> list[Problem]:
    """Return what keeps Consumers from dialling pods of their own cluster, and lists from being written.

    That a port is exposed to those who dial it from outside is checked with the inventory.
    """
    workloads = {workload.key: workload for workload in inventory.workloads}
    surroundings = read_surroundings(inventory)
    problems: list[Problem] = []
    for consumer in inventory.consumers:
        dialled = list(dialled_placements(consumer, inventory, workloads, surroundings))
        found = [problem for pods in dialled for problem in _nameless(pods)]
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


def _nameless(dialled: Dialled) -> Iterator[Problem]:
    """Check that the pods of the Consumer's own cluster have names by which they are dialled in the mesh."""
    home, workload = dialled.home.name, dialled.workload.key
    if home == dialled.caller.name and any(own_host(dialled, pod) is None for pod in dialled.placement.pods):
        yield Problem(
            rule="GGI036",
            message=f"the pods of {workload} in {home} have no names by which they could be dialled in the mesh",
            location=dialled.placement.origin,
            subject=f"Workload {workload}, cluster {home}",
            help="name the governing Service in `service`, or write `backend: pod-service`",
            related=((f"Consumer {dialled.consumer.key} asks for it", dialled.consumer.origin),),
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
