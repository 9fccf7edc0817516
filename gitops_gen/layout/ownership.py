"""Whose file is it: what of a desired tree may be written, what may be deleted, what is refused and why.

A file sealed by this Mesh and intact is ours. An edited one, one of another Mesh and a person's own are not, and
neither is anything reached through a link. A refusal concerns its sync unit: that unit stays exactly as it is, and so
does everything else that would change what it renders; the others go on
(docs/explanation/ownership-and-seals.md, "A refusal holds back one unit").
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gitops_gen.layout.freeze import Sides, freeze, reconnect
from gitops_gen.layout.obstacles import Obstacles, is_file
from gitops_gen.layout.paths import base_of, parent
from gitops_gen.layout.seal import read_seal, same_body
from gitops_gen.layout.units import is_unit, unit_of, units_of
from gitops_gen.tree import REGULAR, blob_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.model import SyncUnit
    from gitops_gen.tree import Entry, Tree

_EMPTIED = ("base/", "engines/", "overlays/")
"""Where a file that is no longer wanted is deleted; `published/` is the memory of what went before."""

CHANGES_TOGETHER = "what builds on it changes together, and some of that is refused"
"""Why a base folder stays as it is: nobody has to do anything about it but about what is refused."""

_SHA1_LENGTH = 40
_DIFF_LINES = 60
_DIFF_INPUT_LINES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something stays as it is.

    `path` is what a person has to look at, `unit` the sync unit (or the folder above the units) that is not changed.
    `diff` leads from what gitops-gen would write to what stands there, and is bounded; `change_instead` names the
    document of the inventory that the file comes from. Both are "" where they would say nothing.
    """

    path: str
    unit: str
    reason: str
    diff: str = ""
    change_instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What may be done: files to write, paths to delete, and what was refused. All in order of paths."""

    writes: Mapping[str, bytes]
    deletes: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def reconcile(  # noqa: PLR0913 - the two trees and what decides between them
    *,
    desired: Tree,
    found: Mapping[str, Entry],
    contents: Mapping[str, bytes],
    mesh: str,
    sync_unit: SyncUnit,
    accepted: frozenset[str] = frozenset(),
) -> Reconciled:
    """Compare the desired tree with what is there, and return what may be done about it.

    `found` is every entry under the roots that gitops-gen owns; `contents` holds at least what `unread` names, else
    ValueError is raised. `accepted` are paths of which a person has said that their edits may be overwritten.
    """
    sides = Sides(desired=desired, found=found, contents=contents, sync_unit=sync_unit)
    missing = unread(desired, found, contents)
    if missing:
        raise ValueError(f"{missing[0]} is not the desired file, but its content was not given")
    refusals: dict[tuple[str, str], Refusal] = {}
    writes = _writes(sides, mesh, accepted, refusals)
    deletes = _deletes(sides, mesh, accepted, refusals)
    return _apply(sides, mesh, writes, deletes, refusals)


def _writes(
    sides: Sides, mesh: str, accepted: frozenset[str], refusals: dict[tuple[str, str], Refusal]
) -> dict[str, bytes]:
    """Return the desired files that are not there as desired; add to the refusals what may not be touched."""
    writes: dict[str, bytes] = {}
    obstacles = Obstacles(sides.found)
    for path, content in sides.desired.items():
        refusal = None
        obstacle = obstacles.to_file(path)
        if obstacle is not None:
            refusal = Refusal(path=obstacle.path, unit=_unit(path, sides.sync_unit), reason=obstacle.reason)
        elif path in sides.found:
            if sides.now(path) == content and sides.found[path].mode == REGULAR:
                continue
            refusal = _judge(path, sides, mesh, accepted)
        if refusal is None:
            writes[path] = content
        else:
            # One link above a thousand files is one refusal.
            refusals[refusal.path, refusal.unit] = refusal
    return writes


def _deletes(sides: Sides, mesh: str, accepted: frozenset[str], refusals: dict[tuple[str, str], Refusal]) -> set[str]:
    """Return the sealed files that nobody wants any more; add to the refusals what may not be touched."""
    deletes = set()
    ours = {*units_of(sides.desired, sides.sync_unit), *map(base_of, sides.desired)}
    for path, content in sides.contents.items():
        if path in sides.desired or path not in sides.found or not path.startswith(_EMPTIED):
            continue
        found = read_seal(content)
        # A person's file, or another Mesh's where we have nothing, is in nobody's way.
        if found is None or (found.mesh != mesh and _unit(path, sides.sync_unit) not in ours):
            continue
        refusal = _judge(path, sides, mesh, accepted)
        if refusal is None:
            deletes.add(path)
        else:
            refusals[path, refusal.unit] = refusal
    return deletes


def unread(desired: Tree, found: Mapping[str, Entry], contents: Mapping[str, bytes]) -> list[str]:
    """Return the files that `reconcile` has to know and `contents` lacks: those that differ, and those not desired.

    One that is only executable differs, too: it is written again, and who tells what that changes asks for what it was.
    A file whose blob id is the desired one is intact by that and never read
    (docs/explanation/how-a-publish-works.md).
    """
    needed = []
    for path, entry in found.items():
        if not is_file(entry) or path in contents:
            continue
        if path in desired:
            algorithm = "sha1" if len(entry.blob) == _SHA1_LENGTH else "sha256"
            if entry.mode != REGULAR or blob_id(desired[path], algorithm) != entry.blob:
                needed.append(path)
        elif path.startswith(_EMPTIED):
            needed.append(path)
    return needed


def _apply(
    sides: Sides, mesh: str, writes: dict[str, bytes], deletes: set[str], refusals: dict[tuple[str, str], Refusal]
) -> Reconciled:
    """Take out of the writes and deletes what the refusals forbid."""
    if not refusals:
        return Reconciled(writes=dict(sorted(writes.items())), deletes=tuple(sorted(deletes)), refusals=())
    refused = {refusal.unit for refusal in refusals.values()}
    frozen = freeze(
        sides,
        units={unit for unit in refused if is_unit(unit, sides.sync_unit)},
        bases={unit for unit in refused if unit.startswith("base/")},
        changed={base for path in (*writes, *deletes) if (base := base_of(path)) is not None},
    )

    def may_change(path: str) -> bool:
        return unit_of(path, sides.sync_unit) not in frozen.units and base_of(path) not in frozen.bases

    writes = {path: content for path, content in writes.items() if may_change(path)}
    deletes = {path for path in deletes if may_change(path)}
    for path, content in reconnect(sides, frozen, mesh, writes, deletes).items():
        writes.pop(path, None)
        deletes.discard(path)
        if content is not None:
            writes[path] = content
    for unit, base in frozen.because.items():
        refusals[base, unit] = Refusal(path=base, unit=unit, reason=CHANGES_TOGETHER)
    return Reconciled(
        writes=dict(sorted(writes.items())),
        deletes=tuple(sorted(deletes)),
        refusals=tuple(sorted(refusals.values(), key=lambda refusal: (refusal.unit, refusal.path))),
    )


def _unit(path: str, sync_unit: SyncUnit) -> str:
    """Return the unit of a path, its base folder, or else the folder that it stands in."""
    return unit_of(path, sync_unit) or base_of(path) or parent(path)


def _judge(path: str, sides: Sides, mesh: str, accepted: frozenset[str]) -> Refusal | None:
    """Return why a file that is there may not be replaced or deleted, None if it may."""
    content, wanted = sides.now(path), sides.desired.get(path)
    unit = _unit(path, sides.sync_unit)
    found = read_seal(content)
    if found is None:
        return Refusal(path=path, unit=unit, reason="it is not a generated file, and stands in the way of one")
    if found.mesh != mesh:
        return Refusal(path=path, unit=unit, reason=f"it belongs to Mesh {found.mesh or '(no name)'}")
    if found.intact or path in accepted or (wanted is not None and same_body(content, wanted)):
        return None
    reason = "it was edited by hand" if wanted is not None else "it was edited by hand, and would be deleted"
    diff = _diff(path, wanted or b"", content)
    return Refusal(path=path, unit=unit, reason=reason, diff=diff, change_instead=found.source)


def _diff(path: str, wanted: bytes, content: bytes) -> str:
    """Return what a person changed, as a unified diff of at most `_DIFF_LINES` lines."""
    old, new = (side.decode(errors="replace").splitlines()[:_DIFF_INPUT_LINES] for side in (wanted, content))
    lines = difflib.unified_diff(old, new, f"{path} (generated)", f"{path} (edited)", lineterm="")
    shown = list(islice(lines, _DIFF_LINES + 1))
    if len(shown) > _DIFF_LINES:
        shown[_DIFF_LINES:] = ["(and more)"]
    return "".join(f"{line}\n" for line in shown)
