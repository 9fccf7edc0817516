from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.engines.observed import argo_units, flat, flux_units
from gitops_gen.engines.status import Relation, State, UnitStatus, Wanted, judge, unreached
from gitops_gen.engines.units import Unit
from gitops_gen.manifest import ResourceId
from gitops_gen.model import Engine
from tests.engine_objects import (
    EARLIER,
    FOREIGN,
    PUBLISHED,
    a_kustomization,
    a_list,
    a_resource,
    a_source,
    an_application,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOSURE = frozenset({"base/data/db", "overlays/east/data", "overlays/east/data/db"})
LATER = "d" * 40


def relation(revision: str) -> Relation:
    known = {PUBLISHED: Relation.SAME, EARLIER: Relation.OTHER, LATER: Relation.LATER}
    return known.get(revision[-40:], Relation.UNKNOWN)


def changed(before: str, after: str) -> dict[ResourceId, bool] | None:
    """Two VirtualServices changed between the two commits, and a third went; of others nobody can tell."""
    names = {"db-0": True, "db-1": True, "db-2": False}
    found = {ResourceId("networking.istio.io", "VirtualService", "data", name): there for name, there in names.items()}
    return found if (before, after) in {(EARLIER, PUBLISHED), (EARLIER, LATER)} else None


def stands(engine: Engine, *objects: Mapping[str, Any]) -> UnitStatus:
    wanted = Wanted(unit=Unit("east", ("data",)), engine=engine, path="overlays/east/data", closure=CLOSURE)
    found = flat([a_list(*objects)])  # type: ignore[arg-type]
    return judge(wanted, flux_units(found), argo_units(found), relation, changed)


def flux(*more: Mapping[str, Any], **changes: Any) -> UnitStatus:
    return stands(Engine.FLUX, a_kustomization(**changes), *more)


def argo(*more: Mapping[str, Any], **changes: Any) -> UnitStatus:
    return stands(Engine.ARGOCD, an_application(**changes), *more)


EARLIER_FLUX = {"applied": f"main@sha1:{EARLIER}", "attempted": f"main@sha1:{EARLIER}"}
FAILING = {"ready": "False", "applied": f"main@sha1:{EARLIER}", "message": 'namespaces "data" not found'}


# --- Flux ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "state", "applied", "healthy"),
    [
        ({}, State.APPLIED, True, True),
        ({"applied": f"main@sha1:{LATER}"}, State.APPLIED, True, True),
        # an artifact's revision is a digest; the commit is its origin
        (
            {
                "applied": f"main@sha256:{'e' * 64}",
                "status": {"lastAppliedOriginRevision": f"main@sha1:{PUBLISHED}"},
            },
            State.APPLIED,
            True,
            True,
        ),
        (EARLIER_FLUX, State.PENDING, False, True),
        ({"applied": "", "attempted": "", "ready": "Unknown"}, State.PENDING, False, None),
        ({"observed": 0}, State.PENDING, True, True),
        ({"ready": "Unknown", "reason": "Progressing"}, State.PENDING, True, None),
        ({**FAILING, "reason": "ReconciliationFailed"}, State.FAILED, False, None),
        ({**FAILING, "reason": "ReconciliationFailed", "observed": 0}, State.PENDING, False, None),
        ({**FAILING, "reason": "BuildFailed", "attempted": "main@sha256:" + "e" * 64}, State.FAILED, False, None),
        ({**FAILING, "reason": "DependencyNotReady"}, State.PENDING, False, None),
        ({**FAILING, "reason": "HealthCheckFailed"}, State.DEGRADED, True, False),
        # it failed at a commit before, and has not come to this one
        ({**FAILING, "reason": "BuildFailed", "attempted": f"main@sha1:{EARLIER}"}, State.PENDING, False, None),
        ({"applied": f"main@sha1:{FOREIGN}"}, State.UNKNOWN, False, True),
        ({"spec": {"suspend": True}}, State.SUSPENDED, True, True),
        ({"spec": {"suspend": True}, **EARLIER_FLUX}, State.SUSPENDED, False, True),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, State.FAILED, True, True),
    ],
)
def test_flux(changes: dict[str, Any], state: State, applied: bool, healthy: bool | None) -> None:  # noqa: FBT001
    found = flux(**changes)
    assert (found.state, found.applied, found.healthy, found.drifted) == (state, applied, healthy, None)


