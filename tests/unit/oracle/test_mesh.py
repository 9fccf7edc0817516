"""The oracle itself: right shapes have their routes and no fault, each known-bad shape has the fault that names it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import yaml

from tests.oracle.mesh import (
    ANY_HOST,
    Answer,
    Facts,
    GatewayPods,
    PodFact,
    Request,
    cross_faults,
    errors,
    faults,
    read,
    routes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Resources = list[dict[str, Any]]

INGRESS = GatewayPods(
    "public", "istio-ingress", {"istio": "ingressgateway"}, frozenset({80, 443, 9094, 10901, 16379, 16380})
)
FACTS = Facts(
    gateways=[INGRESS],
    cluster="cluster-a",
    others=("cluster-b",),
    vip_pool="240.241.0.0/16",
    dns_capture=False,
)

GOOD = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: pods, namespace: istio-ingress}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https-web, protocol: HTTPS}
    hosts: [monitoring/*.pods.example.com]
    tls: {mode: SIMPLE, minProtocolVersion: TLSV1_2, credentialName: wildcard}
  - port: {number: 10901, name: https-grpc, protocol: HTTPS}
    hosts: [monitoring/*.pods.example.com]
    tls: {mode: SIMPLE, credentialName: wildcard}
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*.pods.example.com"]
    tls: {httpsRedirect: true}
  - port: {number: 9094, name: tls-kafka, protocol: TLS}
    hosts: [kafka/*.pods.example.com]
    tls: {mode: PASSTHROUGH}
  - port: {number: 16379, name: tcp-redis-0, protocol: TCP}
    hosts: [redis/a-redis-0.pods.example.com]
  - port: {number: 16380, name: tcp-redis-1, protocol: TCP}
    hosts: [redis/a-redis-1.pods.example.com]
---
apiVersion: v1
kind: Service
metadata:
  name: cluster-a-prometheus-0
  namespace: monitoring
  annotations: {networking.istio.io/exportTo: ".,istio-ingress"}
spec:
  selector: {statefulset.kubernetes.io/pod-name: prometheus-0}
  ports:
  - {name: http-web, port: 9090, targetPort: 9090, appProtocol: http}
  - {name: grpc, port: 10901, targetPort: 10901, appProtocol: grpc}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cluster-a-prometheus-0, namespace: monitoring}
spec:
  hosts: [a-prometheus-0.pods.example.com]
  gateways: [istio-ingress/pods]
  exportTo: [".", istio-ingress]
  http:
  - name: http-web
    match: [{port: 443}]
    route: [{destination: {host: cluster-a-prometheus-0.monitoring.svc.cluster.local, port: {number: 9090}}}]
    retries: {attempts: 0}
  - name: grpc
    match: [{port: 10901}]
    route: [{destination: {host: cluster-a-prometheus-0.monitoring.svc.cluster.local, port: {number: 10901}}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cluster-a-kafka-0, namespace: kafka}
spec:
  hosts: [kafka-0.kafka.kafka.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 9094, name: tls, protocol: TLS}]
  exportTo: [".", istio-ingress]
  resolution: STATIC
  workloadSelector: {labels: {statefulset.kubernetes.io/pod-name: kafka-0}}
---
apiVersion: v1
kind: Service
metadata: {name: kafka, namespace: kafka, annotations: {networking.istio.io/exportTo: "*"}}
spec:
  clusterIP: None
  selector: {app: kafka}
  ports: [{name: tls, port: 9094, targetPort: 9094, appProtocol: tls}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cluster-a-kafka-0, namespace: kafka}
spec:
  hosts: [a-kafka-0.pods.example.com]
  gateways: [istio-ingress/pods]
  exportTo: [".", istio-ingress]
  tls:
  - match: [{port: 9094, sniHosts: [a-kafka-0.pods.example.com]}]
    route: [{destination: {host: kafka-0.kafka.kafka.svc.cluster.local, port: {number: 9094}}}]
---
apiVersion: v1
kind: Service
metadata: {name: cluster-a-redis-0, namespace: redis, annotations: {networking.istio.io/exportTo: ".,istio-ingress"}}
spec:
  selector: {statefulset.kubernetes.io/pod-name: redis-0}
  ports: [{name: redis, port: 6379, targetPort: 6379, appProtocol: redis}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cluster-a-redis-0, namespace: redis}
spec:
  hosts: [a-redis-0.pods.example.com]
  gateways: [istio-ingress/pods]
  exportTo: [".", istio-ingress]
  tcp:
  - match: [{port: 16379}]
    route: [{destination: {host: cluster-a-redis-0.redis.svc.cluster.local, port: {number: 6379}}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: vault-own-tls, namespace: vault}
spec:
  selector: {matchLabels: {app: vault}}
  mtls: {mode: STRICT}
  portLevelMtls: {"8201": {mode: DISABLE}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: vault-own-tls, namespace: vault}
spec:
  host: vault-internal.vault.svc.cluster.local
  trafficPolicy: {portLevelSettings: [{port: {number: 8201}, tls: {mode: DISABLE}}]}
  exportTo: ["."]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cluster-b-prometheus-0, namespace: monitoring}
spec:
  hosts: [cluster-b-prometheus-0.monitoring.svc.cluster.local]
  addresses: [240.241.11.10]
  location: MESH_INTERNAL
  ports: [{number: 9090, name: http-web, protocol: HTTP}]
  exportTo: ["."]
  resolution: STATIC
  endpoints:
  - {address: 192.0.2.10, ports: {http-web: 15443}, labels: {security.istio.io/tlsMode: istio}}
  subjectAltNames: [spiffe://cluster.local/ns/monitoring/sa/prometheus]
---
apiVersion: v1
kind: Service
metadata: {name: cluster-b-prometheus-0, namespace: monitoring, annotations: {networking.istio.io/exportTo: "."}}
spec: {ports: [{name: http-web, port: 9090, targetPort: 9090, appProtocol: http}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cluster-b-loki-0, namespace: loki}
spec:
  hosts: [cluster-b-loki-0.loki.svc.cluster.local]
  addresses: [240.241.11.11]
  location: MESH_INTERNAL
  ports: [{number: 3100, name: http, protocol: HTTP}]
  exportTo: ["."]
  resolution: DNS
  endpoints:
  - {address: eastwest.example.net, ports: {http: 15443}, labels: {security.istio.io/tlsMode: istio}}
  subjectAltNames: [spiffe://cluster.local/ns/loki/sa/loki]
---
apiVersion: v1
kind: Service
metadata: {name: to-cluster-b-loki-0, namespace: loki, annotations: {networking.istio.io/exportTo: "."}}
spec: {ports: [{name: http, port: 3100, targetPort: 3100, appProtocol: http}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: to-cluster-b-loki-0, namespace: loki}
spec:
  hosts: [to-cluster-b-loki-0.loki.svc.cluster.local]
  exportTo: ["."]
  http:
  - match: [{port: 3100}]
    route: [{destination: {host: cluster-b-loki-0.loki.svc.cluster.local, port: {number: 3100}}}]
    retries: {attempts: 0}
"""

