from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from gitops_gen.layout.ownership import Reconciled, reconcile, unread
from gitops_gen.layout.seal import seal
from gitops_gen.model import SyncUnit
from gitops_gen.tree import Entry, blob_id
from tests.trees import a_tree, entries_of, listed_in, of_pod, shared

if TYPE_CHECKING:
    from gitops_gen.tree import Tree

A_POD = "overlays/a/data/db/db-0.yaml"
A_UNIT = "overlays/a/data"


def two_clusters(port: int = 80, tls: str = "one") -> dict[str, bytes]:
    """Make a tree with the workload `data/db` in a and b, and `front/web` in a."""
    ports = [{"port": port}]
    return a_tree(
        {
            "a": [
                shared(tls=tls),
                of_pod("db-0", "a", ports=ports),
                of_pod("web-0", "a", namespace="front", folder="web", ports=ports),
            ],
            "b": [shared(tls=tls), of_pod("db-0", "b", ports=ports)],
        }
    )


def settle(
    desired: Tree,
    there: Tree,
    *,
    others: dict[str, Entry] | None = None,
    accepted: frozenset[str] = frozenset(),
    sync_unit: SyncUnit = SyncUnit.NAMESPACE,
) -> Reconciled:
    """Reconcile with a folder that holds these files, and other entries."""
    found = {**entries_of(there), **(others or {})}
    contents = {path: there[path] for path in unread(desired, found, {})}
    return reconcile(
        desired=desired, found=found, contents=contents, mesh="example", sync_unit=sync_unit, accepted=accepted
    )


def refused(reconciled: Reconciled) -> list[tuple[str, str]]:
    return [(refusal.unit, refusal.path) for refusal in reconciled.refusals]


def edited(tree: Tree, path: str) -> dict[str, bytes]:
    return {**tree, path: tree[path] + b"# by hand\n"}


# --- what is ours ---------------------------------------------------------------------------------------------------


def test_an_empty_folder_gets_everything() -> None:
    tree = two_clusters()

    assert settle(tree, {}) == Reconciled(writes=tree, deletes=(), refusals=())


def test_the_same_tree_again_changes_nothing() -> None:
    assert settle(two_clusters(), two_clusters()) == Reconciled(writes={}, deletes=(), refusals=())


def test_intact_files_are_replaced() -> None:
    old, new = two_clusters(80), two_clusters(81)

    reconciled = settle(new, old)

    assert reconciled.writes == {path: new[path] for path in new if new[path] != old[path]}
    assert list(reconciled.writes) == sorted(reconciled.writes)
    assert len(reconciled.writes) == 3
    assert (reconciled.deletes, reconciled.refusals) == ((), ())


def test_intact_files_that_nobody_wants_are_deleted() -> None:
    old = two_clusters()

    reconciled = settle({}, old)

    assert reconciled.deletes == tuple(sorted(old))
    assert (reconciled.writes, reconciled.refusals) == ({}, ())


def test_what_is_published_is_never_deleted() -> None:
    record = {"published/a.yaml": seal("serial: 1\n", "example", "the records of publish")}

    assert settle({}, record) == Reconciled(writes={}, deletes=(), refusals=())
    for contents in ({}, record):
        reconciled = reconcile(
            desired={}, found=entries_of(record), contents=contents, mesh="example", sync_unit=SyncUnit.NAMESPACE
        )
        assert reconciled.deletes == ()


def test_engine_objects_that_nobody_wants_are_deleted() -> None:
    there = {"engines/flux/a/sync.yaml": seal("kind: Kustomization\n", "example", "Cluster a")}

    assert settle({}, there).deletes == ("engines/flux/a/sync.yaml",)


def test_a_file_that_became_executable_is_written_again() -> None:
    tree = two_clusters()

    reconciled = settle(tree, tree, others={A_POD: Entry("100755", blob_id(tree[A_POD]))})

    assert reconciled.writes == {A_POD: tree[A_POD]}


def test_a_repository_of_sha256() -> None:
    tree = two_clusters()
    found = {path: Entry("100644", blob_id(content, "sha256")) for path, content in tree.items()}

    assert unread(tree, found, {}) == []
    assert unread({**tree, A_POD: b""}, found, {}) == [A_POD]


def test_contents_have_to_be_complete() -> None:
    tree = two_clusters()

    with pytest.raises(ValueError, match=A_POD):
        reconcile(
            desired={**tree, A_POD: b"other"},
            found=entries_of(tree),
            contents={},
            mesh="example",
            sync_unit=SyncUnit.NAMESPACE,
        )


