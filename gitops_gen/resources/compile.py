"""Compile: every resource of every cluster, from an inventory without errors."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gitops_gen.compiled import with_components
from gitops_gen.resources.cluster_gateways import Shared, compile_cluster_gateways, share
from gitops_gen.resources.consumers import compile_consumers
from gitops_gen.resources.entrances import read_entrances
from gitops_gen.resources.pods import compile_pods
from gitops_gen.resources.records import CertificateHosts, collect_certificates, compile_certificates
from gitops_gen.resources.surroundings import read_surroundings
from gitops_gen.resources.whole_workload import compile_whole_workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.compiled import Compiled
    from gitops_gen.model import Inventory


def compile_mesh(inventory: Inventory, addresses: Mapping[str, str]) -> dict[str, list[Compiled]]:
    """Return the resources of each cluster, in an order that depends on the inventory's meaning alone.

    `addresses` are the virtual addresses of pods by host, for all of `hosts_with_address`. Presupposes that no rule
    found an error.
    """
    mesh = inventory.mesh.name
    surroundings = read_surroundings(inventory)
    compiled: dict[str, list[Compiled]] = {name: [] for name in inventory.clusters}
    shared: dict[str, Shared] = {name: {} for name in inventory.clusters}
    certificates: dict[str, CertificateHosts] = {name: {} for name in inventory.clusters}
    for workload in inventory.workloads:
        for name, group in groupby(workload.placements, key=lambda placement: placement.cluster):
            cluster, placements = inventory.clusters[name], list(group)
            entrances = read_entrances(mesh, workload, placements, cluster)
            compiled[name] += compile_whole_workload(mesh, workload, placements, cluster, entrances.companions)
            for placement in placements:
                compiled[name] += compile_pods(
                    mesh, workload, placement, cluster, surroundings, entrances.pods, addresses
                )
            share(shared[name], workload.namespace, entrances)
            collect_certificates(certificates[name], entrances)
    for name, cluster in inventory.clusters.items():
        compiled[name] += compile_cluster_gateways(mesh, cluster, shared[name])
        compiled[name] += compile_certificates(cluster, certificates[name])
    for name, of_consumers in compile_consumers(inventory, addresses).items():
        compiled[name] += of_consumers
    for name, on_top in _components(inventory).items():
        compiled[name] = with_components(compiled[name], on_top)
    return compiled


def _components(inventory: Inventory) -> dict[str, dict[tuple[str, str], tuple[str, ...]]]:
    """Return cluster -> namespace and name of the workloads that have components on top there.

    A cluster that only dials a workload's pods has none: what a component is about is where the pods are.
    """
    found: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
    for workload in inventory.workloads:
        names = tuple(component.name for component in workload.components)
        for placement in workload.placements if names else ():
            found.setdefault(placement.cluster, {})[workload.namespace, workload.name] = names
    return found
