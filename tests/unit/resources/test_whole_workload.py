"""What all pods of a workload share: governing Service, exceptions for own TLS, companion routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import GatewayChoice, Protocol
from tests.factories import a_cluster, a_placement, a_port, a_route, a_workload, an_ingress, an_inventory
from tests.unit.resources.rendered import compiled, files

if TYPE_CHECKING:
    from gitops_gen.model import Placement, Workload

LABELS = """\
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/workload: vault
"""
API = a_port(name="http-api", number=8200)
PEERS = a_port(name="tls-cluster", number=8201, target=18201, protocol=Protocol.TLS, own_mtls=True)


def vault(*placements: Placement, **changes: object) -> Workload:
    values = {"namespace": "vault", "name": "vault", "selector": (("app", "vault"),), "placements": placements}
    return a_workload(**{**values, **changes})


def a_set(**changes: object) -> Placement:
    values = {"stateful_set": "vault", "replicas": 0, "service": "vault-internal", "ports": (API, PEERS)}
    return a_placement(**{**values, **changes})


def test_the_governing_service_gives_every_caller_the_pods_names() -> None:
    before_ready = a_port(name="udp-less", number=8300, protocol=Protocol.TCP, before_ready=True)
    workload = vault(a_set(ports=(API, before_ready)), create_service=True)
    assert files(an_inventory(workloads=[workload])) == {
        "vault/service": f"""\
apiVersion: v1
kind: Service
metadata:
  name: vault-internal
  namespace: vault
{LABELS}\
  annotations:
    networking.istio.io/exportTo: "*"
spec:
  clusterIP: None
  selector:
    app: vault
  ports:
  - name: http-api
    port: 8200
    targetPort: 8200
    appProtocol: http
  - name: udp-less
    port: 8300
    targetPort: 8300
    appProtocol: tcp
  publishNotReadyAddresses: true
"""
    }


def test_who_says_who_may_consume_says_who_sees_the_governing_service() -> None:
    exposed = a_port(routes=(a_route(),))
    workload = vault(a_set(ports=(exposed,)), create_service=True, allow_consumers=("apps/*", "vault/own", "jobs/one"))
    text = files(an_inventory(workloads=[workload]))["vault/service"]
    assert '    networking.istio.io/exportTo: ".,apps,istio-ingress,jobs"\n' in text


def test_own_tls_is_a_pair_by_container_port_and_by_service_port() -> None:
    assert files(an_inventory(workloads=[vault(a_set())])) == {
        "vault/destination-rule": f"""\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: vault-internal-own-tls
  namespace: vault
{LABELS}\
spec:
  host: vault-internal.vault.svc.cluster.local
  trafficPolicy:
    portLevelSettings:
    - port:
        number: 8201
      tls:
        mode: DISABLE
  exportTo:
  - "*"
""",
        "vault/peer-authentication": f"""\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: vault-own-tls
  namespace: vault
{LABELS}\
spec:
  selector:
    matchLabels:
      app: vault
  mtls:
    mode: STRICT
  portLevelMtls:
    "18201":
      mode: DISABLE
""",
    }


def test_other_ports_keep_the_mode_that_the_cluster_declares() -> None:
    modes = {"strict": "STRICT", "permissive": "PERMISSIVE", "disabled": "DISABLE"}
    for declared, mode in modes.items():
        inventory = an_inventory(clusters=[a_cluster(istio={"mtls": declared})], workloads=[vault(a_set())])
        assert f"  mtls:\n    mode: {mode}\n" in files(inventory)["vault/peer-authentication"]


def test_sets_of_one_service_share_its_ports_and_others_have_their_own() -> None:
    more = a_port(name="http-more", number=8300)
    placements = (
        a_set(stateful_set="rack-a", ports=(API,)),
        a_set(stateful_set="rack-b", ports=(API, more)),
        a_set(stateful_set="rack-c", service="other"),
        a_set(stateful_set="rack-d", service=None),
    )
    text = files(an_inventory(workloads=[vault(*placements, create_service=True)]))["vault/service"]
    first, second = text.split("---\n")
    assert "  name: other\n" in first
    assert "  name: vault-internal\n" in second
    assert [line for line in second.splitlines() if "- name" in line] == ["  - name: http-api", "  - name: http-more"]


def test_a_companion_host_leads_to_the_service_once_for_all_sets() -> None:
    bootstrap = a_port(
        name="tls",
        number=9094,
        protocol=Protocol.TLS,
        routes=(a_route(port=9094, host="bootstrap.example.com", service="vault-bootstrap"),),
    )
    placements = (a_set(ports=(bootstrap,)), a_set(stateful_set="more", ports=(bootstrap,)))
    assert files(an_inventory(workloads=[vault(*placements)])) == {
        "vault/gateway": f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cluster-a-vault-bootstrap
  namespace: vault
{LABELS}\
spec:
  selector:
    istio: ingressgateway
  servers:
  - name: tls-9094
    port:
      number: 9094
      name: tls-9094
      protocol: TLS
    hosts:
    - vault/bootstrap.example.com
    tls:
      mode: PASSTHROUGH
""",
        "vault/virtual-service": f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: bootstrap.example.com
  namespace: vault
{LABELS}\
spec:
  hosts:
  - bootstrap.example.com
  gateways:
  - vault/cluster-a-vault-bootstrap
  exportTo:
  - "."
  - istio-ingress
  tls:
  - match:
    - port: 9094
      sniHosts:
      - bootstrap.example.com
    route:
    - destination:
        host: vault-bootstrap.vault.svc.cluster.local
        port:
          number: 9094
