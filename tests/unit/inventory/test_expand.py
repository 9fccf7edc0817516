from __future__ import annotations

import pytest

from gitops_gen.inventory.expand import port_range
from gitops_gen.model import (
    Api,
    BackendChoice,
    EndpointFormat,
    Engine,
    GatewayChoice,
    Inventory,
    Issuer,
    Istio,
    Limit,
    Placement,
    Pod,
    Port,
    Protocol,
    SyncUnit,
    Via,
)
from tests.inventories import PUBLIC, WEB, cluster, consumer, load, mesh, placed


def expanded(*documents: str) -> Inventory:
    loaded = load(*documents)
    assert loaded.problems == ()
    assert loaded.inventory is not None
    return loaded.inventory


def one_placement(*documents: str) -> Placement:
    (workload,) = expanded(*documents).workloads
    (placement,) = workload.placements
    return placement


def one_port(port: str, spec: str = PUBLIC, placement: str = "{cluster: east, replicas: 1}") -> Port:
    return one_placement(mesh(), cluster(spec=spec), placed(port, placement)).ports[0]


def test_a_mesh_without_spec_has_every_default() -> None:
    found = expanded(mesh()).mesh
    assert (found.name, found.trust_domain, found.vip_pool, found.hosts) == (
        "example",
        "cluster.local",
        "240.241.0.0/16",
        (),
    )
    assert found.gitops.repository == ""
    assert (found.gitops.branch, found.gitops.path) == ("main", ".")
    assert (found.gitops.engine, found.gitops.sync_unit) == (Engine.NONE, SyncUnit.NAMESPACE)
    assert found.guards.removed_workloads == Limit(at_most=3, percent=10)
    assert found.guards.removed_resources == Limit(at_most=None, percent=10)
    assert found.guards.changed_hosts == Limit(at_most=None, percent=30)


def test_a_mesh_with_all_that_it_can_say() -> None:
    found = expanded(
        mesh("""
            trustDomain: corp.example
            vipPool: 240.242.0.0/24
            gitops:
              repository: git@git.example.com:platform/mesh.git
              branch: releases/one
              path: meshes/example
              engine: flux
              syncUnit: workload
            guards: {removedWorkloads: {atMost: 1}, removedResources: {atMost: 7, percent: 0}}
            hosts:
            - {suffix: db.example.com, namespaces: [databases, tools]}
        """)
    ).mesh
    assert (found.trust_domain, found.vip_pool) == ("corp.example", "240.242.0.0/24")
    assert found.gitops.repository == "git@git.example.com:platform/mesh.git"
    assert (found.gitops.branch, found.gitops.path) == ("releases/one", "meshes/example")
    assert (found.gitops.engine, found.gitops.sync_unit) == (Engine.FLUX, SyncUnit.WORKLOAD)
    assert found.guards.removed_workloads == Limit(at_most=1, percent=10)
    assert found.guards.removed_resources == Limit(at_most=7, percent=0)
    assert [(claim.suffix, claim.namespaces, claim.origin.line) for claim in found.hosts] == [
        ("db.example.com", ("databases", "tools"), 15)
    ]


def test_a_cluster_without_spec_has_every_default() -> None:
    found = expanded(
        mesh("gitops: {engine: argocd, repository: git@git.example.com:mesh.git}"),
        cluster(spec="", labels="ring: canary"),
    ).clusters["east"]
    assert found.labels == (("ring", "canary"),)
    assert found.istio == Istio(version="1.24", mtls="strict", dns_capture=False, endpoint_discovery=None)
    assert (found.network, found.cluster_domain, found.ingresses, found.east_west) == ("", "cluster.local", (), None)
    assert (found.engine, found.output) == (Engine.ARGOCD, 1)


