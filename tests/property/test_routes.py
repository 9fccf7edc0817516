"""Whatever an inventory asks for, the proof is silent on what is compiled, and its table is the oracle's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from gitops_gen.routes.proof import prove, prove_mesh
from tests.held import held
from tests.oracle.mesh import routes
from tests.proofs import rendered, table_of
from tests.property.inventories import inventories
from tests.property.test_oracle import consumed, sound

if TYPE_CHECKING:
    from gitops_gen.model import Inventory

MAY_BE = "GGI003"
"""A warning on what the inventory asks for, which chance makes: one port number with two protocols."""


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(inventories().filter(sound))
def test_the_proof_is_silent_and_its_table_is_that_of_the_oracle(inventory: Inventory) -> None:
    meshes = held(inventory)
    for cluster, resources in rendered(inventory).items():
        assert [problem for problem in prove(inventory, cluster, resources) if problem.rule != MAY_BE] == []
        by_oracle = {
            tuple(request): (answer.namespace, answer.pod or answer.service, answer.port)
            for request, answer in routes(meshes.clusters[cluster]).items()
            if answer.namespace
        }
        ours = {}
        for request, rows in table_of(inventory, cluster, resources).rows.items():
            (end,) = (end for row in rows for end in row.ends)
            assert end.backend is not None
            assert end.port is not None
            service = end.backend.host.partition(".")[0]
            ours[tuple(request)] = (end.backend.namespace, end.backend.pod or service, end.port.number)
        assert ours == by_oracle


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(consumed().filter(sound))
def test_the_proof_is_silent_on_what_consumers_dial_in_other_clusters(inventory: Inventory) -> None:
    assert [problem for problem in prove_mesh(inventory, rendered(inventory)) if problem.rule != MAY_BE] == []
