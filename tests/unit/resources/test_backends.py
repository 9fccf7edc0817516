"""What names one pod: ServiceEntry, Service per pod, somebody else's Service, nothing."""

from __future__ import annotations

from gitops_gen.model import BackendChoice, Protocol, Via
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
from tests.unit.resources.rendered import files, kinds

ALONE = a_cluster(istio={"endpoint_discovery": False})
WEB = a_port(routes=(a_route(),))
SIDE = a_port(name="http-side", number=8080)


def test_a_service_entry_where_the_cluster_declares_that_it_is_alone() -> None:
    placement = a_placement(replicas=1, ports=(WEB, SIDE))
    inventory = an_inventory(clusters=[ALONE], workloads=[a_workload(placements=(placement,))])
    assert files(inventory) == {
        "prometheus/prometheus-0": """\
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
  - prometheus-0.prometheus.monitoring.svc.cluster.local
  location: MESH_INTERNAL
  ports:
  - number: 9090
    name: http-web
    protocol: HTTP
  - number: 8080
    name: http-side
    protocol: HTTP
  exportTo:
  - "."
  - istio-ingress
  resolution: STATIC
  workloadSelector:
    labels:
      statefulset.kubernetes.io/pod-name: prometheus-0
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  selector:
    istio: ingressgateway
  servers:
  - name: http-80
    port:
      number: 80
      name: http-80
      protocol: HTTP
    hosts:
    - monitoring/cluster-a-prometheus-0.example.com
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  hosts:
  - cluster-a-prometheus-0.example.com
  gateways:
  - monitoring/cluster-a-prometheus-0
  exportTo:
  - "."
  - istio-ingress
  http:
  - name: http-web
    match:
    - port: 80
    route:
    - destination:
        host: prometheus-0.prometheus.monitoring.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
"""
    }


def test_a_service_per_pod_where_nothing_is_declared() -> None:
    placement = a_placement(replicas=1, ports=(WEB, SIDE))
    assert files(an_inventory(workloads=[a_workload(placements=(placement,))])) == {
        "prometheus/prometheus-0": """\
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
    networking.istio.io/exportTo: ".,istio-ingress"
spec:
  selector:
    statefulset.kubernetes.io/pod-name: prometheus-0
  ports:
  - name: http-web
    port: 9090
    targetPort: 9090
    appProtocol: http
  - name: http-side
    port: 8080
    targetPort: 8080
    appProtocol: http
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  selector:
    istio: ingressgateway
  servers:
  - name: http-80
    port:
      number: 80
      name: http-80
      protocol: HTTP
    hosts:
    - monitoring/cluster-a-prometheus-0.example.com
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: prometheus-0
    gitops-gen.io/workload: prometheus
spec:
  hosts:
  - cluster-a-prometheus-0.example.com
  gateways:
  - monitoring/cluster-a-prometheus-0
  exportTo:
  - "."
  - istio-ingress
  http:
  - name: http-web
    match:
    - port: 80
    route:
    - destination:
        host: cluster-a-prometheus-0.monitoring.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
"""
    }


def test_a_service_entry_with_tcp_is_shown_to_the_ingress_alone() -> None:
    ports = (
        a_port(name="http-metrics", number=9121),
        a_port(
            name="tcp-redis", number=6379, target=7379, protocol=Protocol.REDIS, routes=(a_route(start_port=16379),)
        ),
        a_port(name="tcp-bus", number=16379, protocol=Protocol.TCP),
    )
    placement = a_placement(stateful_set="redis", replicas=1, ports=ports)
    workload = a_workload(namespace="redis", name="redis", placements=(placement,))
    text = files(an_inventory(clusters=[ALONE], workloads=[workload]))["redis/redis-0"]
    assert (
        text.partition("---")[0]
        == """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: cluster-a-redis-0
  namespace: redis
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: redis-0
    gitops-gen.io/workload: redis
spec:
  hosts:
  - redis-0.redis.redis.svc.cluster.local
  location: MESH_INTERNAL
  ports:
  - number: 9121
    name: http-metrics
    protocol: HTTP
  - number: 6379
    name: tcp-redis
    protocol: REDIS
    targetPort: 7379
  exportTo:
  - istio-ingress
  resolution: STATIC
  workloadSelector:
    labels:
      statefulset.kubernetes.io/pod-name: redis-0
"""
    )


