"""One fault at a time in what was compiled for an inventory, and what the proof says of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from gitops_gen.model import BackendChoice, Protocol, TlsOrigination
from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import Resource, read_resource
from tests.factories import (
    a_cluster,
    a_consumer,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_ingress,
    an_inventory,
)
from tests.proofs import rendered

HERE = Location("altered.yaml", 1, 1)
ALONE = a_cluster(istio={"endpoint_discovery": False})
WEB = a_port(routes=(a_route(),))
OWN = a_port(name="tls", number=9300, protocol=Protocol.TLS, own_mtls=True)


def of(*, cluster: Any = ALONE, ports: Any = (WEB,), workload: Any = None, **placement: Any) -> Any:
    pods = a_placement(ports=ports, **placement)
    return an_inventory(clusters=[cluster], workloads=[a_workload(placements=(pods,), **(workload or {}))])


SERVICES = of(cluster=a_cluster())
ENTRIES = of()
EARLY = of(ports=(replace(WEB, before_ready=True),))
BY_DNS = of(backend=BackendChoice.DNS)
OWN_TLS = of(ports=(WEB, OWN), workload={"selector": (("app", "prometheus"),)})
CREATED = of(
    ports=(WEB, a_port(name="gossip", number=9094, protocol=Protocol.UDP, carried=False)),
    workload={"selector": (("app", "prometheus"),), "create_service": True},
)


def change(path: str, value: Any) -> Any:
    """Return what sets a value of a manifest, or takes it away where the value is None."""

    def changed(manifest: dict[str, Any]) -> dict[str, Any]:
        inside: Any = manifest
        *parents, last = path.split("/")
        for part in parents:
            inside = inside[int(part) if part.isdigit() else part]
        if value is None:
            del inside[last]
        else:
            inside[int(last) if last.isdigit() else last] = value
        return manifest

    return changed


def said(inventory: Any, kind: str, changed: Any, *, proven: Any = None, keep: bool = False) -> str:
    """Prove with the first resource of a kind changed, or a changed one beside it; returns all messages."""
    resources = rendered(inventory)
    (name,) = resources
    here = resources[name]
    chosen = next(one for one in here if one.kind == kind)
    if not keep:
        here.remove(chosen)
    if changed is not None:
        here.append(altered(chosen, changed))
    return "\n".join(f"{problem.rule} {problem.message}" for problem in prove_mesh(proven or inventory, resources))


def altered(resource: Resource, changed: Any) -> Resource:
    return read_resource(changed(copy.deepcopy(dict(resource.manifest))), HERE)


@pytest.mark.parametrize("inventory", [SERVICES, ENTRIES, EARLY, BY_DNS, OWN_TLS, CREATED])
def test_what_is_compiled_is_right(inventory: Any) -> None:
    assert prove_mesh(inventory, rendered(inventory)) == []


ONE = of(cluster=a_cluster(), replicas=1)
ENDING = {
    "port": {"number": 80, "name": "https", "protocol": "HTTPS"},
    "hosts": ["monitoring/cluster-a-prometheus-0.example.com"],
    "tls": {"mode": "SIMPLE", "credentialName": "wildcard"},
}
POD_NAME = "statefulset.kubernetes.io/pod-name"
EARLIER, LATER = (change("spec/publishNotReadyAddresses", value) for value in (True, False))
OTHER_POD = "prometheus-1.prometheus.monitoring.svc.cluster.local"


@pytest.mark.parametrize(
    ("inventory", "kind", "changed", "message"),
    [
        (SERVICES, "Service", change("spec/selector", {POD_NAME: "prometheus-0", "app": "x"}), "selects by app, "),
        (SERVICES, "Service", change("spec/clusterIP", "None"), "is no Service with an address in the cluster"),
        (SERVICES, "Service", change("spec/type", "ExternalName"), "is no Service with an address in the cluster"),
        (SERVICES, "Service", EARLIER, "leads to pods that are not Ready"),
        (EARLY, "Service", LATER, "hides pods that are not Ready"),
        (ENTRIES, "ServiceEntry", change("spec/location", None), "is not MESH_INTERNAL"),
        (CREATED, "Service", None, "the governing Service prometheus.monitoring.svc.cluster.local is not there"),
        (CREATED, "Service", change("spec/clusterIP", "10.0.0.1"), "is not headless"),
        (CREATED, "Service", change("spec/ports/0/port", 9091), "the ports of Service"),
        (CREATED, "Service", change("spec/selector", {"app": "other"}), "does not select the pods of"),
        (CREATED, "Service", EARLIER, "as early as its ports are needed"),
        (OWN_TLS, "PeerAuthentication", None, "there is no PeerAuthentication for its pods"),
        (OWN_TLS, "PeerAuthentication", change("spec/mtls/mode", "PERMISSIVE"), "sets PERMISSIVE for the other ports"),
        (OWN_TLS, "PeerAuthentication", change("spec/mtls", None), "sets no mode for the other ports, not STRICT"),
        (
            OWN_TLS,
            "PeerAuthentication",
            change("spec/portLevelMtls", {"9090": {"mode": "DISABLE"}}),
            "off container ports 9090, and the inventory off 9300",
        ),
        (OWN_TLS, "PeerAuthentication", change("spec/portLevelMtls", {}), "off container ports (none), and"),
        (
            BY_DNS,
            "VirtualService",
            change("spec/http/0/route/0/destination/host", OTHER_POD),
            "leads to prometheus-1",
        ),
        (SERVICES, "VirtualService", change("spec/http/0/match", [{"uri": {"prefix": "/api"}}]), "some requests only"),
        (
            SERVICES,
            "Gateway",
            change("spec/servers/0", {"port": {"number": 80, "name": "x", "protocol": "TCP"}, "hosts": ["*"]}),
            "nothing leads from",
        ),
        (ONE, "Gateway", change("spec/servers/0", ENDING), "speaks HTTPS, not HTTP"),
        (ONE, "Gateway", change("spec/servers/0", ENDING), "has the certificate wildcard, not (none)"),
    ],
)
def test_a_fault_is_told(inventory: Any, kind: str, changed: Any, message: str) -> None:
    assert message in said(inventory, kind, changed)


def test_an_entry_is_no_backend_for_ports_that_are_needed_early() -> None:
    assert "leads to Ready pods only, and a port is needed before" in said(
        ENTRIES, "ServiceEntry", lambda manifest: manifest, proven=EARLY
    )


def test_a_pod_has_one_backend_and_a_request_one_answer() -> None:
    second = change("metadata/name", "a-second-one")
    assert "has another backend already" in said(SERVICES, "Service", second, keep=True)
    assert "has 2 answers" in said(SERVICES, "VirtualService", second, keep=True)


def test_two_pods_cannot_have_one_host() -> None:
    both = of(cluster=a_cluster(), ports=(a_port(routes=(a_route(host="web.example.com"),)),))
    found = said(SERVICES, "Service", lambda manifest: manifest, proven=both)
    assert "web.example.com:80 at ingress public is to reach pod monitoring/prometheus-0" in found


def test_a_companion_of_two_sets_of_pods_is_asked_for_once() -> None:
    routes = (a_route(), a_route(host="any.example.com", service="any"))
    sets = [a_placement(ports=(a_port(routes=routes),), stateful_set=name) for name in ("one", "two")]
    inventory = an_inventory(workloads=[a_workload(placements=tuple(sets))])
    assert prove_mesh(inventory, rendered(inventory)) == []


def test_a_workload_without_a_governing_service_has_nothing_to_tell_its_callers() -> None:
    inventory = of(ports=(WEB, OWN), service=None, workload={"selector": (("app", "prometheus"),)})
    resources = rendered(inventory)
    assert "DestinationRule" not in {one.kind for found in resources.values() for one in found}
    assert {problem.rule for problem in prove_mesh(inventory, resources)} <= {"GGI029"}


def test_a_consumer_is_let_out_to_the_workloads_that_it_dials_and_no_others() -> None:
    home = a_cluster(ingresses=(an_ingress(credential_name="wildcard"),))
    caller = a_cluster(name="observer", istio={"outbound_policy": "REGISTRY_ONLY"})
    port = a_port(routes=(a_route(port=443),))
    sets = {name: (a_placement(ports=(port,), stateful_set=name),) for name in ("prometheus", "tempo")}
    inventory = an_inventory(
        clusters=[home, caller],
        workloads=[a_workload(name=name, placements=placements) for name, placements in sets.items()],
        consumers=[a_consumer(originate=TlsOrigination())],
    )
    resources = rendered(inventory)
    hosts = [host for one in resources["observer"] for host in one.spec.get("hosts", ())]
    assert hosts == ["cluster-a-prometheus-0.example.com", "cluster-a-prometheus-1.example.com"]
    assert prove_mesh(inventory, resources) == []
