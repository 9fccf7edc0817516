"""Scenarios of what an inventory can ask of the engines beside the defaults: rights, namespaces, other objects.

As in `scenarios`, each begins with nothing, and returns what was seen.
"""

from __future__ import annotations

import http.client
import io
import tarfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gitops_gen.engines.status import State
from tests.command import git
from tests.engines.by_hand import (
    Identities,
    changed,
    commit,
    do_by_hand,
    gone_and_new,
    json_value,
    kubectl,
    revert,
    times,
)
from tests.engines.clusters import HUB, NAMES
from tests.engines.oracle import by_kind, differences, rendered
from tests.engines.stand import APPLICATION, APPLICATION_SET, GIT_REPOSITORY, KUSTOMIZATION, SIZES, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.stand import Sizes, Stand

FLUX = "flux-system"
TITLES = {"flux": "Flux", "argocd": "Argo CD"}


def rights(stand: Stand) -> str:
    """`serviceAccounts: true`, or Argo CD's AppProject: pods go, a unit is emptied, and a person adds a Secret."""
    gitops = "flux: {serviceAccounts: true}"
    stand.fresh(gitops=gitops)
    before = stand.all_identities()
    sizes = changed("data/db", east=2)
    del sizes["data/db"]["west"]
    stand.sizes(sizes, gitops=gitops)
    stand.publish()
    stand.settled()
    after = stand.all_identities()
    assert gone_and_new(before, after, "east") == (times(1), {})
    of_data = by_kind(name for name in before["west"] if name.namespace == "data")
    assert gone_and_new(before, after, "west") == (of_data, {"ConfigMap": 1})
    stand.check()
    refused(stand, "Secret", "data")
    if stand.engine != "flux":
        return "the AppProject permits all that gitops-gen does, the tombstone included; a Secret is refused"
    refused(stand, "ConfigMap", "monitoring")
    return (
        "each Role permits all that gitops-gen does, the tombstone included; a Secret is refused, and a ConfigMap in "
        "the namespace of another unit, too"
    )


def refused(stand: Stand, kind: str, where: str) -> None:
    """Add a resource to a unit as a person would, see that the engine does not apply it, and take it back."""
    resource = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: strange, namespace: {where}}}\n"
    unit = "overlays/east/data"
    text = git(stand.repository, "show", f"main:{unit}/kustomization.yaml")
    commit(stand, {f"{unit}/strange.yaml": resource, f"{unit}/kustomization.yaml": f"{text}- strange.yaml\n"})
    until(lambda: unit_state(stand, unit) is State.FAILED, f"a {kind} in {where} is refused")
    notes = " ".join(note for one in stand.status().units if one.wanted.path == unit for note in one.notes)
    assert ("forbidden" if stand.engine == "flux" else "not permitted") in notes, notes
    assert stand.running.kube("east").get("v1", kind, where, "strange") is None
    revert(stand)
    stand.settled()
    stand.check()


def created_namespaces(stand: Stand) -> str:
    """`createNamespaces: true`: the engine makes the namespaces of units, and a unit that is retired leaves its own."""
    made = f"made-{stand.engine}"
    gitops = "createNamespaces: true, flux: {serviceAccounts: true}"
    stand.fresh({**SIZES, f"{made}/made": {"east": 1, "west": 1}}, gitops=gitops)
    for cluster in NAMES:
        assert stand.running.kube(cluster).get("v1", "Namespace", None, made) is not None
    stand.check()
    stand.sizes({**SIZES, f"{made}/made": {"east": 1}}, gitops=gitops)
    stand.publish()
    stand.settled()
    before = stand.all_identities()
    said = stand.publish(f"overlays/west/{made}", "--format", "json", command="retire")
    do_by_hand(stand, json_value(said)["retire"])
    stand.apply_engine_objects()
    stand.settled()
    after = stand.all_identities()
    assert gone_and_new(before, after, "west") == ({"ConfigMap": 1}, {})
    assert gone_and_new(before, after, "east") == ({}, {})
    there = stand.running.kube("west").get("v1", "Namespace", None, made)
    assert there is not None
    assert "deletionTimestamp" not in there["metadata"]
    stand.check()
    return "both clusters have it before the unit is applied; with the unit gone its namespace is left"


