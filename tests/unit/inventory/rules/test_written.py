"""Rules on documents as written: references, choices, ports, addresses, repositories."""

from __future__ import annotations

import pytest

from gitops_gen.inventory.rules.repository import is_clean_path, repository_fault
from gitops_gen.naming import is_branch
from tests.inventories import PUBLIC, WEB, cluster, consumer, found, load, mesh, placed, workload


@pytest.mark.parametrize(
    "text",
    [
        "https://git.example.com/platform/mesh.git",
        "https://git.example.com:8443/mesh",
        "https://203.0.113.7/mesh",
        "https://[2001:db8::1]/mesh",
        "https://Git.Example.com/mesh",
        "ssh://git@git.example.com/mesh",
        "ssh://git.example.com:2222/mesh",
        "git@git.example.com:platform/mesh.git",
        "git@host:mesh",
        "/srv/git/mesh.git",
        "../mesh",
        "mesh",
        "./a:b",
        "/srv/with blank/mesh",
    ],
)
def test_repositories_that_are_accepted(text: str) -> None:
    assert repository_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "https://token@git.example.com/mesh",
        "https://user:secret@git.example.com/mesh",
        "https://:secret@git.example.com/mesh",
        "https://@git.example.com/mesh",
        "https://git.example.com/mesh?token=secret",
        "https://git.example.com/mesh#secret",
        "https://git.example.com/mesh?",
        "https://git.example.com",
        "https://git.example.com/",
        "https:///mesh",
        "https://-oProxyCommand=x/mesh",
        "https://git.example.com:99999/mesh",
        "https://git.example.com:x/mesh",
        "https://[::1/mesh",
        "http://git.example.com/mesh",
        "git://git.example.com/mesh",
        "file:///srv/mesh",
        "ssh://git:secret@git.example.com/mesh",
        "ssh://-x@git.example.com/mesh",
        "ssh://-oProxyCommand=x/mesh",
        "ext::sh -c touch% /tmp/x",
        "ext::x",
        "fd::7",
        "git@-host:mesh",
        "git@host:-mesh",
        "-git@host:mesh",
        "host:mesh",
        "C:\\mesh",
        "--upload-pack=x",
        "~/mesh",
        " /srv/mesh",
        "/srv/mesh\n",
        "/srv/\x1b[31m",
        "/srv/\u202emesh",
        "git@host:",
    ],
)
def test_repositories_that_are_refused(text: str) -> None:
    fault = repository_fault(text)
    assert fault is not None
    assert "secret" not in fault[0] + fault[1]
    assert fault[0].isprintable()


@pytest.mark.parametrize("text", ["main", "releases/1.2", "a_b-c+d", "feature/#7"])
def test_branches_that_are_accepted(text: str) -> None:
    assert is_branch(text)


@pytest.mark.parametrize(
    "text",
    [
        "-b",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a@{1}",
        "@",
        "HEAD",
        "a.",
        "refs/heads/main",
        "a\x7f",
        "a\n",
        "x" * 201,
        "m\u00fcnchen",
        "a'b",
        "",
    ],
)
def test_branches_that_are_refused(text: str) -> None:
    assert not is_branch(text)


@pytest.mark.parametrize("text", [".", "a", "a/b", "meshes/example-1_2.x", ".config/mesh"])
def test_paths_that_are_accepted(text: str) -> None:
    assert is_clean_path(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../b",
        "./a",
        "a/.",
        ".git",
        "a/.GIT/b",
        "a\\b",
        "a b",
        "-a",
        "a/-b",
        "a:b",
        "git~1",
        "a.",
        "...",
        "\u00e4",
        "a\n",
        "a\x00",
        "~",
    ],
)
def test_paths_that_are_refused(text: str) -> None:
    assert not is_clean_path(text)


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("1.24", True),
        ("1.24.0", True),
        ("1.30", True),
        ("2.0", True),
        ("1.23", False),
        ("0.99", False),
        ("1", False),
        ("v1.30", False),
        ("1.x", False),
        ("1.30-rc.1", False),
        ("\u0661.30", False),
    ],
)
def test_versions_of_istio(version: str, *, good: bool) -> None:
    assert found(mesh(), cluster(spec=f'istio: {{version: "{version}"}}')) == ([] if good else ["GGI219"])


