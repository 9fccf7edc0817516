from __future__ import annotations

import pytest

from tests.inventories import PUBLIC, WEB, cluster, found, load, mesh, placed

TCP = "{name: client, port: 9092, protocol: TCP, expose: {startPort: %d}}"
RACKS = "{cluster: east, replicas: 3}\n{cluster: east, replicas: 3, statefulSet: rack-b%s}"


def test_tcp_ports_of_two_workloads_may_not_meet() -> None:
    loaded = load(mesh(), cluster(), placed(TCP % 31000), placed(TCP % 31001, name="other"))
    (problem,) = loaded.problems
    assert problem.rule == "GGI009"
    assert problem.message == (
        "gateway port 31001 of ingress public is taken by pod streaming/kafka-1 in cluster east (TCP), and pod "
        "streaming/other-0 in cluster east (TCP) wants it too"
    )
    assert len({place for _, place in problem.related}) == 3
    assert found(mesh(), cluster(), placed(TCP % 31000), placed(TCP % 31002, name="other")) == []


@pytest.mark.parametrize(
    ("offset", "rules"), [("", ["GGI009"]), (", portOffset: 2", ["GGI009"]), (", portOffset: 3", [])]
)
def test_port_offsets_keep_sets_of_one_cluster_apart(offset: str, rules: list[str]) -> None:
    assert found(mesh(), cluster(), placed(TCP % 31000, RACKS % offset)) == rules


def test_ordinals_that_go_on_need_no_offset() -> None:
    assert found(mesh(), cluster(), placed(TCP % 31000, RACKS % ", ordinals: {start: 3}")) == []


def test_two_clusters_have_two_gateways() -> None:
    both = "{cluster: east, replicas: 2}\n{cluster: west, replicas: 2}"
    assert found(mesh(), cluster(), cluster("west"), placed(TCP % 31000, both)) == []


def test_tcp_does_not_share_a_port_with_anything() -> None:
    port = "{name: raw, port: 9, protocol: TCP, expose: {port: 80}}"
    assert found(mesh(), cluster(), placed(WEB + "\n" + port, "{cluster: east, replicas: 1}")) == ["GGI009"]


def test_two_tcp_routes_of_one_pod_need_two_ports() -> None:
    routes = "[{startPort: 9}, {startPort: 9, host: '{cluster}-{pod}.example.org'}]"
    port = f"{{name: raw, port: 9, protocol: TCP, expose: {routes}}}"
    assert found(mesh(), cluster(), placed(port)) == ["GGI009"]


def test_tls_and_plain_text_do_not_share_a_port() -> None:
    tls = "{name: tls, port: 8443, protocol: TLS, expose: {port: 80, host: 't-{cluster}-{pod}.example.com'}}"
    (problem,) = load(mesh(), cluster(), placed(WEB + "\n" + tls)).problems
    assert problem.rule == "GGI021"
    certified = PUBLIC + "    credentialName: wildcard\n"
    tls_443 = tls.replace("port: 80,", "")
    assert found(mesh(), cluster(spec=certified), placed(WEB + "\n" + tls_443)) == []


def two_ingresses(selector: str, namespace: str = "istio-ingress") -> str:
    host = "{pod}.{cluster}.other.com"
    other = f"  other: {{namespace: {namespace}, selector: {{{selector}}}, hostTemplate: '{host}'}}\n"
    return f"{PUBLIC}    default: true\n{other}"


@pytest.mark.parametrize("namespace", ["istio-ingress", "elsewhere"])
@pytest.mark.parametrize(
    ("selector", "rules"),
    [
        ("istio: ingressgateway", ["GGI009"]),
        ("istio: ingressgateway, tier: edge", ["GGI009"]),
        ("istio: other", []),
        ("istio: other, tier: edge", []),
    ],
)
def test_ingresses_that_select_the_same_pods_are_one_gateway(selector: str, namespace: str, rules: list[str]) -> None:
    ports = TCP % 31000 + "\n{name: b, port: 2, protocol: TCP, expose: {startPort: 31000, ingress: other}}"
    loaded = load(mesh(), cluster(spec=two_ingresses(selector, namespace)), placed(ports))
    assert [problem.rule for problem in loaded.problems] == rules
    assert all("its ingress" in dict(problem.related) for problem in loaded.problems)


def test_ingresses_that_a_third_one_selects_too_do_not_meet_there() -> None:
    three = two_ingresses("istio: other") + (
        "  third: {namespace: x, selector: {istio: ingressgateway, tier: edge}, hostTemplate: '{pod}.third.com'}\n"
    )
    ports = TCP % 31000 + "\n{name: b, port: 2, protocol: TCP, expose: {startPort: 31000, ingress: other}}"
    assert found(mesh(), cluster(spec=three), placed(ports)) == []


def test_plain_and_tls_clash_on_pods_of_another_namespace() -> None:
    tls = "{name: t, port: 2, protocol: TLS, expose: {port: 80, ingress: other}}"
    spec = two_ingresses("istio: ingressgateway", "elsewhere")
    assert found(mesh(), cluster(spec=spec), placed(WEB + "\n" + tls)) == ["GGI021"]


@pytest.mark.parametrize(
    ("open_ports", "start", "rules"),
    [
        ("[31000-31001]", 31000, []),
        ("[31000-31001]", 31001, ["GGI034"]),
        ("[31000, 31001]", 31000, []),
        ("[80]", 31000, ["GGI034"]),
    ],
)
def test_gateway_ports_are_open(open_ports: str, start: int, rules: list[str]) -> None:
    spec = PUBLIC + f"    openPorts: {open_ports}\n"
    assert found(mesh(), cluster(spec=spec), placed(TCP % start)) == rules


def test_default_ports_must_be_open_too() -> None:
    loaded = load(mesh(), cluster(spec=PUBLIC + "    openPorts: [443]\n"), placed())
    (problem,) = loaded.problems
    assert (problem.rule, problem.message) == (
        "GGI034",
        "gateway port 80 is not one that ingress public of cluster east opens",
    )


@pytest.mark.parametrize(("start", "rules"), [(65534, []), (65535, ["GGI218"])])
def test_the_last_pod_s_port_is_65535_at_most(start: int, rules: list[str]) -> None:
    assert found(mesh(), cluster(), placed(TCP % start)) == rules


def test_huge_ordinals_with_a_start_port_are_one_problem() -> None:
    placement = "{cluster: east, replicas: 1000, ordinals: {start: 70000}}"
    assert found(mesh(), cluster(), placed(TCP % 1, placement)) == ["GGI218"]
