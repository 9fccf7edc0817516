"""Templates as written: known fields, whole braces, lower case."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.inventory.format.fields import ExistingBackend
from gitops_gen.inventory.lookup import default_ingress, written_routes
from gitops_gen.inventory.rules.words import shown
from gitops_gen.inventory.suggestions import did_you_mean
from gitops_gen.inventory.templates import BACKEND_FIELDS, COMPANION_FIELDS, has_stray_brace
from gitops_gen.naming import TEMPLATE_FIELDS, template_fields
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.format.cluster import ClusterDocument
    from gitops_gen.inventory.format.workload import WorkloadDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import AnyWritten, Documents, Written

_FIELDS = frozenset(TEMPLATE_FIELDS)


class Template(NamedTuple):
    """A template somewhere in a document: its path, and the fields that it may use."""

    written: AnyWritten
    path: Path
    text: str
    allowed: frozenset[str]


def _templates(documents: Documents) -> Iterator[Template]:
    for mesh in documents.meshes:
        yield from _backend(mesh, ("spec", "backend"), mesh.fields.spec.backend)
    for cluster in documents.clusters:
        yield from _backend(cluster, ("spec", "backend"), cluster.fields.spec.backend)
        yield from _of_ingresses(cluster)
    for workload in documents.workloads:
        yield from _backend(workload, ("spec", "backend"), workload.fields.spec.backend)
        for place, placement in enumerate(workload.fields.spec.placements):
            yield from _backend(workload, ("spec", "placements", place, "backend"), placement.backend)
        for written in written_routes(workload.fields):
            if written.route.host is not None:
                allowed = _FIELDS if written.route.service is None else COMPANION_FIELDS
                yield Template(workload, (*written.path, "host"), written.route.host, allowed)


def _of_ingresses(cluster: Written[ClusterDocument]) -> Iterator[Template]:
    for name, ingress in cluster.fields.spec.ingresses.items():
        for key, text, allowed in (
            ("hostTemplate", ingress.host_template, _FIELDS),
            ("credentialName", ingress.credential_name, BACKEND_FIELDS),
            ("clientCA", ingress.client_ca, BACKEND_FIELDS),
        ):
            if text is not None:
                yield Template(cluster, ("spec", "ingresses", name, key), text, allowed)


def _backend(written: AnyWritten, path: Path, backend: object) -> Iterator[Template]:
    if isinstance(backend, ExistingBackend):
        yield Template(written, (*path, "existing"), backend.existing, BACKEND_FIELDS)


def known_fields(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI211: what stands in braces in a template is a field that has a value there."""
    for template in _templates(documents):
        unknown = [field for field in template_fields(template.text) if field not in template.allowed]
        for field in unknown:
            if field in _FIELDS:
                message = f"{{{field}}} has no value here" + (
                    ": the route leads to a Service, not to pods" if template.allowed is COMPANION_FIELDS else ""
                )
                help_ = "known here are: " + ", ".join(f"{{{name}}}" for name in sorted(template.allowed))
            else:
                message = f"the template has an unknown field {shown('{' + field + '}')}"
                help_ = did_you_mean(field, template.allowed)
            yield _problem(template, message, help_)
        if has_stray_brace(template.text):
            yield _problem(
                template,
                f"the template {shown(template.text)} has a brace that belongs to no field",
                "write fields as {pod}; braces have no other meaning",
            )


def _problem(template: Template, message: str, help_: str) -> Problem:
    return Problem(
        rule="GGI211",
        message=message,
        location=template.written.at(*template.path),
        subject=template.written.subject,
        help=help_,
    )


def lower_case(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI012: hosts have no upper case letters.

    Source: Istio accepts them and older ones do not route them by server name (istio/istio#50118).
    """
    for template in _templates(documents):
        literal = template.text
        for field in template_fields(template.text):
            literal = literal.replace("{" + field + "}", "")
        if literal != literal.lower():
            yield Problem(
                rule="GGI012",
                message=f"{shown(template.text)} has upper case letters",
                location=template.written.at(*template.path),
                subject=template.written.subject,
                help="write it in lower case",
            )


def companion_hosts(documents: Documents, clusters: Clusters) -> Iterator[Problem]:
    """GGI211: the `hostTemplate` that a companion's route falls back on has no field of a pod."""
    for workload in documents.workloads:
        for written in written_routes(workload.fields):
            if written.route.service is None or written.route.host is not None:
                continue
            for name in sorted({name for placement in written.placements for name in clusters.of(placement)}):
                problem = _companion_host(workload, written.path, clusters, name, written.route.ingress)
                if problem is not None:
                    yield problem
                    break


def _companion_host(
    workload: Written[WorkloadDocument], path: Path, clusters: Clusters, name: str, ingress_name: str | None
) -> Problem | None:
    cluster = clusters.by_name[name]
    ingress = cluster.fields.spec.ingresses.get(ingress_name or default_ingress(cluster.fields) or "")
    if ingress is None or ingress.host_template is None:
        return None
    # Unknown fields are the template's own problem.
    missing = [field for field in template_fields(ingress.host_template) if field in _FIELDS - COMPANION_FIELDS]
    if not missing:
        return None
    return Problem(
        rule="GGI211",
        message=f"the route to a Service needs a `host`: the ingress's hostTemplate has {{{missing[0]}}}, "
        "and a Service is no pod",
        location=workload.at(*path),
        subject=workload.subject,
        help="write `host` in the route, for example `host: bootstrap-{cluster}.example.com`",
        related=(("the hostTemplate", cluster.at("spec", "ingresses", *_ingress_path(cluster, ingress_name))),),
    )


def _ingress_path(cluster: Written[ClusterDocument], ingress_name: str | None) -> Path:
    return (ingress_name or default_ingress(cluster.fields) or "", "hostTemplate")