@pytest.mark.parametrize(("version", "rules"), [("1.0", []), ("1.6.1", []), ("0.8", ["GGI219"]), ("new", ["GGI219"])])
def test_versions_of_gateway_api(version: str, rules: list[str]) -> None:
    assert found(mesh(), cluster(spec=f'istio: {{gatewayApiVersion: "{version}"}}')) == rules


@pytest.mark.parametrize(
    ("listeners", "rules"),
    [
        ('{"443": web, "80": web.plain}', []),
        ('{"443-444": web}', ["GGI221"]),
        ('{"web": web}', ["GGI221"]),
        ('{"443": "We b"}', ["GGI203"]),
    ],
)
def test_names_of_listeners_by_port(listeners: str, rules: list[str]) -> None:
    gateway = f"{{existing: platform/shared, listeners: {listeners}}}"
    spec = f"ingresses: {{public: {{namespace: ingress, api: gateway-api, gateway: {gateway}}}}}"
    assert found(mesh(), cluster(spec=spec)) == rules


@pytest.mark.parametrize(
    ("addresses", "good"),
    [
        ("address: 203.0.113.7", True),
        ("address: '2001:db8::7'", True),
        ("address: gateway.example.com", True),
        ("address: gateway", True),
        ("addresses: [gateway.example.com]", True),
        ("addresses: [203.0.113.7, 203.0.113.8]", True),
        ("addresses: [203.0.113.7, gateway.example.com]", False),
        ("addresses: [203.0.113.7, 203.0.113.7]", False),
        ("address: 203.0.113", False),
        ("address: 203.0.113.256", False),
        ("address: 203.0.113.07", False),
        ("address: 203.0.113.7/32", False),
        ("address: 'fe80::1%eth0'", False),
        ("address: 203.0.113.7:15443", False),
        ("address: 'https://gateway'", False),
        ("address: Gateway.example.com", False),
        ("address: '*.example.com'", False),
    ],
)
def test_east_west_addresses(addresses: str, *, good: bool) -> None:
    assert found(mesh(), cluster(spec=f"eastWest: {{{addresses}}}")) == ([] if good else ["GGI220"])


@pytest.mark.parametrize("addresses", ["", "address: 203.0.113.7, addresses: [203.0.113.8]"])
def test_an_east_west_gateway_has_its_addresses_in_one_way(addresses: str) -> None:
    assert found(mesh(), cluster(spec=f"eastWest: {{{addresses}}}")) == ["GGI208"]


@pytest.mark.parametrize(
    ("pool", "good"),
    [
        ("240.241.0.0/16", True),
        ("10.7.0.0/24", True),
        ("240.240.7.0/24", False),
        ("240.0.0.0/8", False),
        ("0.0.0.0/0", False),
        ("240.241.0.1/16", False),
        ("240.241.0.0", False),
        ("240.241.0.0/255.255.0.0", False),
        ("240.241.0.0/33", False),
        ("2001:db8::/64", False),
        ("pool", False),
    ],
)
def test_vip_pools(pool: str, *, good: bool) -> None:
    assert found(mesh(f"vipPool: '{pool}'")) == ([] if good else ["GGI220"])


@pytest.mark.parametrize(
    ("placement", "rules"),
    [
        ("{replicas: 1}", ["GGI208"]),
        ("{cluster: east}", ["GGI208"]),
        ("{}", ["GGI208", "GGI208"]),
        ("{cluster: east, clusters: {a: b}, replicas: 1}", ["GGI208"]),
        ("{cluster: east, replicas: 1, names: [a]}", ["GGI208"]),
        ("{cluster: east, names: [a-1], ordinals: {start: 1}}", ["GGI208"]),
        ("{cluster: east, replicas: 0}", []),
    ],
)
def test_placements_say_where_and_how_many_in_one_way(placement: str, rules: list[str]) -> None:
    port = "{name: a, port: 1, protocol: TCP}"
    assert found(mesh(), cluster(labels="a: b"), placed(port, placement)) == rules


@pytest.mark.parametrize(
    ("route", "rules"),
    [
        ("{startPort: 31000}", []),
        ("{startPort: 31000, port: 31000}", ["GGI208"]),
        ("{startPort: 31000, service: boot, host: boot.example.com}", ["GGI208"]),
        ("{port: 31000, service: boot, host: boot.example.com}", []),
        ("{service: boot, host: boot.example.com}", ["GGI218"]),
        ("{}", ["GGI218"]),
        ("{port: 31000}", ["GGI218"]),
    ],
)
def test_tcp_routes_say_their_port(route: str, rules: list[str]) -> None:
    port = f"{{name: a, port: 1, protocol: REDIS, expose: {route}}}"
    assert found(mesh(), cluster(), placed(port)) == rules