""",
    }


def test_companion_routes_follow_the_same_table_of_gateways() -> None:
    routes = (
        a_route(port=443, host="any.example.com", service="any"),
        a_route(port=443, host="{workload}.example.com", own_host=False, service="ro"),
        a_route(ingress="private", host="any.internal.example", service="any"),
        a_route(ingress="theirs", host="any.theirs.example", service="any"),
    )
    ingresses = (
        an_ingress(credential_name="wildcard-example-com"),
        an_ingress(name="private", default=False),
        an_ingress(name="theirs", default=False, existing_gateway="edge/theirs"),
    )
    workload = vault(a_set(ports=(a_port(routes=routes),)))
    found = files(an_inventory(clusters=[a_cluster(ingresses=ingresses)], workloads=[workload]))
    gateways = [line for line in found["vault/gateway"].splitlines() if line.startswith("  name: ")]
    assert gateways == ["  name: cluster-a-any-private"]
    assert '    - "vault/*.example.com"\n' in found["gateways.ingress/example-public"]
    named = {
        text.partition("  name: ")[2].partition("\n")[0]: text.partition("  gateways:\n  - ")[2].partition("\n")[0]
        for text in found["vault/virtual-service"].split("---\n")
    }
    assert named == {
        "any.example.com": "istio-ingress/example-public",
        "any.internal.example.private": "vault/cluster-a-any-private",
        "any.theirs.example.theirs": "edge/theirs",
        "cluster-a-ro": "istio-ingress/example-public",
    }


def test_two_companions_may_share_a_host_at_two_ports() -> None:
    port = a_port(
        routes=(a_route(host="db.example.com", service="rw"), a_route(port=81, host="db.example.com", service="ro")),
    )
    workload = vault(a_set(ports=(port,), gateways=GatewayChoice.PER_POD))
    (text,) = files(an_inventory(workloads=[workload]))["vault/virtual-service"].split("---\n")
    rules = text.partition("  http:\n")[2]
    assert (
        rules
        == """\
  - name: http-web
    match:
    - port: 80
      gateways:
      - vault/cluster-a-rw
    route:
    - destination:
        host: rw.vault.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
  - name: http-web
    match:
    - port: 81
      gateways:
      - vault/cluster-a-ro
    route:
    - destination:
        host: ro.vault.svc.cluster.local
        port:
          number: 9090
    retries:
      attempts: 0
"""
    )


def test_what_is_not_per_pod_is_shared_and_says_what_to_change() -> None:
    placement = a_set(replicas=1, ports=(API, PEERS))
    places = {
        (resource.place.file, resource.place.shared, resource.place.source)
        for resource in compiled(an_inventory(workloads=[vault(placement, create_service=True)]))
    }
    assert places == {
        ("service", True, "Workload vault/vault"),
        ("destination-rule", True, "Workload vault/vault"),
        ("peer-authentication", True, "Workload vault/vault"),
        ("vault-0", False, "Workload vault/vault"),
    }


def test_sets_that_disagree_on_gateways_still_have_one_way_to_a_companion() -> None:
    port = a_port(routes=(a_route(host="any.example.com", service="any"),))
    of_sets = (a_set(ports=(port,)), a_set(stateful_set="b", ports=(port,), gateways=GatewayChoice.SHARED))
    for placements in (of_sets, of_sets[::-1]):
        found = files(an_inventory(workloads=[vault(*placements)]))
        assert list(found) == ["vault/virtual-service", "gateways.ingress/example-public"]
        assert "  gateways:\n  - istio-ingress/example-public\n" in found["vault/virtual-service"]


def test_the_ingress_of_a_companion_alone_does_not_see_the_pods() -> None:
    ingresses = (an_ingress(), an_ingress(name="private", default=False, namespace="istio-private"))
    routes = (a_route(), a_route(ingress="private", host="any.example.com", service="any"))
    workload = vault(a_set(replicas=1, ports=(a_port(routes=routes),)))
    text = files(an_inventory(clusters=[a_cluster(ingresses=ingresses)], workloads=[workload]))["vault/vault-0"]
    assert '    networking.istio.io/exportTo: ".,istio-ingress"\n' in text
