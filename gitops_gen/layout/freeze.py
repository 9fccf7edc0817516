"""Freezing: when a sync unit is refused, what else has to stay so that the unit renders as before.

Units meet in two kinds of files that belong to none of them: a base folder, which changes what every unit that builds
on it renders, and the kustomizations above the units, which list them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.layout.kustomization import kustomization, listed
from gitops_gen.layout.paths import KUSTOMIZATION, TOMBSTONE, base_for, parent
from gitops_gen.layout.seal import seal
from gitops_gen.layout.units import source_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from gitops_gen.model import SyncUnit
    from gitops_gen.tree import Entry, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What stays as it is. `because` says of each unit that was not refused itself which base folder holds it."""

    units: frozenset[str]
    bases: frozenset[str]
    because: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The desired tree and what is there; `contents` holds what is there and differs from what is desired."""

    desired: Tree
    found: Mapping[str, Entry]
    contents: Mapping[str, bytes]
    sync_unit: SyncUnit

    def now(self, path: str) -> bytes:
        """Return what a path holds now, nothing if there is no file."""
        if path in self.contents:
            return self.contents[path]
        return self.desired.get(path, b"") if path in self.found else b""


def freeze(sides: Sides, units: set[str], bases: set[str], changed: set[str]) -> Frozen:
    """Return all units and base folders that have to stay when these are refused.

    `changed` are the base folders in which something would be written or deleted. A changed base stays if a unit that
    stays builds on it now; a unit stays if it builds, now or as desired, on a base that stays.
    """
    now = _builders(sides, sides.found, sides.now)
    desired = _builders(sides, sides.desired, sides.desired.__getitem__)
    all_units, all_bases = set(units), set(bases)
    because: dict[str, str] = {}
    open_bases = sorted(bases)
    while True:
        while open_bases:
            base = open_bases.pop()
            for unit in sorted((now.get(base, set()) | desired.get(base, set())) - all_units):
                all_units.add(unit)
                because[unit] = base
        open_bases = sorted(base for base in changed - all_bases if now.get(base, set()) & all_units)
        if not open_bases:
            break
        all_bases.update(open_bases)
    # A base that nobody but units that stay would build on has no reader.
    unread = {base for base in changed - all_bases if desired.get(base) and desired[base] <= all_units}
    return Frozen(units=frozenset(all_units), bases=frozenset(all_bases | unread), because=because)


def _builders(sides: Sides, paths: Iterable[str], content: Callable[[str], bytes]) -> dict[str, set[str]]:
    """Return base folder -> the units with an overlay folder that builds on it."""
    builders: dict[str, set[str]] = {}
    for path in paths:
        if path.endswith(f"/{KUSTOMIZATION}"):
            base, unit = base_for(path), unit_of(path, sides.sync_unit)
            # Not read as YAML: it may have been edited.
            if base and unit and f"/{base}".encode() in content(path):
                builders.setdefault(base, set()).add(unit)
    return builders


def reconnect(
    sides: Sides, frozen: Frozen, mesh: str, writes: Mapping[str, bytes], deletes: AbstractSet[str]
) -> dict[str, bytes | None]:
    """Return the kustomizations above the units that have to differ from the desired ones, None for: leave it alone.

    A unit that stays also stays in, or out of, the kustomizations that lead to it. `writes` and `deletes` are those
    that the frozen units and bases leave.
    """
    changed: dict[str, bytes | None] = {}

    def exists(path: str) -> bool:
        if path in changed:
            return changed[path] is not None or path in sides.found
        return path in writes or (path in sides.found and path not in deletes)

    def stays(path: str) -> bool:
        return unit_of(path, sides.sync_unit) in frozen.units or (path in changed and changed[path] is None)

    above = {path for path in {*writes, *deletes} if _is_above(path, sides.sync_unit)}
    # The deepest first: a namespace that ends up without a member is none of its cluster's.
    for path in sorted(above, key=lambda path: (-path.count("/"), path)):
        wanted, before = (listed(content) for content in (sides.desired.get(path, b""), sides.now(path)))
        kept = set()
        for member in {*wanted, *before}:
            target = f"{parent(path)}/{member}" + ("" if member == TOMBSTONE else f"/{KUSTOMIZATION}")
            if exists(target) and member in (before if stays(target) else wanted):
                kept.add(member)
        if kept != set(wanted):
            content = seal(kustomization(sorted(kept)), mesh, source_of(parent(path))) if kept else None
            changed[path] = None if content == sides.now(path) else content
    return changed


def _is_above(path: str, sync_unit: SyncUnit) -> bool:
    """Tell whether a path is a kustomization that lists units, or folders of units."""
    return path.startswith("overlays/") and path.endswith(f"/{KUSTOMIZATION}") and unit_of(path, sync_unit) is None
