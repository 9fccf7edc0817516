"""Rules that a workload sets aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.suggestions import did_you_mean
from gitops_gen.problems import Problem
from gitops_gen.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.lookup import Clusters
    from gitops_gen.inventory.written import Documents

_SWITCHES = tuple(rule.id for rule in RULES.values() if rule.switch)


def known_switches(documents: Documents, _clusters: Clusters) -> Iterator[Problem]:
    """GGI260: what a workload sets aside is a rule that can be, once, and the reason says something."""
    for written in documents.workloads:
        seen: set[str] = set()
        for place, switch in enumerate(written.fields.spec.set_aside):
            key, message, help_ = "rule", "", ""
            if switch.rule not in RULES:
                message = f"there is no rule `{switch.rule}`"
                help_ = did_you_mean(switch.rule, _SWITCHES, otherwise="write the id that stands behind the problem")
            elif not RULES[switch.rule].switch:
                message = f"{switch.rule} holds for everybody: what breaks it is refused, ignored or misled"
                help_ = f"take it away, and mend what breaks it; these can be set aside: {', '.join(_SWITCHES)}"
            elif switch.rule in seen:
                message, help_ = f"{switch.rule} is set aside a second time", "write one reason"
            elif not switch.reason.strip():
                key, message, help_ = "reason", "the reason is empty", "say why the rule does not hold here"
            seen.add(switch.rule)
            if message:
                yield Problem(
                    rule="GGI260",
                    message=message,
                    location=written.at("spec", "setAside", place, key),
                    subject=written.subject,
                    help=help_,
                )
