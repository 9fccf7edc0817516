from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_gen.report.hosts import hosts_file, hosts_json, hosts_text, hosts_zone, under
from gitops_gen.resources.external_names import ExternalName


def named(**changes: Any) -> ExternalName:
    values = {
        "host": "a.example.com",
        "gateway_port": 443,
        "protocol": "HTTPS",
        "cluster": "cluster-a",
        "ingress": "public",
        "addresses": ("203.0.113.10",),
        "namespace": "monitoring",
        "workload": "prometheus",
        "pod": "prometheus-0",
        "service": None,
        "port_name": "http-web",
        "port": 9090,
    }
    return ExternalName(**{**values, **changes})


def test_a_table_lines_up() -> None:
    names = [named(), named(host="any.example.com", pod=None, service="prometheus", addresses=())]
    assert hosts_text(names) == (
        "HOST:PORT            SPEAKS  CLUSTER/INGRESS   ADDRESSES     LEADS TO\n"
        "a.example.com:443    HTTPS   cluster-a/public  203.0.113.10  monitoring/prometheus-0:9090 (http-web)\n"
        "any.example.com:443  HTTPS   cluster-a/public  -             "
        "monitoring/prometheus:9090 (http-web), a Service"
    )
    assert hosts_text([]) == "nothing is exposed"


def test_json_holds_every_field() -> None:
    assert json.loads(hosts_json([named()])) == {
        "hosts": [
            {
                "host": "a.example.com",
                "port": 443,
                "protocol": "HTTPS",
                "cluster": "cluster-a",
                "ingress": "public",
                "addresses": ["203.0.113.10"],
                "namespace": "monitoring",
                "workload": "prometheus",
                "pod": "prometheus-0",
                "service": None,
                "leadsTo": {"name": "http-web", "port": 9090},
            }
        ]
    }


def test_a_zone_has_one_record_for_each_host_and_address() -> None:
    names = [
        named(addresses=("203.0.113.10", "2001:db8::1")),
        named(gateway_port=10901),
        named(host="b.example.com", addresses=("gateway.example.net",)),
        named(host="b.example.com", ingress="ops", addresses=("gateway.example.net",)),
    ]
    assert hosts_zone(names, "", 300) == (
        (
            "$TTL 300\n"
            "a.example.com. IN A 203.0.113.10\n"
            "a.example.com. IN AAAA 2001:db8::1\n"
            "b.example.com. IN CNAME gateway.example.net."
        ),
        (),
    )


def test_names_of_a_zone_are_relative_to_its_origin() -> None:
    names = [named(), named(host="x.y.example.com"), named(host="example.com")]
    assert hosts_zone(names, "example.com", 60).text == (
        "$ORIGIN example.com.\n$TTL 60\na IN A 203.0.113.10\nx.y IN A 203.0.113.10\n@ IN A 203.0.113.10"
    )


def test_only_whole_labels_are_under_a_domain() -> None:
    names = [named(host=host) for host in ("example.com", "a.example.com", "a.notexample.com")]
    assert [name.host for name in under(names, "example.com")] == ["example.com", "a.example.com"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([named(addresses=())], "a.example.com: ingress public of Cluster cluster-a has no `addresses`"),
        (
            [named(addresses=()), named(host="b.example.com", addresses=())],
            "2 hosts (a.example.com, ...): ingress public of Cluster cluster-a has no `addresses`",
        ),
        (
            [named(addresses=("one.example.net", "two.example.net"))],
            "a.example.com: a name has one CNAME, or IP addresses, not one.example.net, two.example.net",
        ),
        (
            [named(), named(ingress="ops", addresses=("gateway.example.net",))],
            "a.example.com: a name has one CNAME, or IP addresses, not 203.0.113.10, gateway.example.net",
        ),
        (
            [named(host="example.com", addresses=("gateway.example.net",))],
            "example.com: the name of a zone itself cannot be a CNAME",
        ),
    ],
)
def test_what_a_zone_cannot_say_is_told(names: list[ExternalName], said: str) -> None:
    assert hosts_zone(names, "example.com", 300) == ("$ORIGIN example.com.\n$TTL 300", (said,))


def test_a_hosts_file_has_ip_addresses_only() -> None:
    names = [
        named(addresses=("203.0.113.10", "gateway.example.net")),
        named(host="b.example.com", addresses=("gateway.example.net",)),
        named(host="c.example.com", addresses=()),
    ]
    assert hosts_file(names) == (
        "203.0.113.10 a.example.com",
        (
            "c.example.com: ingress public of Cluster cluster-a has no `addresses`",
            "b.example.com: a hosts file has IP addresses, not gateway.example.net",
        ),
    )