def test_a_cluster_with_all_that_it_can_say() -> None:
    found = expanded(
        mesh("gitops: {engine: argocd, repository: git@git.example.com:mesh.git}"),
        cluster(
            spec="""
            istio:
              version: "1.30"
              mtls: permissive
              dnsCapture: true
              endpointDiscovery: false
              gatewayApiVersion: "1.5"
              gatewayApiAlpha: true
            network: network-a
            clusterDomain: corp.example
            engine: none
            ingresses:
              public:
                default: true
                namespace: istio-ingress
                selector: {istio: public, app: gateway}
                hostTemplate: "{pod}.example.com"
                openPorts: [80, 31000-31099, "443"]
                credentialName: wildcard
                addresses: [203.0.113.10, gateway.example.com]
                api: gateway-api
                service: istio-ingressgateway
                listenerSets: true
                certificates: cert-manager
                issuerRef: {name: ca, kind: Issuer, group: certs.example.com}
              other:
                namespace: platform
                gateway: {existing: platform/shared, listeners: {"443": web, "80": plain}}
                addresses: [192.0.2.1]
                dns: dnsendpoint
            eastWest: {addresses: [203.0.113.1, "2001:db8::1"], gateway: generated}
            """
        ),
    ).clusters["east"]
    assert found.istio == Istio(
        version="1.30",
        mtls="permissive",
        dns_capture=True,
        endpoint_discovery=False,
        gateway_api_version="1.5",
        gateway_api_alpha=True,
    )
    assert (found.network, found.cluster_domain, found.engine) == ("network-a", "corp.example", Engine.NONE)
    other, public = found.ingresses
    assert (public.name, public.default, public.namespace) == ("public", True, "istio-ingress")
    assert public.selector == (("app", "gateway"), ("istio", "public"))
    assert public.host_template == "{pod}.example.com"
    assert public.open_ports == ((80, 80), (31000, 31099), (443, 443))
    assert (public.credential_name, public.existing_gateway) == ("wildcard", None)
    assert public.addresses == ("203.0.113.10", "gateway.example.com")
    assert (public.api, public.service, public.listener_sets) == (Api.GATEWAY_API, "istio-ingressgateway", True)
    assert (public.dns_endpoint, other.dns_endpoint, other.issuer) == (False, True, None)
    assert public.issuer == Issuer(name="ca", kind="Issuer", group="certs.example.com")
    assert (other.api, other.service, other.listener_sets) == (Api.ISTIO, None, False)
    assert (public.listeners, other.listeners) == ((), ((80, "plain"), (443, "web")))
    assert (other.name, other.default, other.existing_gateway) == ("other", False, "platform/shared")
    assert (other.selector, other.host_template) == ((("istio", "ingressgateway"),), "")
    assert found.east_west is not None
    assert found.east_west.addresses == ("203.0.113.1", "2001:db8::1")
    assert (found.east_west.port, found.east_west.namespace, found.east_west.generated) == (15443, "istio-system", True)
    assert found.east_west.selector == (("istio", "eastwestgateway"),)


def test_in_ambient_routes_are_those_of_gateway_api() -> None:
    ingress = "{namespace: istio-ingress, credentialName: c}"
    spec = f"istio: {{dataplane: ambient, waypoint: way}}\ningresses: {{a: {ingress}}}"
    found = expanded(mesh(), cluster(spec=spec)).clusters["east"]
    assert (found.istio.ambient, found.istio.waypoint, found.ingresses[0].api) == (True, "way", Api.GATEWAY_API)


def test_one_east_west_address_may_be_a_name() -> None:
    found = expanded(mesh(), cluster(spec="eastWest: {address: gateway.example.com, port: 443}")).clusters["east"]
    assert found.east_west is not None
    assert (found.east_west.addresses, found.east_west.port) == (("gateway.example.com",), 443)
    assert found.east_west.generated is False


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [((None,), True), ((True,), True), ((False,), False), ((None, None), False), ((None, True), True)],
)
def test_the_default_ingress_is_the_only_one_or_the_one_that_says_so(
    defaults: tuple[bool | None, ...], *, expected: bool
) -> None:
    lines = [
        f"  i{place}: {{namespace: n{place}, {'' if default is None else f'default: {str(default).lower()}'}}}"
        for place, default in enumerate(defaults)
    ]
    found = expanded(mesh(), cluster(spec="ingresses:\n" + "\n".join(lines))).clusters["east"]
    assert any(ingress.default for ingress in found.ingresses) is expected
    assert sum(ingress.default for ingress in found.ingresses) <= 1