PARSED = list(yaml.safe_load_all(GOOD))

HOME = """
apiVersion: v1
kind: Service
metadata:
  name: cluster-b-prometheus-0
  namespace: monitoring
  annotations: {networking.istio.io/exportTo: ".,istio-system"}
spec:
  selector: {statefulset.kubernetes.io/pod-name: prometheus-0}
  ports: [{name: http-web, port: 9090, targetPort: 9090, appProtocol: http}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: cross-network-gateway, namespace: istio-system}
spec:
  selector: {istio: eastwestgateway}
  servers: [{port: {number: 15443, name: tls, protocol: TLS}, hosts: ["*.local"], tls: {mode: AUTO_PASSTHROUGH}}]
"""


def good() -> Resources:
    return deepcopy(PARSED)


def named(resources: Resources, kind: str, name: str) -> dict[str, Any]:
    found = [it for it in resources if it["kind"] == kind and it["metadata"]["name"] == name]
    assert len(found) == 1
    return found[0]


def copied(resources: Resources, kind: str, name: str, new: str) -> dict[str, Any]:
    """Add a copy of a resource under another name, and return it."""
    other = deepcopy(named(resources, kind, name))
    other["metadata"]["name"] = new
    resources.append(other)
    return other


def spec(resources: Resources, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = named(resources, kind, name)["spec"]
    return found


# Short names of what the cases change.
def web(it: Resources) -> dict[str, Any]:
    return spec(it, "VirtualService", "cluster-a-prometheus-0")


def broker(it: Resources) -> dict[str, Any]:
    return spec(it, "VirtualService", "cluster-a-kafka-0")


def entry(it: Resources) -> dict[str, Any]:
    return spec(it, "ServiceEntry", "cluster-a-kafka-0")


def remote(it: Resources) -> dict[str, Any]:
    return spec(it, "ServiceEntry", "cluster-b-prometheus-0")


def gateway(it: Resources) -> dict[str, Any]:
    return spec(it, "Gateway", "pods")


def server(it: Resources, port: int) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in gateway(it)["servers"] if one["port"]["number"] == port)
    return found


