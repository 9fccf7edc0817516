"""The record of each publish: what `published/<cluster>.yaml` is to say once a plan has been carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.delivery.published import (
    Published,
    closure_id,
    dump_published,
    load_published,
    next_published,
    published_path,
)
from gitops_gen.layout.paths import cluster_of
from gitops_gen.layout.seal import read_seal
from gitops_gen.tree import blob_id, blob_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.provenance import Provenance
    from gitops_gen.tree import Entry, Tree
    from gitops_gen.workflows.desired import Comparison


def next_records(
    comparison: Comparison,
    found: Mapping[str, Entry],
    records: Mapping[str, bytes],
    *,
    provenance: Provenance,
    object_format: str,
) -> dict[str, bytes]:
    """Return the files of `published/` that change with a plan, by path.

    `records` are the present ones. A cluster in which nothing changes keeps its file byte for byte. Raises RefusedError
    for a present record that cannot be understood.
    """
    inventory = comparison.desired.inventory
    tree = _tree_after(comparison, found, object_format)
    blobs = blob_ids(tree, object_format)
    changed = {}
    for cluster in sorted({cluster for path in tree if (cluster := cluster_of(path)) is not None}):
        path = published_path(cluster)
        previous = load_published(records[path], mesh=inventory.mesh.name, cluster=cluster) if path in records else None
        known = inventory.clusters.get(cluster)
        current = Published(
            mesh=inventory.mesh.name,
            cluster=cluster,
            serial=1,
            # A cluster that left the inventory keeps the level that its tombstones were written with.
            output=known.output if known else previous.output if previous else 1,
            tree=closure_id(tree, blobs, cluster, object_format),
            digest=inventory.digest,
            repository=provenance.repository,
            revision=provenance.revision,
            addresses=_addresses_in(comparison.desired.compiled.get(cluster, ())),
        )
        following = next_published(previous, current)
        if following is not previous:
            changed[path] = dump_published(following)
    return changed


def _tree_after(comparison: Comparison, found: Mapping[str, Entry], object_format: str) -> Tree:
    """Return our files as they will stand: desired ones, and those that a refusal keeps as they are."""
    desired, reconciled = comparison.desired, comparison.reconciled
    after: dict[str, bytes] = {}
    for path, content in desired.tree.items():
        if path in reconciled.writes:
            after[path] = reconciled.writes[path]
        elif path in found and found[path].blob == blob_id(content, object_format):
            after[path] = content
        elif path in comparison.contents:
            after[path] = comparison.contents[path]
    deleted = set(reconciled.deletes)
    mesh = desired.inventory.mesh.name
    for path, content in comparison.contents.items():
        if path not in after and path not in deleted and (seal := read_seal(content)) and seal.mesh == mesh:
            after[path] = content
    return after


def _addresses_in(compiled: Iterable[Compiled]) -> dict[str, str]:
    """Return the virtual addresses that the resources of a cluster give to hosts."""
    return {
        host: address
        for piece in compiled
        if piece.manifest["kind"] == "ServiceEntry"
        for host in piece.manifest["spec"]["hosts"]
        for address in piece.manifest["spec"].get("addresses", ())
    }
