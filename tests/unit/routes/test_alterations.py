"""Every resource of the examples, and its fields, deleted, altered or swapped, one at a time: the proof notices.

What it does not notice is harmless, for a reason that `tests/resource_faults.py` gives. A sample of all faults is made,
always the same one; `script/resource-faults` makes them all.
"""

from __future__ import annotations

import pytest

from gitops_gen.routes.proof import prove_mesh
from tests.resource_faults import NAMES, compiled, excuse, faults, in_sample, survives

SAMPLE = 100


def test_the_proof_notices_what_is_altered_in_a_sample_of_all_places() -> None:
    found = [fault for name in NAMES for fault in faults(name) if in_sample(fault, SAMPLE) and survives(fault)]
    assert [str(fault) for fault in found if excuse(fault.said) is None] == []


@pytest.mark.parametrize("example", NAMES)
def test_the_proof_is_silent_on_what_is_right(example: str) -> None:
    inventory, clusters = compiled(example)
    assert prove_mesh(inventory, clusters) == []