def stub(it: Resources) -> dict[str, Any]:
    return spec(it, "Service", "cluster-b-prometheus-0")


def pod_service(it: Resources) -> dict[str, Any]:
    return spec(it, "Service", "cluster-a-prometheus-0")


def own_tls(it: Resources) -> dict[str, Any]:
    return spec(it, "PeerAuthentication", "vault-own-tls")


POD_NAME = "statefulset.kubernetes.io/pod-name"


def destination(it: Resources) -> dict[str, Any]:
    found: dict[str, Any] = web(it)["http"][0]["route"][0]["destination"]
    return found


def server_name(it: Resources) -> dict[str, Any]:
    found: dict[str, Any] = broker(it)["tls"][0]["match"][0]
    return found


def by_name(it: Resources) -> dict[str, Any]:
    return spec(it, "ServiceEntry", "cluster-b-loki-0")


def redis_name(it: Resources) -> dict[str, Any]:
    found: dict[str, Any] = named(it, "Service", "cluster-a-redis-0")["metadata"]
    return found


def hide(it: Resources) -> None:
    metadata = named(it, "Service", "cluster-a-prometheus-0")["metadata"]
    metadata["annotations"] = {"networking.istio.io/exportTo": "."}


def second_server(it: Resources) -> None:
    port = {"number": 443, "name": "two", "protocol": "HTTPS"}
    gateway(it)["servers"].append({**server(it, 443), "hosts": ["*.x.example.com"], "port": port})


def ejecting(it: Resources) -> None:
    rule_for_own_tls(it)["host"] = "cluster-a-prometheus-0.monitoring.svc.cluster.local"
    rule_for_own_tls(it)["trafficPolicy"]["outlierDetection"] = {}


def rule_for_own_tls(it: Resources) -> dict[str, Any]:
    return spec(it, "DestinationRule", "vault-own-tls")


# --- what is right ---------------------------------------------------------------------------------------------------


def test_the_right_shapes_have_no_fault() -> None:
    assert faults(read(good(), FACTS)) == []


def test_the_right_shapes_reach_their_pods() -> None:
    prometheus = ("Service", "monitoring", "cluster-a-prometheus-0", "prometheus-0")

    assert routes(read(good(), FACTS)) == {
        Request("public", 80, "a-prometheus-0.pods.example.com"): Answer("301", why="Gateway istio-ingress/pods"),
        Request("public", 80, "a-kafka-0.pods.example.com"): Answer("301", why="Gateway istio-ingress/pods"),
        Request("public", 80, "a-redis-0.pods.example.com"): Answer("301", why="Gateway istio-ingress/pods"),
        Request("public", 443, "a-prometheus-0.pods.example.com"): Answer(*prometheus, 9090),
        Request("public", 10901, "a-prometheus-0.pods.example.com"): Answer(*prometheus, 10901),
        Request("public", 9094, "a-kafka-0.pods.example.com"): Answer(
            "ServiceEntry", "kafka", "cluster-a-kafka-0", "kafka-0", 9094
        ),
        Request("public", 16379, ANY_HOST): Answer("Service", "redis", "cluster-a-redis-0", "redis-0", 6379),
        Request("public", 16380, ANY_HOST): Answer("reset", why="no rule for port 16380"),
    }


def test_clusters_that_fit_together_have_no_fault() -> None:
    meshes = {
        "cluster-a": read(good(), FACTS),
        "cluster-b": read(yaml.safe_load_all(HOME), Facts(cluster="cluster-b", others=("cluster-a",))),
    }
    named_here = [fault for fault in cross_faults(meshes, dict.fromkeys(meshes, False)) if "loki" not in fault.where]

    assert named_here == []


# --- what is wrong, one change each ----------------------------------------------------------------------------------

