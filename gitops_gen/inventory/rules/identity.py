"""Which documents there are: exactly one Mesh, and each name once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.problems import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.written import AnyWritten, Documents


def one_mesh(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI201: an inventory has exactly one Mesh, whose name owns what is generated."""
    for written in documents.meshes[1:]:
        first = documents.meshes[0]
        yield Problem(
            rule="GGI201",
            message=f'a second Mesh, "{written.fields.metadata.name}"; an inventory describes one mesh',
            location=written.name_place,
            subject=written.subject,
            help="keep one Mesh and give the other an inventory and a path of its own",
            related=((f"the first Mesh, {first.fields.metadata.name}", first.name_place),),
        )
    if documents.meshes or not documents.complete or any(kind == "Mesh" for kind, _ in documents.broken):
        return
    others: tuple[AnyWritten, ...] = (*documents.clusters, *documents.workloads, *documents.consumers)
    file = min((written.name_place.file for written in others), default=documents.first_file)
    yield Problem(
        rule="GGI201",
        message="the inventory has no Mesh",
        location=Location(file=file, line=1, column=1),
        help="add a document with `kind: Mesh` and a name; `gitops-gen schema mesh` tells its fields",
    )


def unique_names(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI202: no two documents of a kind have the same name (and namespace)."""
    seen: dict[str, Location] = {}
    everything: tuple[AnyWritten, ...] = (*documents.clusters, *documents.workloads, *documents.consumers)
    for written in everything:
        if written.subject not in seen:
            seen[written.subject] = written.name_place
            continue
        yield Problem(
            rule="GGI202",
            message=f"{written.subject} is written twice",
            location=written.name_place,
            subject=written.subject,
            help="merge the two documents, or give one of them another name",
            related=(("the first one", seen[written.subject]),),
        )
