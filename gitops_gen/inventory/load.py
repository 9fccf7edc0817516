"""From text to a whole inventory: read, check, expand, check again; every problem in one run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops_gen.inventory.expand import expand_inventory
from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.format.cluster import ClusterDocument
from gitops_gen.inventory.format.consumer import ConsumerDocument
from gitops_gen.inventory.format.mesh import MeshDocument
from gitops_gen.inventory.format.workload import WorkloadDocument
from gitops_gen.inventory.lookup import Clusters
from gitops_gen.inventory.nodes import read_documents
from gitops_gen.inventory.rules import DOCUMENT_RULES, INVENTORY_RULES
from gitops_gen.inventory.rules.bounds import within_bounds
from gitops_gen.inventory.rules.ways import see_whole
from gitops_gen.inventory.validation import validate
from gitops_gen.inventory.written import Documents, Written
from gitops_gen.problems import Problem, has_errors, in_order, set_aside
from gitops_gen.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.inventory.nodes import Document
    from gitops_gen.inventory.source import Source
    from gitops_gen.model import Inventory


@dataclass(frozen=True, slots=True)
class Loaded:
    """What reading an inventory came to: the inventory if it has no errors, and every problem, sorted by place.

    `texts` holds the text of each file by name, for reports that show the line; `documents` what is written, with its
    places.
    """

    inventory: Inventory | None
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]
    documents: Documents


def load_inventory(sources: Iterable[Source]) -> Loaded:
    """Read, check and expand an inventory. Never raises for what a user wrote: that is a Problem."""
    gathered = _Gathered()
    for source in sources:
        read, unread, gathered.texts[source.name] = read_documents(source)
        gathered.problems += unread
        gathered.complete = gathered.complete and not unread
        for document in read:
            gathered.take(document)
    documents = gathered.documents()
    problems = gathered.problems
    clusters = Clusters(documents.clusters)
    for document_rule in DOCUMENT_RULES:
        problems += document_rule(documents, clusters)
    beyond = list(within_bounds(documents, clusters))
    problems += beyond
    inventory = None
    if not beyond:
        inventory = expand_inventory(documents, digest=_digest(gathered.values))
        whole = see_whole(documents, inventory)
        for inventory_rule in INVENTORY_RULES:
            problems += inventory_rule(whole)
    problems = list(set_aside(problems, _reasons(documents)))
    return Loaded(
        inventory=None if has_errors(problems) else inventory,
        problems=tuple(in_order(problems)),
        texts=gathered.texts,
        documents=documents,
    )


@dataclass(slots=True)
class _Gathered:
    """Documents of an inventory while they come in."""

    problems: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    values: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[Written[MeshDocument]] = field(default_factory=list)
    clusters: list[Written[ClusterDocument]] = field(default_factory=list)
    workloads: list[Written[WorkloadDocument]] = field(default_factory=list)
    consumers: list[Written[ConsumerDocument]] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)
    complete: bool = True

    def take(self, document: Document) -> None:
        """Check the fields of a document and sort it in by its kind."""
        model = DOCUMENTS.get(document.kind)
        if model is None:
            return
        self.values.append(document.value)
        fields, problems = validate(document, model)
        self.problems += problems
        name = _name(document.value)
        subject = f"{document.kind} {name}"
        match fields:
            case MeshDocument():
                self.meshes.append(Written(document, fields, subject))
            case ClusterDocument():
                self.clusters.append(Written(document, fields, subject))
            case WorkloadDocument():
                self.workloads.append(Written(document, fields, subject))
            case ConsumerDocument():
                self.consumers.append(Written(document, fields, subject))
            case _:
                self.broken.add((document.kind, name))

    def documents(self) -> Documents:
        """Return all documents."""
        return Documents(
            meshes=tuple(self.meshes),
            clusters=tuple(self.clusters),
            workloads=tuple(self.workloads),
            consumers=tuple(self.consumers),
            broken=frozenset(self.broken),
            first_file=next(iter(self.texts), ""),
            complete=self.complete,
        )


def _name(value: Mapping[str, Any]) -> str:
    """Return how people call a document, whatever is wrong with it: `monitoring/prometheus`, or `prometheus`."""
    metadata = value.get("metadata")
    names = [metadata.get(key) for key in ("namespace", "name")] if isinstance(metadata, dict) else []
    return "/".join(name for name in names if isinstance(name, str))


def _reasons(documents: Documents) -> dict[tuple[str, str], str]:
    """Return why which workload sets which rule aside; a rule that cannot be is a problem of its own."""
    return {
        (written.subject.partition(" ")[2], switch.rule): switch.reason
        for written in documents.workloads
        for switch in written.fields.spec.set_aside
        if switch.rule in RULES and RULES[switch.rule].switch
    }


def _digest(documents: list[dict[str, Any]]) -> str:
    """Return the SHA-256 of the documents, whatever the order of documents and keys."""
    lines = sorted((str(value.get("kind")), _name(value), json.dumps(value, sort_keys=True)) for value in documents)
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()
