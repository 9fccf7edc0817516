"""The ways in: Gateways and VirtualServices for every protocol, ingress and layout, as whole YAML."""

from __future__ import annotations

from gitops_gen.model import BackendChoice, GatewayChoice, Inventory, Placement, Port, Protocol
from tests.factories import (
    a_cluster,
    a_placement,
    a_port,
    a_route,
    a_workload,
    an_ingress,
    an_inventory,
)
from tests.unit.resources.rendered import files, kinds

CERTIFIED = an_ingress(credential_name="wildcard-example-com")
PRIVATE = an_ingress(
    name="private",
    default=False,
    namespace="istio-private",
    selector=(("istio", "private"),),
    host_template="{pod}.{cluster}.internal",
)


def kafka(*ports: Port, ingresses: tuple[object, ...] = (an_ingress(),), **changes: object) -> Inventory:
    placement = a_placement(stateful_set="kafka", **{"replicas": 1, "ports": ports, **changes})
    workload = a_workload(namespace="kafka", name="kafka", placements=(placement,))
    return an_inventory(clusters=[a_cluster(ingresses=ingresses)], workloads=[workload])


def ways(inventory: Inventory, file: str = "kafka/kafka-0") -> str:
    """Return a pod's file without its first resource, the backend."""
    return files(inventory)[file].partition("---\n")[2]


LABELS = """\
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: kafka-0
    gitops-gen.io/workload: kafka
"""


def test_tls_passes_through_by_server_name() -> None:
    port = a_port(name="tls-external", number=9094, protocol=Protocol.TLS, routes=(a_route(port=443),))
    assert (
        ways(kafka(port))
        == f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cluster-a-kafka-0
  namespace: kafka
{LABELS}\
spec:
  selector:
    istio: ingressgateway
  servers:
  - name: tls-443
    port:
      number: 443
      name: tls-443
      protocol: TLS
    hosts:
    - kafka/cluster-a-kafka-0.example.com
    tls:
      mode: PASSTHROUGH
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cluster-a-kafka-0
  namespace: kafka
{LABELS}\
spec:
  hosts:
  - cluster-a-kafka-0.example.com
  gateways:
  - kafka/cluster-a-kafka-0
  exportTo:
  - "."
  - istio-ingress
  tls:
  - match:
    - port: 443
      sniHosts:
      - cluster-a-kafka-0.example.com
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 9094
"""
    )


def test_raw_tcp_has_a_gateway_port_per_pod() -> None:
    port = a_port(name="tcp-external", number=9094, protocol=Protocol.TCP, routes=(a_route(start_port=31000),))
    inventory = kafka(port, replicas=2, start=3, port_offset=100)
    assert "      number: 31104\n" in ways(inventory, "kafka/kafka-4")
    assert (
        ways(inventory, "kafka/kafka-3").replace("kafka-3", "kafka-0")
        == f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cluster-a-kafka-0
  namespace: kafka
{LABELS}\
spec:
  selector:
    istio: ingressgateway
  servers:
  - name: tcp-31103
    port:
      number: 31103
      name: tcp-31103
      protocol: TCP
    hosts:
    - kafka/cluster-a-kafka-0.example.com
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cluster-a-kafka-0
  namespace: kafka
{LABELS}\
spec:
  hosts:
  - cluster-a-kafka-0.example.com
  gateways:
  - kafka/cluster-a-kafka-0
  exportTo:
  - "."
  - istio-ingress
  tcp:
  - match:
    - port: 31103
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 9094
"""
    )


