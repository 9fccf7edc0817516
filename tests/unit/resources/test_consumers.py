"""What stands in a Consumer's cluster: one whole YAML for each shape, and the list of endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.compiled import Place
from gitops_gen.manifest import dump
from gitops_gen.model import BackendChoice, EndpointFormat, EndpointList, Protocol, Via
from gitops_gen.resources.consumers import check_consumers, compile_consumers, hosts_with_address
from tests.factories import (
    a_cluster,
    a_consumer,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_east_west,
    an_ingress,
    an_inventory,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.model import Cluster, Consumer, Inventory, Placement, Port

STORES = EndpointList(config_map="thanos-stores", format=EndpointFormat.FILE_SD)
HTTP = a_port(routes=(a_route(),))
GRPC = a_port(name="grpc", number=10901, protocol=Protocol.GRPC)


def observer(**changes: Any) -> Cluster:
    return a_cluster(name="observer", ingresses=(), **changes)


def one_pod(**changes: Any) -> Placement:
    return a_placement(**{"replicas": 1, "ports": (HTTP, GRPC), **changes})


def dialled(
    home: Cluster,
    caller: Cluster,
    *consumers: Consumer,
    placements: Sequence[Placement] = (),
) -> Inventory:
    """Make an inventory in which `caller` dials one pod of `home` east-west."""
    return an_inventory(
        clusters=[home, caller],
        workloads=[a_workload(placements=tuple(placements) or (one_pod(),))],
        consumers=consumers or [a_consumer(via=Via.EAST_WEST)],
    )


def written(inventory: Inventory, cluster: str = "observer") -> str:
    assert check_consumers(inventory) == []
    hosts = hosts_with_address(inventory)
    addresses = {host: f"240.241.0.{number}" for number, host in enumerate(hosts, 1)}
    return dump(compiled.manifest for compiled in compile_consumers(inventory, addresses)[cluster])


def listed(inventory: Inventory, cluster: str = "observer") -> str:
    assert check_consumers(inventory) == []
    addresses = dict.fromkeys(hosts_with_address(inventory), "240.241.0.1")
    lists = [
        compiled.manifest["data"]["endpoints.yaml"]
        for compiled in compile_consumers(inventory, addresses)[cluster]
        if compiled.manifest["kind"] == "ConfigMap"
    ]
    assert len(lists) == 1
    return str(lists[0])


# --- east-west: one row of the table each ---------------------------------------------------------------------------

HOME = a_cluster(east_west=an_east_west())
HOME_BY_NAME = a_cluster(east_west=an_east_west(addresses=("eastwest.cluster-a.example.net",)))
ALONE = {"endpoint_discovery": False}


@pytest.mark.parametrize("network", ["", "network-b"])
def test_discovery_with_dns_capture_needs_nothing(network: str) -> None:
    caller = observer(istio={"endpoint_discovery": True, "dns_capture": True}, network=network)

    assert written(dialled(HOME, caller)) == ""
    assert hosts_with_address(dialled(HOME, caller)) == []


@pytest.mark.parametrize("network", ["", "network-b"])
def test_discovery_alone_needs_a_stub_with_all_ports_of_the_service_at_home(network: str) -> None:
    caller = observer(istio={"endpoint_discovery": True}, network=network)

    assert (
        written(dialled(HOME, caller))
        == """\
apiVersion: v1
kind: Service
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
  annotations:
    networking.istio.io/exportTo: ".,thanos"
spec:
  ports:
  - name: http-web
    port: 9090
    targetPort: 9090
    appProtocol: http
  - name: grpc
    port: 10901
    targetPort: 10901
    appProtocol: grpc
