"""The inventory as it is written: one pydantic model per kind and per mapping in it, a module for each kind.

These models say which keys there are, of which types and in which bounds, nothing more; what must hold between
fields and documents is in `rules/`, so that each of those problems gets its own words and place. They are also
the source of the JSON Schemas: every description here is what an editor shows.
"""

from __future__ import annotations

from typing import TypeAlias

from gitops_gen.inventory.format.cluster import ClusterDocument
from gitops_gen.inventory.format.consumer import ConsumerDocument
from gitops_gen.inventory.format.mesh import MeshDocument
from gitops_gen.inventory.format.workload import WorkloadDocument

AnyDocument: TypeAlias = MeshDocument | ClusterDocument | WorkloadDocument | ConsumerDocument

DOCUMENTS: dict[str, type[MeshDocument | ClusterDocument | WorkloadDocument | ConsumerDocument]] = {
    "Mesh": MeshDocument,
    "Cluster": ClusterDocument,
    "Workload": WorkloadDocument,
    "Consumer": ConsumerDocument,
}
"""The model of each kind."""