@pytest.mark.parametrize(
    ("placement", "pods"),
    [
        ("{cluster: east, replicas: 2}", (Pod("kafka-0", 0), Pod("kafka-1", 1))),
        ("{cluster: east, replicas: 0}", ()),
        ("{cluster: east, replicas: 2, ordinals: {start: 5}}", (Pod("kafka-5", 5), Pod("kafka-6", 6))),
        ("{cluster: east, replicas: 1, statefulSet: other}", (Pod("other-0", 0),)),
        ("{cluster: east, replicas: {max: 2}}", (Pod("kafka-0", 0), Pod("kafka-1", 1))),
        ("{cluster: east, names: [c-pool-4, first]}", (Pod("c-pool-4", 4), Pod("first", None))),
    ],
)
def test_pods_of_a_placement(placement: str, pods: tuple[Pod, ...]) -> None:
    port = "{name: http, port: 8080, protocol: HTTP}"
    found = one_placement(mesh(), cluster(), placed(port, placement))
    assert found.pods == pods
    assert found.autoscaled is ("max" in placement)


def test_ten_and_more_pods_are_in_order_of_numbers() -> None:
    found = one_placement(mesh(), cluster(), placed(placements="{cluster: east, replicas: 12}"))
    assert [pod.ordinal for pod in found.pods] == list(range(12))


def test_placements_by_label_and_several_in_one_cluster() -> None:
    found = expanded(
        mesh(),
        cluster("west", labels="ring: production, zone: z1"),
        cluster("east", labels="ring: production"),
        cluster("test", labels="ring: canary"),
        placed(
            placements="""
                {cluster: west, replicas: 1, statefulSet: rack-b}
                {clusters: {ring: production}, replicas: 1}
                {clusters: {ring: production, zone: z1}, replicas: 1, statefulSet: rack-c}
            """
        ),
    )
    (kafka,) = found.workloads
    assert [(placement.cluster, placement.stateful_set) for placement in kafka.placements] == [
        ("east", "kafka"),
        ("west", "rack-b"),
        ("west", "kafka"),
        ("west", "rack-c"),
    ]
    assert list(found.clusters) == ["east", "test", "west"]


SETTINGS = ("mesh", "cluster", "workload", "placement")


@pytest.mark.parametrize("highest", range(len(SETTINGS)))
def test_backend_and_gateways_go_by_placement_then_workload_then_cluster_then_mesh(highest: int) -> None:
    backends = ["none", "pod-service", "service-entry", "{existing: 'p-{ordinal}'}"]
    gateways = ["shared", "per-pod", "shared", "per-pod"]
    lines = {
        level: f"backend: {backends[place]}\ngateways: {gateways[place]}" if place <= highest else ""
        for place, level in enumerate(SETTINGS)
    }
    inline = f", backend: {backends[3]}, gateways: {gateways[3]}" if lines["placement"] else ""
    found = one_placement(
        mesh(lines["mesh"]),
        cluster(spec=PUBLIC + lines["cluster"]),
        placed(placements=f"{{cluster: east, replicas: 2{inline}}}", more=lines["workload"]),
    )
    expected = [BackendChoice.NONE, BackendChoice.POD_SERVICE, BackendChoice.SERVICE_ENTRY, BackendChoice.EXISTING]
    assert found.backend is expected[highest]
    assert found.existing_backend == ("p-{ordinal}" if highest == 3 else None)
    assert found.gateways is GatewayChoice(gateways[highest])


@pytest.mark.parametrize(
    ("workload", "placement", "port", "expected"),
    [
        ("", "", "", (True, True)),
        ("", "", ", mesh: false", (True, False)),
        ("mesh: false", "", "", (False, False)),
        ("mesh: false", ", mesh: true", "", (True, True)),
        ("", ", mesh: false", "", (False, False)),
    ],
)
def test_pods_and_their_ports_are_in_the_mesh_unless_somebody_says_otherwise(
    workload: str, placement: str, port: str, expected: tuple[bool, bool]
) -> None:
    ports = f"{{name: a, port: 1, protocol: TCP{port}}}"
    placements = f"{{cluster: east, replicas: 2{placement}}}"
    found = one_placement(
        mesh(), cluster(), placed(ports, placements=placements, more=f"selector: {{app: a}}\n{workload}")
    )
    assert (found.in_mesh, found.ports[0].in_mesh) == expected