def test_one_certificate_is_one_shared_server_per_port_for_all_namespaces() -> None:
    ports = (
        a_port(routes=(a_route(port=443),)),
        a_port(name="grpc", number=10901, protocol=Protocol.GRPC, routes=(a_route(port=10901),)),
    )
    workloads = [
        a_workload(placements=(a_placement(ports=ports),)),
        a_workload(
            namespace="logs",
            name="loki",
            placements=(a_placement(stateful_set="loki", ports=(a_port(routes=(a_route(port=443),)),)),),
        ),
    ]
    found = files(an_inventory(clusters=[a_cluster(ingresses=(CERTIFIED,))], workloads=workloads))
    assert [kinds(text) for name, text in found.items() if "prometheus" in name] == [["Service", "VirtualService"]] * 2
    assert (
        found["gateways.ingress/example-public"]
        == """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: example-public
  namespace: istio-ingress
  labels:
    app.kubernetes.io/managed-by: gitops-gen
spec:
  selector:
    istio: ingressgateway
  servers:
  - name: https-443
    port:
      number: 443
      name: https-443
      protocol: HTTPS
    hosts:
    - "logs/*.example.com"
    - "monitoring/*.example.com"
    tls:
      mode: SIMPLE
      minProtocolVersion: TLSV1_2
      credentialName: wildcard-example-com
  - name: https-10901
    port:
      number: 10901
      name: https-10901
      protocol: HTTPS
    hosts:
    - "monitoring/*.example.com"
    tls:
      mode: SIMPLE
      minProtocolVersion: TLSV1_2
      credentialName: wildcard-example-com
"""
    )


def test_several_exposed_ports_of_a_pod_are_rules_that_say_their_gateway_port() -> None:
    ports = (
        a_port(routes=(a_route(port=443),)),
        a_port(name="grpc", number=10901, protocol=Protocol.GRPC, routes=(a_route(port=10901), a_route(port=443 + 1))),
    )
    assert (
        ways(kafka(*ports, ingresses=(CERTIFIED,)))
        == f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cluster-a-kafka-0
  namespace: kafka
{LABELS}\
spec:
  hosts:
  - cluster-a-kafka-0.example.com
  gateways:
  - istio-ingress/example-public
  exportTo:
  - "."
  - istio-ingress
  http:
  - name: http-web
    match:
    - port: 443
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
  - name: grpc
    match:
    - port: 444
    - port: 10901
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 10901
    retries:
      attempts: 0
"""
    )


def test_one_host_of_http_tls_and_tcp_ties_each_rule_to_its_own_gateway() -> None:
    ports = (
        a_port(routes=(a_route(port=443),)),
        a_port(name="tls", number=9094, protocol=Protocol.HTTPS, routes=(a_route(port=9094),)),
        a_port(name="tcp", number=9092, protocol=Protocol.TCP, routes=(a_route(start_port=31000),)),
    )
    gateway, _, route = ways(kafka(*ports, ingresses=(CERTIFIED,))).partition("---\n")
    assert [line for line in gateway.splitlines() if "  - name: " in line] == [
        "  - name: tls-9094",
        "  - name: tcp-31000",
    ]
    assert (
        route
        == f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cluster-a-kafka-0
  namespace: kafka
{LABELS}\
spec:
  hosts:
  - cluster-a-kafka-0.example.com
  gateways:
  - istio-ingress/example-public
  - kafka/cluster-a-kafka-0
  exportTo:
  - "."
  - istio-ingress
  http:
  - name: http-web
    match:
    - port: 443
      gateways:
      - istio-ingress/example-public
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
  tls:
  - match:
    - port: 9094
      sniHosts:
      - cluster-a-kafka-0.example.com
      gateways:
      - kafka/cluster-a-kafka-0
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 9094
  tcp:
  - match:
    - port: 31000
      gateways:
      - kafka/cluster-a-kafka-0
    route:
    - destination:
        host: cluster-a-kafka-0.kafka.svc.cluster.local
        port:
          number: 9092
"""
    )


