"""Compiled resources: complete manifests of one cluster, each with the place that it has in the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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
    names what to change in the inventory: `Workload monitoring/prometheus`.
    """

    namespace: str
    folder: str
    file: str
    source: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Compiled:
    """One resource of one cluster and its place. Resources of one place share a file, in the order given."""

    manifest: Manifest
    place: Place
