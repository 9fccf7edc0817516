"""Holds: parts of a cluster that stay as they are published until somebody releases them.

They are written in `published/<cluster>.yaml`, beside what they hold, and so go wherever that goes: through squash,
rebase and merge, and away again when a person takes the commit back that brought them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

REASON_LENGTH = 300
"""Most characters of a reason that are kept."""

_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORKLOAD = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_FIELDS = frozenset({"workload", "cause", "revision", "since", "by", "reason"})


class Cause(StrEnum):
    """Where a hold comes from."""

    ROLLBACK = "rollback"
    """Somebody asked for it by `gitops-gen rollback`."""
    REVERT = "revert"
    """Somebody took the branch back by hand, and a publish saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold of one cluster.

    `workload` is `namespace/name`, "" for the whole cluster. `revision` is the commit of the GitOps repository that is
    held: the one rolled back to, or the one that took the branch back. `since` is in UTC (`2026-01-31T12:00:00Z`),
    `by` a name with its address, `reason` one line.
    """

    workload: str
    cause: Cause
    revision: str
    since: str
    by: str
    reason: str = ""

    @property
    def scope(self) -> str:
        """What it holds, in words."""
        return self.workload or "the whole cluster"


def moment(seconds: int) -> str:
    """Write seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_line(text: str) -> str:
    """Return a reason as it is kept: one line, nothing that is invisible, not too long."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return words if len(words) <= REASON_LENGTH else f"{words[: REASON_LENGTH - 3].rstrip()}..."


def with_hold(holds: Iterable[Hold], hold: Hold) -> tuple[Hold, ...]:
    """Return the holds with one more: it takes the place of one on the same scope, a whole cluster's that of all."""
    kept = [one for one in holds if hold.workload and one.workload != hold.workload]
    return tuple(sorted([*kept, hold], key=lambda one: one.workload))


def hold_value(hold: Hold) -> dict[str, str]:
    """Return a hold as it is written; what is empty is left out."""
    fields = {
        "workload": hold.workload,
        "cause": str(hold.cause),
        "revision": hold.revision,
        "since": hold.since,
        "by": hold.by,
        "reason": hold.reason,
    }
    return {name: value for name, value in fields.items() if value}


def read_hold(value: Any) -> Hold | None:  # noqa: ANN401 - whatever stands in a file
    """Read a hold as it is written; None for anything else: what a newer gitops-gen wrote must not be passed over."""
    if not isinstance(value, Mapping) or not set(value) <= _FIELDS:
        return None
    texts = {name: value.get(name, "") for name in _FIELDS}
    if not all(isinstance(text, str) for text in texts.values()) or texts["cause"] not in set(Cause):
        return None
    if not _OBJECT_ID.fullmatch(texts["revision"]) or not texts["since"] or not texts["by"]:
        return None
    if texts["workload"] and not _WORKLOAD.fullmatch(texts["workload"]):
        return None
    return Hold(**{**texts, "cause": Cause(texts["cause"])})
