"""Rendered resources as the routes see them: a manifest, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.manifest import Manifest
    from gitops_gen.problems import Location


class Resource(NamedTuple):
    """One rendered resource: what names it, its spec, and the place of its first line.

    What is read over and over stands beside the manifest: the table asks a hundred times for each resource.
    """

    kind: str
    group: str
    namespace: str
    name: str
    spec: Mapping[str, Any]
    manifest: Manifest
    location: Location

    @property
    def reference(self) -> str:
        """Return `namespace/name`, as a VirtualService names a Gateway."""
        return f"{self.namespace}/{self.name}"

    def __str__(self) -> str:
        """Write it as people do: `VirtualService monitoring/cluster-a-prometheus-0`."""
        return f"{self.kind} {self.namespace}/{self.name}"


def read_resource(manifest: Manifest, location: Location) -> Resource:
    """Make a resource of a manifest. Raises KeyError, TypeError or AttributeError for what is none."""
    metadata = manifest["metadata"]
    return Resource(
        kind=manifest["kind"],
        group=manifest["apiVersion"].rpartition("/")[0],
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        spec=manifest.get("spec") or {},
        manifest=manifest,
        location=location,
    )


def full_name(host: str, namespace: str, cluster_domain: str) -> str:
    """Return the host that Istio makes of a short one: without a dot it is read in the resource's own namespace."""
    return host if "." in host or host == "*" else f"{host}.{namespace}.svc.{cluster_domain}"


def covers(pattern: str, host: str) -> bool:
    """Tell whether a host, or a wildcard in the first label, covers another host or wildcard."""
    if pattern in {host, "*"}:
        return True
    return pattern.startswith("*.") and len(host) >= len(pattern) and host.endswith(pattern[1:])


def meeting(one: str, other: str) -> str | None:
    """Return the more specific of two hosts of which one covers the other, None where neither does."""
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def wildcards_over(host: str) -> list[str]:
    """Return every wildcard that covers a host, the most specific first; a wildcard is not among its own."""
    labels = host.removeprefix("*.").split(".")
    first = 0 if host.startswith("*.") else 1
    own = {host}
    found = ["*." + ".".join(labels[start:]) for start in range(first, len(labels))]
    return [wildcard for wildcard in [*found, "*"] if wildcard not in own]