"""
    )


def test_discovery_in_one_network_needs_no_east_west_gateway() -> None:
    caller = observer(istio={"endpoint_discovery": True})

    assert written(dialled(a_cluster(), caller)).startswith("apiVersion: v1\nkind: Service\n")


STATIC = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  hosts:
  - cluster-a-prometheus-0.monitoring.svc.cluster.local
  addresses:
  - "240.241.0.1"
  location: MESH_INTERNAL
  ports:
  - number: 9090
    name: http-web
    protocol: HTTP
  exportTo:
  - "."
  - thanos
  resolution: STATIC
  endpoints:
  - address: "192.0.2.10"
    ports:
      http-web: 15443
    labels:
      security.istio.io/tlsMode: istio
  - address: "192.0.2.11"
    ports:
      http-web: 15443
    labels:
      security.istio.io/tlsMode: istio
  subjectAltNames:
  - "spiffe://cluster.local/ns/monitoring/sa/prometheus"
---
apiVersion: v1
kind: Service
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
  annotations:
    networking.istio.io/exportTo: ".,thanos"
spec:
  ports:
  - name: http-web
    port: 9090
    targetPort: 9090
    appProtocol: http
"""


@pytest.mark.parametrize("dns_capture", [True, False])
def test_a_gateway_by_address_takes_a_static_entry_and_a_stub_of_its_name(*, dns_capture: bool) -> None:
    home = a_cluster(east_west=an_east_west(addresses=("192.0.2.10", "192.0.2.11")))
    caller = observer(istio={**ALONE, "dns_capture": dns_capture})

    assert written(dialled(home, caller)) == STATIC


ENTRY = (
    STATIC.partition("---\n")[0]
    .partition("  resolution: STATIC\n")[0]
    .replace("  - number: 9090\n    name: http-web\n    protocol: HTTP\n", "{ports}")
    + """\
  resolution: DNS
  endpoints:
  - address: eastwest.cluster-a.example.net
    ports:
      {name}: 15443
    labels:
      security.istio.io/tlsMode: istio
  subjectAltNames:
  - "spiffe://cluster.local/ns/monitoring/sa/prometheus"
"""
)


def test_a_gateway_by_name_takes_one_entry_where_dns_capture_answers_its_address() -> None:
    caller = observer(istio={**ALONE, "dns_capture": True})
    ports = "  - number: 9090\n    name: http-web\n    protocol: HTTP\n"

    assert written(dialled(HOME_BY_NAME, caller)) == ENTRY.format(ports=ports, name="http-web")


def test_tcp_takes_one_entry_where_dns_capture_answers_its_address() -> None:
    caller = observer(istio={**ALONE, "dns_capture": True})
    redis = a_port(name="redis", number=6379, protocol=Protocol.REDIS)
    inventory = dialled(
        HOME_BY_NAME,
        caller,
        a_consumer(via=Via.EAST_WEST, port="redis"),
        placements=[one_pod(ports=(HTTP, redis))],
    )
    ports = "  - number: 6379\n    name: redis\n    protocol: REDIS\n"

    assert written(inventory) == ENTRY.format(ports=ports, name="redis")


def test_a_gateway_by_name_without_dns_capture_takes_a_stub_of_another_name_that_leads_to_the_entry() -> None:
    ports = "  - number: 9090\n    name: http-web\n    protocol: HTTP\n"

    assert (
        written(dialled(HOME_BY_NAME, observer(istio=ALONE)))
        == ENTRY.format(ports=ports, name="http-web")
        + """\
---
apiVersion: v1
kind: Service
metadata:
  name: to-cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
  annotations:
    networking.istio.io/exportTo: ".,thanos"
spec:
  ports:
  - name: http-web
    port: 9090
    targetPort: 9090
    appProtocol: http
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: to-cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  hosts:
  - to-cluster-a-prometheus-0.monitoring.svc.cluster.local
  exportTo:
  - "."
  - thanos
  http:
  - name: http-web
    match:
    - port: 9090
    route:
    - destination:
        host: cluster-a-prometheus-0.monitoring.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
"""
    )


