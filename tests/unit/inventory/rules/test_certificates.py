"""Certificates per pod and authorities of clients, as inventories write them."""

from __future__ import annotations

import pytest

from tests.inventories import cluster, found, mesh, placed

HTTP = "{name: http, port: 80, protocol: HTTP, expose: {}}"


def ingress(more: str, istio: str = "1.30", host: str = "{cluster}-{pod}.example.com") -> str:
    return (
        f'istio: {{version: "{istio}"}}\n'
        f'ingresses: {{public: {{namespace: istio-ingress, hostTemplate: "{host}", {more}}}}}\n'
    )


@pytest.mark.parametrize(
    ("more", "istio", "expected"),
    [
        ("clientCA: any", "1.30", ["GGI238"]),
        ("credentialName: c, clientCA: c", "1.24", []),
        ("credentialName: c, clientCA: c-cacert", "1.24", []),
        ("credentialName: c, clientCA: other", "1.26", ["GGI238"]),
        ("credentialName: c, clientCA: other", "1.27", []),
        ("credentialName: 'c-{pod}', clientCA: 'c-{pod}-cacert'", "1.24", []),
        ("credentialName: 'c-{pod}', clientCA: 'c-{ordinal}-cacert'", "1.24", ["GGI238"]),
        ("credentialName: 'c-{port}'", "1.30", ["GGI211"]),
        ("credentialName: 'c-{pd}'", "1.30", ["GGI211"]),
        ("credentialName: 'C-{pod}'", "1.30", ["GGI012", "GGI203"]),
        ("credentialName: c, clientCA: Other", "1.30", ["GGI012", "GGI203"]),
        ("credentialName: 'c..{pod}'", "1.30", ["GGI203"]),
        ("credentialName: '{pod}', clientCA: '-{pod}'", "1.30", ["GGI203"]),
        ("credentialName: 'c.{workload}'", "1.30", ["GGI030"]),
        (f"credentialName: '{'c' * 50}-{{workload}}'", "1.30", ["GGI030"]),
        ("scoped: true, gateway: {existing: edge/shared}", "1.30", ["GGI239"]),
        ("scoped: true, gateway: {existing: istio-ingress/shared}", "1.30", []),
        ("scoped: true", "1.30", []),
    ],
)
def test_what_an_ingress_says_of_certificates(more: str, istio: str, expected: list[str]) -> None:
    assert sorted(set(found(mesh(), cluster(spec=ingress(more, istio)), placed(HTTP)))) == expected


def test_a_certificate_of_a_pod_is_for_hosts_of_any_form() -> None:
    host = "{pod}.{workload}.example.com"
    assert found(mesh(), cluster(spec=ingress("credentialName: c", host=host)), placed(HTTP)) == ["GGI011"]
    assert found(mesh(), cluster(spec=ingress("credentialName: 'c-{pod}'", host=host)), placed(HTTP)) == []


def test_a_companion_is_no_pod_with_a_certificate() -> None:
    route = "{name: http, port: 80, protocol: HTTP, expose: {service: any, host: any.example.com}}"
    assert found(mesh(), cluster(spec=ingress("credentialName: 'c-{pod}'")), placed(route)) == ["GGI211"]
    assert found(mesh(), cluster(spec=ingress("credentialName: 'c-{workload}'")), placed(route)) == []
    tls = route.replace("HTTP", "TLS")
    assert found(mesh(), cluster(spec=ingress("credentialName: 'c-{pod}'")), placed(tls)) == []


def test_one_route_of_two_sets_of_pods_is_one_problem() -> None:
    two = "{cluster: east, replicas: 1}\n{cluster: east, statefulSet: other, replicas: 1}"
    spec = ingress("credentialName: 'c.{workload}'")
    assert found(mesh(), cluster(spec=spec), placed(HTTP, placements=two)) == ["GGI030"]


def test_a_certificate_by_ordinal_is_for_pods_with_numbers() -> None:
    named = "{cluster: east, names: [first]}"
    spec = ingress("credentialName: 'c-{ordinal}'")
    assert found(mesh(), cluster(spec=spec), placed(HTTP, placements=named)) == ["GGI228"]
    assert found(mesh(), cluster(spec=spec), placed(HTTP)) == []
