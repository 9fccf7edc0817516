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


_CATALOGUE: tuple[Rule, ...] = ()

RULES: dict[str, Rule] = {rule.id: rule for rule in _CATALOGUE}
"""Every rule by its id, in order of ids."""