def test_all_consumers_of_a_cluster_share_one_stand_in_that_all_of_them_see() -> None:
    inventory = dialled(
        HOME,
        observer(istio=ALONE),
        a_consumer(via=Via.EAST_WEST, namespace="thanos"),
        a_consumer(via=Via.EAST_WEST, namespace="grafana", port="grpc"),
        a_consumer(via=Via.EAST_WEST, namespace="monitoring", name="own"),
    )
    entry, stub = (
        compiled.manifest
        for compiled in compile_consumers(
            inventory, {"cluster-a-prometheus-0.monitoring.svc.cluster.local": "240.241.0.1"}
        )["observer"]
    )

    assert [port["name"] for port in entry["spec"]["ports"]] == ["http-web", "grpc"]
    assert entry["spec"]["exportTo"] == [".", "grafana", "thanos"]
    assert stub["metadata"]["annotations"] == {"networking.istio.io/exportTo": ".,grafana,thanos"}


def test_stand_ins_stand_with_the_workload_in_the_consumers_cluster_alone() -> None:
    inventory = dialled(HOME, observer(istio=ALONE))
    compiled = compile_consumers(inventory, {"cluster-a-prometheus-0.monitoring.svc.cluster.local": "240.241.0.1"})

    assert compiled["cluster-a"] == []
    assert {resource.place for resource in compiled["observer"]} == {
        Place(
            namespace="monitoring",
            folder="prometheus",
            file="prometheus-0.cluster-a",
            source="Workload monitoring/prometheus",
        )
    }


def test_pods_of_the_consumers_own_cluster_need_no_stand_in() -> None:
    inventory = an_inventory(
        clusters=[a_cluster(istio=ALONE)], consumers=[a_consumer(cluster="cluster-a", via=Via.EAST_WEST)]
    )

    assert written(inventory, "cluster-a") == ""


def test_hosts_with_address_are_named_once_however_many_clusters_dial_them() -> None:
    inventory = an_inventory(
        clusters=[HOME, observer(istio=ALONE), a_cluster(name="other", istio={**ALONE, "dns_capture": True})],
        consumers=[a_consumer(via=Via.EAST_WEST), a_consumer(via=Via.EAST_WEST, cluster="other", namespace="x")],
    )

    assert hosts_with_address(inventory) == [
        "cluster-a-prometheus-0.monitoring.svc.cluster.local",
        "cluster-a-prometheus-1.monitoring.svc.cluster.local",
    ]


def test_each_pod_has_the_address_that_was_given_to_its_host() -> None:
    inventory = dialled(HOME, observer(istio=ALONE), placements=[one_pod(replicas=2)])
    given = {
        "cluster-a-prometheus-0.monitoring.svc.cluster.local": "240.241.7.7",
        "cluster-a-prometheus-1.monitoring.svc.cluster.local": "240.241.3.3",
    }
    entries = [resource.manifest["spec"] for resource in compile_consumers(inventory, given)["observer"][::2]]

    assert [(spec["hosts"], spec["addresses"]) for spec in entries] == [([host], [given[host]]) for host in given]


# --- endpoint lists --------------------------------------------------------------------------------------------------


def test_a_north_south_list_has_host_and_gateway_port_of_each_pod() -> None:
    inventory = an_inventory(
        clusters=[observer(), a_cluster(), a_cluster(name="cluster-b")],
        workloads=[a_workload(placements=(a_placement(), a_placement(cluster="cluster-b", replicas=1, start=5)))],
        consumers=[a_consumer(endpoints=STORES)],
    )

    assert (
        written(inventory)
        == """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: thanos-stores
  namespace: thanos
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/consumer: thanos-query
data:
  endpoints.yaml: |
    - targets:
      - "cluster-a-prometheus-0.example.com:80"
      - "cluster-a-prometheus-1.example.com:80"
      - "cluster-b-prometheus-5.example.com:80"
"""
    )


def test_an_endpoint_list_stands_in_a_folder_of_the_consumer() -> None:
    inventory = an_inventory(clusters=[observer(), a_cluster()], consumers=[a_consumer(endpoints=STORES)])

    assert [resource.place for resource in compile_consumers(inventory, {})["observer"]] == [
        Place(
            namespace="thanos",
            folder="consumer.thanos-query",
            file="config-map",
            source="Consumer thanos/thanos-query",
        )
    ]


def two_ingresses() -> Cluster:
    return a_cluster(ingresses=(an_ingress(name="inner", default=False), an_ingress()))


