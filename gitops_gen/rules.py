"""The catalogue of rules: every id that a problem can carry, its name and what it holds.

Ids are for ever: never reused, never renumbered. Each has a page under `docs/reference/rules/`.
GGI001-099 hold on resources, whatever made them; GGI101-199 on the text of an inventory; GGI201-299 on what it says.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One rule: its id, a short name that people can search for, and one sentence on what holds."""

    id: str
    name: str
    holds: str


# On resources: GGI001-GGI099.
_RESOURCES: tuple[Rule, ...] = (
    Rule("GGI005", "entry-host-is-service", "No ServiceEntry has the host of a Service of its cluster."),
    Rule("GGI006", "no-east-west-gateway", "A pod dialled from elsewhere is behind an east-west gateway."),
    Rule("GGI013", "vip-pool", "The vipPool is a range of its own with room for every host that needs an address."),
    Rule("GGI016", "budget", "Nothing grows beyond what Istio and Kubernetes take well."),
    Rule("GGI027", "stub-has-pods", "The stub of a remote pod has no pods of its own."),
    Rule("GGI032", "remote-identity", "Mesh TLS reaches a pod dialled from elsewhere, and its identity is known."),
    Rule("GGI036", "consumer-cannot-dial", "A Consumer can resolve and dial each pod that it asks for."),
)

# On the text of an inventory, its YAML and its fields: GGI101-GGI199.
_READING: tuple[Rule, ...] = ()

# On what a whole inventory says: GGI201-GGI299.
_INVENTORY: tuple[Rule, ...] = ()

RULES: dict[str, Rule] = {rule.id: rule for rule in (*_RESOURCES, *_READING, *_INVENTORY)}
"""Every rule by its id, in order of ids."""
