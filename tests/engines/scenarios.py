"""What becomes of generated repositories with the real controllers: one function a scenario, each for both engines.

Each begins with nothing, and returns what was seen, for the table that script/engines writes. After each,
what lives in both clusters is exactly what kustomize makes of the branch. A failed assertion says what was not so.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from gitops_gen import compile_tree, load_inventory
from gitops_gen.engines.status import State
from gitops_gen.model import Engine, SyncUnit
from tests.command import EXAMPLES, ROOT, git
from tests.engines.artifacts import from_registry
from tests.engines.by_hand import POD_KINDS, changed, do_by_hand, gone_and_new, json_value, revert, times
from tests.engines.clusters import HUB, NAMES, namespace
from tests.engines.options import OPTIONS
from tests.engines.oracle import Name, by_kind, versions
from tests.engines.stand import (
    APPLICATION_SET,
    GENERATE_PATHS,
    KUSTOMIZATION,
    SIZES,
    URL,
    inventory_text,
    resources_in,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_gen.engines.status import UnitStatus
    from tests.engines.stand import Sizes, Stand


def examples(stand: Stand) -> str:
    """The engine objects of every example, for both engines and each kind of sync unit."""
    count = 0
    kube = stand.running.kube(HUB)
    for name in EXAMPLES:
        judged = load_inventory(str(ROOT / "examples" / name))
        assert judged.inventory is not None
        for engine, sync_unit in product((Engine.FLUX, Engine.ARGOCD), SyncUnit):
            inventory = judged.inventory
            gitops = replace(inventory.mesh.gitops, repository=URL, engine=engine, sync_unit=sync_unit)
            synced = {cluster: replace(one, engine=engine) for cluster, one in inventory.clusters.items()}
            inventory = replace(inventory, mesh=replace(inventory.mesh, gitops=gitops), clusters=synced)
            for path, content in compile_tree(inventory).items():
                for one in resources_in(content) if path.startswith("engines/") else ():
                    kube.apply(one, dry_run=True)
                    count += 1
    return f"{count} objects, none refused by strict validation on the server"


def first_sync(stand: Stand) -> str:
    """A new repository, two clusters."""
    report = stand.fresh()
    return f"{stand.check()} resources in {len(report.units)} units"


def scale_up(stand: Stand) -> str:
    """Two pods more in one cluster, by `publish --wait`."""
    stand.fresh()
    before = stand.all_identities()
    stand.sizes(changed("data/db", east=5))
    said = stand.publish("--wait", "--wait-deadline", "600")
    assert "applied: 1 sync unit at " in said, said
    after = stand.all_identities()
    assert gone_and_new(before, after, "east") == ({}, times(2))
    assert gone_and_new(before, after, "west") == ({}, {})
    stand.check()
    return "exactly the 6 resources of 2 pods came; nothing else was touched"


def scale_down(stand: Stand) -> str:
    """Two pods fewer in one cluster."""
    stand.fresh(changed("data/db", east=5, west=5))
    before = stand.all_identities()
    stand.sizes(changed("data/db", east=3, west=5))
    stand.publish()
    stand.settled()
    after = stand.all_identities()
    assert gone_and_new(before, after, "east") == (times(2), {})
    assert gone_and_new(before, after, "west") == ({}, {})
    stand.check()
    return "exactly the 6 resources of 2 pods went; the others kept their UIDs"


def rollback(stand: Stand) -> str:
    """`gitops-gen rollback` of one cluster; the next publish goes on elsewhere."""
    stand.fresh()
    first = stand.tip()
    before = stand.all_identities()
    stand.sizes(changed("data/db", east=4, west=4))
    stand.publish()
    stand.settled()
    stand.publish(first, "--cluster", "west", "--reason", "a test", command="rollback")
    stand.settled()
    after = stand.all_identities()
    assert gone_and_new(before, after, "west") == ({}, {}), "west is as it was"
    assert gone_and_new(before, after, "east") == ({}, times(1))
    stand.sizes(changed("data/db", east=5, west=5))
    ended = stand.run("publish", code=3)
    assert "held: cluster west" in ended.out, ended.out
    stand.settled()
    assert gone_and_new(before, stand.all_identities(), "west") == ({}, {})
    stand.check()
    return "west is as it was, and stays so through the next publish; east goes on"


def plain_revert(stand: Stand) -> str:
    """`git revert` of a publish, by a person."""
    stand.fresh()
    before = stand.all_identities()
    stand.sizes(changed("data/db", east=4, west=4))
    stand.publish()
    stand.settled()
    revert(stand)
    stand.settled()
    after = stand.all_identities()
    for cluster in NAMES:
        assert gone_and_new(before, after, cluster) == ({}, {})
    stand.check()
    ended = stand.run("publish", code=3)
    assert "held" in ended.out, ended.out
    stand.settled()
    stand.check()
    return "both clusters are as they were; the next publish holds them"


def partial_publish(stand: Stand) -> str:
    """A port changes for one cluster first: what they had in common moves from base into the overlays."""
    stand.fresh()
    before = {cluster: versions(stand.live(cluster)) for cluster in NAMES}
    stand.sizes(SIZES, port=9091)
    stand.publish("--cluster", "west")
    listed = git(stand.repository, "ls-tree", "-r", "--name-only", "main", "base").split()
    assert "base/data/db/service.yaml" not in listed, "the change is to split base"
    stand.settled()
    assert versions(stand.live("east")) == before["east"], "no resource of east was written"
    assert versions(stand.live("west")).keys() == before["west"].keys()
    stand.check()
    stand.publish()
    stand.settled()
    stand.check()
    return "west has the new port, no resource of east was written; the publish for all joins them in base again"


def emptied_unit(stand: Stand) -> str:
    """The last workload of a namespace leaves one cluster."""
    stand.fresh()
    before = stand.all_identities()
    sizes = {key: dict(placed) for key, placed in SIZES.items()}
    del sizes["data/db"]["west"]
    stand.sizes(sizes)
    stand.publish()
    stand.settled()
    after = stand.all_identities()
    gone, new = gone_and_new(before, after, "west")
    assert gone == by_kind(name for name in before["west"] if name.namespace == "data")
    assert new == {"ConfigMap": 1}
    assert gone_and_new(before, after, "east") == ({}, {})
    stand.check()
    return "exactly its resources went, the tombstone came; nothing else was touched"


def emptied_cluster(stand: Stand) -> str:
    """Everything leaves one cluster."""
    stand.fresh()
    before = stand.all_identities()
    stand.sizes({key: {"east": placed["east"]} for key, placed in SIZES.items()})
    stand.publish()
    stand.settled()
    after = stand.all_identities()
    gone, new = gone_and_new(before, after, "west")
    assert (gone, new) == (by_kind(before["west"]), {"ConfigMap": 2})
    assert gone_and_new(before, after, "east") == ({}, {})
    stand.check()
    return "two tombstones are left there; nothing of the other cluster was touched"


def two_owners(stand: Stand) -> str:
    """Two workloads would write one resource."""
    stand.fresh()
    before, tip = stand.all_identities(), stand.tip()
    text = inventory_text(stand.engine, SIZES)
    again = text.split("---\n")[3].replace("metadata: {name: db,", "metadata: {name: other,")
    again = again.replace("service: {create: true}", "service: {name: db, create: true}")
    stand.write(f"{text}---\n{again}")
    ended = stand.run("publish", code=1)
    assert stand.tip() == tip
    assert stand.all_identities() == before
    stand.check()
    rule = ended.out.partition("[")[2].partition("]")[0]
    return f"refused before anything is written ({rule})"


def text_for_substitution(stand: Stand) -> str:
    """`${...}` in the inventory, which Flux would replace."""
    stand.fresh()
    tip = stand.tip()
    stand.write(inventory_text(stand.engine, SIZES).replace("app: db", 'app: "${DB}"'))
    ended = stand.run("publish", code=1)
    assert "${" in ended.out, ended.out
    assert stand.tip() == tip
    stand.check()
    rule = ended.out.partition("[")[2].partition("]")[0]
    return f"refused before anything is written ({rule})"


def missing_namespace(stand: Stand) -> str:
    """The namespace of a unit is made after its publish."""
    stand.fresh()
    late = f"late-{stand.engine}"
    stand.sizes({**SIZES, f"{late}/late": {"east": 1, "west": 1}})
    stand.publish()
    stand.apply_engine_objects()
    failed: list[UnitStatus] = []

    def both_failed() -> bool:
        failed[:] = [one for one in stand.status().units if one.state is State.FAILED]
        return len(failed) == len(NAMES)

    until(both_failed, f"failed units of {late}")
    assert [one.wanted.unit.below for one in failed] == [(late,)] * len(NAMES)
    assert all("not found" in " ".join(one.notes) for one in failed), failed
    for cluster in NAMES:
        namespace(stand.running.kube(cluster), late)
    stand.try_again()
    stand.settled()
    stand.check()
    return "`status` names what is missing, all else is applied; so is the unit, once it is there and the engine told"


def drift(stand: Stand) -> str:
    """A field changed and a resource deleted by hand."""
    stand.fresh()
    kube = stand.running.kube("west")
    version = "networking.istio.io/v1"
    host = {"spec": {"hosts": ["somewhere-else.example.com"]}}
    kube.merge(version, "VirtualService", "data", "west-db-0", host)
    kube.delete(version, "ServiceEntry", "data", "west-db-1")
    stand.reconcile()

    def right_again() -> bool:
        try:
            stand.check()
        except AssertionError:
            return False
        return True

    until(right_again, "all that was put right")
    stand.settled()
    stand.check()
    return "both are put right"


def retired(stand: Stand) -> str:
    """`gitops-gen retire` of an emptied unit, then what it says is to be done by hand."""
    stand.fresh()
    sizes = {key: dict(placed) for key, placed in SIZES.items()}
    del sizes["data/db"]["west"]
    stand.sizes(sizes)
    stand.publish()
    stand.settled()
    before = stand.all_identities()
    said = stand.publish("overlays/west/data", "--format", "json", command="retire")
    do_by_hand(stand, json_value(said)["retire"])
    stand.apply_engine_objects()
    stand.settled()
    gone, new = gone_and_new(before, stand.all_identities(), "west")
    assert (gone, new) == ({"ConfigMap": 1}, {})
    assert gone_and_new(before, stand.all_identities(), "east") == ({}, {})
    stand.check()
    return "folder, engine object and tombstone are gone; nothing else was touched"


def moved(stand: Stand) -> str:
    """`gitops-gen move` to a unit for each workload, in its three steps."""
    sizes: Sizes = {**SIZES, "data/cache": {"east": 1, "west": 1}}
    stand.fresh(sizes)
    before = stand.all_identities()
    stand.sizes(sizes, sync_unit="workload")
    for step in ("keep", "move", "release"):
        said = stand.publish("--format", "json", command="move")
        value = json_value(said)
        assert value["move"]["step"] == step, value["move"]
        stand.apply_engine_objects()
        if step == "move":
            # Two Applications that both want a resource undo each other's marks until the old one is gone.
            if stand.engine == "flux":
                stand.settled()
            do_by_hand(stand, value["move"])
        stand.settled()
        after = stand.all_identities()
        for cluster in NAMES:
            assert gone_and_new(before, after, cluster) == ({}, {}), step
    stand.check()
    assert json_value(stand.publish("--format", "json", command="move"))["move"]["step"] is None
    return "in three commits; no resource was deleted or made anew"


def stale(stand: Stand) -> str:
    """Argo CD told to look at the overlay's own folder only: a change in base passes it by."""
    if stand.engine != "argocd":
        stand.fresh()
        revised_base(stand)
        stand.settled()
        stand.check()
        return "Flux has no such setting: the change is applied"
    stand.fresh()
    annotations = {GENERATE_PATHS: "."}
    template = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    stand.running.kube(HUB).merge(*APPLICATION_SET, "argocd", "gitops-gen", template)
    stand.nudge()
    until(lambda: looking_at(stand) == {"."}, "the paths in every Application")
    revised_base(stand)
    until(lambda: len(found_stale(stand)) == len(NAMES), "two stale Applications")
    first = found_stale(stand)[0]
    assert any("manifest-generate-paths leave out" in note for note in first.notes), first.notes
    stand.quiet()
    stand.apply_engine_objects()
    until(lambda: "." not in looking_at(stand), "the right paths in every Application")
    # A sync alone: the same old manifests again, and from there on nobody can see that they are.
    stand.sync("east.data")
    assert selectors(stand) == {"east": "db", "west": "db"}
    assert [one.wanted.unit.full_name for one in found_stale(stand)] == ["west.data"], "what it is not to be done for"
    stand.refresh_hard()
    stand.settled()
    assert selectors(stand) == {"east": "database", "west": "database"}
    stand.check()
    return (
        "both Applications say Synced at the newest commit, and `status` says stale; with the paths put right, a sync "
        "alone applies the same old manifests, a hard refresh puts all right"
    )


