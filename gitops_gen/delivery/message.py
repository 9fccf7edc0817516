"""Commit messages: one line that says what changed, a body, and trailers that people and tools can search for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.delivery.provenance import Provenance

INVENTORY_DIGEST = "Gitops-Gen-Inventory-Digest"
PLAN_DIGEST = "Gitops-Gen-Plan-Digest"
"""Trailers by which a proposal is known again as ours."""

SUBJECT_LENGTH = 100
"""Longest subject line, in characters; forges cut there or earlier."""

BODY_LINES = 60
"""How many lines of the body are kept; the plan itself says the rest."""

_LINE_LENGTH = 300
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]")
_TRAILER_LIKE = re.compile(r"[A-Za-z0-9-]+\s*:")
# What a forge takes for the name of a person or team to notify.
_MENTION = re.compile(r"(?<![\w/.])@(?=\w)")


def trailers_of(message: str) -> str:
    """Return the last paragraph of a message of ours: its trailers."""
    return message.rstrip("\n").rpartition("\n\n")[2]


def read_trailer(message: str, name: str) -> str:
    """Return the value of a trailer in the last paragraph of a message, "" where it has none of that name."""
    found = re.findall(rf"^{name}: (.*)$", trailers_of(message), re.MULTILINE)
    return found[-1].strip() if found else ""


def commit_message(  # noqa: PLR0913 - each becomes a part of the message
    subject: str,
    body: str,
    *,
    provenance: Provenance,
    inventory_digest: str,
    plan_digest: str,
    version: str,
) -> str:
    """Return the message for a commit that carries out a plan.

    `subject` and `body` summarise the plan in names that come from an inventory: whatever stands in them, the
    message has exactly one subject line and only our own trailers. Trailers without a value are left out.
    """
    trailers = {
        "Gitops-Gen-Inventory-Repository": provenance.repository,
        "Gitops-Gen-Inventory-Revision": provenance.revision,
        INVENTORY_DIGEST: inventory_digest,
        PLAN_DIGEST: plan_digest,
        "Gitops-Gen-Version": version,
    }
    paragraphs = [_line(subject, SUBJECT_LENGTH) or "Publish the inventory"]
    lines = _body(body)
    if lines:
        paragraphs.append("\n".join(lines))
    paragraphs.append("\n".join(f"{name}: {_line(value, _LINE_LENGTH)}" for name, value in trailers.items() if value))
    return "\n\n".join(paragraphs) + "\n"


def _line(text: str, length: int) -> str:
    """Make one line of a text: no breaks, nothing invisible, nobody mentioned, not too long."""
    line = _SPACES.sub(" ", _UNSEEN.sub("", text)).strip()
    line = _MENTION.sub("", line)
    return line if len(line) <= length else f"{line[: length - 3].rstrip()}..."


def _body(text: str) -> list[str]:
    """Return the lines of a body, none of which git could take for a trailer or a comment."""
    lines = [_body_line(line) for line in text.strip().split("\n")] if text.strip() else []
    if len(lines) > BODY_LINES:
        lines = [*lines[:BODY_LINES], f"... and {len(lines) - BODY_LINES} more lines in the plan"]
    return lines


def _body_line(text: str) -> str:
    line = _line(text, _LINE_LENGTH)
    # A plan's lines are indented or begin with a dash; one that reads "Name: value" gets that dash.
    return f"- {line}" if line.startswith("#") or _TRAILER_LIKE.match(line) else line
