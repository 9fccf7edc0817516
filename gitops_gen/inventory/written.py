"""Documents as written: the checked fields of each, together with the places of all its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from gitops_gen.inventory.format.cluster import ClusterDocument
    from gitops_gen.inventory.format.consumer import ConsumerDocument
    from gitops_gen.inventory.format.mesh import MeshDocument
    from gitops_gen.inventory.format.workload import WorkloadDocument
    from gitops_gen.inventory.nodes import Document
    from gitops_gen.problems import Location

Model_co = TypeVar(
    "Model_co", "MeshDocument", "ClusterDocument", "WorkloadDocument", "ConsumerDocument", covariant=True
)


@dataclass(frozen=True, slots=True)
class Written(Generic[Model_co]):
    """One document of the inventory whose fields are as the language wants them."""

    document: Document
    fields: Model_co
    subject: str
    """How people call it: `Workload monitoring/prometheus`."""
    _places: dict[tuple[str | int, ...], Location] = field(default_factory=dict, init=False, compare=False, repr=False)

    def at(self, *path: str | int) -> Location:
        """Return the place of a value, or of the nearest mapping or list around it that is written."""
        # A placement by labels asks for the same places once for each cluster.
        if path not in self._places:
            self._places[path] = self.document.at(path)
        return self._places[path]

    def at_key(self, *path: str | int) -> Location:
        """Return the place of the last key of `path`."""
        return self.document.at(path, key=True)

    @property
    def name_place(self) -> Location:
        """Where its name stands: the place that stands for the whole document."""
        return self.at("metadata", "name")


AnyWritten: TypeAlias = (
    "Written[MeshDocument] | Written[ClusterDocument] | Written[WorkloadDocument] | Written[ConsumerDocument]"
)
"""A document of any kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """All documents of an inventory, by kind, in the order read.

    `broken` names (kind, `name` or `namespace/name`) the documents that are there but have problems of their own:
    references to them are not unknown, they just cannot be followed.
    """

    meshes: tuple[Written[MeshDocument], ...] = ()
    clusters: tuple[Written[ClusterDocument], ...] = ()
    workloads: tuple[Written[WorkloadDocument], ...] = ()
    consumers: tuple[Written[ConsumerDocument], ...] = ()
    broken: frozenset[tuple[str, str]] = frozenset()
    first_file: str = ""
    """Name of the first file: the place of what no document can be blamed for."""
    complete: bool = True
    """False where a part of the text could not be read, so that what is missing may be there."""