def test_nothing_said_means_auto() -> None:
    found = one_placement(mesh(), cluster(), placed())
    assert (found.backend, found.gateways) == (BackendChoice.AUTO, GatewayChoice.AUTO)


@pytest.mark.parametrize(
    ("workload", "placement", "expected"),
    [
        ("", "", "kafka"),
        ("service: {name: brokers}", "", "brokers"),
        ("service: null", "", None),
        ("service: null", ", service: {name: here}", "here"),
        ("service: {name: brokers}", ", service: {name: here}", "here"),
        ("service: {name: brokers}", ", service: null", None),
        ("service: {create: true}\nselector: {app: kafka}", "", "kafka"),
    ],
)
def test_the_governing_service(workload: str, placement: str, expected: str | None) -> None:
    documents = (mesh(), cluster(), placed(placements=f"{{cluster: east, replicas: 1{placement}}}", more=workload))
    assert one_placement(*documents).service == expected
    assert expanded(*documents).workloads[0].create_service is ("create" in workload)


def test_what_else_a_placement_takes_from_its_workload_or_replaces() -> None:
    (kafka,) = expanded(
        mesh(),
        cluster(),
        placed(
            placements="""
                {cluster: east, replicas: 1}
                {cluster: east, replicas: 1, statefulSet: b, serviceAccount: other, podLabel: strimzi.io/pod-name, portOffset: 9, ports: [{name: x, port: 9, protocol: TCP}]}
            """,  # noqa: E501 - one placement a line
            more="serviceAccount: kafka\nselector: {app: kafka}\nallowConsumers: [tools/*]",
        ),
    ).workloads
    first, second = kafka.placements
    assert (first.service_account, first.pod_label, first.port_offset) == (
        "kafka",
        "statefulset.kubernetes.io/pod-name",
        0,
    )
    assert [port.name for port in first.ports] == ["http"]
    assert (second.service_account, second.pod_label, second.port_offset) == ("other", "strimzi.io/pod-name", 9)
    assert [port.name for port in second.ports] == ["x"]
    assert (kafka.selector, kafka.allow_consumers, kafka.key) == ((("app", "kafka"),), ("tools/*",), "streaming/kafka")


CERTIFIED = PUBLIC + "    credentialName: wildcard\n"


@pytest.mark.parametrize(
    ("spec", "port", "gateway_port"),
    [
        (PUBLIC, WEB, 80),
        (CERTIFIED, WEB, 443),
        (CERTIFIED, "{name: a, port: 1, protocol: GRPC, expose: {}}", 443),
        (PUBLIC, "{name: a, port: 1, protocol: HTTP2, expose: {}}", 80),
        (PUBLIC, "{name: a, port: 1, protocol: TLS, expose: {}}", 443),
        (PUBLIC, "{name: a, port: 1, protocol: HTTPS, expose: {}}", 443),
        (PUBLIC, "{name: a, port: 1, protocol: HTTP, expose: {port: 81}}", 81),
        (PUBLIC, "{name: a, port: 1, protocol: TCP, expose: {port: 81}}", 81),
    ],
)
def test_default_gateway_ports(spec: str, port: str, gateway_port: int) -> None:
    (route,) = one_port(port, spec).routes
    assert (route.port, route.start_port) == (gateway_port, None)
    assert (route.ingress, route.host, route.own_host) == ("public", "{cluster}-{pod}.example.com", False)


def test_a_start_port_is_kept_beside_no_port() -> None:
    (route,) = one_port("{name: a, port: 1, protocol: REDIS, expose: {startPort: 31000}}").routes
    assert (route.port, route.start_port) == (None, 31000)


