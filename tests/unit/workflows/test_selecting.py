from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.errors import InputError
from gitops_gen.workflows.selecting import Selection, choose
from tests import inventories

if TYPE_CHECKING:
    from gitops_gen.model import Inventory

RINGS = {"east": "ring: canary, tier: a", "north": "ring: production, tier: a", "west": "ring: production, tier: b"}


@pytest.fixture
def inventory() -> Inventory:
    clusters = [inventories.cluster(name, labels=labels) for name, labels in RINGS.items()]
    found = inventories.load(inventories.mesh(), *clusters, inventories.placed()).inventory
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("selection", "clusters"),
    [
        (Selection(), {"east", "north", "west", "left"}),
        (Selection(clusters=("east",)), {"east"}),
        (Selection(clusters=("left",)), {"left"}),
        (Selection(labels=("ring=production",)), {"north", "west"}),
        (Selection(labels=("ring=production", "tier=b")), {"west"}),
        (Selection(clusters=("east",), labels=("tier=b",)), {"east", "west"}),
    ],
)
def test_clusters_are_chosen_by_name_and_by_label(
    inventory: Inventory, selection: Selection, clusters: set[str]
) -> None:
    chosen = choose(selection, inventory, published={"east", "left"}, standing=())
    assert (chosen.clusters, chosen.workloads) == (frozenset(clusters), None)


def test_workloads_of_the_inventory_and_of_the_branch(inventory: Inventory) -> None:
    chosen = choose(Selection(workloads=("streaming/kafka", "a/gone")), inventory, published=(), standing={"a/gone"})
    assert chosen.workloads == frozenset({"streaming/kafka", "a/gone"})


@pytest.mark.parametrize(
    ("selection", "message", "help_"),
    [
        (
            Selection(clusters=("eastt",)),
            "neither the inventory nor the branch has a cluster eastt",
            "did you mean east?",
        ),
        (Selection(clusters=("zzz",)), "neither the inventory nor the branch has a cluster zzz", ""),
        (
            Selection(workloads=("streaming/kafak",)),
            "neither the inventory nor the branch has a workload streaming/kafak",
            "did you mean streaming/kafka?",
        ),
        (Selection(labels=("ring=gold",)), "no cluster has the labels ring=gold", ""),
        (Selection(labels=("ring",)), "'ring' is no label", "write it like ring=canary"),
        (Selection(labels=("=x",)), "'=x' is no label", "write it like ring=canary"),
    ],
)
def test_names_that_nobody_knows_are_told(inventory: Inventory, selection: Selection, message: str, help_: str) -> None:
    with pytest.raises(InputError) as failed:
        choose(selection, inventory, published=(), standing=())
    assert (failed.value.message, failed.value.help) == (message, help_)
