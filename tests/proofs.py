"""Compiled inventories as the proof reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.problems import Location
from gitops_gen.resources.addresses import allocate
from gitops_gen.resources.compile import compile_mesh
from gitops_gen.resources.consumers import hosts_with_address
from gitops_gen.routes.declared import read_declared
from gitops_gen.routes.resource import Resource, read_resource
from gitops_gen.routes.table import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Inventory


def placed(manifests: Iterable[Manifest], file: str = "rendered.yaml") -> list[Resource]:
    """Give each manifest a line of its own."""
    return [read_resource(manifest, Location(file, line, 1)) for line, manifest in enumerate(manifests, start=1)]


def rendered(inventory: Inventory) -> dict[str, list[Resource]]:
    """Compile an inventory without errors: cluster -> resources."""
    compiled = compile_mesh(inventory, allocate(hosts_with_address(inventory), inventory.mesh.vip_pool, {}))
    return {name: placed((resource.manifest for resource in found), f"{name}.yaml") for name, found in compiled.items()}


def table_of(inventory: Inventory, cluster: str, resources: Iterable[Resource]) -> Table:
    """Read the route table of one cluster."""
    return read_table(list(resources), read_declared(inventory, inventory.clusters[cluster]))