def test_flux_says_why() -> None:
    assert flux(**FAILING, reason="BuildFailed").notes == ('BuildFailed: namespaces "data" not found',)
    assert flux(**FAILING, reason="HealthCheckFailed").notes == ('namespaces "data" not found',)
    assert flux(ready="Unknown", message="running").notes == ("running",)
    assert flux(applied=f"main@sha1:{FOREIGN}").notes == (f"main@sha1:{FOREIGN} is no commit of the branch",)
    assert flux().notes == ()


def test_a_source_that_fails_keeps_units_from_going_on() -> None:
    failing = a_source("False", "authentication required")
    found = flux(failing, **EARLIER_FLUX)
    assert found.state is State.FAILED
    assert found.notes == ("GitRepository flux-system/gitops-gen: authentication required",)
    assert flux(failing).state is State.APPLIED, "what is applied is applied"
    assert flux(a_source(suspend=True), **EARLIER_FLUX).notes == ("GitRepository flux-system/gitops-gen is suspended",)


def test_a_source_in_another_namespace_is_another_source() -> None:
    elsewhere = {"sourceRef": {"kind": "GitRepository", "name": "gitops-gen", "namespace": "elsewhere"}}
    assert flux(a_source("False", "no"), **EARLIER_FLUX, spec=elsewhere).state is State.PENDING


def test_what_has_arrived_has_arrived_though_it_is_suspended() -> None:
    suspended = {"spec": {"suspend": True}}
    assert flux().landed
    assert flux().in_order
    assert flux(**suspended).landed
    assert not flux(**suspended).in_order
    assert not flux(**suspended, **EARLIER_FLUX).landed
    assert not flux(**EARLIER_FLUX).landed


# --- Argo CD ---------------------------------------------------------------------------------------------------------

EARLIER_ARGO = {"revision": EARLIER, "attempted": EARLIER, "history": [EARLIER]}
OUT = {"sync": "OutOfSync"}
HELD = {"automated": None}
FAR = {"revision": LATER, "attempted": LATER}
PASSING_BASE_BY = {"metadata": {"annotations": {"argocd.argoproj.io/manifest-generate-paths": "."}}}
GIVEN_UP = {"conditions": [{"type": "SyncError", "message": "Failed last sync attempt"}]}


def alone(*names: str) -> dict[str, Any]:
    """Make what an Application says after a sync of some resources alone, since one of the whole at EARLIER."""
    selected = [{"kind": "VirtualService", "name": name} for name in names]
    return {"history": [EARLIER], "selected": selected, "dealt_with": synced(*names)}


def synced(*names: str) -> list[dict[str, Any]]:
    return [a_resource(name, "Synced") for name in names]


HERE = synced("db-0", "db-1", "db-9")


