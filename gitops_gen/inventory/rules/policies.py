"""Policies of ports: durations that are some, retries that are any, and nothing that a protocol does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_gen.inventory.lookup import port_lists
from gitops_gen.inventory.rules.words import shown
from gitops_gen.model import Family
from gitops_gen.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.inventory.format.workload import PolicyFields, PortFields, WorkloadDocument
    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.nodes import Path
    from gitops_gen.inventory.written import Documents, Written

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+", re.ASCII)


def sound_policies(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI014, GGI031, GGI241, GGI242: what a policy says is something that Istio takes, and that a port can have."""
    for workload in documents.workloads:
        spec = workload.fields.spec
        if spec.policy is not None:
            yield from _policy(workload, spec.policy, ("spec", "policy"))
        for ports, path, _ in port_lists(workload.fields):
            yield from _idle(workload, ports, path)
            for place, port in enumerate(ports):
                if port.policy is not None:
                    yield from _policy(workload, port.policy, (*path, place, "policy"))
                    yield from _of_protocol(workload, port, port.policy, (*path, place, "policy"))


def _policy(workload: Written[WorkloadDocument], policy: PolicyFields, path: Path) -> Iterator[Problem]:
    retries, connections = policy.retries, policy.connections
    durations: list[tuple[str | None, Path]] = [(policy.timeout, ("timeout",))]
    if retries is not None:
        durations.append((retries.per_try_timeout, ("retries", "perTryTimeout")))
    if connections is not None:
        durations.append((connections.connect_timeout, ("connections", "connectTimeout")))
        durations.append((connections.idle_timeout, ("connections", "idleTimeout")))
    for text, key in durations:
        if text is not None and (not _DURATION.fullmatch(text) or not re.search("[1-9]", text)):
            yield Problem(
                rule="GGI014",
                message=f"{shown(text)} is no duration, or none at all: Istio takes 1ms at least",
                location=workload.at(*path, *key),
                subject=workload.subject,
                help="write a number with its unit, such as `30s` or `500ms`, or leave it out",
            )
    if retries is None:
        return
    if retries.attempts == 0:
        for said, name in ((retries.per_try_timeout, "perTryTimeout"), (retries.retry_on, "retryOn")):
            if said is not None:
                yield Problem(
                    rule="GGI014",
                    message=f"`{name}` says how to retry, and there are no `attempts`",
                    location=workload.at_key(*path, "retries", name),
                    subject=workload.subject,
                    help="take it away, or write `attempts` above 0",
                )
        return
    yield Problem(
        rule="GGI031",
        severity=Severity.WARNING,
        message="a request that failed is tried again at the one pod that it is for, and may be done twice",
        location=workload.at(*path, "retries", "attempts"),
        subject=workload.subject,
        help="leave `retries` out, or keep to failures before the request was sent: `retryOn: connect-failure`",
    )


def _idle(workload: Written[WorkloadDocument], ports: Sequence[PortFields], path: Path) -> Iterator[Problem]:
    """Check that the ports of a pod that are not HTTP agree: Istio reads their idle timeout for the pod as a whole."""
    of_all = workload.fields.spec.policy
    first: tuple[PortFields, str | None] | None = None
    for place, port in enumerate(ports):
        if port.protocol.family in {Family.TLS, Family.TCP} and port.carried is not False:
            policy = port.policy if port.policy is not None and port.policy.connections is not None else of_all
            connections = policy.connections if policy is not None else None
            said = connections.idle_timeout if connections is not None else None
            first = first or (port, said)
            if said != first[1]:
                yield Problem(
                    rule="GGI242",
                    message=f"connections to port {port.name} may be idle {said or 'for ever'}, those to port "
                    f"{first[0].name} {first[1] or 'for ever'}: Istio has one `idleTimeout` for all that are not HTTP",
                    location=workload.at(*path, place),
                    subject=workload.subject,
                    help="write the same `connections.idleTimeout` for each of them, or one in the workload's `policy`",
                )


def _of_protocol(
    workload: Written[WorkloadDocument], port: PortFields, policy: PolicyFields, path: Path
) -> Iterator[Problem]:
    """Check that a port's own policy asks for nothing that only HTTP has. A workload's is for those that have it."""
    if port.protocol.family is Family.HTTP:
        return
    connections = policy.connections
    for written, key in (
        (policy.timeout is not None, ("timeout",)),
        (policy.retries is not None, ("retries",)),
        (connections is not None and connections.max_requests is not None, ("connections", "maxRequests")),
    ):
        if written:
            yield Problem(
                rule="GGI241",
                message=f"port {port.name} is {port.protocol.value}, and `{key[-1]}` is about requests of HTTP",
                location=workload.at_key(*path, *key),
                subject=workload.subject,
                help="take it away; `connections` with `max` and timeouts hold for every protocol",
            )