def revised_base(stand: Stand) -> None:
    """Publish a change that touches base, and no file of an overlay but the record."""
    text = inventory_text(stand.engine, SIZES).replace("app: db", "app: database")
    stand.write(text)
    stand.publish()
    paths = git(stand.repository, "show", "--format=", "--name-only", "main").split()
    assert "base/data/db/service.yaml" in paths, paths
    assert not [path for path in paths if path.startswith("overlays/")], paths


def looking_at(stand: Stand) -> set[str | None]:
    """Return the manifest-generate-paths that the Applications have."""
    return {one["metadata"].get("annotations", {}).get(GENERATE_PATHS) for one in stand.applications()}


def found_stale(stand: Stand) -> list[UnitStatus]:
    return [one for one in stand.status().units if one.state is State.STALE]


def selectors(stand: Stand) -> dict[str, str]:
    """Return what the Service of a workload selects in each cluster."""
    return {cluster: stand.live(cluster)[Name("Service", "data", "db")]["spec"]["selector"]["app"] for cluster in NAMES}


def in_a_row(stand: Stand) -> str:
    """Three publishes without waiting, the second and third in the middle of the sync of the one before."""
    sizes: Sizes = {**SIZES, "data/db": {"east": 60, "west": 3}}
    stand.fresh(sizes)
    before = stand.all_identities()
    for port, pods in ((9091, 60), (9092, 59), (9093, 58)):
        stand.sizes({**sizes, "data/db": {"east": pods, "west": 3}}, port=port)
        stand.publish()
        stand.nudge()
        with suppress(AssertionError):
            until(lambda: at_work(stand), "a sync under way", 10)
    stand.settled()
    assert gone_and_new(before, stand.all_identities(), "east") == (times(2), {})
    assert gone_and_new(before, stand.all_identities(), "west") == ({}, {})
    stand.check()
    return "the last one is applied, and `status` says so"