def test_routes_of_a_list_keep_their_order_and_their_own_hosts() -> None:
    spec = PUBLIC + "    default: true\n  other: {namespace: other, hostTemplate: '{cluster}-{pod}.example.org'}\n"
    found = one_port(
        "{name: a, port: 1, protocol: TLS, expose: "
        "[{}, {ingress: other}, {host: 'b-{cluster}.example.com', service: boot, port: 444}]}",
        spec,
    )
    assert [(route.ingress, route.host, route.own_host, route.port, route.service) for route in found.routes] == [
        ("public", "{cluster}-{pod}.example.com", False, 443, None),
        ("other", "{cluster}-{pod}.example.org", False, 443, None),
        ("public", "b-{cluster}.example.com", True, 444, "boot"),
    ]


def test_a_host_that_repeats_the_template_is_the_ingress_own() -> None:
    (route,) = one_port("{name: a, port: 1, protocol: TLS, expose: {host: '{cluster}-{pod}.example.com'}}").routes
    assert route.own_host is False


def test_ports() -> None:
    found = one_port("{name: a, port: 1, protocol: MONGO, targetPort: main, beforeReady: true}")
    assert (found.name, found.number, found.target, found.protocol) == ("a", 1, "main", Protocol.MONGO)
    assert (found.before_ready, found.own_mtls, found.carried, found.routes) == (True, False, True, ())
    assert one_port("{name: a, port: 7, protocol: TCP}").target == 7
    assert one_port("{name: a, port: 7, protocol: TCP, targetPort: 8}").target == 8
    udp = one_port("{name: a, port: 7, protocol: UDP, carried: false, reason: gossip}")
    assert (udp.carried, udp.not_carried_because) == (False, "gossip")


def test_consumers() -> None:
    (found,) = expanded(
        mesh(),
        cluster(),
        placed(),
        placed(name="zookeeper"),
        consumer("""
            cluster: east
            workloads: [streaming/zookeeper, streaming/kafka]
            via: north-south
            port: http
            endpoints: {configMap: list, format: thanos}
        """),
    ).consumers
    assert (found.key, found.cluster, found.via, found.port) == ("tools/reader", "east", Via.NORTH_SOUTH, "http")
    assert found.workloads == ("streaming/kafka", "streaming/zookeeper")
    assert found.endpoints is not None
    assert (found.endpoints.config_map, found.endpoints.format) == ("list", EndpointFormat.THANOS)


def test_every_value_knows_where_it_was_written() -> None:
    inventory = expanded(
        mesh(),
        cluster(),
        placed(),
        consumer("{cluster: east, workloads: [streaming/kafka], via: east-west, port: http}"),
    )
    (kafka,) = inventory.workloads
    (placement,) = kafka.placements
    places = {
        "mesh": inventory.mesh.origin,
        "cluster": inventory.clusters["east"].origin,
        "ingress": inventory.clusters["east"].ingresses[0].origin,
        "workload": kafka.origin,
        "port": placement.ports[0].origin,
        "route": placement.ports[0].routes[0].origin,
        "placement": placement.origin,
        "consumer": inventory.consumers[0].origin,
    }
    assert {what: (place.file, place.line, place.column) for what, place in places.items()} == {
        "mesh": ("inventory.yaml", 3, 18),
        "cluster": ("inventory.yaml", 7, 18),
        "ingress": ("inventory.yaml", 10, 5),
        "workload": ("inventory.yaml", 16, 18),
        "port": ("inventory.yaml", 19, 7),
        "route": ("inventory.yaml", 19, 56),
        "placement": ("inventory.yaml", 21, 7),
        "consumer": ("inventory.yaml", 25, 18),
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (443, (443, 443)),
        ("443", (443, 443)),
        ("1-65535", (1, 65535)),
        ("7-7", (7, 7)),
        ("8-7", None),
        ("0-7", None),
        ("0", None),
        ("7-65536", None),
        ("7-", None),
        ("-7", None),
        ("7-8-9", None),
        ("7 - 8", None),
        ("", None),
        ("http", None),
        ("\u0661", None),
        ("9" * 5000, None),
    ],
)
def test_port_ranges(written: int | str, expected: tuple[int, int] | None) -> None:
    assert port_range(written) == expected