def test_a_second_ingress_and_a_second_name_have_virtual_services_of_their_own() -> None:
    routes = (
        a_route(),
        a_route(host="{ordinal}.brokers.example.com"),
        a_route(ingress="private", host="{pod}.{cluster}.internal", own_host=False),
        a_route(ingress="private", host="{ordinal}.brokers.internal", own_host=True, port=8080),
    )
    text = ways(kafka(a_port(routes=routes), ingresses=(an_ingress(), PRIVATE)))
    named = [line.removeprefix("  name: ").strip('"') for line in text.splitlines() if line.startswith("  name: ")]
    assert list(zip(kinds(text), named, strict=True)) == [
        ("Gateway", "cluster-a-kafka-0"),
        ("Gateway", "cluster-a-kafka-0-private"),
        ("VirtualService", "0.brokers.example.com"),
        ("VirtualService", "0.brokers.internal.private"),
        ("VirtualService", "cluster-a-kafka-0"),
        ("VirtualService", "cluster-a-kafka-0.private"),
    ]
    assert (
        text.split("---\n")[1]
        == f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cluster-a-kafka-0-private
  namespace: kafka
{LABELS}\
spec:
  selector:
    istio: private
  servers:
  - name: http-80
    port:
      number: 80
      name: http-80
      protocol: HTTP
    hosts:
    - kafka/kafka-0.cluster-a.internal
  - name: http-8080
    port:
      number: 8080
      name: http-8080
      protocol: HTTP
    hosts:
    - kafka/0.brokers.internal
"""
    )
    assert '  exportTo:\n  - "."\n  - istio-private\n' in text.split("---\n")[5]


def test_routes_attach_to_a_gateway_that_somebody_else_owns() -> None:
    ingress = an_ingress(existing_gateway="istio-ingress/shared", credential_name="wildcard-example-com")
    found = files(kafka(a_port(routes=(a_route(port=443),)), ingresses=(ingress,)))
    assert list(found) == ["kafka/kafka-0"]
    assert kinds(found["kafka/kafka-0"]) == ["Service", "VirtualService"]
    assert "  gateways:\n  - istio-ingress/shared\n" in found["kafka/kafka-0"]


def test_shared_gateways_by_choice_take_wildcards_but_list_tcp_ports() -> None:
    ports = (
        a_port(routes=(a_route(),)),
        a_port(
            name="tls",
            number=9094,
            protocol=Protocol.TLS,
            routes=(a_route(port=9094, host="{pod}.brokers.example.com"),),
        ),
        a_port(name="tcp", number=9092, protocol=Protocol.TCP, routes=(a_route(start_port=31000),)),
    )
    found = files(kafka(*ports, replicas=2, gateways=GatewayChoice.SHARED))
    assert [kinds(text)[1:] for text in list(found.values())[:2]] == [["VirtualService", "VirtualService"]] * 2
    assert (
        found["gateways.ingress/example-public"].partition("spec:\n")[2]
        == """\
  selector:
    istio: ingressgateway
  servers:
  - name: http-80
    port:
      number: 80
      name: http-80
      protocol: HTTP
    hosts:
    - "kafka/*.example.com"
  - name: tls-9094
    port:
      number: 9094
      name: tls-9094
      protocol: TLS
    hosts:
    - "kafka/*.brokers.example.com"
    tls:
      mode: PASSTHROUGH
  - name: tcp-31000
    port:
      number: 31000
      name: tcp-31000
      protocol: TCP
    hosts:
    - kafka/cluster-a-kafka-0.example.com
  - name: tcp-31001
    port:
      number: 31001
      name: tcp-31001
      protocol: TCP
    hosts:
    - kafka/cluster-a-kafka-1.example.com
"""
    )


def test_per_pod_by_choice_ends_tls_at_the_pods_own_gateway() -> None:
    found = files(kafka(a_port(routes=(a_route(port=443),)), ingresses=(CERTIFIED,), gateways=GatewayChoice.PER_POD))
    assert list(found) == ["kafka/kafka-0"]
    assert (
        found["kafka/kafka-0"].split("---\n")[1].partition("  servers:\n")[2]
        == """\
  - name: https-443
    port:
      number: 443
      name: https-443
      protocol: HTTPS
    hosts:
    - kafka/cluster-a-kafka-0.example.com
    tls:
      mode: SIMPLE
      minProtocolVersion: TLSV1_2
      credentialName: wildcard-example-com
"""
    )


def test_a_host_of_two_labels_is_listed_rather_than_its_parent() -> None:
    port = a_port(routes=(a_route(port=443, host="kafka.internal"),))
    found = files(kafka(port, ingresses=(CERTIFIED,)))
    assert "    - kafka/kafka.internal\n" in found["gateways.ingress/example-public"]


def test_pods_that_share_a_host_by_port_have_names_of_their_own() -> None:
    routes = (a_route(start_port=31000, host="kafka.example.com"),)
    found = files(kafka(a_port(name="tcp", protocol=Protocol.TCP, routes=routes), replicas=2))
    assert "  name: cluster-a-kafka-0.kafka.example.com\n" in found["kafka/kafka-0"]
    assert "  name: cluster-a-kafka-1.kafka.example.com\n" in found["kafka/kafka-1"]


def test_a_host_per_port_is_part_of_the_name() -> None:
    host = "{port}-{pod}.example.com"
    ports = (
        a_port(routes=(a_route(host=host, own_host=False),)),
        a_port(name="grpc", number=10901, protocol=Protocol.GRPC, routes=(a_route(host=host, own_host=False),)),
    )
    text = ways(kafka(*ports, ingresses=(an_ingress(host_template=host),)))
    assert "  name: cluster-a-kafka-0.grpc-kafka-0.example.com\n" in text
    assert "  name: cluster-a-kafka-0.http-web-kafka-0.example.com\n" in text


def test_several_sets_and_operators_names_in_one_cluster() -> None:
    ports = (a_port(routes=(a_route(),)),)
    placements: tuple[Placement, ...] = (
        a_placement(stateful_set="cassandra-rack-a", replicas=1, ports=ports),
        a_placement(stateful_set="cassandra-rack-b", replicas=1, start=5, ports=ports),
        a_placement(stateful_set="pool", names=("c-pool-0", "c-pool-4"), pod_label="strimzi.io/pod-name", ports=ports),
        a_placement(stateful_set="none", replicas=0, ports=ports),
        a_placement(stateful_set="many", replicas=2, autoscaled=True, ports=ports),
    )
    found = files(an_inventory(workloads=[a_workload(name="cassandra", placements=placements)]))
    assert list(found) == [
        "cassandra/cassandra-rack-a-0",
        "cassandra/cassandra-rack-b-5",
        "cassandra/c-pool-0",
        "cassandra/c-pool-4",
        "cassandra/many-0",
        "cassandra/many-1",
    ]
    assert "    strimzi.io/pod-name: c-pool-4\n" in found["cassandra/c-pool-4"]


def test_backends_may_differ_between_placements() -> None:
    cluster = a_cluster(istio={"endpoint_discovery": False})
    placements = (
        a_placement(stateful_set="a", replicas=1),
        a_placement(stateful_set="b", replicas=1, backend=BackendChoice.POD_SERVICE),
    )
    found = files(an_inventory(clusters=[cluster], workloads=[a_workload(placements=placements)]))
    assert [kinds(text)[0] for text in found.values()] == ["ServiceEntry", "Service"]


def test_one_host_at_two_ingresses_is_two_virtual_services() -> None:
    routes = (a_route(host="{pod}.example.com"), a_route(ingress="private", host="{pod}.example.com"))
    text = ways(kafka(a_port(routes=routes), ingresses=(an_ingress(), PRIVATE)))
    assert kinds(text) == ["Gateway", "Gateway", "VirtualService", "VirtualService"]
    assert "  name: kafka-0.example.com\n" in text
    assert "  name: kafka-0.example.com.private\n" in text