Change: TypeAlias = "Callable[[Resources], object]"

PODS = [
    PodFact("monitoring", "prometheus-0", {"statefulset.kubernetes.io/pod-name": "prometheus-0"}, {"web": 9090}),
    PodFact("kafka", "kafka-0", {"statefulset.kubernetes.io/pod-name": "kafka-0"}, {"tls": 9194}),
    PodFact("redis", "redis-0", {"statefulset.kubernetes.io/pod-name": "redis-0"}, {"redis": 6379}),
]

KNOWN_BAD: list[tuple[str, str, Change]] = [
    (
        "GGI001",
        "DNS without endpoints",
        lambda it: (entry(it).pop("workloadSelector"), entry(it).update(resolution="DNS")),
    ),
    (
        "GGI002",
        "TCP for everybody",
        lambda it: (entry(it).update(exportTo=["*"]), entry(it)["ports"][0].update(protocol="TCP")),
    ),
    ("GGI002", "TCP for the own namespace", lambda it: entry(it)["ports"][0].update(protocol="MONGO")),
    ("GGI005", "DNS and a Service of its name", lambda it: remote(it).update(resolution="DNS")),
    ("GGI005", "a Service with pods of its name", lambda it: stub(it).update(selector={"app": "x"})),
    ("GGI009", "two TCP servers on one port", lambda it: server(it, 16380)["port"].update(number=16379)),
    ("GGI010", "two servers of one Gateway", second_server),
    ("GGI010", "two Gateways", lambda it: copied(it, "Gateway", "pods", "pods-2")),
    ("GGI011", "two labels under the wildcard", lambda it: web(it).update(hosts=["prometheus-0.a.pods.example.com"])),
    ("GGI012", "upper case in a host", lambda it: web(it).update(hosts=["A-prometheus-0.pods.example.com"])),
    ("GGI012", "upper case in exportTo", lambda it: web(it)["exportTo"].append("Foo")),
    (
        "GGI012",
        "upper case in a server name",
        lambda it: server_name(it).update(sniHosts=["A-kafka-0.pods.example.com"]),
    ),
    ("GGI013", "an address twice", lambda it: by_name(it).update(addresses=["240.241.11.10"])),
    ("GGI013", "an address of Istio's", lambda it: remote(it).update(addresses=["240.240.1.1"])),
    ("GGI013", "an address outside of the pool", lambda it: remote(it).update(addresses=["10.0.0.1"])),
    ("GGI014", "a timeout of 0", lambda it: web(it)["http"][0].update(timeout="0s")),
    (
        "GGI014",
        "attempts 0 and a timeout",
        lambda it: web(it)["http"][0].update(retries={"attempts": 0, "perTryTimeout": "1s"}),
    ),
    ("GGI015", "a VirtualService that the gateway does not see", lambda it: web(it).update(exportTo=["."])),
    ("GGI015", "a ServiceEntry that the gateway does not see", lambda it: entry(it).update(exportTo=["."])),
    ("GGI015", "a Service that the gateway does not see", hide),
    ("GGI017", "no hosts", lambda it: web(it).pop("hosts")),
    ("GGI018", "a short destination", lambda it: destination(it).update(host="cluster-a-prometheus-0")),
    (
        "GGI018",
        "a destination without the domain",
        lambda it: destination(it).update(host="cluster-a-prometheus-0.monitoring.svc"),
    ),
    (
        "GGI019",
        "a destination that is nowhere",
        lambda it: destination(it).update(host="x.monitoring.svc.cluster.local"),
    ),
    ("GGI019", "a port that is nowhere", lambda it: destination(it).update(port={"number": 1})),
    ("GGI019", "a subset", lambda it: destination(it).update(subset="v1")),
    (
        "GGI019",
        "a server for other hosts",
        lambda it: [one.update(hosts=["other/*.pods.example.com"]) for one in gateway(it)["servers"]],
    ),
    ("GGI020", "two servers for one host", lambda it: copied(it, "Gateway", "pods", "pods-2")),
    ("GGI020", "two TCP servers on one port", lambda it: server(it, 16380)["port"].update(number=16379)),
    ("GGI021", "TLS and plaintext on one port", lambda it: server(it, 80)["port"].update(number=443)),
    ("GGI022", "two entries for one host", lambda it: copied(it, "ServiceEntry", "cluster-a-kafka-0", "z")),
    (
        "GGI022",
        "two VirtualServices for one host",
        lambda it: copied(it, "VirtualService", "cluster-a-prometheus-0", "z"),
    ),
    (
        "GGI023",
        "no ports",
        lambda it: entry(it).update(ports=[{"number": 1, "name": "a", "protocol": "TLS"}], resolution="NONE"),
    ),
    ("GGI023", "STATIC with nothing", lambda it: entry(it).pop("workloadSelector")),
    (
        "GGI023",
        "the address of a pod",
        lambda it: (entry(it).pop("workloadSelector"), entry(it).update(endpoints=[{"address": "10.1.2.3"}])),
    ),
    ("GGI024", "no match.port", lambda it: [rule.pop("match") for rule in web(it)["http"]]),
    ("GGI024", "one rule for two servers", lambda it: (web(it)["http"].pop(), web(it)["http"][0].pop("match"))),
    ("GGI026", "no cluster in the name", lambda it: redis_name(it).update(name="redis-0")),
    ("GGI027", "a stub with pods of its own", lambda it: stub(it).update(selector={POD_NAME: "prometheus-0"})),
    ("GGI027", "a stub with other ports", lambda it: stub(it)["ports"][0].update(port=9091)),
    (
        "GGI028",
        "another label than the pod's name",
        lambda it: entry(it).update(workloadSelector={"labels": {"app": "kafka"}}),
    ),
    ("GGI028", "a governing Service with an address", lambda it: spec(it, "Service", "kafka").pop("clusterIP")),
    ("GGI029", "no DestinationRule", lambda it: it.remove(named(it, "DestinationRule", "vault-own-tls"))),
    ("GGI029", "no PeerAuthentication", lambda it: it.remove(named(it, "PeerAuthentication", "vault-own-tls"))),
    (
        "GGI029",
        "another port",
        lambda it: rule_for_own_tls(it)["trafficPolicy"]["portLevelSettings"][0]["port"].update(number=8200),
    ),
    ("GGI029", "no selector", lambda it: own_tls(it).pop("selector")),
    ("GGI030", "a long Service", lambda it: redis_name(it).update(name="cluster-a-" + "r" * 54)),
    ("GGI030", "a long label", lambda it: redis_name(it).update(labels={"a": "r" * 64})),
    ("GGI030", "a dot in a Gateway's name", lambda it: web(it).update(gateways=["istio-ingress/pods.x"])),
    ("GGI030", "a long label in a host", lambda it: web(it).update(hosts=["a" * 64 + ".pods.example.com"])),
    ("GGI032", "no identity", lambda it: remote(it)["endpoints"][0].pop("labels")),
    ("GGI032", "no subject names", lambda it: remote(it).pop("subjectAltNames")),
    (
        "GGI032",
        "another trust domain",
        lambda it: remote(it).update(subjectAltNames=["spiffe://other/ns/monitoring/sa/prometheus"]),
    ),
    (
        "GGI032",
        "another namespace",
        lambda it: remote(it).update(subjectAltNames=["spiffe://cluster.local/ns/x/sa/prometheus"]),
    ),
    (
        "GGI032",
        "a port that bypasses the gateway",
        lambda it: remote(it)["ports"].append({"number": 1, "name": "a", "protocol": "HTTP"}),
    ),
    (
        "GGI032",
        "a DestinationRule with sni",
        lambda it: rule_for_own_tls(it)["trafficPolicy"].update(tls={"mode": "ISTIO_MUTUAL", "sni": "x"}),
    ),
    (
        "GGI034",
        "a redirect with a namespace",
        lambda it: server(it, 80).update(hosts=["monitoring/*.pods.example.com"]),
    ),
    ("GGI034", "a port that is not open", lambda it: server(it, 16380)["port"].update(number=16999)),
    ("GGI036", "no stub", lambda it: it.remove(named(it, "Service", "cluster-b-prometheus-0"))),
    ("GGI036", "no way from the stub", lambda it: it.remove(named(it, "VirtualService", "to-cluster-b-loki-0"))),
    ("GGI037", "an unknown field", lambda it: web(it)["http"][0].update(retry={})),
    ("GGI037", "a field of another type", lambda it: web(it)["http"][0]["match"][0].update(port="443")),
    (
        "GGI037",
        "no kind of that version",
        lambda it: named(it, "Gateway", "pods").update(apiVersion="networking.istio.io/v2"),
    ),
    ("GGI037", "a selector and endpoints", lambda it: entry(it).update(endpoints=[{"address": "10.1.2.3"}])),
    (
        "GGI037",
        "a port number twice",
        lambda it: entry(it)["ports"].append({"number": 9094, "name": "b", "protocol": "TLS"}),
    ),
    (
        "GGI037",
        "a port name twice",
        lambda it: entry(it)["ports"].append({"number": 9095, "name": "tls", "protocol": "TLS"}),
    ),
    ("GGI037", "the host *", lambda it: entry(it).update(hosts=["*"])),
    ("GGI037", "a range with DNS", lambda it: by_name(it).update(addresses=["240.241.0.0/24"])),
    ("GGI037", "a * in a selector", lambda it: entry(it).update(workloadSelector={"labels": {POD_NAME: "*"}})),
    ("GGI037", "a port without name", lambda it: entry(it)["ports"][0].update(name="")),
    ("GGI037", "a tls rule without match", lambda it: broker(it)["tls"][0].pop("match")),
    ("GGI037", "a port of 0", lambda it: entry(it)["ports"][0].update(number=0)),
    ("GGI040", "STATIC with a name", lambda it: remote(it)["endpoints"][0].update(address="eastwest.example.net")),
    (
        "GGI041",
        "a wildcard with DNS and no endpoints",
        lambda it: (entry(it).pop("workloadSelector"), entry(it).update(resolution="DNS", hosts=["*.x.example.com"])),
    ),
    ("GGI042", "an unknown protocol of an entry", lambda it: entry(it)["ports"][0].update(protocol="QUIC")),
    ("GGI042", "an unknown protocol of a server", lambda it: server(it, 16379)["port"].update(protocol="QUIC")),
    (
        "GGI043",
        "several hosts and TCP",
        lambda it: (entry(it)["hosts"].append("b.example.com"), entry(it)["ports"][0].update(protocol="TCP")),
    ),
    ("GGI044", "no address", lambda it: remote(it).update(addresses=["pool"])),
    ("GGI045", "exportTo twice", lambda it: web(it).update(exportTo=[".", "istio-ingress", "."])),
    ("GGI045", "exportTo everybody and others", lambda it: web(it).update(exportTo=["*", "istio-ingress"])),
    ("GGI046", "a port that only the endpoint has", lambda it: remote(it)["endpoints"][0]["ports"].update(other=1)),
    ("GGI047", "a dot in a Gateway's name", lambda it: named(it, "Gateway", "pods")["metadata"].update(name="pods.x")),
    ("GGI048", "TLS without tls", lambda it: server(it, 9094).pop("tls")),
    ("GGI049", "no credential", lambda it: server(it, 443)["tls"].pop("credentialName")),
    ("GGI050", "HTTP with a certificate", lambda it: server(it, 80)["tls"].update(mode="SIMPLE", credentialName="x")),
    ("GGI051", "a port name twice in a Gateway", lambda it: server(it, 10901)["port"].update(name="https-web")),
    ("GGI052", "a server without hosts", lambda it: server(it, 443).pop("hosts")),
    (
        "GGI053",
        "a server name outside of the hosts",
        lambda it: server_name(it).update(sniHosts=["x.pods.example.com"]),
    ),
    ("GGI054", "a host twice", lambda it: web(it)["hosts"].append("a-prometheus-0.pods.example.com")),
    ("GGI055", "no rule", lambda it: web(it).pop("http")),
    ("GGI055", "no weight", lambda it: web(it)["http"][0]["route"][0].update(weight=0)),
]


