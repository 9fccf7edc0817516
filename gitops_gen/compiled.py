"""Compiled resources: complete manifests of one cluster, each with the place that it has in the tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.manifest import Manifest

INGRESS_GATEWAYS = "gateways.ingress"
"""Folder of the shared Gateways of an ingress namespace; the dot keeps workloads from having that name."""

EAST_WEST_GATEWAYS = "gateways.eastwest"
"""Folder of the generated east-west Gateway of a cluster, in that gateway's namespace."""

EXTERNAL_HOSTS = "hosts.external"
"""Folder of the hosts outside that Consumers of a namespace are let out to; several may dial one."""


def consumer_folder(name: str) -> str:
    """Folder of what a Consumer needs in its own namespace."""
    return f"consumer.{name}"


class Place(NamedTuple):
    """Where a resource stands: `overlays/<cluster>/<namespace>/<folder>/<file>.yaml`, or the like in `base/`.

    `shared` resources are not per pod; those that are equal in every cluster of the workload go to base. `source`
    names what to change in the inventory: `Workload monitoring/prometheus`. `components` are people's own, by name,
    that the folder in this cluster has on top of all its resources.
    """

    namespace: str
    folder: str
    file: str
    source: str
    shared: bool = False
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """One resource of one cluster and its place. Resources of one place share a file, in the order given."""

    manifest: Manifest
    place: Place


def with_components(resources: Iterable[Compiled], names: Mapping[tuple[str, str], tuple[str, ...]]) -> list[Compiled]:
    """Return the resources of a cluster, those in the folders of `names` (namespace and folder) with these on top."""
    return [
        replace(one, place=one.place._replace(components=found))
        if (found := names.get((one.place.namespace, one.place.folder)))
        else one
        for one in resources
    ]