INNER = a_route(ingress="inner", port=81)


@pytest.mark.parametrize(
    ("port", "address"),
    [
        (a_port(routes=(INNER, a_route(port=82), a_route(port=83))), "cluster-a-prometheus-0.example.com:82"),
        (a_port(routes=(INNER, a_route(ingress="inner", port=84))), "cluster-a-prometheus-0.example.com:81"),
        (
            a_port(routes=(a_route(service="any", host="any.example.com"), a_route(host="{pod}.example.com"))),
            "prometheus-0.example.com:80",
        ),
        (
            a_port(protocol=Protocol.TCP, routes=(a_route(start_port=19000),)),
            "cluster-a-prometheus-0.example.com:19000",
        ),
    ],
    ids=["the default ingress first", "else the first route", "never a companion", "a port per pod"],
)
def test_a_pod_with_several_routes_is_listed_once(port: Port, address: str) -> None:
    inventory = an_inventory(
        clusters=[observer(), two_ingresses()],
        workloads=[a_workload(placements=(one_pod(ports=(port,)),))],
        consumers=[a_consumer(endpoints=STORES)],
    )

    assert listed(inventory) == f'- targets:\n  - "{address}"\n'


@pytest.mark.parametrize(
    ("istio", "changes", "address"),
    [
        (ALONE, {}, "prometheus-0.prometheus.monitoring.svc.cluster.local:9090"),
        ({}, {}, "cluster-a-prometheus-0.monitoring.svc.cluster.local:9090"),
        (ALONE, {"backend": BackendChoice.POD_SERVICE}, "cluster-a-prometheus-0.monitoring.svc.cluster.local:9090"),
        (
            {},
            {"backend": BackendChoice.EXISTING, "existing_backend": "prom-{ordinal}"},
            "prom-0.monitoring.svc.cluster.local:9090",
        ),
        ({}, {"backend": BackendChoice.NONE}, "prometheus-0.prometheus.monitoring.svc.cluster.local:9090"),
    ],
)
@pytest.mark.parametrize("via", list(Via))
def test_pods_of_the_consumers_own_cluster_are_dialled_in_the_mesh(
    istio: dict[str, Any], changes: dict[str, Any], address: str, via: Via
) -> None:
    inventory = an_inventory(
        clusters=[a_cluster(istio=istio)],
        workloads=[a_workload(placements=(one_pod(**changes),))],
        consumers=[a_consumer(cluster="cluster-a", via=via, endpoints=STORES)],
    )

    assert listed(inventory, "cluster-a") == f'- targets:\n  - "{address}"\n'


@pytest.mark.parametrize(
    ("home", "istio", "host"),
    [
        (HOME, {"endpoint_discovery": True}, "cluster-a-prometheus-0"),
        (HOME, ALONE, "cluster-a-prometheus-0"),
        (HOME_BY_NAME, {**ALONE, "dns_capture": True}, "cluster-a-prometheus-0"),
        (HOME_BY_NAME, ALONE, "to-cluster-a-prometheus-0"),
    ],
)
def test_an_east_west_list_has_the_name_that_resolves(home: Cluster, istio: dict[str, Any], host: str) -> None:
    inventory = dialled(home, observer(istio=istio), a_consumer(via=Via.EAST_WEST, endpoints=STORES))

    assert listed(inventory) == f'- targets:\n  - "{host}.monitoring.svc.cluster.local:9090"\n'


def test_autoscaled_pods_are_listed_up_to_the_most_and_said_in_a_comment() -> None:
    inventory = an_inventory(
        clusters=[observer(), a_cluster()],
        workloads=[a_workload(placements=(a_placement(replicas=2, autoscaled=True),))],
        consumers=[a_consumer(endpoints=STORES)],
    )

    assert (
        listed(inventory)
        == """\
# monitoring/prometheus in cluster-a is scaled by an autoscaler: up to 2 of these pods answer.
- targets:
  - "cluster-a-prometheus-0.example.com:80"
  - "cluster-a-prometheus-1.example.com:80"
"""
    )
