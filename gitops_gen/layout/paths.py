"""The path scheme: where in the tree everything stands. No other module knows it.

    base/<namespace>/<workload>/<file>.yaml
    overlays/<cluster>/<namespace>/<folder>/<file>.yaml
    published/<cluster>.yaml
    components/<name>/...        people's own: read, and never written

and a `kustomization.yaml` in each folder from `base/<namespace>/<workload>` and `overlays/<cluster>` down. Namespaces
and workloads are DNS labels, so a folder or file of ours that is none has a dot in its name and never meets one.
"""

from __future__ import annotations

from typing import NamedTuple

from gitops_gen.naming import is_label

KUSTOMIZATION = "kustomization.yaml"
"""The one name that we write; kustomize also looks for the other two and fails if it finds two of them."""

OTHER_KUSTOMIZATIONS = ("kustomization.yml", "Kustomization")

TOMBSTONE = "retired.yaml"

_FOLDER_DEPTH = 4
"""How many parts `overlays/<cluster>/<namespace>/<folder>` has."""


class Folder(NamedTuple):
    """What stands together in each cluster: a workload, or one of the folders with a dot (`gateways.ingress`)."""

    namespace: str
    name: str

    @property
    def has_base(self) -> bool:
        """Tell whether it is a workload's; nothing else is shared between clusters."""
        return "." not in self.name


def base_folder(folder: Folder) -> str:
    """Return the folder of what all clusters of a workload have in common."""
    return f"base/{folder.namespace}/{folder.name}"


def overlay_folder(cluster: str, folder: Folder) -> str:
    """Return the folder of a workload, or the like, in a cluster."""
    return f"overlays/{cluster}/{folder.namespace}/{folder.name}"


def base_from_overlay(folder: Folder) -> str:
    """Return the way from an overlay folder to its base."""
    return f"../../../../{base_folder(folder)}"


COMPONENTS = "components"
"""The folder of people's own components."""


def component_folder(name: str) -> str:
    """Return the folder of a component."""
    return f"{COMPONENTS}/{name}"


def component_from_overlay(name: str) -> str:
    """Return the way from an overlay folder to a component."""
    return f"../../../../{component_folder(name)}"


def file_name(stem: str) -> str:
    """Return the name of a resource file.

    A pod may be called `kustomization`, and kustomize would take its file for one of its own, or `retired`, and we
    would take it for a tombstone; the underscore that is added cannot stand in a pod's name.
    """
    name = f"{stem}.yaml"
    return f"{stem}_.yaml" if name in {KUSTOMIZATION, TOMBSTONE} else name


def stem_of(name: str) -> str:
    """Return the stem that `file_name` made a name of."""
    return name.removesuffix(".yaml").removesuffix("_")


def is_remote_pod(path: str) -> bool:
    """Tell whether a path is that of a pod of another cluster, `<pod>.<home cluster>.yaml` in a folder of an overlay.

    Neither pods nor kinds have a dot in their names.
    """
    return path.startswith("overlays/") and path.endswith(".yaml") and "." in stem_of(path.rpartition("/")[2])


def is_record(path: str) -> bool:
    """Tell whether a path is that of a cluster's record, `published/<cluster>.yaml`; all else there is a person's."""
    folder, _, name = path.partition("/")
    return folder == "published" and name.endswith(".yaml") and is_label(name.removesuffix(".yaml"))


def parent(path: str) -> str:
    """Return the folder in which a path stands, "" for the top."""
    return path.rpartition("/")[0]


def parents(path: str) -> list[str]:
    """Return every folder above a path, the top one first."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def cluster_of(path: str) -> str | None:
    """Return the cluster in whose overlay a path stands."""
    parts = path.split("/")
    return parts[1] if parts[0] == "overlays" and len(parts) > 2 else None  # noqa: PLR2004 - a file in a cluster's folder


def base_of(path: str) -> str | None:
    """Return the base folder that a path stands in, None for paths elsewhere."""
    parts = path.split("/")
    return "/".join(parts[:3]) if parts[0] == "base" and len(parts) > 3 else None  # noqa: PLR2004


def base_for(path: str) -> str | None:
    """Return the base folder that the overlay folder of a path may build on."""
    parts = path.split("/")
    if parts[0] != "overlays" or len(parts) <= _FOLDER_DEPTH:
        return None
    folder = Folder(parts[2], parts[3])
    return base_folder(folder) if folder.has_base else None
