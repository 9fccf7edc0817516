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
_RESOURCES: tuple[Rule, ...] = ()

# On the text of an inventory, its YAML and its fields: GGI101-GGI199.
_READING: tuple[Rule, ...] = ()

# On what a whole inventory says: GGI201-GGI299.
_INVENTORY: tuple[Rule, ...] = ()

RULES: dict[str, Rule] = {rule.id: rule for rule in (*_RESOURCES, *_READING, *_INVENTORY)}
"""Every rule by its id, in order of ids."""