# --- hand edits -----------------------------------------------------------------------------------------------------


def test_a_hand_edit_holds_its_unit_and_no_other() -> None:
    old, new = two_clusters(80), two_clusters(81)

    reconciled = settle(new, edited(old, A_POD))

    assert sorted(reconciled.writes) == ["overlays/a/front/web/web-0.yaml", "overlays/b/data/db/db-0.yaml"]
    assert reconciled.deletes == ()
    (refusal,) = reconciled.refusals
    assert (refusal.path, refusal.unit, refusal.reason) == (A_POD, A_UNIT, "it was edited by hand")
    assert refusal.change_instead == "Workload data/db"
    assert refusal.diff.splitlines()[:2] == [f"--- {A_POD} (generated)", f"+++ {A_POD} (edited)"]
    assert "\n-  - port: 81\n+  - port: 80\n+# by hand\n" in refusal.diff


def test_a_hand_edit_of_an_unchanged_file_is_refused_too() -> None:
    tree = two_clusters()

    reconciled = settle(tree, edited(tree, A_POD))

    assert reconciled.writes == {}
    assert refused(reconciled) == [(A_UNIT, A_POD)]


def test_a_hand_edit_is_not_deleted() -> None:
    old = two_clusters()
    new = {path: content for path, content in old.items() if not path.startswith(A_UNIT)}

    reconciled = settle(new, edited(old, A_POD))

    assert reconciled.deletes == ()
    (refusal,) = reconciled.refusals
    assert refusal.reason == "it was edited by hand, and would be deleted"
    assert "+# by hand" in refusal.diff


@pytest.mark.parametrize("wanted", [True, False])
def test_an_accepted_edit_is_overwritten_or_deleted(wanted: bool) -> None:  # noqa: FBT001
    old = two_clusters()
    new = old if wanted else {path: content for path, content in old.items() if not path.startswith(A_UNIT)}

    reconciled = settle(new, edited(old, A_POD), accepted=frozenset({A_POD}))

    assert reconciled.refusals == ()
    assert (A_POD in reconciled.writes, A_POD in reconciled.deletes) == (wanted, not wanted)


def test_accepting_one_edit_accepts_no_other() -> None:
    old = edited(edited(two_clusters(80), A_POD), "overlays/b/data/db/db-0.yaml")

    reconciled = settle(two_clusters(81), old, accepted=frozenset({A_POD}))

    assert refused(reconciled) == [("overlays/b/data", "overlays/b/data/db/db-0.yaml")]
    assert A_POD in reconciled.writes


def test_a_conflict_resolved_to_what_would_be_written_is_sealed_again() -> None:
    old, new = two_clusters(80), two_clusters(81)
    digest = hashlib.sha256(b"").hexdigest().encode()
    head, _, body = new[A_POD].partition(b"sha256=")

    reconciled = settle(new, {**old, A_POD: head + b"sha256=" + digest + body[64:]})

    assert reconciled.refusals == ()
    assert reconciled.writes[A_POD] == new[A_POD]


def test_a_diff_is_bounded() -> None:
    old = two_clusters()
    long = old[A_POD] + b"".join(b"# line %d\n" % number for number in range(100_000))

    (refusal,) = settle(two_clusters(81), {**old, A_POD: long}).refusals

    assert len(refusal.diff.splitlines()) == 61
    assert refusal.diff.endswith("(and more)\n")


# --- what is not ours -----------------------------------------------------------------------------------------------


def test_a_persons_file_in_the_way_is_never_touched() -> None:
    old = {**two_clusters(), A_POD: b"kind: Service\n"}

    for accepted in (frozenset[str](), frozenset({A_POD})):
        reconciled = settle(two_clusters(81), old, accepted=accepted)

        assert refused(reconciled) == [(A_UNIT, A_POD)]
        assert "not a generated file" in reconciled.refusals[0].reason
        assert not any(path.startswith(A_UNIT) for path in reconciled.writes)


def test_a_persons_file_elsewhere_is_nobodys_business() -> None:
    own = {"overlays/a/data/db/notes.yaml": b"a: 1\n", "overlays/a/data/own/kustomization.yaml": b"resources: []\n"}

    assert settle(two_clusters(), {**two_clusters(), **own}) == Reconciled(writes={}, deletes=(), refusals=())


