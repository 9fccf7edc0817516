"""Which fields of two manifests differ, as paths that people can read: `spec.http[0].match`."""

from __future__ import annotations

import json
import re

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def changed_fields(before: object, after: object, path: str = "") -> list[str]:
    """Return the paths of the fields in which two values differ, in order; empty when they are equal.

    Mappings are compared key by key. Lists of one length are compared place by place; of two lists of different length
    only the list itself is named, since nothing tells which member is the new one.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        found = []
        for key in sorted({*before, *after}, key=str):
            inner = _member(path, str(key))
            if key in before and key in after:
                found += changed_fields(before[key], after[key], inner)
            else:
                found.append(inner)
        return found
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            field
            for place, (one, other) in enumerate(zip(before, after, strict=True))
            for field in changed_fields(one, other, f"{path}[{place}]")
        ]
    # `True == 1` in Python, not in a manifest.
    return [] if type(before) is type(after) and before == after else [path]


def _member(path: str, key: str) -> str:
    """Name a key below a path; keys with dots or slashes (labels, annotations) in brackets."""
    if not _BARE.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key