@pytest.mark.parametrize(
    ("rule", "change"),
    [(rule, change) for rule, _, change in KNOWN_BAD],
    ids=[f"{rule} {what}" for rule, what, _ in KNOWN_BAD],
)
def test_each_known_bad_shape_is_found(rule: str, change: Callable[[Resources], object]) -> None:
    resources = good()
    change(resources)

    assert rule in {fault.rule for fault in errors(read(resources, FACTS))}


WARNED: list[tuple[str, str, Change]] = [
    (
        "GGI002",
        "TCP for the gateway alone",
        lambda it: (entry(it).update(exportTo=["istio-ingress"]), entry(it)["ports"][0].update(protocol="TCP")),
    ),
    (
        "GGI003",
        "HTTP and open TCP on one port",
        lambda it: (entry(it).update(exportTo=["*"]), entry(it)["ports"][0].update(protocol="TCP", number=9090)),
    ),
    ("GGI015", "no exportTo", lambda it: web(it).pop("exportTo")),
    ("GGI016", "too many namespaces", lambda it: web(it)["exportTo"].extend(f"ns-{n}" for n in range(40))),
    ("GGI031", "retries", lambda it: web(it)["http"][0].pop("retries")),
    ("GGI031", "ejection of the only pod", ejecting),
    (
        "GGI039",
        "a port that the governing Service lacks",
        lambda it: spec(it, "Service", "kafka")["ports"][0].update(port=9095),
    ),
    (
        "GGI039",
        "another protocol in the governing Service",
        lambda it: spec(it, "Service", "kafka")["ports"][0].update(appProtocol="http"),
    ),
]


