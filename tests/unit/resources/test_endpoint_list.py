"""Endpoint lists as the files that clients read."""

from __future__ import annotations

import io

import pytest
import yaml
from ruamel.yaml import YAML

from gitops_gen.manifest import dump, load
from gitops_gen.model import Consumer, EndpointFormat, EndpointList, Pod, Via
from gitops_gen.naming import ordinal_of
from gitops_gen.problems import Location
from gitops_gen.resources.endpoint_list import Autoscaled, Endpoint, endpoint_config_map, endpoint_text

CONSUMER = Consumer(
    namespace="thanos",
    name="thanos-query",
    cluster="observer",
    workloads=("monitoring/prometheus",),
    via=Via.NORTH_SOUTH,
    port="grpc",
    endpoints=EndpointList(config_map="thanos-stores", format=EndpointFormat.FILE_SD),
    origin=Location("inventory.yaml", 1, 1),
)


def endpoint(cluster: str, pod: str, port: int = 10901) -> Endpoint:
    return Endpoint(cluster, Pod(pod, ordinal_of(pod)), f"{cluster}-{pod}.example.com:{port}")


PODS = [
    endpoint("cluster-b", "prometheus-0"),
    endpoint("cluster-a", "prometheus-10"),
    endpoint("cluster-a", "prometheus-2"),
    endpoint("cluster-a", "arbiter"),
]


def test_file_sd_has_one_line_per_pod_in_order_of_cluster_and_number() -> None:
    assert (
        endpoint_text(EndpointFormat.FILE_SD, PODS, [])
        == """\
- targets:
  - "cluster-a-arbiter.example.com:10901"
  - "cluster-a-prometheus-2.example.com:10901"
  - "cluster-a-prometheus-10.example.com:10901"
  - "cluster-b-prometheus-0.example.com:10901"
"""
    )


def test_thanos_has_one_line_per_pod() -> None:
    assert (
        endpoint_text(EndpointFormat.THANOS, PODS[:2], [])
        == """\
endpoints:
- address: "cluster-a-prometheus-10.example.com:10901"
- address: "cluster-b-prometheus-0.example.com:10901"
"""
    )


def test_autoscaled_pods_are_said_in_a_comment() -> None:
    autoscaled = [Autoscaled("cluster-b", "monitoring/prometheus", 12), Autoscaled("cluster-a", "x/y", 3)]

    assert (
        endpoint_text(EndpointFormat.THANOS, PODS[:1], autoscaled)
        == """\
# x/y in cluster-a is scaled by an autoscaler: up to 3 of these pods answer.
# monitoring/prometheus in cluster-b is scaled by an autoscaler: up to 12 of these pods answer.
endpoints:
- address: "cluster-b-prometheus-0.example.com:10901"
"""
    )


@pytest.mark.parametrize(
    ("form", "text"), [(EndpointFormat.FILE_SD, "- targets: []\n"), (EndpointFormat.THANOS, "endpoints: []\n")]
)
def test_a_workload_without_pods_leaves_an_empty_list(form: EndpointFormat, text: str) -> None:
    assert endpoint_text(form, [], []) == text


def test_a_pod_is_listed_once() -> None:
    assert endpoint_text(EndpointFormat.THANOS, [PODS[0], PODS[0]], []).count("address:") == 1


@pytest.mark.parametrize("form", list(EndpointFormat))
def test_two_yaml_readers_find_the_same_addresses(form: EndpointFormat) -> None:
    text = endpoint_text(form, PODS, [Autoscaled("cluster-a", "x/y", 3)])
    addresses = [f"cluster-a-{pod}.example.com:10901" for pod in ("arbiter", "prometheus-2", "prometheus-10")]
    addresses.append("cluster-b-prometheus-0.example.com:10901")
    expected = (
        [{"targets": addresses}]
        if form is EndpointFormat.FILE_SD
        else {"endpoints": [{"address": address} for address in addresses]}
    )

    assert yaml.safe_load(text) == expected
    assert YAML(typ="safe").load(io.StringIO(text)) == expected


def test_the_config_map_holds_the_list_as_a_readable_block() -> None:
    assert CONSUMER.endpoints is not None
    text = endpoint_text(EndpointFormat.FILE_SD, PODS[1:3], [Autoscaled("cluster-a", "monitoring/prometheus", 3)])
    written = dump([endpoint_config_map(CONSUMER, CONSUMER.endpoints, text)])

    assert (
        written
        == """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: thanos-stores
  namespace: thanos
  labels:
    app.kubernetes.io/managed-by: gitops-gen
    gitops-gen.io/consumer: thanos-query
data:
  endpoints.yaml: |
    # monitoring/prometheus in cluster-a is scaled by an autoscaler: up to 3 of these pods answer.
    - targets:
      - "cluster-a-prometheus-2.example.com:10901"
      - "cluster-a-prometheus-10.example.com:10901"
"""
    )
    assert next(load(written))["data"]["endpoints.yaml"] == text
