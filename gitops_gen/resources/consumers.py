"""Consumers: what must stand in their clusters so that they reach every single pod of the workloads that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.compiled import Compiled, Place, consumer_folder
from gitops_gen.resources.demand import read_demand
from gitops_gen.resources.dialled import dialled_placements, endpoints_of
from gitops_gen.resources.endpoint_list import endpoint_config_map, endpoint_text
from gitops_gen.resources.external import compile_external
from gitops_gen.resources.remote import has_entry, remote_host, remote_shape, remotes
from gitops_gen.resources.remote_objects import compile_remote
from gitops_gen.resources.rules.consumers import consumer_problems
from gitops_gen.resources.rules.external import external_problems
from gitops_gen.resources.rules.remotes import remote_problems
from gitops_gen.resources.rules.stand_ins import stand_in_problems
from gitops_gen.resources.surroundings import read_surroundings
from gitops_gen.resources.vips import own_hosts_with_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.model import Inventory
    from gitops_gen.problems import Problem


def check_consumers(inventory: Inventory) -> list[Problem]:
    """Return what keeps Consumers from reaching pods, each at the place in the inventory that has to change."""
    return [
        *consumer_problems(inventory),
        *remote_problems(inventory),
        *stand_in_problems(inventory),
        *external_problems(inventory),
    ]


def hosts_with_address(inventory: Inventory) -> list[str]:
    """Return the hosts that need an address of the vipPool, sorted.

    Those of pods that a ServiceEntry leads to from elsewhere, and of those whose own has TCP that sidecars see.
    """
    surroundings = read_surroundings(inventory)
    hosts = {
        remote_host(pod, remote.workload, remote.home)
        for remote in remotes(inventory, surroundings.demand)
        if has_entry(remote_shape(remote.home, remote.caller))
        for pod in remote.placement.pods
    }
    return sorted(hosts.union(own_hosts_with_address(inventory, surroundings)))


def compile_consumers(inventory: Inventory, addresses: Mapping[str, str]) -> dict[str, list[Compiled]]:
    """Return what Consumers need, by cluster: stand-ins of pods of other clusters, ways out, and lists of endpoints.

    `addresses` has one for each of `hosts_with_address`. Presupposes that `check_consumers` found no error. A pod's
    stand-in is there once, however many Consumers of a cluster dial it.
    """
    compiled: dict[str, list[Compiled]] = {name: [] for name in inventory.clusters}
    demand = read_demand(inventory)
    for remote in remotes(inventory, demand):
        compiled[remote.caller.name].extend(compile_remote(remote, demand, addresses))
    for cluster, resource in (*compile_external(inventory), *_endpoint_lists(inventory)):
        compiled[cluster].append(resource)
    return compiled


def _endpoint_lists(inventory: Inventory) -> Iterator[tuple[str, Compiled]]:
    workloads = {workload.key: workload for workload in inventory.workloads}
    surroundings = read_surroundings(inventory)
    for consumer in inventory.consumers:
        if consumer.endpoints is not None:
            dialled = dialled_placements(consumer, inventory, workloads, surroundings)
            text = endpoint_text(consumer.endpoints.format, *endpoints_of(dialled))
            place = Place(
                namespace=consumer.namespace,
                folder=consumer_folder(consumer.name),
                file="config-map",
                source=f"Consumer {consumer.key}",
            )
            yield consumer.cluster, Compiled(endpoint_config_map(consumer, consumer.endpoints, text), place)