def at_work(stand: Stand) -> bool:
    """Tell whether the engine is syncing a unit of the newest commit."""
    if stand.engine == "argocd":
        states = [one.get("status", {}).get("operationState", {}) for one in stand.applications()]
        return any(one.get("phase") == "Running" for one in states)
    units = stand.running.kube("east").list(*KUSTOMIZATION)
    return any(stand.tip() in one.get("status", {}).get("lastAttemptedRevision", "") for one in units)


def of_size(resources: int) -> Callable[[Stand], str]:
    """Make the scenario of one unit with so many resources: first sync, one pod less, a commit for somebody else."""

    def sized(stand: Stand) -> str:
        pods = (resources - 1) // len(POD_KINDS)
        sizes = {"data/db": {"east": pods}, "monitoring/prometheus": {"west": 1}}
        stand.sizes(sizes)
        stand.publish()
        begun = time.monotonic()
        stand.apply_engine_objects()
        stand.settled(600)
        first = time.monotonic() - begun
        assert len([name for name in stand.live("east") if name.namespace == "data"]) == pods * len(POD_KINDS) + 1
        stand.check()
        sizes["data/db"]["east"] = pods - 1
        stand.sizes(sizes)
        stand.publish()
        begun = time.monotonic()
        stand.settled(600)
        less = time.monotonic() - begun
        stand.check()
        return f"first sync {first:.1f} s, one pod less {less:.1f} s"

    sized.__doc__ = f"{resources:,} resources in one unit."
    return sized


SCENARIOS: dict[str, Callable[[Stand], str]] = {
    "examples": examples,
    "first-sync": first_sync,
    "scale-up": scale_up,
    "scale-down": scale_down,
    "rollback": rollback,
    "revert": plain_revert,
    "partial-publish": partial_publish,
    "emptied-unit": emptied_unit,
    "emptied-cluster": emptied_cluster,
    "retire": retired,
    "move": moved,
    "two-owners": two_owners,
    "substitution": text_for_substitution,
    "missing-namespace": missing_namespace,
    "drift": drift,
    "in-a-row": in_a_row,
    "stale": stale,
    **OPTIONS,
    "artifact": from_registry,
    "300-resources": of_size(300),
    "1000-resources": of_size(1000),
}
"""Name -> scenario, in the order of the table."""
