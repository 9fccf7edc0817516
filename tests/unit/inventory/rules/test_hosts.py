from __future__ import annotations

import pytest

from tests.inventories import PUBLIC, WEB, cluster, found, load, mesh, placed

TLS = "{name: tls, port: 8443, protocol: TLS, expose: {}}"


def template(text: str, more: str = "") -> str:
    return PUBLIC.replace("{cluster}-{pod}.example.com", text) + (f"    {more}\n" if more else "")


@pytest.mark.parametrize(("port", "rule"), [(WEB, "GGI022"), (TLS, "GGI020")])
def test_two_workloads_with_one_host_show_both_routes_and_placements(port: str, rule: str) -> None:
    loaded = load(
        mesh(),
        cluster(),
        placed(port, name="a"),
        placed(port, "{cluster: east, replicas: 2, statefulSet: a}", namespace="other"),
    )
    (problem,) = loaded.problems
    assert problem.rule == rule
    assert 'host "east-a-0.example.com" would lead to pod ' in problem.message
    assert "streaming/a-0 in cluster east" in problem.message
    assert "other/a-0 in cluster east" in problem.message
    assert problem.message.endswith("and 1 more like it")
    assert problem.help.startswith("put {namespace} into")
    assert len({place for _, place in problem.related}) == 3


def test_hyphens_make_hosts_of_two_clusters_meet() -> None:
    loaded = load(
        mesh(),
        cluster("a"),
        cluster("a-b"),
        placed(placements="{cluster: a, replicas: 1}", name="b-c", namespace="one"),
        placed(placements="{cluster: a-b, replicas: 1}", name="c", namespace="two"),
    )
    (problem,) = loaded.problems
    assert problem.rule == "GGI022"
    assert problem.message == (
        'host "a-b-c-0.example.com" would lead to pod one/b-c-0 in cluster a and to pod two/c-0 in cluster a-b'
    )


def test_where_no_field_is_missing_something_has_to_be_renamed() -> None:
    loaded = load(
        mesh(),
        cluster("a"),
        cluster("a-b"),
        placed(placements="{cluster: a, replicas: 1}", name="b-c"),
        placed(placements="{cluster: a-b, replicas: 1}", name="c"),
    )
    assert [(problem.rule, problem.help) for problem in loaded.problems if problem.rule != "GGI231"] == [
        ("GGI022", "write another `host` in one of the routes, or rename cluster or workload")
    ]


@pytest.mark.parametrize(
    ("host", "help_"),
    [
        ("{pod}.example.com", "put {cluster} into the host's template"),
        ("{cluster}.example.com", "put {pod} into the host's template"),
        ("{workload}.example.com", "put {pod} into the host's template"),
    ],
)
def test_a_template_that_does_not_tell_pods_apart_says_what_is_missing(host: str, help_: str) -> None:
    loaded = load(
        mesh(),
        cluster(spec=template(host), labels="a: b"),
        cluster("west", spec=template(host), labels="a: b"),
        placed(placements="{clusters: {a: b}, replicas: 2}"),
    )
    assert {problem.rule for problem in loaded.problems} == {"GGI227"}
    assert help_ in {problem.help for problem in loaded.problems}


def test_one_host_for_several_ports_of_a_pod_needs_several_gateway_ports() -> None:
    other = "{name: other, port: 9090, protocol: HTTP, expose: %s}"
    assert found(mesh(), cluster(), placed(WEB + "\n" + other % "{port: 81}")) == []
    (problem,) = load(mesh(), cluster(), placed(WEB + "\n" + other % "{}")).problems
    assert problem.rule == "GGI022"
    assert problem.message == (
        'host "east-kafka-0.example.com" on gateway port 80 leads to port http of pod streaming/kafka-0 in cluster '
        "east, and port other wants it too, and 1 more like it"
    )
    certified = template("{cluster}-{pod}.example.com", "credentialName: wildcard")
    assert found(mesh(), cluster(spec=certified), placed(WEB + "\n" + other % "{}")) == ["GGI020"]


def test_one_route_written_twice_is_a_clash() -> None:
    assert found(mesh(), cluster(), placed("{name: a, port: 1, protocol: HTTP, expose: [{}, {}]}")) == ["GGI022"]


