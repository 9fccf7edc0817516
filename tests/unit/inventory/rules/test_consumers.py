from __future__ import annotations

from tests.inventories import cluster, consumer, load, mesh, placed


def test_a_workload_is_named_once() -> None:
    dials = """
        cluster: east
        workloads:
        - streaming/kafka
        - streaming/kafka
        via: east-west
        port: http
    """
    (problem,) = load(mesh(), cluster(), placed(), consumer(dials)).problems
    assert (problem.rule, problem.message) == ("GGI232", 'the workload "streaming/kafka" is named twice')
    single = load(mesh(), cluster(), placed(), consumer(dials.replace("        - streaming/kafka\n", "", 1)))
    assert single.problems == ()