def other_objects(stand: Stand) -> str:
    """`sparse: true` for Flux, `applications: plain` for Argo CD, in a mesh that is there already."""
    stand.fresh()
    before = stand.all_identities()
    kube = stand.running.kube(HUB)
    gitops = "argocd: {applications: plain}, flux: {sparse: true}"
    applications = {one["metadata"]["name"]: one["metadata"]["uid"] for one in stand.applications()}
    stand.sizes(SIZES, gitops=gitops)
    stand.publish()
    if stand.engine == "argocd":
        kubectl(stand, HUB, "--namespace", "argocd", "delete", "applicationset", "gitops-gen", "--cascade=orphan")
    stand.apply_engine_objects()
    stand.settled()
    assert_untouched(stand, before)
    a_pod_goes(stand, before, gitops)
    assert gone_and_new(before, stand.all_identities(), "west") == ({}, {})
    stand.check()
    if stand.engine == "argocd":
        assert {one["metadata"]["name"]: one["metadata"]["uid"] for one in stand.applications()} == applications
        assert not kube.list(*APPLICATION_SET)
        return "the Applications are the same, no resource was touched; a pod less takes exactly its resources"
    for cluster, other in zip(NAMES, reversed(NAMES), strict=True):
        folders = fetched(stand, cluster)
        assert f"overlays/{cluster}" in folders
        assert not any(folder.startswith(f"overlays/{other}") for folder in folders), folders
    return "each cluster fetches base and its own overlays, no resource was touched; a pod less takes its resources"


def assert_untouched(stand: Stand, before: Identities) -> None:
    """See that no resource of either cluster came, went or was made anew."""
    for cluster in NAMES:
        assert gone_and_new(before, stand.all_identities(), cluster) == ({}, {})


def a_pod_goes(stand: Stand, before: Identities, gitops: str) -> None:
    """Publish one pod less in east, and see that exactly its resources go there."""
    stand.sizes(changed("data/db", east=2), gitops=gitops)
    stand.publish()
    stand.settled()
    assert gone_and_new(before, stand.all_identities(), "east") == (times(1), {})


