"""What a Consumer dials: workloads that are there, that let it, on a port that can be reached its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.rules.words import shown
from gitops_gen.inventory.suggestions import did_you_mean
from gitops_gen.model import Via
from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.format.consumer import ConsumerDocument
    from gitops_gen.inventory.rules.ways import Whole
    from gitops_gen.inventory.written import Written
    from gitops_gen.model import Consumer, Workload
    from gitops_gen.problems import Location


def _dialled(whole: Whole) -> Iterator[tuple[Written[ConsumerDocument], int, str, Workload | None]]:
    """Yield each Consumer with place, key and workload of all that it names; None if there is no such workload."""
    workloads = {workload.key: workload for workload in whole.inventory.workloads}
    for consumer in whole.documents.consumers:
        for place, key in enumerate(consumer.fields.spec.workloads):
            yield consumer, place, key, workloads.get(key)


def known_workloads(whole: Whole) -> Iterator[Problem]:
    """GGI232: the workloads that a Consumer names are there, and named once."""
    keys = frozenset(workload.key for workload in whole.inventory.workloads)
    for consumer, place, key, workload in _dialled(whole):
        here = consumer.at("spec", "workloads", place)
        if workload is None and whole.documents.complete and ("Workload", key) not in whole.documents.broken:
            yield Problem(
                rule="GGI232",
                message=f"there is no workload {shown(key)}",
                location=here,
                subject=consumer.subject,
                help=did_you_mean(key, keys, otherwise="write `namespace/name` of a Workload of this inventory"),
            )
        if key in consumer.fields.spec.workloads[:place]:
            yield Problem(
                rule="GGI232",
                message=f"the workload {shown(key)} is named twice",
                location=here,
                subject=consumer.subject,
                help="take one away",
            )


def ports_reachable(whole: Whole) -> Iterator[Problem]:
    """GGI233, GGI235: the port is one of the workload's, carried, and exposed where the way is north-south.

    Placements with ports of their own may lack it; those that have it are what the Consumer dials.
    """
    for consumer, place, _, workload in _dialled(whole):
        if workload is None or not workload.placements:
            continue
        spec = consumer.fields.spec
        found = [
            (placement, port) for placement in workload.placements for port in placement.ports if port.name == spec.port
        ]
        here, port_here = consumer.at("spec", "workloads", place), consumer.at("spec", "port")
        related = ((f"the workload {workload.key}", workload.origin), ("named here", here))
        if not found:
            names = {port.name for placement in workload.placements for port in placement.ports}
            yield _problem(
                "GGI233",
                f"workload {workload.key} has no port {shown(spec.port)}",
                did_you_mean(spec.port, names),
                port_here,
                consumer,
                related,
            )
            continue
        closed = next((port for _, port in found if not port.carried), None)
        if closed is not None:
            yield _problem(
                "GGI233",
                f"port {closed.name} of workload {workload.key} is not carried by the mesh",
                "choose another port",
                port_here,
                consumer,
                (("the port", closed.origin), *related),
            )
            continue
        hidden = next(
            (
                (placement, port)
                for placement, port in found
                if placement.pods
                # Pods of its own cluster are dialled inside the mesh.
                and placement.cluster != spec.cluster
                and not any(route.service is None for route in port.routes)
            ),
            None,
        )
        if spec.via is Via.NORTH_SOUTH and hidden is not None:
            placement, port = hidden
            yield _problem(
                "GGI235",
                f"port {port.name} of workload {workload.key} is not exposed in cluster {placement.cluster}, so it "
                "cannot be reached north-south",
                "write `expose` at the port, or `via: east-west`",
                consumer.at("spec", "via"),
                consumer,
                (("the port", port.origin), *related),
            )


def _problem(  # noqa: PLR0913, PLR0917 - the parts of a problem
    rule: str,
    message: str,
    help_: str,
    location: Location,
    consumer: Written[ConsumerDocument],
    related: tuple[tuple[str, Location], ...],
) -> Problem:
    return Problem(rule=rule, message=message, location=location, subject=consumer.subject, help=help_, related=related)


def allowed_consumers(whole: Whole) -> Iterator[Problem]:
    """GGI234: a workload that says who may consume it is consumed by nobody else."""
    for consumer, place, key, workload in _dialled(whole):
        if workload is None or workload.allow_consumers is None:
            continue
        metadata = consumer.fields.metadata
        if not {f"{metadata.namespace}/{metadata.name}", f"{metadata.namespace}/*"} & set(workload.allow_consumers):
            allowed = ", ".join(workload.allow_consumers) or "nobody"
            yield Problem(
                rule="GGI234",
                message=f"workload {key} does not allow this consumer",
                location=consumer.at("spec", "workloads", place),
                subject=consumer.subject,
                help=f"it allows {allowed}; its owners can add {metadata.namespace}/{metadata.name} to allowConsumers",
                related=(("the workload", workload.origin),),
            )


def own_lists(whole: Whole) -> Iterator[Problem]:
    """GGI236: each list of endpoints is in a ConfigMap of its own."""
    first_of: dict[tuple[str, str, str], Consumer] = {}
    for consumer in whole.inventory.consumers:
        if consumer.endpoints is None:
            continue
        first = first_of.setdefault((consumer.cluster, consumer.namespace, consumer.endpoints.config_map), consumer)
        if first is not consumer:
            yield Problem(
                rule="GGI236",
                message=f"the Consumers {first.key} and {consumer.key} both write the ConfigMap "
                f"{consumer.endpoints.config_map}",
                location=consumer.origin,
                subject=f"Consumer {consumer.key}",
                help="give one of them another `configMap`",
                related=((f"Consumer {first.key}", first.origin),),
            )