def test_another_mesh_keeps_its_files() -> None:
    tree = two_clusters()
    foreign = seal("kind: Service\n", "other", "Workload data/db")

    in_the_way = settle(tree, {**tree, A_POD: foreign}, accepted=frozenset({A_POD}))
    beside = settle(tree, {**tree, "overlays/a/data/db/db-9.yaml": foreign})
    elsewhere = settle(tree, {**tree, "overlays/z/data/db/db-0.yaml": foreign, "base/data/x/service.yaml": foreign})

    assert refused(in_the_way) == [(A_UNIT, A_POD)]
    assert in_the_way.refusals[0].reason == "it belongs to Mesh other"
    assert refused(beside) == [(A_UNIT, "overlays/a/data/db/db-9.yaml")]
    assert elsewhere == Reconciled(writes={}, deletes=(), refusals=())


# --- obstacles ------------------------------------------------------------------------------------------------------

LINK, SUBMODULE, PIPE = Entry("120000", "1" * 40), Entry("160000", "2" * 40), Entry("010000", "")


@pytest.mark.parametrize(
    ("path", "entry", "units"),
    [
        (A_POD, LINK, [A_UNIT]),
        (A_POD, SUBMODULE, [A_UNIT]),
        (A_POD, PIPE, [A_UNIT]),
        ("overlays/a/data/db", LINK, [A_UNIT]),
        ("overlays/a/data/db", SUBMODULE, [A_UNIT]),
        ("overlays/a/data", LINK, [A_UNIT]),
        ("overlays/a", LINK, ["overlays/a", "overlays/a/data", "overlays/a/front"]),
        ("overlays", SUBMODULE, ["overlays/a", "overlays/a/data", "overlays/a/front", "overlays/b", "overlays/b/data"]),
        ("overlays/a/kustomization.yaml", LINK, ["overlays/a"]),
    ],
)
def test_a_link_on_the_way_is_refused(path: str, entry: Entry, units: list[str]) -> None:
    reconciled = settle(two_clusters(), {}, others={path: entry})

    assert refused(reconciled) == [(unit, path) for unit in units]
    assert not any(written == path or written.startswith(f"{path}/") for written in reconciled.writes)
    for written in reconciled.writes:
        assert not any(written.startswith(f"{unit}/") for unit in units if unit.count("/") == 2)


def test_a_file_where_a_folder_is_needed_and_the_reverse() -> None:
    tree = two_clusters()

    file = settle(tree, {"overlays/a/data/db": b"kind: Service\n"})
    folder = settle(tree, {f"{A_POD}/notes": b"a\n"})

    assert refused(file) == [(A_UNIT, "overlays/a/data/db")]
    assert file.refusals[0].reason == "it is a file, where a folder is needed"
    assert refused(folder) == [(A_UNIT, A_POD)]
    assert folder.refusals[0].reason == "it is a folder, where a file is needed"


@pytest.mark.parametrize(
    ("there", "path", "units"),
    [
        ("overlays/a/data/db/DB-0.yaml", "overlays/a/data/db/DB-0.yaml", [A_UNIT]),
        ("overlays/a/data/Db/notes", "overlays/a/data/Db", [A_UNIT]),
        ("overlays/A/notes", "overlays/A", ["overlays/a", "overlays/a/data", "overlays/a/front"]),
        (
            "overlays/a/data/ku\N{LATIN SMALL LETTER LONG S}tomization.yaml",
            "overlays/a/data/ku\N{LATIN SMALL LETTER LONG S}tomization.yaml",
            [A_UNIT],
        ),
    ],
)
def test_names_that_differ_only_in_case_are_refused(there: str, path: str, units: list[str]) -> None:
    reconciled = settle(two_clusters(), {there: b"a\n"})

    assert refused(reconciled) == [(unit, path) for unit in units]


def test_names_in_capitals_elsewhere_are_fine() -> None:
    assert settle(two_clusters(), {"overlays/a/README.md": b"a\n", "base/Data2/x": b"b\n"}).refusals == ()


@pytest.mark.parametrize("name", ["Kustomization", "kustomization.yml"])
def test_a_second_kustomization_would_break_the_build(name: str) -> None:
    tree = two_clusters()

    reconciled = settle(tree, {f"overlays/a/data/db/{name}": b"resources: []\n"})

    assert refused(reconciled) == [(A_UNIT, f"overlays/a/data/db/{name}")]
    assert "both" in reconciled.refusals[0].reason


# --- what stays with a refused unit ---------------------------------------------------------------------------------


