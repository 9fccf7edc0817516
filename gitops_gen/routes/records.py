"""The proof's part on what follows the hosts: each record and certificate that the inventory asks for, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.exposure import dns_record
from gitops_gen.problems import Problem
from gitops_gen.routes.found import error
from gitops_gen.routes.resource import covers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Request, Table
    from gitops_gen.routes.wanted import Wanted

RULE = "GGI008"


def prove_records(table: Table, wanted: Mapping[Request, Sequence[Wanted]]) -> Iterator[Problem]:
    """Find records that lead elsewhere or nowhere, and hosts that have no record or certificate of those asked for."""
    wants = [want for of_request in wanted.values() for want in of_request]
    yield from _records(table, wants)
    yield from _certificates(table, wants)


def _records(table: Table, wants: Sequence[Wanted]) -> Iterator[Problem]:
    asked: dict[tuple[str, str, str, tuple[str, ...]], Wanted] = {}
    for want in wants:
        if want.exposure.ingress.dns_endpoint:
            asked[want.workload.namespace, want.exposure.host, *dns_record(want.exposure.ingress)] = want
    found = set()
    for resource in table.of_kind.get("DNSEndpoint", ()):
        for record in resource.spec.get("endpoints") or ():
            host, kind = str(record.get("dnsName")), str(record.get("recordType"))
            key = (resource.namespace, host, kind, tuple(record.get("targets") or ()))
            found.add(key)
            if key not in asked:
                to = ", ".join(key[3])
                yield error(RULE, resource, f"{resource} leads {host} to {to} ({kind}), which nobody asks for")
    for key, want in asked.items():
        if key not in found:
            yield _missing(want, f"no DNSEndpoint leads {key[1]} to {', '.join(key[3])}")


def _certificates(table: Table, wants: Sequence[Wanted]) -> Iterator[Problem]:
    made = {
        (resource.namespace, str(resource.spec.get("secretName"))): resource
        for resource in table.of_kind.get("Certificate", ())
    }
    used: set[tuple[str, str]] = set()
    for want in wants:
        ingress, served = want.exposure.ingress, want.certificate
        if ingress.issuer is None or served is None:
            continue
        key = (ingress.namespace, served.name)
        used.add(key)
        resource = made.get(key)
        if resource is None or not _is_for(resource, want):
            yield _missing(want, f"no Certificate is for {want.exposure.host} in Secret {'/'.join(key)}")
    for key, resource in made.items():
        if key not in used:
            yield error(RULE, resource, f"{resource} is for no host of the inventory")


def _is_for(resource: Resource, want: Wanted) -> bool:
    issuer, spec = want.exposure.ingress.issuer, resource.spec
    reference = spec.get("issuerRef") or {}
    named = issuer is not None and reference == {"name": issuer.name, "kind": issuer.kind, "group": issuer.group}
    return named and any(covers(str(name), want.exposure.host) for name in spec.get("dnsNames") or ())


def _missing(want: Wanted, message: str) -> Problem:
    return Problem(rule=RULE, message=message, location=want.exposure.route.origin, subject=want.subject)
