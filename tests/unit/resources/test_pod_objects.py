"""How pods with a label or a container port of their own are named."""

from __future__ import annotations

import pytest

from gitops_gen.model import BackendChoice
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_inventory
from tests.unit.resources.rendered import compiled

LABEL = "strimzi.io/pod-name"


@pytest.mark.parametrize(
    ("backend", "kind"),
    [(BackendChoice.SERVICE_ENTRY, "ServiceEntry"), (BackendChoice.POD_SERVICE, "Service")],
)
def test_a_service_entry_selects_by_the_label_that_holds_the_pods_name(backend: BackendChoice, kind: str) -> None:
    placement = a_placement(replicas=1, ports=(a_port(),), backend=backend, pod_label=LABEL)
    inventory = an_inventory(
        clusters=[a_cluster(istio={"endpoint_discovery": False})], workloads=[a_workload(placements=(placement,))]
    )
    (made,) = (one.manifest for one in compiled(inventory))
    assert made["kind"] == kind
    selector = made["spec"]["workloadSelector"]["labels"] if kind == "ServiceEntry" else made["spec"]["selector"]
    assert selector == {LABEL: "prometheus-0"}


@pytest.mark.parametrize("backend", [BackendChoice.SERVICE_ENTRY, BackendChoice.POD_SERVICE])
def test_routes_name_the_port_that_clients_dial(backend: BackendChoice) -> None:
    placement = a_placement(replicas=1, ports=(a_port(target=19090, routes=(a_route(),)),), backend=backend)
    inventory = an_inventory(
        clusters=[a_cluster(istio={"endpoint_discovery": False})], workloads=[a_workload(placements=(placement,))]
    )
    (service,) = (one.manifest for one in compiled(inventory) if one.manifest["kind"] == "VirtualService")
    assert [rule["route"][0]["destination"]["port"] for rule in service["spec"]["http"]] == [{"number": 9090}]