def test_a_second_name_of_the_pods_may_not_be_the_first_one_of_another() -> None:
    port = "{name: a, port: 1, protocol: TLS, expose: [{}, {host: 'east-kafka-{ordinal+1}.example.com'}]}"
    assert found(mesh(), cluster(), placed(port)) == ["GGI020"]


def test_the_field_port_gives_each_port_a_host_of_its_own() -> None:
    ports = WEB + "\n{name: other, port: 9090, protocol: HTTP, expose: {}}"
    assert found(mesh(), cluster(spec=template("{cluster}-{pod}-{port}.example.com")), placed(ports)) == []


def test_tcp_pods_of_one_workload_and_cluster_may_share_a_host() -> None:
    port = "{name: a, port: 1, protocol: TCP, expose: {host: '{cluster}.example.com', startPort: 31000}}"
    assert found(mesh(), cluster(), placed(port)) == []
    two_racks = "{cluster: east, replicas: 2}\n{cluster: east, replicas: 2, statefulSet: b, portOffset: 10}"
    assert found(mesh(), cluster(), placed(port, two_racks)) == []
    assert "GGI022" in found(mesh(), cluster(), placed(port), placed(port.replace("31000", "32000"), name="other"))
    two_clusters = "{cluster: east, replicas: 2}\n{cluster: west, replicas: 2}"
    everywhere = port.replace("{cluster}", "kafka")
    assert found(mesh(), cluster(), cluster("west"), placed(everywhere, two_clusters)) == ["GGI227"]


def test_companions_are_met_once_however_many_placements_there_are() -> None:
    port = "{name: a, port: 1, protocol: TLS, expose: [{}, {host: 'boot-{cluster}.example.com', service: boot}]}"
    racks = "{cluster: east, replicas: 2}\n{cluster: east, replicas: 2, statefulSet: b}"
    assert found(mesh(), cluster(), placed(port, racks)) == []
    boot = "{host: boot.example.com, service: boot, port: 9}"
    raw = f"{{name: a, port: 1, protocol: TCP, expose: [{{startPort: 31000}}, {boot}]}}"
    two = "{cluster: east, replicas: 2}\n{cluster: east, replicas: 2, statefulSet: b, portOffset: 5}"
    assert found(mesh(), cluster(), placed(raw, two)) == []


def test_one_companion_host_in_two_clusters_is_a_clash() -> None:
    port = "{name: a, port: 1, protocol: TLS, expose: {host: boot.example.com, service: boot}}"
    both = "{cluster: east, replicas: 1}\n{cluster: west, replicas: 1}"
    loaded = load(mesh(), cluster(), cluster("west"), placed(port, both))
    assert [problem.rule for problem in loaded.problems] == ["GGI227"]
    assert "Service streaming/boot in cluster west" in loaded.problems[0].message


@pytest.mark.parametrize(
    "host", ["{pod}", "{pod}.7", "{pod}..com", "-{pod}.com", "*.example.com", "{pod} .com", "{pod}._x"]
)
def test_a_host_is_a_name_of_two_labels_at_least(host: str) -> None:
    assert found(mesh(), cluster(spec=template(host)), placed(placements="{cluster: east, replicas: 1}")) == ["GGI229"]


def test_upper_case_in_hosts_is_refused_where_it_is_written() -> None:
    (problem,) = load(mesh(), cluster(spec=template("{cluster}-{pod}.Example.com")), placed()).problems
    assert (problem.rule, problem.location.line) == ("GGI012", 12)


@pytest.mark.parametrize(
    "host", ["{pod}.{ordinal+2}.com", "{Pod}.example.com", "{}.example.com", "{ pod }.example.com"]
)
def test_unknown_fields_are_refused(host: str) -> None:
    assert found(mesh(), cluster(spec=template(host)), placed()) == ["GGI211"]


@pytest.mark.parametrize("host", ["{pod.example.com", "pod}.example.com", "{{pod}}.example.com", "}{pod}.example.com"])
def test_stray_braces_are_refused(host: str) -> None:
    assert "GGI211" in found(mesh(), cluster(spec=template(host)), placed())