def fetched(stand: Stand, cluster: str) -> set[str]:
    """Return the folders in what the source controller of a cluster has fetched."""

    def artifact() -> dict[str, str]:
        (source,) = stand.running.kube(cluster).list(*GIT_REPOSITORY, FLUX)
        found: dict[str, str] = source["status"]["artifact"]
        return found

    until(lambda: stand.tip() in artifact()["revision"], "the newest commit is fetched")
    url = urlsplit(artifact()["url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    connection.request("GET", url.path)
    with tarfile.open(fileobj=io.BytesIO(connection.getresponse().read())) as archive:
        names = [name.removeprefix("./") for name in archive.getnames()]
    return {"/".join(name.split("/")[:2]) for name in names if "/" in name}


def protected_gateways(stand: Stand) -> str:
    """`protected: true` on the ingress: a pod goes, and with it its Gateway, when a person has confirmed it."""
    ingress = "protected: true"
    stand.fresh(ingress=ingress)
    before = stand.all_identities()
    stand.sizes(changed("data/db", east=2), ingress=ingress)
    stand.publish()
    if stand.engine == "flux":
        stand.settled()
        assert gone_and_new(before, stand.all_identities(), "east") == (times(1), {})
        stand.check()
        return "Flux knows no such thing: exactly the resources of the pod went"
    unit = "overlays/east/data"

    def asked() -> bool:
        (found,) = (one for one in stand.status().units if one.wanted.path == unit)
        return found.state is State.PENDING and "waiting for pruning confirmation" in " ".join(found.notes)

    until(asked, "Argo CD asks for a confirmation")
    assert gone_and_new(before, stand.all_identities(), "east") == ({}, {}), "nothing goes before it is confirmed"
    confirm(stand, "east.data")
    stand.settled()
    assert gone_and_new(before, stand.all_identities(), "east") == (times(1), {})
    assert gone_and_new(before, stand.all_identities(), "west") == ({}, {})
    stand.check()
    return "the sync waits, and `status` says for what; confirmed, exactly the resources of the pod went"


def confirm(stand: Stand, application: str) -> None:
    """Confirm a deletion as the how-to page says."""
    approved = f"argocd.argoproj.io/deletion-approved={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    kubectl(stand, HUB, "-n", "argocd", "annotate", "--overwrite", "applications.argoproj.io", application, approved)


def engine_object_deleted(stand: Stand) -> str:
    """`deletionPolicy: Orphan`, or Argo CD's Applications: engine objects are deleted by hand, and applied again."""
    gitops = "flux: {deletionPolicy: Orphan}"
    stand.fresh(gitops=gitops)
    before = stand.all_identities()
    if stand.engine == "flux":
        kubectl(stand, "east", "-n", FLUX, "delete", "kustomizations.kustomize.toolkit.fluxcd.io", "data")
        kube, kind, left = stand.running.kube("east"), KUSTOMIZATION, 1
    else:
        kubectl(stand, HUB, "-n", "argocd", "delete", "applicationsets.argoproj.io", "gitops-gen")
        kube, kind, left = stand.running.kube(HUB), APPLICATION, 0
    until(lambda: len(kube.list(*kind)) == left, "the engine objects are gone")
    assert_untouched(stand, before)
    stand.apply_engine_objects()
    stand.settled()
    assert_untouched(stand, before)
    a_pod_goes(stand, before, gitops)
    stand.check()
    what = "the Kustomization" if stand.engine == "flux" else "the ApplicationSet, which takes its Applications along,"
    return f"with {what} gone all resources stay; applied again it has them again, and prunes"


def whole_clusters(stand: Stand) -> str:
    """`syncUnit: cluster`: a change of base, then a namespace leaves one cluster, which keeps its unit."""
    more: dict[str, Any] = {"sync_unit": "cluster", "gitops": "flux: {serviceAccounts: true}"}
    stand.fresh(**more)
    stand.sizes(SIZES, port=9091, **more)
    stand.publish()
    stand.settled()
    stand.check()
    before = stand.all_identities()
    sizes: Sizes = {**SIZES, "data/db": {"east": 3}}
    stand.sizes(sizes, port=9091, **more)
    stand.publish()
    stand.settled()
    after = stand.all_identities()
    of_data = by_kind(name for name in before["west"] if name.namespace == "data")
    assert gone_and_new(before, after, "west") == (of_data, {})
    assert gone_and_new(before, after, "east") == ({}, {})
    stand.check()
    return "both apply the change of base; exactly the resources of the namespace went; nothing else was touched"


def engine_changed(stand: Stand) -> str:
    """Another `engine` for one cluster, by `gitops-gen move`; then a pod goes there."""
    with stand.running.other() as other:
        try:
            move_west(stand, other)
        finally:
            # what the other engine has made must be gone before it is
            stand.quiet()
            stand.take_away()
    return f"to {TITLES[other]}: in three commits no resource was deleted or made anew; the pod's resources went"


def move_west(stand: Stand, other: str) -> None:
    """Have another engine sync one cluster, in three steps; then take a pod away there."""
    engines = {"west": other}
    stand.fresh()
    before = stand.all_identities()
    stand.sizes(SIZES, engines=engines)
    for step in ("keep", "move", "release"):
        value = json_value(stand.publish("--format", "json", command="move"))
        assert value["move"]["step"] == step, value["move"]
        stand.apply_engine_objects()
        if step == "move":
            do_by_hand(stand, value["move"])
            if other == "argocd":
                # which puts back what the commands took off, as its own
                until(lambda: not wrong_in(stand, "west"), "what is kept from pruning, by Argo CD alone")
        stand.settled()
        for cluster in NAMES:
            assert gone_and_new(before, stand.all_identities(), cluster) == ({}, {}), step
    stand.check()
    stand.sizes(changed("data/db", west=2), engines=engines)
    stand.publish()
    stand.settled()
    assert gone_and_new(before, stand.all_identities(), "west") == (times(1), {})
    assert gone_and_new(before, stand.all_identities(), "east") == ({}, {})
    stand.check()


def wrong_in(stand: Stand, cluster: str) -> list[str]:
    """Return how a cluster differs from what is published."""
    return differences(rendered(stand.repository, "main", cluster), stand.live(cluster))


def unit_state(stand: Stand, folder: str) -> State:
    """Return how a unit stands."""
    (found,) = (one for one in stand.status().units if one.wanted.path == folder)
    return found.state


OPTIONS: dict[str, Callable[[Stand], str]] = {
    "whole-clusters": whole_clusters,
    "rights": rights,
    "created-namespaces": created_namespaces,
    "other-objects": other_objects,
    "protected": protected_gateways,
    "object-deleted": engine_object_deleted,
    "engine-changed": engine_changed,
}
