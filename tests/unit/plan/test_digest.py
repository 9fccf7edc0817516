from __future__ import annotations

from typing import Any

import pytest

from gitops_gen.plan.digest import plan_digest

PLAN: dict[str, Any] = {
    "inventory_digest": "sha256:1",
    "before": {"overlays/a/x": b"1", "overlays/a/y": b"2"},
    "after": {"overlays/a/x": b"3"},
    "deletes": ["overlays/a/y"],
}


def test_is_a_sha256() -> None:
    assert plan_digest(**PLAN) == "sha256:78e3d1d88c6d22005ad732cdb0e61876b58438c544bacaa466ad8b214d00fc1e"


@pytest.mark.parametrize(
    "change",
    [
        {"inventory_digest": "sha256:2"},
        {"before": {"overlays/a/x": b"0", "overlays/a/y": b"2"}},
        {"before": {"overlays/a/x": b"1", "overlays/a/y": b"0"}},
        {"before": {"overlays/a/y": b"2"}},
        {"after": {"overlays/a/x": b"4"}},
        {"after": {"overlays/a/z": b"3"}},
        {"after": {}},
        {"deletes": []},
    ],
)
def test_differs_with_everything_that_it_covers(change: dict[str, Any]) -> None:
    assert plan_digest(**{**PLAN, **change}) != plan_digest(**PLAN)


def test_does_not_cover_files_that_stay() -> None:
    more = {**PLAN["before"], "overlays/b/x": b"somebody else's"}
    assert plan_digest(**{**PLAN, "before": more}) == plan_digest(**PLAN)
