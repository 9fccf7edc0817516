"""The rules on what an inventory says: one function each, in small modules by what they are about.

`DOCUMENT_RULES` look at the documents as written; `INVENTORY_RULES` at what they mean after expansion, with the
documents at hand for places. A new rule is a function here, a line in one of the two tables, an entry in
`gitops_gen/rules.py` and a page under `docs/reference/rules/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gitops_gen.inventory.rules import (
    addresses,
    certificates,
    choices,
    consumers,
    gateway_ports,
    host_limits,
    hosts,
    identity,
    names,
    pods,
    policies,
    ports,
    records,
    references,
    repository,
    resource_names,
    switches,
    templates,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.rules.ways import Whole
    from gitops_gen.inventory.written import Documents
    from gitops_gen.problems import Problem

DocumentRule: TypeAlias = "Callable[[Documents, Clusters], Iterable[Problem]]"
InventoryRule: TypeAlias = "Callable[[Whole], Iterable[Problem]]"

DOCUMENT_RULES: tuple[DocumentRule, ...] = (
    identity.one_mesh,
    identity.unique_names,
    names.valid_names,
    names.valid_labels,
    names.named_once,
    names.components_once,
    references.known_clusters,
    references.selecting_labels,
    references.known_ingresses,
    references.hosts_given,
    choices.one_of_two,
    choices.one_default_ingress,
    choices.selector_given,
    templates.known_fields,
    templates.lower_case,
    templates.companion_hosts,
    certificates.authority_beside,
    certificates.scoped_gateways,
    policies.sound_policies,
    ports.unique_ports,
    ports.carried_or_not,
    ports.datagrams_not_carried,
    ports.handshake_first,
    ports.some_ports,
    ports.tcp_by_port,
    addresses.istio_version,
    addresses.gateway_api_version,
    addresses.valid_addresses,
    addresses.valid_vip_pool,
    addresses.valid_open_ports,
    records.dns_records,
    records.certificate_issuers,
    repository.repository_form,
    repository.engine_follows,
    repository.namespaces_created,
    repository.branch_name,
    repository.clean_path,
    switches.known_switches,
)

INVENTORY_RULES: tuple[InventoryRule, ...] = (
    pods.one_owner,
    pods.free_files,
    pods.ordinals_there,
    pods.names_fit,
    hosts.one_owner_per_host,
    hosts.one_port_per_host,
    hosts.valid_hosts,
    host_limits.under_certificate,
    host_limits.claims_kept,
    certificates.certificates_named,
    gateway_ports.shared_ports,
    gateway_ports.open_ports,
    resource_names.unique_resources,
    consumers.known_workloads,
    consumers.ports_reachable,
    consumers.allowed_consumers,
    consumers.own_lists,
)
