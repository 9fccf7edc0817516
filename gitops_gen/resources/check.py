"""Check: whether what an inventory asks for can work, before anything is rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.resources.consumers import check_consumers
from gitops_gen.resources.homes import read_presences
from gitops_gen.resources.rules.ambient import ambient_problems
from gitops_gen.resources.rules.backends import backend_problems
from gitops_gen.resources.rules.gateway_api import gateway_api_problems
from gitops_gen.resources.rules.gateways import gateway_problems
from gitops_gen.resources.rules.names import name_problems
from gitops_gen.resources.rules.own_tls import own_tls_problems
from gitops_gen.resources.rules.services import service_problems
from gitops_gen.resources.surroundings import read_surroundings

if TYPE_CHECKING:
    from gitops_gen.model import Inventory
    from gitops_gen.problems import Problem


def check_shapes(inventory: Inventory) -> list[Problem]:
    """Return everything in an inventory that would be applied without complaint and then not route.

    Presupposes that what the inventory says is sound: names, references, hosts and templates.
    """
    surroundings = read_surroundings(inventory)
    presences = read_presences(inventory, surroundings)
    homes = [home for presence in presences for home in presence.homes]
    return [
        *backend_problems(inventory, homes, surroundings),
        *gateway_problems(presences),
        *gateway_api_problems(inventory, presences),
        *ambient_problems(inventory, homes),
        *own_tls_problems(homes),
        *name_problems(inventory.mesh.name, presences),
        *service_problems(homes),
        *check_consumers(inventory),
    ]