@pytest.mark.parametrize(
    ("rule", "change"),
    [(rule, change) for rule, _, change in WARNED],
    ids=[f"{rule} {what}" for rule, what, _ in WARNED],
)
def test_each_doubtful_shape_is_warned_of(rule: str, change: Callable[[Resources], object]) -> None:
    resources = good()
    change(resources)

    assert rule in {fault.rule for fault in faults(read(resources, FACTS)) if fault.severity == "W"}


def test_pods_that_run_show_a_route_to_nowhere_and_a_port_named_like_another() -> None:
    facts = Facts(gateways=[INGRESS], pods=PODS[:2])
    resources = [it for it in good() if "cluster-b" not in it["metadata"]["name"]]
    found = {(fault.rule, fault.where) for fault in errors(read(resources, facts))}

    assert found == {
        ("GGI004", "ServiceEntry kafka/cluster-a-kafka-0"),
        ("GGI008", "VirtualService redis/cluster-a-redis-0"),
    }
    assert routes(read(resources, facts))[Request("public", 16379, ANY_HOST)].why == "there is no pod redis/redis-0"


def test_a_route_without_gateway_api_name_of_its_own_is_lost() -> None:
    lost = [
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "a", "namespace": "b"}}
        for kind in ("HTTPRoute", "GRPCRoute")
    ]

    assert [fault.rule for fault in errors(read(lost, Facts()))] == ["GGI025"]


