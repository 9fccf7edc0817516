"""The record of each publish: what `published/<cluster>.yaml` is to say once a plan has been carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.delivery.published import (
    Published,
    closure_id,
    dump_published,
    next_published,
    published_path,
)
from gitops_gen.engines.units import engine_of
from gitops_gen.layout.paths import cluster_of
from gitops_gen.layout.seal import read_seal
from gitops_gen.tree import blob_id, blob_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.compiled import Compiled
    from gitops_gen.delivery.provenance import Provenance
    from gitops_gen.tree import Entry, Tree
    from gitops_gen.workflows.branch import Branch
    from gitops_gen.workflows.desired import Comparison


def next_records(  # noqa: PLR0913 - a record is made of all that is known
    comparison: Comparison,
    found: Mapping[str, Entry],
    branch: Branch,
    *,
    provenance: Provenance,
    object_format: str,
    only_settled: bool,
) -> dict[str, bytes]:
    """Return the files of `published/` that change with a plan, by path.

    A cluster in which nothing changes keeps its file byte for byte, and so does one whose record cannot be used. With
    `only_settled`, where the plan itself is empty, only what has to be remembered all the same is written: a hold that
    began or ended, what somebody took back, and the commit of the inventory where the fence needs it.
    """
    inventory, kept = comparison.desired.inventory, branch.kept
    tree = _tree_after(comparison, found, object_format)
    blobs = blob_ids(tree, object_format)
    clusters = {cluster for path in tree if (cluster := cluster_of(path)) is not None}
    changed = {}
    for cluster in sorted({*clusters, *kept.settled} - {*kept.lost}):
        state = branch.states.get(cluster)
        previous, newest = (state.record, state.newest) if state else (None, None)
        highest = state.highest if state else 0
        advances = cluster in branch.advances
        if only_settled and not advances and cluster not in kept.settled:
            continue
        known = inventory.clusters.get(cluster)
        goes_on = cluster not in kept.superseded and cluster not in kept.unchosen
        moves = goes_on and provenance.revision
        # What stays keeps its engine objects, too.
        stays = cluster not in branch.moves and (not goes_on or cluster in kept.parts.clusters)
        synced = previous if stays else None
        current = Published(
            mesh=inventory.mesh.name,
            cluster=cluster,
            serial=1,
            # A cluster that left the inventory keeps the level that its tombstones were written with.
            output=known.output if known else previous.output if previous else 1,
            tree=closure_id(tree, blobs, cluster, object_format),
            digest=inventory.digest if goes_on or newest is None else newest.digest,
            # What has no order takes nothing from the fence: the newest commit that was published stays known.
            repository=provenance.repository if moves or newest is None else newest.repository,
            revision=provenance.revision if moves or newest is None else newest.revision,
            addresses=addresses_in(comparison.desired.compiled.get(cluster, ())),
            holds=kept.holds.get(cluster, previous.holds if previous else ()),
            engine=synced.engine if synced else engine_of(inventory, cluster),
            sync_unit=synced.sync_unit if synced else inventory.mesh.gitops.sync_unit,
            move=branch.moves.get(cluster, previous.move if previous else None),
        )
        following = next_published(previous, current, highest=highest, advances=advances)
        if following is not previous:
            changed[published_path(cluster)] = dump_published(following)
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
        elif (seal := read_seal(comparison.contents.get(path, b""))) and seal.mesh == desired.inventory.mesh.name:
            after[path] = comparison.contents[path]
    deleted = set(reconciled.deletes)
    mesh = desired.inventory.mesh.name
    for path, content in comparison.contents.items():
        if path not in after and path not in deleted and (seal := read_seal(content)) and seal.mesh == mesh:
            after[path] = content
    return after


def addresses_in(compiled: Iterable[Compiled]) -> dict[str, str]:
    """Return the virtual addresses that the resources of a cluster give to hosts."""
    return {
        host: address
        for piece in compiled
        if piece.manifest["kind"] == "ServiceEntry"
        for host in piece.manifest["spec"]["hosts"]
        for address in piece.manifest["spec"].get("addresses", ())
    }
