"""The digest of a plan: what an approval names."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from gitops_gen.tree import blob_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def plan_digest(
    *, inventory_digest: str, before: Mapping[str, bytes], after: Mapping[str, bytes], deletes: Iterable[str]
) -> str:
    """Return `sha256:<hex>` over the inventory's digest, the files that are replaced or deleted, and what is written.

    Not over the commit that the plan was made on, so that an unrelated commit does not void an approval
    (docs/explanation/guards.md, "Approve"). Blob ids are taken in Git's SHA-1 form whatever the repository's own
    format is: an approval given on one copy of a repository holds on another.
    """
    gone = set(deletes)
    replaced = {path: blob_id(content) for path, content in before.items() if path in after or path in gone}
    written = {path: blob_id(content) for path, content in after.items()}
    return digest_of(inventory_digest=inventory_digest, replaced=replaced, written=written, deleted=gone)


def digest_of(
    *, inventory_digest: str, replaced: Mapping[str, str], written: Mapping[str, str], deleted: Iterable[str]
) -> str:
    """Return the digest of what is known by blob id alone, as of a commit that a plan became."""
    said = {"inventory": inventory_digest, "replaced": replaced, "written": written, "deleted": sorted(deleted)}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