def test_dns_with_a_rule_for_mesh_tls_is_no_fault() -> None:
    resources = good()
    entry(resources).pop("workloadSelector")
    entry(resources).update(resolution="DNS")
    spec(resources, "DestinationRule", "vault-own-tls").update(
        host="*.kafka.kafka.svc.cluster.local", trafficPolicy={"tls": {"mode": "ISTIO_MUTUAL"}}
    )
    resources.remove(named(resources, "PeerAuthentication", "vault-own-tls"))

    assert errors(read(resources, FACTS)) == []


# --- what the table shows --------------------------------------------------------------------------------------------

WEB = "a-prometheus-0.pods.example.com"
BACKEND = "cluster-a-prometheus-0.monitoring.svc.cluster.local"


@pytest.mark.parametrize(
    ("port", "host", "change", "why"),
    [
        (443, WEB, len, ""),
        (443, WEB, lambda it: web(it)["http"][0]["match"][0].update(port=444), f"no rule for {WEB}"),
        (443, WEB, hide, f"{BACKEND} is not visible in istio-ingress, or is nowhere"),
        (443, WEB, lambda it: pod_service(it)["ports"].pop(0), f"{BACKEND} has no port 9090"),
        (
            9094,
            "a-kafka-0.pods.example.com",
            lambda it: server_name(it).update(sniHosts=["x.pods.example.com"]),
            "no rule for the server name a-kafka-0.pods.example.com",
        ),
    ],
)
def test_a_request_that_ends_nowhere_says_why(
    port: int, host: str, change: Callable[[Resources], object], why: str
) -> None:
    resources = good()
    change(resources)

    assert routes(read(resources, FACTS))[Request("public", port, host)].why == why


def test_without_a_port_match_the_first_rule_answers_on_every_port() -> None:
    resources = good()
    for rule in web(resources)["http"]:
        rule.pop("match")

    assert routes(read(resources, FACTS))[Request("public", 10901, WEB)].port == 9090