@pytest.mark.parametrize(
    ("changes", "state", "applied", "drifted"),
    [
        ({}, State.APPLIED, True, False),
        ({"revision": LATER, "history": [EARLIER, LATER]}, State.APPLIED, True, False),
        (EARLIER_ARGO, State.PENDING, False, None),
        ({**EARLIER_ARGO, **OUT}, State.PENDING, False, None),
        ({**OUT, "history": [EARLIER]}, State.PENDING, False, None),
        ({**OUT, "history": []}, State.PENDING, False, None),
        (OUT, State.DRIFTED, True, True),
        # just synced, and not compared again yet
        ({**OUT, "reconciled": "2026-01-01T00:00:05Z"}, State.PENDING, True, None),
        ({"sync": "Unknown"}, State.PENDING, True, None),
        ({"revision": "", "sync": "", "history": [], "phase": ""}, State.PENDING, False, None),
        ({"phase": "Running", "message": "one or more objects failed to apply"}, State.PENDING, True, None),
        ({"phase": "Running", "history": []}, State.PENDING, True, None),
        ({**OUT, "phase": "Failed", "history": [EARLIER]}, State.FAILED, False, None),
        ({"phase": "Error"}, State.FAILED, True, None),
        # it failed at a commit before, and has tried nothing since
        ({**OUT, "phase": "Failed", "attempted": EARLIER, "history": [EARLIER]}, State.PENDING, False, None),
        ({"history": [PUBLISHED, EARLIER]}, State.STALE, False, None),
        # single resources were synced since, which no history tells of: something that changed, or something else
        ({**alone("db-0"), "resources": HERE}, State.APPLIED, True, False),
        ({**alone("db-2"), "resources": HERE}, State.APPLIED, True, False),
        ({**alone("db-0"), **FAR, "resources": HERE}, State.APPLIED, True, False),
        ({**alone("db-0"), "resources": HERE, "health": "Degraded"}, State.DEGRADED, True, False),
        ({**alone("db-9"), "resources": HERE}, State.STALE, False, None),
        # what went is still wanted, or what is there is not
        ({**alone("db-0"), "resources": synced("db-0", "db-1", "db-2")}, State.STALE, False, None),
        ({**alone("db-0"), "resources": synced("db-0")}, State.STALE, False, None),
        ({**alone("db-0"), "resources": HERE, "attempted": EARLIER}, State.STALE, False, None),
        ({**alone("db-0"), "resources": HERE, "phase": ""}, State.STALE, False, None),
        ({**alone("db-0"), "resources": HERE, **PASSING_BASE_BY}, State.STALE, False, None),
        ({**alone("db-0"), "resources": HERE, "selected": []}, State.STALE, False, None),
        ({**alone("db-0"), "resources": HERE, "history": [LATER, EARLIER], **FAR}, State.APPLIED, True, False),
        # it compared a commit in the middle of a sync that failed, and leaves it at that
        ({**OUT, **GIVEN_UP, "attempted": EARLIER, "phase": "Failed", "history": [EARLIER]}, State.FAILED, False, None),
        ({**OUT, **GIVEN_UP, "reconciled": "2026-01-01T00:00:05Z"}, State.PENDING, True, None),
        ({"history": [FOREIGN]}, State.APPLIED, True, False),
        ({"history": []}, State.APPLIED, True, False),
        ({"revision": FOREIGN}, State.UNKNOWN, None, None),
        ({"health": "Degraded"}, State.DEGRADED, True, False),
        ({"health": "Progressing"}, State.PENDING, True, None),
        ({"health": "Missing", "resources": [a_resource("db-0", "Synced", "Missing")]}, State.DRIFTED, True, True),
        ({"conditions": [{"type": "ComparisonError", "message": "no"}]}, State.FAILED, True, None),
        ({"conditions": [{"type": "SyncError", "message": "no"}]}, State.APPLIED, True, False),
        ({"conditions": [{"type": "OrphanedResourceWarning", "message": "no"}]}, State.APPLIED, True, False),
        ({**EARLIER_ARGO, **HELD}, State.SUSPENDED, False, None),
        ({**EARLIER_ARGO, "automated": {"enabled": False}}, State.SUSPENDED, False, None),
        ({**EARLIER_ARGO, **HELD, "phase": "Running"}, State.PENDING, False, None),
        (HELD, State.APPLIED, True, False),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, State.FAILED, True, None),
    ],
)
def test_argocd(changes: dict[str, Any], state: State, applied: bool | None, drifted: bool | None) -> None:  # noqa: FBT001
    found = argo(**changes)
    assert (found.state, found.applied, found.drifted) == (state, applied, drifted)


def test_argocd_says_why() -> None:
    assert argo(**OUT, phase="Failed", message="SharedResource: db-0", history=[EARLIER]).notes == (
        "SharedResource: db-0",
    )
    assert argo(conditions=[{"type": "InvalidSpecError", "message": "no destination"}]).notes == (
        "InvalidSpecError: no destination",
    )
    assert "then refresh it hard, and only then sync it" in argo(history=[EARLIER]).notes[0]
    assert argo(**OUT, **GIVEN_UP, attempted=EARLIER, phase="Failed", history=[EARLIER]).notes == (
        "Argo CD does not sync it by itself any more: Failed last sync attempt",
    )
    assert argo(health="Degraded", health_message="no pods").notes == ("no pods",)
    assert argo(health="Progressing").notes == ("its resources are not healthy yet",)
    assert argo(phase="Running", message="waiting").notes == ("waiting",)
    assert argo(phase="Running", message="").notes == ()
    assert argo().notes == ()


def test_resources_that_drifted_are_named() -> None:
    found = argo(**OUT, resources=[a_resource("db-1"), a_resource("db-0"), a_resource("db-2", "Synced")])
    assert found.changed == tuple(
        ResourceId("networking.istio.io", "VirtualService", "data", name) for name in ("db-0", "db-1")
    )
    gone = argo(**OUT, resources=[a_resource("db-0", "OutOfSync", "Missing"), a_resource("db-1")])
    assert [one.name for one in gone.missing] == ["db-0"]
    assert [one.name for one in gone.changed] == ["db-1"]
    pending = argo(**OUT, history=[EARLIER], resources=[a_resource("db-0")])
    assert pending.changed == (), "what is not applied yet has not drifted"


