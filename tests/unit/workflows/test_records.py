from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.tree import blob_id
from gitops_gen.workflows.desired import Comparison, Target, compare, compile_tree
from gitops_gen.workflows.records import _tree_after
from tests.factories import a_placement, a_workload, an_inventory
from tests.trees import entries_of

if TYPE_CHECKING:
    from gitops_gen.model import Inventory

POD = "overlays/cluster-a/monitoring/prometheus/prometheus-{}.yaml"
OTHER = "overlays/cluster-a/data/db/db-0.yaml"


def inventory_of(replicas: int, others: int = 1) -> Inventory:
    return an_inventory(
        workloads=[
            a_workload(placements=(a_placement(replicas=replicas),)),
            a_workload(namespace="data", name="db", placements=(a_placement(stateful_set="db", replicas=others),)),
        ]
    )


def compared(replicas: int, there: dict[str, bytes]) -> Comparison:
    target = Target(found=entries_of(there), read=lambda paths: {path: there[path] for path in paths})
    return compare(inventory_of(replicas, others=2), target)


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_a_record_is_about_our_files_as_they_will_stand(replicas: int, *, edited: bool) -> None:
    there = dict(compile_tree(inventory_of(2)))
    if edited:
        there[POD.format(0)] = there[POD.format(0)].replace(b"9090", b"9091")
    comparison = compared(replicas, {**there, "overlays/cluster-a/monitoring/README.md": b"by hand\n"})
    reconciled = comparison.reconciled
    assert bool(reconciled.refusals) is edited
    written = {**there, **reconciled.writes}
    assert _tree_after(comparison, entries_of(there), "sha1") == {
        path: content for path, content in written.items() if path not in reconciled.deletes
    }
    # The unit that is refused keeps what the inventory no longer has; the other one goes on.
    assert (POD.format(1) in written and POD.format(1) not in reconciled.deletes) is (edited or replicas > 1)
    assert OTHER.replace("db-0", "db-1") in reconciled.writes


def test_blobs_are_told_apart_in_both_object_formats() -> None:
    there = compile_tree(inventory_of(1, others=2))
    found = {path: entry._replace(blob=blob_id(there[path], "sha256")) for path, entry in entries_of(there).items()}
    target = Target(found=found, read=lambda paths: {path: there[path] for path in paths})
    assert _tree_after(compare(inventory_of(1, others=2), target), found, "sha256") == there
