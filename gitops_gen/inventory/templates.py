"""Templates of hosts and of Service names: what is wrong with one, and what it can tell apart."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gitops_gen.naming import POD_FIELDS, TEMPLATE_FIELDS, template_fields

if TYPE_CHECKING:
    from gitops_gen.model import Placement, Route

ORDINAL_FIELDS = frozenset({"ordinal", "ordinal+1"})
COMPANION_FIELDS = frozenset(TEMPLATE_FIELDS) - POD_FIELDS
"""What the host of a companion Service may use: there is no pod."""
BACKEND_FIELDS = frozenset(TEMPLATE_FIELDS) - {"port"}
"""What the name of an existing Service may use: one Service has all ports of a pod."""


@lru_cache(maxsize=4096)
def fields_of(template: str) -> frozenset[str]:
    """Return what stands in braces in a template, known or not."""
    return frozenset(template_fields(template))


@lru_cache(maxsize=4096)
def is_sound(template: str, allowed: frozenset[str]) -> bool:
    """Tell whether every brace of a template belongs to a field that is allowed there."""
    return fields_of(template) <= allowed and not has_stray_brace(template)


def has_stray_brace(template: str) -> bool:
    """Tell whether a template has a brace that opens or closes nothing."""
    rest = template
    for field in template_fields(template):
        rest = rest.replace("{" + field + "}", "", 1)
    return "{" in rest or "}" in rest


def needs_ordinals(route: Route) -> bool:
    """Tell whether a route works for pods with a number only."""
    if route.service is not None:
        return False
    return route.start_port is not None or not ORDINAL_FIELDS.isdisjoint(fields_of(route.host))


def route_is_sound(route: Route, placement: Placement) -> bool:
    """Tell whether the host and gateway port of a route can be worked out for all that it leads to."""
    allowed = COMPANION_FIELDS if route.service is not None else frozenset(TEMPLATE_FIELDS)
    if not is_sound(route.host, allowed):
        return False
    return not needs_ordinals(route) or all(pod.ordinal is not None for pod in placement.pods)