def test_a_single_tcp_pod_may_have_a_fixed_port() -> None:
    port = "{name: a, port: 1, protocol: TCP, expose: {port: 31000}}"
    assert found(mesh(), cluster(), placed(port, "{cluster: east, replicas: 1}")) == []
    assert found(mesh(), cluster(), placed(port, "{cluster: east, replicas: {max: 2}}")) == ["GGI218"]


def test_unknown_names_get_the_nearest_known_one() -> None:
    loaded = load(
        mesh(),
        cluster("cluster-east"),
        placed(
            "{name: http-web, port: 1, protocol: HTTP, expose: {ingress: publik}}",
            "{cluster: cluster-esat, replicas: 1}",
        ),
        placed(
            "{name: http-web, port: 1, protocol: HTTP, expose: {ingress: publik}}",
            "{cluster: cluster-east, replicas: 1}",
            name="b",
        ),
        consumer("{cluster: cluster-eats, workloads: [streaming/kafkaa], via: north-south, port: http}"),
        consumer("{cluster: cluster-east, workloads: [streaming/b], via: east-west, port: http-wob}", name="c"),
    )
    assert [(problem.rule, problem.help) for problem in loaded.problems] == [
        ("GGI205", "did you mean `cluster-east`?"),
        ("GGI207", "did you mean `public`?"),
        ("GGI205", "did you mean `cluster-east`?"),
        ("GGI232", "did you mean `streaming/kafka`?"),
        ("GGI233", "did you mean `http-web`?"),
    ]


def test_a_cluster_without_ingress_can_have_workloads_that_expose_nothing() -> None:
    assert found(mesh(), cluster(spec=""), placed("{name: a, port: 1, protocol: TCP}")) == []
    (problem,) = load(mesh(), cluster(spec=""), placed()).problems
    assert (problem.rule, problem.message) == ("GGI207", "cluster east has no ingress for this route")


def test_one_route_that_several_clusters_cannot_serve_is_one_problem() -> None:
    clusters = [cluster(f"c{place}", spec="", labels="a: b") for place in range(4)]
    (problem,) = load(mesh(), *clusters, placed(placements="{clusters: {a: b}, replicas: 1}")).problems
    assert problem.message == "cluster c0 has no ingress for this route, and 3 more like it"


def test_ports_are_unique_by_name_and_by_number_of_each_kind() -> None:
    port = "{name: %s, port: 7946, protocol: %s, carried: false, reason: gossip}"
    gossip = "\n".join(port % (protocol.lower(), protocol) for protocol in ("TCP", "UDP", "SCTP"))
    assert found(mesh(), cluster(), placed(gossip)) == []
    assert found(mesh(), cluster(), placed(gossip + "\n" + port % ("tcp", "TCP"))) == ["GGI213", "GGI213"]
    assert found(mesh(), cluster(), placed(gossip + "\n" + port % ("other", "MONGO"))) == ["GGI213"]


@pytest.mark.parametrize("key", ["expose: {}", "beforeReady: true", "mtls: own", "mesh: false"])
def test_what_is_not_carried_asks_for_nothing(key: str) -> None:
    port = f"{{name: a, port: 1, protocol: HTTP, carried: false, reason: outside, {key}}}"
    assert found(mesh(), cluster(), placed(port, more="selector: {app: a}")) == ["GGI214"]


def test_a_reason_without_carried_false_is_refused() -> None:
    assert found(mesh(), cluster(), placed("{name: a, port: 1, protocol: HTTP, reason: outside}")) == ["GGI214"]


def test_selectors_are_needed_for_what_selects() -> None:
    own = "{name: a, port: 1, protocol: TLS, mtls: own}"
    assert found(mesh(), cluster(), placed(own)) == ["GGI210"]
    assert found(mesh(), cluster(), placed(own, more="selector: {app: kafka}")) == []
    bare = "{name: a, port: 1, protocol: TLS, mesh: false}"
    assert found(mesh(), cluster(), placed(bare)) == ["GGI210"]
    assert found(mesh(), cluster(), placed(bare, more="selector: {app: kafka}")) == []
    # Where there is no sidecar nothing has to be taken off it.
    assert found(mesh(), cluster(), placed(bare, more="mesh: false")) == []
    placements = "{cluster: east, replicas: 2, mesh: true}"
    assert found(mesh(), cluster(), placed(bare, placements=placements, more="mesh: false")) == ["GGI210"]


