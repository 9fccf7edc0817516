from __future__ import annotations

import pytest

from gitops_gen import naming
from gitops_gen.model import Pod
from tests.factories import a_cluster, an_ingress


@pytest.mark.parametrize("text", ["a", "0", "a-b", "a--b", "con", "xn--a", "a" * 63])
def test_dns_labels(text: str) -> None:
    assert naming.is_label(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "a-",
        "-a",
        "A",
        "a.b",
        "a_b",
        "a\n",
        "a b",
        "é",
        "\N{ARABIC-INDIC DIGIT THREE}",
        "\N{KELVIN SIGN}",
        "a/b",
        "..",
        "a" * 64,
    ],
)
def test_what_is_no_dns_label(text: str) -> None:
    assert not naming.is_label(text)


def test_subdomains_are_labels_with_dots() -> None:
    longest = ".".join(["a" * 49] * 5 + ["abc"])

    assert len(longest) == 253
    assert naming.is_subdomain("a.b-c.0")
    assert naming.is_subdomain(longest)
    assert not naming.is_subdomain(f"{longest}d")
    for text in ("", ".", "a.", ".a", "a..b", "a.B", "a.b\n"):
        assert not naming.is_subdomain(text)


def test_hosts_have_two_labels_and_no_address_is_one() -> None:
    assert naming.is_host("a.example.com")
    for text in ("localhost", "10.0.0.1", "a.1", "*.example.com", "a_b.example.com"):
        assert not naming.is_host(text)


def test_templates_are_filled() -> None:
    template = "{cluster}-{pod}.{namespace}-{port}-{ordinal}-{ordinal+1}.example.com"

    assert naming.template_fields(template) == ["cluster", "pod", "namespace", "port", "ordinal", "ordinal+1"]
    host = naming.expand(template, cluster="a", pod="db-3", namespace="data", port="http", ordinal=3)
    assert host == "a-db-3.data-http-3-4.example.com"
    assert naming.expand("bootstrap.example.com") == "bootstrap.example.com"


@pytest.mark.parametrize(
    ("template", "field"), [("{pod}", "pod"), ("{nonsense}", "nonsense"), ("{ordinal+1}", "ordinal+1")]
)
def test_a_field_without_a_value_is_an_error(template: str, field: str) -> None:
    with pytest.raises(KeyError) as raised:
        naming.expand(template, cluster="a", ordinal=None)

    assert raised.value.args == (field,)


@pytest.mark.parametrize(
    ("pod", "ordinal"), [("db-0", 0), ("db-12", 12), ("c-pool-4", 4), ("db", None), ("db-01", None), ("db0", None)]
)
def test_a_pods_number_is_the_end_of_its_name(pod: str, ordinal: int | None) -> None:
    assert naming.ordinal_of(pod) == ordinal


def test_names_of_services_and_gateways() -> None:
    cluster = a_cluster(name="east", cluster_domain="k8s.east")

    assert naming.service_fqdn("db", "data", cluster) == "db.data.svc.k8s.east"
    assert naming.pod_fqdn(Pod("db-0", 0), "db", "data", cluster) == "db-0.db.data.svc.k8s.east"
    assert naming.wildcard_of("a.b.example.com") == "*.b.example.com"
    assert naming.shared_gateway("example", an_ingress(name="public")) == "example-public"
