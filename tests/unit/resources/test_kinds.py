"""Whatever kind is written, the engines have the right to it."""

from __future__ import annotations

import re

from gitops_gen.engines.kinds import KINDS, by_group
from gitops_gen.gateway_api import SINCE
from tests.command import ROOT


def test_every_kind_that_a_builder_writes_may_be_applied_and_pruned() -> None:
    sources = (ROOT / "gitops_gen" / "resources").rglob("*.py")
    written = {kind for path in sources for kind in re.findall(r'^ +"kind": "(\w+)",$', path.read_text(), re.MULTILINE)}
    assert {"VirtualService", "ListenerSet"} <= written
    # One builder makes all routes of Gateway API.
    assert written | {*SINCE} == {kind.name for kind in KINDS}, "write the kind into gitops_gen/engines/kinds.py"


def test_kinds_are_in_order_and_grouped() -> None:
    assert list(KINDS) == sorted(KINDS)
    assert by_group()[""] == ["configmaps", "services"]