@pytest.mark.parametrize(
    ("via", "files", "expected"),
    [
        ("north-south", "{}", []),
        ("north-south", "{caCertificates: /ca, clientCertificate: /c, privateKey: /k}", []),
        ("east-west", "{}", ["GGI208"]),
        ("north-south", "{clientCertificate: /c}", ["GGI208"]),
        ("north-south", "{privateKey: /k}", ["GGI208"]),
    ],
)
def test_tls_is_made_north_south_alone_and_a_certificate_has_its_key(via: str, files: str, expected: list[str]) -> None:
    dialling = consumer(
        f"{{cluster: east, workloads: [streaming/kafka], via: {via}, port: http, originateTLS: {files}}}"
    )
    assert found(mesh(), cluster(), placed(WEB), dialling) == expected


def test_a_placement_with_an_empty_list_of_ports_is_refused_there() -> None:
    (problem,) = load(mesh(), cluster(), placed(placements="{cluster: east, replicas: 1, ports: []}")).problems
    assert (problem.rule, problem.location.column) == ("GGI217", 43)
    assert found(mesh(), cluster(), workload("placements: []")) == []


def test_backend_templates_have_fields_too() -> None:
    for level in ("mesh", "cluster", "workload", "placement"):
        backend = "backend: {existing: 'kafka-{port}'}"
        assert found(
            mesh(backend if level == "mesh" else ""),
            cluster(spec=PUBLIC + (backend if level == "cluster" else "")),
            placed(
                placements="{cluster: east, replicas: 2%s}" % (f", {backend}" if level == "placement" else ""),
                more=backend if level == "workload" else "",
            ),
        ) == ["GGI211"]


def test_ordinals_in_a_backend_need_numbers() -> None:
    placement = "{cluster: east, names: [first, kafka-4], backend: {existing: 'k-{ordinal}'}}"
    assert found(mesh(), cluster(), placed(placements=placement)) == ["GGI228"]


def test_pods_of_the_consumer_s_own_cluster_need_not_be_exposed() -> None:
    reader = consumer("{cluster: east, workloads: [streaming/kafka], via: north-south, port: a}")
    inside = "{name: a, port: 1, protocol: TCP}"
    both = "{cluster: east, replicas: 1}\n{cluster: west, replicas: 1%s}"
    exposed = ", ports: [{name: a, port: 1, protocol: TCP, expose: {startPort: 9000}}]"
    assert found(mesh(), cluster(), placed(inside), reader) == []
    assert found(mesh(), cluster(), cluster("west"), placed(inside, both % exposed), reader) == []
    (problem,) = load(mesh(), cluster(), cluster("west"), placed(inside, both % ""), reader).problems
    assert problem.message == (
        "port a of workload streaming/kafka is not exposed in cluster west, so it cannot be reached north-south"
    )


@pytest.mark.parametrize(
    ("allowed", "good"),
    [("[tools/reader]", True), ("[tools/*]", True), ("[tools/other, other/*]", False), ("[]", False)],
)
def test_who_may_consume(allowed: str, *, good: bool) -> None:
    reader = consumer("{cluster: east, workloads: [streaming/kafka], via: north-south, port: http}")
    rules = found(mesh(), cluster(), placed(more=f"allowConsumers: {allowed}"), reader)
    assert rules == ([] if good else ["GGI234"])


def test_what_a_consumer_dials_is_carried_and_exposed_where_it_is() -> None:
    reader = (
        consumer("{cluster: observer, workloads: [streaming/kafka], via: %s, port: a}") + "---\n" + cluster("observer")
    )
    inside = "{name: a, port: 1, protocol: TCP}"
    boot = "{name: a, port: 1, protocol: TLS, expose: {service: boot, host: boot.example.com}}"
    outside = "{name: a, port: 1, protocol: UDP, carried: false, reason: UDP}"
    assert found(mesh(), cluster(), placed(inside), reader % "east-west") == []
    assert found(mesh(), cluster(), placed(inside), reader % "north-south") == ["GGI235"]
    assert found(mesh(), cluster(), placed(boot), reader % "north-south") == ["GGI235"]
    assert found(mesh(), cluster(), placed(outside), reader % "east-west") == ["GGI233"]
    racks = f"{{cluster: east, replicas: 1}}\n{{cluster: east, replicas: 1, statefulSet: b, ports: [{WEB}]}}"
    assert found(mesh(), cluster(), placed(inside, racks), reader % "east-west") == []


