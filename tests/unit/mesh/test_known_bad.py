"""Known-bad shapes are refused: by the rules as they stand, or by the proof against their inventory."""

from __future__ import annotations

import pytest

from tests.mesh import known_bad
from tests.mesh.known_bad import BASES, read_shape, refusals

NAMES = known_bad.names()


@pytest.mark.parametrize("name", NAMES)
def test_its_rule_refuses_a_known_bad_shape(name: str) -> None:
    shape = read_shape(name)
    assert refusals(shape), f"{shape.rule} says nothing about {name}"
    assert set(shape.manifests) <= set(shape.inventory.clusters)
    for seen in shape.seen:
        assert seen.wrong
        assert seen.right not in seen.wrong


def test_there_are_shapes_in_all_surroundings() -> None:
    assert len(NAMES) >= 20
    assert {path.parent.name for path in BASES.glob("*/inventory.yaml")} == {
        "one",
        "one-permissive",
        "two",
        "two-apart",
    }