def test_a_base_that_a_refused_unit_builds_on_stays_and_holds_the_others() -> None:
    old, new = two_clusters(80, "one"), two_clusters(81, "two")

    reconciled = settle(new, edited(old, A_POD))

    assert sorted(reconciled.writes) == ["overlays/a/front/web/web-0.yaml"]
    assert refused(reconciled) == [(A_UNIT, A_POD), ("overlays/b/data", "base/data/db")]


def test_an_edited_base_holds_all_that_build_on_it() -> None:
    old, new = two_clusters(80), two_clusters(81)

    reconciled = settle(new, edited(old, "base/data/db/destinationrule.yaml"))

    assert sorted(reconciled.writes) == ["overlays/a/front/web/web-0.yaml"]
    assert refused(reconciled) == [
        ("base/data/db", "base/data/db/destinationrule.yaml"),
        (A_UNIT, "base/data/db"),
        ("overlays/b/data", "base/data/db"),
    ]


def test_a_resource_that_leaves_base_does_not_leave_a_refused_unit() -> None:
    """When b comes to differ, a gets a copy of its own: not if a may not change, so b may not either."""
    old = two_clusters()
    new = a_tree({"a": [shared(), of_pod("db-0", "a")], "b": [shared(tls="other"), of_pod("db-0", "b")]})
    assert not any(path.startswith("base/") for path in new)

    reconciled = settle(new, edited(old, A_POD))

    assert not any(path.startswith(("base/", "overlays/b/data/")) for path in (*reconciled.writes, *reconciled.deletes))
    assert refused(reconciled) == [(A_UNIT, A_POD), ("overlays/b/data", "base/data/db")]


def test_a_unit_that_comes_to_a_base_that_stays_has_to_wait() -> None:
    old = a_tree({"a": [shared(), of_pod("db-0", "a")]})
    new = a_tree({cluster: [shared(tls="two"), of_pod("db-0", cluster)] for cluster in "ac"})

    reconciled = settle(new, edited(old, A_POD))

    assert reconciled.writes == {}
    assert refused(reconciled) == [(A_UNIT, A_POD), ("overlays/c/data", "base/data/db")]


def test_a_refused_unit_that_builds_on_no_base_holds_nobody() -> None:
    old = a_tree({"a": [of_pod("db-0", "a")], "b": [of_pod("db-0", "b")]})
    new = a_tree({"a": [shared(), of_pod("db-0", "a")], "b": [shared(), of_pod("db-0", "b")]})

    reconciled = settle(new, edited(old, A_POD))

    assert sorted(reconciled.writes) == [
        "base/data/db/destinationrule.yaml",
        "base/data/db/kustomization.yaml",
        "overlays/b/data/db/kustomization.yaml",
    ]
    assert refused(reconciled) == [(A_UNIT, A_POD)]


def test_holding_spreads_from_base_to_base() -> None:
    """a holds base/data/db, that holds b, and b holds base/data/web, which c builds on."""

    def tree(tls: str) -> dict[str, bytes]:
        return a_tree(
            {
                "a": [shared(tls=tls), of_pod("db-0", "a")],
                "b": [shared(tls=tls), of_pod("db-0", "b"), shared("web", folder="web", tls=tls)],
                "c": [shared("web", folder="web", tls=tls), of_pod("x-0", "c", namespace="other", folder="x", tls=tls)],
            }
        )

    reconciled = settle(tree("two"), edited(tree("one"), A_POD))

    assert sorted(reconciled.writes) == ["overlays/c/other/x/x-0.yaml"]
    assert [unit for unit, _ in refused(reconciled)] == [A_UNIT, "overlays/b/data", "overlays/c/data"]


def test_a_base_that_only_a_refused_unit_would_read_is_not_written() -> None:
    new = a_tree({"a": [shared(), of_pod("db-0", "a")]})

    reconciled = settle(new, {A_POD: b"kind: Service\n"})

    assert reconciled.writes == {}


def test_a_new_unit_that_is_refused_is_not_led_to() -> None:
    new = two_clusters()

    reconciled = settle(new, {A_POD: b"kind: Service\n"})

    assert listed_in(reconciled.writes, "overlays/a") == ["front"]
    assert listed_in(reconciled.writes, "overlays/b") == ["data"]


def test_a_cluster_without_any_unit_left_is_not_led_to() -> None:
    reconciled = settle(a_tree({"a": [of_pod("db-0", "a")]}), {A_POD: b"kind: Service\n"})

    assert reconciled.writes == {}