def test_a_service_per_pod_has_every_carried_port_and_leads_to_pods_before_they_are_ready() -> None:
    ports = (
        a_port(name="grpc-client", number=2379, target="client", protocol=Protocol.GRPC, before_ready=True),
        a_port(name="tls-peer", number=2380, protocol=Protocol.TLS),
        a_port(name="udp", number=53, protocol=Protocol.UDP, carried=False, not_carried_because="UDP"),
        a_port(name="host", number=9100, carried=False, not_carried_because="host network"),
    )
    placement = a_placement(stateful_set="etcd", replicas=1, ports=ports, pod_label="example.com/pod")
    workload = a_workload(namespace="etcd", name="etcd", placements=(placement,))
    assert files(an_inventory(clusters=[ALONE], workloads=[workload])) == {
        "etcd/etcd-0": """\
apiVersion: v1
kind: Service
metadata:
  name: cluster-a-etcd-0
  namespace: etcd
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/pod: etcd-0
    gitops-gen.io/workload: etcd
  annotations:
    networking.istio.io/exportTo: "."
spec:
  selector:
    example.com/pod: etcd-0
  ports:
  - name: grpc-client
    port: 2379
    targetPort: client
    appProtocol: grpc
  - name: tls-peer
    port: 2380
    targetPort: 2380
    appProtocol: tls
  publishNotReadyAddresses: true
"""
    }


def test_routes_lead_to_services_that_an_operator_made() -> None:
    placement = a_placement(
        stateful_set="kafka",
        replicas=1,
        start=4,
        backend=BackendChoice.EXISTING,
        existing_backend="kafka-{ordinal}-internal",
    )
    workload = a_workload(namespace="kafka", name="kafka", placements=(placement,))
    text = files(an_inventory(workloads=[workload]))["kafka/kafka-4"]
    assert kinds(text) == ["Gateway", "VirtualService"]
    assert "        host: kafka-4-internal.kafka.svc.cluster.local\n" in text


def test_standing_back_leaves_companion_routes_only() -> None:
    port = a_port(routes=(a_route(service="prometheus-any", host="any.example.com"),))
    placement = a_placement(backend=BackendChoice.NONE, ports=(port,))
    assert list(files(an_inventory(workloads=[a_workload(placements=(placement,))]))) == [
        "prometheus/gateway",
        "prometheus/virtual-service",
    ]


def test_a_workload_without_carried_ports_has_no_service_per_pod() -> None:
    port = a_port(name="udp", number=53, protocol=Protocol.UDP, carried=False, not_carried_because="UDP")
    assert files(an_inventory(workloads=[a_workload(placements=(a_placement(ports=(port,)),))])) == {}


def test_another_cluster_domain_is_in_every_name() -> None:
    cluster = a_cluster(cluster_domain="east.local")
    text = files(an_inventory(clusters=[cluster]))["prometheus/prometheus-1"]
    assert "host: cluster-a-prometheus-1.monitoring.svc.east.local\n" in text


def test_who_dials_in_the_mesh_sees_the_service_and_so_does_the_way_in_from_other_clusters() -> None:
    home = a_cluster(istio={"endpoint_discovery": True}, east_west=an_east_west(namespace="istio-eastwest"))
    observer = a_cluster(name="observer", istio={"endpoint_discovery": True, "dns_capture": True})
    consumers = [
        a_consumer(via=Via.EAST_WEST),
        a_consumer(name="near", namespace="grafana", cluster="cluster-a", via=Via.EAST_WEST),
        a_consumer(name="outside", namespace="elsewhere", cluster="cluster-b", via=Via.NORTH_SOUTH),
    ]
    text = files(an_inventory(clusters=[home, observer, a_cluster(name="cluster-b")], consumers=consumers))[
        "prometheus/prometheus-0"
    ]
    assert '    networking.istio.io/exportTo: ".,grafana,istio-eastwest,istio-ingress,thanos"\n' in text


def test_a_workload_beside_its_ingress_needs_no_second_namespace() -> None:
    cluster = a_cluster(ingresses=(an_ingress(namespace="monitoring"),))
    text = files(an_inventory(clusters=[cluster]))["prometheus/prometheus-0"]
    assert '    networking.istio.io/exportTo: "."\n' in text
    assert '  exportTo:\n  - "."\n  http:\n' in text