def test_a_companion_cannot_use_the_pod_s_template() -> None:
    port = "{name: a, port: 1, protocol: TLS, expose: {service: boot}}"
    (problem,) = load(mesh(), cluster(), placed(port)).problems
    assert problem.rule == "GGI211"
    assert "{pod}" in problem.message
    assert problem.related[0][1].line == 12


def test_a_companion_falls_back_on_a_template_without_a_pod_in_each_cluster() -> None:
    port = "{name: a, port: 1, protocol: TLS, expose: {service: boot}}"
    placements = "{clusters: {a: b}, replicas: 1}"
    east = cluster(spec=template("boot-{cluster}.example.com"), labels="a: b")
    assert found(mesh(), east, placed(port, placements)) == []
    (problem,) = load(mesh(), east, cluster("west", labels="a: b"), placed(port, placements)).problems
    assert problem.rule == "GGI211"
    assert "the hostTemplate has {cluster}" not in problem.message
    assert problem.related[0][1].line == east.count("\n") + mesh().count("\n") + 10


def test_a_companion_without_an_ingress_lacks_that_and_no_template() -> None:
    port = "{name: a, port: 1, protocol: TLS, expose: {service: boot}}"
    assert "GGI211" not in found(mesh(), cluster(spec=""), placed(port))
    assert found(mesh(), cluster(spec=""), placed(port)) != []


CERTIFIED = "credentialName: wildcard"


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("web-{pod}-{cluster}.example.com", True),
        ("{pod}.{cluster}.example.com", False),
        ("{pod}-{cluster}.example.org", False),
        ("{pod}-{cluster}.my-example.com", False),
    ],
)
def test_hosts_are_one_label_under_the_certificate(host: str, *, good: bool) -> None:
    port = f"{{name: a, port: 1, protocol: HTTP, expose: {{host: '{host}'}}}}"
    certified = cluster(spec=template("{cluster}-{pod}.example.com", CERTIFIED))
    assert found(mesh(), certified, placed(port)) == ([] if good else ["GGI011"])
    assert found(mesh(), cluster(), placed(port)) == []
    assert found(mesh(), certified, placed(port.replace("HTTP", "TLS"))) == []


@pytest.mark.parametrize(("host", "good"), [("{pod}.{cluster}.example.com", True), ("{pod}.{namespace}.x.com", False)])
def test_only_the_cluster_may_stand_behind_the_first_dot(host: str, *, good: bool) -> None:
    assert found(mesh(), cluster(spec=template(host, CERTIFIED)), placed()) == ([] if good else ["GGI011"])


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ("{suffix: example.com, namespaces: [streaming]}", True),
        ("{suffix: example.com, namespaces: [other]}", False),
        ("{suffix: le.com, namespaces: [other]}", True),
        ("{suffix: east-kafka-0.example.com, namespaces: [other]}", False),
        ("{suffix: com, namespaces: [other]}", False),
        ("{suffix: com, namespaces: [other]}, {suffix: example.com, namespaces: [streaming]}", True),
        ("{suffix: com, namespaces: [streaming]}, {suffix: example.com, namespaces: [other]}", False),
    ],
)
def test_claims_go_by_whole_labels_and_the_longest_decides(claims: str, *, good: bool) -> None:
    loaded = load(mesh(f"hosts: [{claims}]"), cluster(), placed())
    assert [problem.rule for problem in loaded.problems] == ([] if good else ["GGI230"])
    if not good:
        assert loaded.problems[0].related[0][1].line == 5


def test_a_suffix_is_claimed_once() -> None:
    claim = "{suffix: example.com, namespaces: [streaming]}"
    assert found(mesh(f"hosts: [{claim}, {claim}]"), cluster(), placed()) == ["GGI230"]


def test_a_host_that_some_reader_takes_for_a_number_is_refused() -> None:
    large = "{name: http, port: 8080, protocol: HTTP, expose: {host: '1.1e{ordinal}'}}"
    placements = "{cluster: east, replicas: 2, ordinals: {start: %d}}"
    (problem,) = load(mesh(), cluster(), placed(large, placements % 308)).problems
    assert problem.rule == "GGI229"
    assert problem.message.startswith('the host "1.1e309" is a number beyond 64 bits')
    assert found(mesh(), cluster(), placed(large, placements % 7)) == []
