"""The desired tree of an inventory, and how it is held against what a target has.

A target is a repository at a commit, or a plain folder. It contributes what the inventory cannot know: which
sync units exist already and must not vanish, and which virtual addresses were given before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitops_gen.engines.objects import engine_files
from gitops_gen.layout.build import build_tree
from gitops_gen.layout.ownership import Reconciled, reconcile, unread
from gitops_gen.layout.seal import same_body, seal
from gitops_gen.layout.units import lost_units
from gitops_gen.resources.addresses import allocate
from gitops_gen.resources.compile import compile_mesh
from gitops_gen.resources.consumers import hosts_with_address
from gitops_gen.workflows.proving import require_proof

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_gen.compiled import Compiled
    from gitops_gen.layout.paths import Folder
    from gitops_gen.manifest import Manifest, ResourceId
    from gitops_gen.model import Inventory
    from gitops_gen.tree import Entry, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one inventory makes: resources by cluster, and the sealed files that hold them.

    `addresses` are the virtual addresses of remote pods, host -> address.
    """

    inventory: Inventory
    addresses: Mapping[str, str]
    compiled: Mapping[str, Sequence[Compiled]]
    tree: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a desired tree is held against.

    `found` is every entry below our top-level folders; `read` returns the content of some of these paths; `addresses`
    were recorded by earlier publishes; `moving` says that resources are on their way between units of Argo CD.
    """

    found: Mapping[str, Entry]
    read: Callable[[Sequence[str]], dict[str, bytes]]
    addresses: Mapping[str, str] = field(default_factory=dict)
    moving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What people's components make: their files, and what each folder of a cluster that has any on top renders."""

    files: Tree = field(default_factory=dict)
    rendered: Mapping[tuple[str, Folder], Mapping[ResourceId, Manifest]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A desired tree beside its target: what to write, delete and refuse.

    `contents` holds the present bytes of every file that differs from the desired one or is not desired. `extension`
    is known once somebody has rendered it.
    """

    desired: Desired
    contents: Mapping[str, bytes]
    reconciled: Reconciled
    extension: Extension = field(default_factory=Extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """A mesh that is not wholly what the inventory makes: some parts of it stay as they stand.

    `compiled` are the resources of all clusters. Of the files in `untouched` (path -> content, None for: there is none)
    nothing is written or deleted: engine objects, and files of parts that stay which somebody edited.
    """

    compiled: Mapping[str, Sequence[Compiled]]
    untouched: Mapping[str, bytes | None] = field(default_factory=dict)


def compile_desired(
    inventory: Inventory, addresses: Mapping[str, str] | None = None, *, moving: bool = False
) -> Desired:
    """Compile an inventory without errors; `addresses` were recorded before and are kept, `moving` as in `Target`."""
    given = allocate(hosts_with_address(inventory), inventory.mesh.vip_pool, addresses or {})
    compiled = compile_mesh(inventory, given)
    tree = _tree(inventory, compiled, moving=moving)
    return Desired(inventory=inventory, addresses=given, compiled=compiled, tree=tree)


def compile_tree(inventory: Inventory) -> Tree:
    """Return path -> content of every file that an empty target would get for an inventory without errors."""
    return compile_desired(inventory).tree


def compare(
    inventory: Inventory,
    target: Target,
    accepted: frozenset[str] = frozenset(),
    mixture: Mixture | None = None,
    *,
    leaving: frozenset[str] = frozenset(),
) -> Comparison:
    """Compile for a target and settle, file by file, what happens to it; a mixture takes the place of compiling.

    A file whose blob id is the desired one is intact by that and never read. A unit that the inventory no longer fills
    stays with a tombstone, because an engine takes an empty one for "delete everything"; those that are `leaving` go.
    Raises UnprovenError, before anything is compared, when the routes are not proven.
    """
    if mixture is None:
        desired = compile_desired(inventory, target.addresses, moving=target.moving)
    else:
        tree = _untouched(_tree(inventory, mixture.compiled, moving=target.moving), mixture)
        desired = Desired(inventory=inventory, addresses=target.addresses, compiled=mixture.compiled, tree=tree)
    require_proof(desired, mixed=mixture is not None)
    contents = target.read(unread(desired.tree, target.found, {}))
    mesh, sync_unit = inventory.mesh.name, inventory.mesh.gitops.sync_unit
    lost = [unit for unit in lost_units(desired.tree, contents, mesh, sync_unit) if unit not in leaving]
    if lost:
        tree = _tree(inventory, desired.compiled, lost, moving=target.moving)
        desired = replace(desired, tree=_untouched(tree, mixture) if mixture else tree)
        contents |= target.read(unread(desired.tree, target.found, contents))
    reconciled = reconcile(
        desired=desired.tree,
        found=target.found,
        contents=contents,
        mesh=mesh,
        sync_unit=sync_unit,
        accepted=accepted,
    )
    return Comparison(desired=desired, contents=contents, reconciled=reconciled)


def _tree(
    inventory: Inventory, compiled: Mapping[str, Sequence[Compiled]], retired: Sequence[str] = (), *, moving: bool
) -> Tree:
    """Lay out base and overlays, and beside them the objects that make an engine sync each unit."""
    tree = build_tree(inventory, compiled, retired)
    mesh = inventory.mesh.name
    engines = {
        path: seal(body, mesh, f"Mesh {mesh}") for path, body in engine_files(inventory, tree, moving=moving).items()
    }
    return {**tree, **engines}


def _untouched(tree: Tree, mixture: Mixture) -> Tree:
    """Return the tree with the files that are not to be touched as they are.

    An edited one counts only while it says what would be written: then the edit stays, without a new seal.
    """
    mixed = dict(tree)
    for path, content in mixture.untouched.items():
        if content is None:
            mixed.pop(path, None)
        elif path.startswith("engines/") or (path in tree and same_body(tree[path], content)):
            mixed[path] = content
    return mixed