def test_a_virtual_service_that_the_gateway_does_not_see_has_no_row() -> None:
    resources = good()
    web(resources).update(exportTo=["."])

    assert Request("public", 443, WEB) not in routes(read(resources, FACTS))


def test_of_two_tcp_servers_on_one_port_the_older_answers() -> None:
    resources = good()
    late = copied(resources, "VirtualService", "cluster-a-redis-0", "cluster-a-redis-1")["spec"]
    late.update(hosts=["a-redis-1.pods.example.com"])
    late["tcp"][0]["route"][0]["destination"].update(host="cluster-a-prometheus-0.monitoring.svc.cluster.local")
    server(resources, 16380)["port"].update(number=16379)

    assert routes(read(resources, FACTS))[Request("public", 16379, ANY_HOST)].pod == "redis-0"


def test_an_exact_server_beats_the_wildcard() -> None:
    resources = good()
    gateway(resources)["servers"].append(
        {
            "port": {"number": 443, "name": "passed", "protocol": "TLS"},
            "hosts": [WEB],
            "tls": {"mode": "PASSTHROUGH"},
        }
    )

    assert routes(read(resources, FACTS))[Request("public", 443, WEB)] == Answer(
        "reset", why=f"no rule for the server name {WEB}"
    )


# --- between clusters ------------------------------------------------------------------------------------------------


def between(change: Callable[[Resources, Resources], object], *, discovery: bool | None = False) -> set[str]:
    here, home = [it for it in good() if it["metadata"]["namespace"] != "loki"], list(yaml.safe_load_all(HOME))
    change(here, home)
    meshes = {"cluster-a": read(here, FACTS), "cluster-b": read(home, Facts(cluster="cluster-b"))}
    return {fault.rule for fault in cross_faults(meshes, dict.fromkeys(meshes, discovery))}


def twin(here: Resources, home: Resources) -> None:
    """Give both clusters the same selector ServiceEntry."""
    home.append(deepcopy(named(here, "ServiceEntry", "cluster-a-kafka-0")))


def labelled_twin(here: Resources, home: Resources) -> None:
    """Give both the same entry, each with the label of its own cluster in the selector."""
    twin(here, home)
    for place, name in ((here, "cluster-a"), (home, "cluster-b")):
        entry(place)["workloadSelector"]["labels"].update({"topology.istio.io/cluster": name})


@pytest.mark.parametrize("change", [twin, labelled_twin])
@pytest.mark.parametrize(("discovery", "rules"), [(True, {"GGI007"}), (None, {"GGI007"}), (False, set())])
def test_with_discovery_one_pod_name_is_one_pod(
    change: Callable[[Resources, Resources], object], *, discovery: bool | None, rules: set[str]
) -> None:
    assert between(change, discovery=discovery) == rules


def test_with_discovery_services_of_one_name_are_merged() -> None:
    def unnamed(here: Resources, home: Resources) -> None:
        home.append(deepcopy(named(here, "Service", "cluster-a-redis-0")))

    assert between(unnamed, discovery=True) == {"GGI026"}
    assert between(unnamed, discovery=False) == set()


@pytest.mark.parametrize(
    "change",
    [
        lambda here, _: stub(here).update(selector={"app": "x"}),
        lambda here, _: stub(here)["ports"][0].update(name="other"),
    ],
)
def test_with_discovery_a_stub_is_merged_with_the_service_at_home(
    change: Callable[[Resources, Resources], object],
) -> None:
    assert between(change, discovery=True) == {"GGI027"}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("GGI006", lambda _, home: home.pop()),
        ("GGI006", lambda _, home: home[1]["spec"]["servers"][0].update(hosts=["*.example"])),
        ("GGI006", lambda _, home: home[1]["spec"]["servers"][0]["port"].update(number=15444)),
        ("GGI006", lambda _, home: home.pop(0)),
        ("GGI006", lambda _, home: home[0]["spec"]["ports"][0].update(port=1)),
        ("GGI015", lambda _, home: home[0]["metadata"].update(annotations={"networking.istio.io/exportTo": "."})),
    ],
)
def test_a_remote_pod_is_behind_the_gateway_of_its_home(
    rule: str, change: Callable[[Resources, Resources], object]
) -> None:
    assert between(change) == {rule}
