from __future__ import annotations

import pytest

from gitops_gen.errors import RefusedError
from gitops_gen.layout.mixture import Parts
from gitops_gen.layout.paths import Folder
from gitops_gen.workflows.keeping import check_mixture
from tests.meshes import plan_of, pods

KEY = "monitoring/prometheus"
PLAN = plan_of(
    {cluster: pods(cluster, KEY, range(2)) for cluster in ("east", "west")},
    {"east": pods("east", KEY, range(3)), "west": pods("west", KEY, range(2))},
)


@pytest.mark.parametrize(
    "stays",
    [
        Parts(),
        Parts(clusters=frozenset({"west"})),
        Parts(folders=frozenset({("west", Folder("monitoring", "prometheus"))})),
        Parts(folders=frozenset({("east", Folder("streaming", "kafka"))})),
    ],
)
def test_a_plan_that_leaves_alone_what_stays_passes(stays: Parts) -> None:
    check_mixture(PLAN, stays)


@pytest.mark.parametrize(
    "stays",
    [
        Parts(clusters=frozenset({"east"})),
        Parts(folders=frozenset({("east", Folder("monitoring", "prometheus"))})),
    ],
)
def test_a_plan_that_touches_what_stays_is_refused(stays: Parts) -> None:
    with pytest.raises(RefusedError, match="monitoring/prometheus in east was to stay as it is"):
        check_mixture(PLAN, stays)
