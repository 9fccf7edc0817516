"""How sync units stand, as text and as values."""

from __future__ import annotations

import json
from typing import Any

from gitops_gen.engines.status import State, UnitStatus, Wanted
from gitops_gen.engines.units import Unit
from gitops_gen.manifest import ResourceId
from gitops_gen.model import Engine
from gitops_gen.report.status import status_json, status_text, status_value, waited_text

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SERVICE = ResourceId("", "Service", "monitoring", "prometheus-0")


def a_unit(state: State, *, folder: str = "overlays/east/monitoring", **changes: Any) -> UnitStatus:
    unit = Unit(folder.split("/")[1], tuple(folder.split("/")[2:]))
    wanted = Wanted(unit=unit, engine=Engine.FLUX, path=f"./{folder}", closure=frozenset())
    return UnitStatus(wanted=wanted, state=state, **changes)


def test_units_in_order_are_counted_and_no_more() -> None:
    assert (
        status_text([a_unit(State.APPLIED), a_unit(State.APPLIED)], COMMIT) == "2 sync units at 0123456789ab: 2 applied"
    )


def test_a_unit_says_what_is_known_of_it() -> None:
    changed = tuple(SERVICE._replace(name=f"prometheus-{n}") for n in range(12))
    notes = ("first\n\n  second", "third")
    behind = a_unit(State.MISSING, name="mesh\x1b[31m", notes=notes, missing=(SERVICE,), changed=changed)
    lines = status_text([behind, a_unit(State.APPLIED, notes=("a word",), name="ok")], COMMIT).splitlines()
    assert lines[0].startswith("east/monitoring (mesh")
    assert "\x1b" not in lines[0]
    assert lines[0].endswith(f": {State.MISSING}")
    assert lines[1:5] == ["  first", "    second", "  third", f"  missing: {SERVICE}"]
    assert lines[5:15] == [f"  changed in the cluster: {one}" for one in changed[:10]]
    known = ", ".join(f"1 {state}" for state in State if state in {State.APPLIED, State.MISSING})
    assert lines[15:] == [
        "  changed in the cluster: and 2 more",
        "east/monitoring (ok): applied",
        "  a word",
        f"2 sync units at 0123456789ab: {known}",
    ]


def test_a_unit_without_an_object_is_named_by_its_engine() -> None:
    assert status_text([a_unit(State.MISSING)], COMMIT).splitlines()[0] == f"east/monitoring (flux): {State.MISSING}"


def test_the_values_have_everything() -> None:
    units = [a_unit(State.APPLIED, name="mesh", revision="main", applied=True, healthy=True, drifted=False)]
    units.append(
        a_unit(State.MISSING, folder="overlays/west/data", missing=(SERVICE,), changed=(SERVICE,), notes=("so",))
    )
    value = status_value(units, commit=COMMIT, repository="mesh.git", branch="main")
    assert json.loads(status_json(value)) == value
    assert value["inOrder"] is False
    assert value["summary"] == {str(state): int(state in {State.APPLIED, State.MISSING}) for state in State}
    assert value["units"][0] == {
        "unit": "overlays/east/monitoring",
        "cluster": "east",
        "engine": "flux",
        "object": "mesh",
        "state": "applied",
        "revision": "main",
        "applied": True,
        "healthy": True,
        "drifted": False,
        "missing": [],
        "changed": [],
        "notes": [],
    }
    named = {"group": "", "kind": "Service", "namespace": "monitoring", "name": "prometheus-0"}
    assert (value["units"][1]["missing"], value["units"][1]["changed"], value["units"][1]["notes"]) == (
        [named],
        [named],
        ["so"],
    )
    assert status_value(units[:1], commit=COMMIT, repository="", branch="")["inOrder"] is True


def test_how_a_wait_ended() -> None:
    done, left = a_unit(State.APPLIED), a_unit(State.MISSING)
    assert waited_text([], COMMIT, landed=True, seconds=1) == "nothing to wait for: no sync unit renders otherwise"
    assert waited_text([done], COMMIT, landed=True, seconds=4.4) == "applied: 1 sync unit at 0123456789ab, after 4 s"
    ended = waited_text([done, left], COMMIT, landed=False, seconds=9.6)
    assert ended == f"{status_text([left], COMMIT)}\nnot applied after 10 s: 1 sync unit"