def test_a_refused_unit_that_was_there_is_led_to_as_before() -> None:
    old = two_clusters()
    new = a_tree({"a": [of_pod("x-0", "a", namespace="new", folder="x")]})

    reconciled = settle(new, edited(old, A_POD))

    assert listed_in(reconciled.writes, "overlays/a") == ["data", "new"]
    assert "overlays/a/front/web/web-0.yaml" in reconciled.deletes
    assert not any(path.startswith(A_UNIT) for path in reconciled.deletes)


def test_a_kustomization_above_a_refused_unit_is_not_deleted() -> None:
    old = two_clusters()

    reconciled = settle({}, edited(old, A_POD))

    assert listed_in(reconciled.writes, "overlays/a") == ["data"]
    assert "overlays/a/kustomization.yaml" not in reconciled.deletes
    assert "overlays/a/front/kustomization.yaml" in reconciled.deletes
    # b builds on the base that a holds.
    assert [unit for unit, _ in refused(reconciled)] == [A_UNIT, "overlays/b/data"]


@pytest.mark.parametrize("sync_unit", SyncUnit)
def test_what_a_refusal_holds_depends_on_the_unit(sync_unit: SyncUnit) -> None:
    old, new = two_clusters(80), two_clusters(81)
    held = {
        SyncUnit.CLUSTER: ["overlays/b/data/db/db-0.yaml"],
        SyncUnit.NAMESPACE: ["overlays/a/front/web/web-0.yaml", "overlays/b/data/db/db-0.yaml"],
        SyncUnit.WORKLOAD: ["overlays/a/front/web/web-0.yaml", "overlays/b/data/db/db-0.yaml"],
    }

    reconciled = settle(new, edited(old, A_POD), sync_unit=sync_unit)

    assert sorted(reconciled.writes) == held[sync_unit]


def test_a_namespace_that_goes_goes_with_what_leads_to_it_but_not_above_a_unit_that_stays() -> None:
    old = two_clusters()

    reconciled = settle({}, edited(old, A_POD), sync_unit=SyncUnit.WORKLOAD)

    above = [path for path in reconciled.deletes if path.endswith("/kustomization.yaml")]
    assert "overlays/a/front/kustomization.yaml" in above
    assert "overlays/a/data/kustomization.yaml" not in above
    assert "overlays/a/kustomization.yaml" not in above
    assert listed_in(reconciled.writes, "overlays/a") == ["data"]
    assert "overlays/a/data/kustomization.yaml" not in reconciled.writes, "it is as it was"


def test_namespaces_lead_only_to_workloads_that_are_written() -> None:
    new = a_tree({"a": [of_pod("db-0", "a"), of_pod("web-0", "a", folder="web")]})

    one = settle(new, {A_POD: b"mine\n"}, sync_unit=SyncUnit.WORKLOAD)
    both = settle(new, {A_POD: b"mine\n", "overlays/a/data/web/web-0.yaml": b"mine\n"}, sync_unit=SyncUnit.WORKLOAD)

    assert listed_in(one.writes, "overlays/a/data") == ["web"]
    assert listed_in(one.writes, "overlays/a") == ["data"]
    assert both.writes == {}


def test_a_namespace_that_cannot_be_led_to_is_not() -> None:
    new = a_tree({"a": [of_pod("db-0", "a"), of_pod("web-0", "a", namespace="front", folder="web")]})

    reconciled = settle(new, {"overlays/a/data/Kustomization.yaml": b"mine\n"}, sync_unit=SyncUnit.WORKLOAD)

    assert refused(reconciled) == [("overlays/a/data", "overlays/a/data/Kustomization.yaml")]
    assert listed_in(reconciled.writes, "overlays/a") == ["front"]
    assert A_POD in reconciled.writes


def test_an_edited_kustomization_above_the_units_holds_only_itself() -> None:
    old = two_clusters()
    new = a_tree(
        {"a": [shared(), of_pod("db-0", "a"), of_pod("x-0", "a", namespace="new", folder="x")], "b": [shared()]}
    )

    reconciled = settle(new, edited(old, "overlays/a/kustomization.yaml"))

    assert refused(reconciled) == [("overlays/a", "overlays/a/kustomization.yaml")]
    assert "overlays/a/new/x/x-0.yaml" in reconciled.writes
    assert "overlays/a/kustomization.yaml" not in reconciled.writes
