"""Visibility: which namespaces see a resource, by `exportTo` or, for Services, by the annotation.

A gateway that does not see a backend answers 503, one that does not see a VirtualService 404.
Source: docs/explanation/what-istio-does.md, "Visibility".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.routes.resource import Resource

ANNOTATION = "networking.istio.io/exportTo"
EVERYWHERE = "*"


def export_list(resource: Resource) -> tuple[str, ...]:
    """Return what the resource itself says, entry by entry; empty where it says nothing."""
    if resource.kind == "Service":
        written = (resource.manifest["metadata"].get("annotations") or {}).get(ANNOTATION, "")
        return tuple(part.strip() for part in written.split(",") if part.strip())
    return tuple(resource.spec.get("exportTo") or ())


@lru_cache(maxsize=4096)
def _namespaces(written: tuple[str, ...], own: str) -> frozenset[str]:
    return frozenset(own if entry == "." else entry for entry in written or (EVERYWHERE,))


def seen_by(resource: Resource) -> frozenset[str]:
    """Return the namespaces that see a resource; `*` among them stands for all, and so does saying nothing."""
    return _namespaces(export_list(resource), resource.namespace)


def sees(namespace: str | None, seen: frozenset[str]) -> bool:
    """Tell whether a namespace is among those; one that is not known is given the benefit of the doubt."""
    return namespace is None or EVERYWHERE in seen or namespace in seen
