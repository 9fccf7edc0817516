"""Trace: the way of a request from its client to a container's port, through what an inventory compiles to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.errors import InputError
from gitops_gen.routes.declared import read_declared
from gitops_gen.routes.journey import from_outside, in_mesh, known_hosts, knows, lost_outside
from gitops_gen.routes.story import near
from gitops_gen.routes.table import read_table
from gitops_gen.workflows.desired import compile_desired
from gitops_gen.workflows.proving import located

if TYPE_CHECKING:
    from gitops_gen.model import Inventory
    from gitops_gen.routes.journey import Journey


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The journeys of one request, each with its cluster; `advice` is for a host that nobody knows."""

    host: str
    port: int | None
    journeys: tuple[tuple[str, Journey], ...]
    advice: str

    @property
    def arrives(self) -> bool:
        """Tell whether there is a journey, and every one reaches its end."""
        return bool(self.journeys) and all(not journey.missing for _, journey in self.journeys)


def trace(
    inventory: Inventory, host: str, *, port: int | None = None, cluster: str | None = None, caller: str | None = None
) -> Traced:
    """Follow a request for a host through every cluster, or one, of an inventory without errors.

    `caller` is the namespace of a client in the mesh; without it the client is outside, or for a name of the mesh
    anywhere in it. Raises InputError for a cluster that the inventory has not.
    """
    if cluster is not None and cluster not in inventory.clusters:
        listed = ", ".join(inventory.clusters)
        raise InputError(f"the inventory has no cluster {cluster}", help=f"it has: {listed}")
    host = host.lower().rstrip(".")
    desired = compile_desired(inventory)
    found: list[tuple[str, Journey]] = []
    lost: list[tuple[str, Journey]] = []
    unlikely: list[tuple[str, Journey]] = []
    hosts: set[str] = set()
    for name, facts in inventory.clusters.items():
        if cluster not in {None, name}:
            continue
        table = read_table(located(desired, name), read_declared(inventory, facts))
        journeys = in_mesh(table, host, port, caller)
        if caller is None:
            journeys += from_outside(table, host, port)
            (lost if knows(table, host) else unlikely).extend(
                (name, journey) for journey in lost_outside(table, host, port)
            )
        found += [(name, journey) for journey in journeys]
        hosts |= known_hosts(table)
    journeys_found = tuple(found or lost or unlikely)
    advice = "" if journeys_found else f"nothing knows {host}{near(host, hosts)}"
    return Traced(host=host, port=port, journeys=journeys_found, advice=advice)
