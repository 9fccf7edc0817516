"""Paths of the tree, read back: which cluster, namespace, workload and pod a file belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.layout.paths import KUSTOMIZATION, TOMBSTONE
from gitops_gen.layout.units import unit_of
from gitops_gen.naming import ordinal_of

if TYPE_CHECKING:
    from gitops_gen.model import SyncUnit

_SHARED_FILES = frozenset(
    {
        KUSTOMIZATION,
        TOMBSTONE,
        "config-map.yaml",
        "destination-rule.yaml",
        "dns-endpoint.yaml",
        "gateway.yaml",
        "peer-authentication.yaml",
        "route.yaml",
        "service-entry.yaml",
        "service.yaml",
        "virtual-service.yaml",
    }
)
"""Names of the files in a workload's folder that are not per pod (docs/reference/tree.md)."""


class TreeFolder(NamedTuple):
    """A folder of the tree that holds resources: below base where `cluster` is empty, else below overlays.

    `namespace` and `name` are empty for files that stand higher up.
    """

    cluster: str
    namespace: str
    name: str

    @property
    def base(self) -> TreeFolder:
        """The folder in base that belongs to this overlay."""
        return TreeFolder("", self.namespace, self.name)

    @property
    def path(self) -> str:
        """Where the folder stands in the tree."""
        parts = ("overlays", self.cluster) if self.cluster else ("base",)
        return "/".join(part for part in (*parts, self.namespace, self.name) if part)

    def unit(self, sync_unit: SyncUnit) -> str:
        """Return the sync unit that renders this folder of an overlay."""
        return unit_of(f"{self.path}/{KUSTOMIZATION}", sync_unit) or self.path


class Place(NamedTuple):
    """A file of the tree: its folder and its name."""

    folder: TreeFolder
    file: str

    @property
    def path(self) -> str:
        """Where the file stands in the tree."""
        return f"{self.folder.path}/{self.file}"

    @property
    def pod(self) -> str | None:
        """The pod whose file this is (`<pod>`, or `<pod>.<home>` for one of another cluster), None for shared ones."""
        if not is_workload_folder(self.folder.name) or self.file in _SHARED_FILES or not self.file.endswith(".yaml"):
            return None
        # The layout adds an underscore to a name that kustomize would take for one of its own.
        return self.file.removesuffix(".yaml").rstrip("_")


def is_workload_folder(name: str) -> bool:
    """Tell a workload's folder from those with a dot in their name (consumers, shared gateways)."""
    return bool(name) and "." not in name


def pod_order(pod: str) -> tuple[str, int, str]:
    """Sort pods by set and number, so that `kafka-10` comes after `kafka-9`."""
    name, _dot, home = pod.partition(".")
    ordinal = ordinal_of(name)
    return (name, -1, home) if ordinal is None else (name.rpartition("-")[0], ordinal, home)


def place_of(path: str) -> Place | None:
    """Read a path below base or overlays; None for all others."""
    *folders, file = path.split("/")
    match folders:
        case ["base", namespace, name]:
            return Place(TreeFolder("", namespace, name), file)
        case ["overlays", cluster, *below] if len(below) <= 2:  # noqa: PLR2004 - namespace and workload
            return Place(TreeFolder(cluster, *(*below, "", "")[:2]), file)
        case _:
            return None