@pytest.mark.parametrize(
    ("paths", "left_out"),
    [
        (None, []),
        (".;/base/data", []),
        (".;/base", []),
        (".; /base/*/db", []),
        ("/", []),
        (".", ["base/data/db"]),
        (".;/base/dat", ["base/data/db"]),
        ("/base;", ["overlays/east/data", "overlays/east/data/db"]),
    ],
)
def test_folders_whose_commits_argocd_would_pass_over(paths: str | None, left_out: list[str]) -> None:
    annotations = {} if paths is None else {"argocd.argoproj.io/manifest-generate-paths": paths}
    found = argo(metadata={"annotations": annotations})
    assert found.state is State.APPLIED
    wanted = [f"its manifest-generate-paths leave out {', '.join(left_out)}: it may say Synced and be stale"]
    assert list(found.notes) == (wanted if left_out else [])


# --- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [Engine.FLUX, Engine.ARGOCD])
def test_a_unit_that_nobody_syncs(engine: Engine) -> None:
    elsewhere = a_kustomization(path="overlays/east/other"), an_application(path="overlays/east/other")
    found = stands(engine, *elsewhere)
    kind = "Kustomization" if engine is Engine.FLUX else "Application"
    assert (found.state, found.applied) == (State.MISSING, False)
    assert found.notes == (f"no {kind} has the folder overlays/east/data",)
    other_cluster = an_application(destination={"name": "west"})
    assert stands(Engine.ARGOCD, other_cluster).state is State.MISSING


def test_an_application_with_a_server_for_a_destination_is_found_by_its_folder() -> None:
    assert argo(destination={"server": "https://10.0.0.1"}).state is State.APPLIED


def test_a_folder_with_two_objects_is_in_no_order() -> None:
    found = flux(a_kustomization(name="again"))
    assert found.state is State.FAILED
    assert found.name == "Kustomization flux-system/again"
    (note,) = found.notes
    assert note.endswith("each undoes the other: Kustomization flux-system/again, Kustomization flux-system/data")
    assert argo(an_application(name="again")).state is State.FAILED


def test_an_engine_that_was_not_reached() -> None:
    wanted = Wanted(unit=Unit("east", ()), engine=Engine.FLUX, path="overlays/east", closure=frozenset())
    found = unreached(wanted, "no route to host")
    assert (found.state, found.applied, found.notes) == (State.UNKNOWN, None, ("no route to host",))


def test_what_an_object_does_not_say_is_as_if_it_had_not_happened() -> None:
    bare = {"kind": "Kustomization", "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "spec": {"path": "a"}}
    odd = {**bare, "status": {"conditions": ["x", {"type": "Ready", "status": 3}], "lastAppliedRevision": 7}}
    for one in flux_units([bare, odd]):
        assert (one.path, one.ready, one.applied, one.source) == ("a", "", "", None)
    (app,) = argo_units([{"kind": "Application", "apiVersion": "argoproj.io/v1alpha1", "status": {"history": [1]}}])
    assert (app.path, app.synced, app.out_of_sync, app.automated) == ("", "", (), False)


def test_objects_of_other_groups_with_such_names_are_others() -> None:
    assert flux_units([{"kind": "Kustomization", "apiVersion": "kustomize.config.k8s.io/v1beta1"}]) == []


def test_lists_are_taken_apart() -> None:
    inner = {"kind": "ApplicationList", "items": [an_application()]}
    assert flat([a_list(a_kustomization(), inner), 3, {"no": "kind"}]) == [a_kustomization(), an_application()]


def test_the_newest_sync_is_the_one_with_the_highest_number() -> None:
    application = an_application(history=[])
    application["status"]["history"] = [{"id": 2, "revision": "new"}, {"id": 1, "revision": "old"}, "odd"]
    (found,) = argo_units([application])
    assert found.synced == "new"


# --- what the controllers themselves have said -----------------------------------------------------------------------

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
"""Name -> an object that a real controller left in the engine suite, shortened, and how its unit stood then."""


@pytest.mark.parametrize("name", RECORDED)
def test_objects_of_the_real_controllers(name: str) -> None:
    recorded = RECORDED[name]
    cluster, *below = recorded["unit"]
    found = flat([recorded["object"]])
    wanted = Wanted(
        unit=Unit(cluster, tuple(below)),
        engine=Engine(recorded["engine"]),
        path="/".join(["overlays", *recorded["unit"]]),
        closure=frozenset(),
    )

    def at(revision: str) -> Relation:
        return Relation.SAME if revision.endswith(tuple(recorded["published"])) else Relation.OTHER

    status = judge(wanted, flux_units(found), argo_units(found), at, lambda *_: None)
    assert [str(status.state), status.applied, status.healthy] == recorded["stands"]
