"""An inventory in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.model import Inventory


def count(number: int, word: str) -> str:
    """Write a number with its noun: `1 pod`, `2 pods`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def inventory_summary(inventory: Inventory) -> str:
    """Say what an inventory holds: `mesh example: 3 clusters, 1 workload, 4 pods, 1 consumer`."""
    pods = sum(len(placement.pods) for workload in inventory.workloads for placement in workload.placements)
    parts = [
        count(len(inventory.clusters), "cluster"),
        count(len(inventory.workloads), "workload"),
        count(pods, "pod"),
        count(len(inventory.consumers), "consumer"),
    ]
    return f"mesh {inventory.mesh.name}: {', '.join(parts)}"
