"""Findings on resources, as problems with a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.problems import Problem, Severity

WORKLOAD = "gitops-gen.io/workload"
"""The label that names a resource's workload."""

if TYPE_CHECKING:
    from gitops_gen.routes.resource import Resource


def error(rule: str, resource: Resource, message: str, *, help: str = "", other: Resource | None = None) -> Problem:  # noqa: A002
    """Make an error at a resource; `other` is the second one of a clash."""
    return Problem(
        rule=rule,
        message=message,
        location=resource.location,
        subject=str(resource),
        help=help,
        related=((str(other), other.location),) if other is not None else (),
        workload=_workload(resource),
    )


def warning(rule: str, resource: Resource, message: str, *, help: str = "", other: Resource | None = None) -> Problem:  # noqa: A002
    """Make a warning at a resource."""
    return Problem(
        rule=rule,
        message=message,
        location=resource.location,
        severity=Severity.WARNING,
        subject=str(resource),
        help=help,
        related=((str(other), other.location),) if other is not None else (),
        workload=_workload(resource),
    )


def _workload(resource: Resource) -> str:
    """Return the workload whose resource it is, by its label; "" for what belongs to none, or is not ours."""
    name = (resource.manifest["metadata"].get("labels") or {}).get(WORKLOAD, "")
    return f"{resource.namespace}/{name}" if name else ""