@pytest.mark.parametrize(
    ("gitops", "engine", "message"),
    [
        ("engine: none", "none", ""),
        ("engine: flux, repository: https://git.example.com/mesh.git", "argocd", ""),
        ("engine: flux, repository: git@git.example.com:mesh.git", "argocd", ""),
        ("engine: argocd", "none", "argocd has nothing to fetch from: no `gitops.repository` is written"),
        ("engine: none", "flux", "flux has nothing to fetch from: no `gitops.repository` is written"),
        ("engine: flux, repository: ../mesh", "none", 'flux has nothing to fetch from: "../mesh" is a local path'),
        ("engine: none, repository: /srv/a:b", "flux", 'flux has nothing to fetch from: "/srv/a:b" is a local path'),
    ],
)
def test_an_engine_has_a_repository_to_fetch_from(gitops: str, engine: str, message: str) -> None:
    problems = load(mesh(f"gitops: {{{gitops}}}"), cluster(spec=PUBLIC + f"engine: {engine}\n"), placed()).problems
    assert [(problem.rule, problem.message) for problem in problems] == ([("GGI237", message)] if message else [])


@pytest.mark.parametrize(
    ("gitops", "engine", "rules"),
    [
        ("engine: argocd, syncUnit: cluster, createNamespaces: true", "", ["GGI245"]),
        ("engine: flux, syncUnit: cluster, createNamespaces: true", "engine: argocd", ["GGI245"]),
        ("engine: argocd, syncUnit: cluster, createNamespaces: true", "engine: flux", []),
        ("engine: argocd, syncUnit: namespace, createNamespaces: true", "", []),
        ("engine: argocd, syncUnit: workload, createNamespaces: true", "", []),
        ("engine: argocd, syncUnit: cluster", "", []),
    ],
)
def test_namespaces_are_created_by_an_engine_that_can(gitops: str, engine: str, rules: list[str]) -> None:
    repository = "repository: https://git.example.com/mesh.git"
    east = cluster(spec=f"{PUBLIC}{engine}\n")
    assert found(mesh(f"gitops: {{{gitops}, {repository}}}"), east, placed()) == rules


def test_a_repository_that_is_none_is_one_problem() -> None:
    assert found(mesh("gitops: {engine: flux, repository: 'ext::x'}"), cluster(), placed()) == ["GGI222"]


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ("dns: dnsendpoint, addresses: [203.0.113.1, 203.0.113.2]", []),
        ("dns: dnsendpoint, addresses: ['2001:db8::1']", []),
        ("dns: dnsendpoint, addresses: [gateway.example.com]", []),
        ("dns: dnsendpoint, addresses: [a.example.com, b.example.com]", ["GGI243"]),
        ("dns: dnsendpoint, addresses: [203.0.113.1, '2001:db8::1']", ["GGI243"]),
        ("dns: dnsendpoint, addresses: [203.0.113.1, a.example.com]", ["GGI243"]),
        ("dns: dnsendpoint", ["GGI243"]),
        ("addresses: [203.0.113.1, a.example.com]", []),
        ("certificates: cert-manager, issuerRef: {name: ca}, credentialName: c", []),
        ("certificates: cert-manager, issuerRef: {name: ca}", ["GGI244"]),
        ("certificates: cert-manager, credentialName: c", ["GGI244"]),
        ("issuerRef: {name: ca}, credentialName: c", ["GGI244"]),
        ("certificates: cert-manager, issuerRef: {name: 'c a'}, credentialName: c", ["GGI203"]),
    ],
)
def test_records_and_certificates_of_an_ingress(more: str, rules: list[str]) -> None:
    assert found(mesh(), cluster(spec=f"ingresses: {{public: {{namespace: ingress, {more}}}}}")) == rules


def test_one_secret_has_one_issuer() -> None:
    spec = """
    istio: {dataplane: ambient, waypoint: "Way"}
    ingresses:
      a: {namespace: ingress, certificates: cert-manager, credentialName: c, issuerRef: {name: one}}
      b: {namespace: ingress, certificates: cert-manager, credentialName: c, issuerRef: {name: two}}
    """
    assert found(mesh(), cluster(spec=spec)) == ["GGI203", "GGI244"]
