"""Endpoint lists: a ConfigMap with the address of every pod that a Consumer dials, one line per pod.

The client mounts it and reads it again when it changes, so that a scale-up reaches it by the same commit that makes
the routes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.manifest import scalar
from gitops_gen.model import EndpointFormat
from gitops_gen.resources.labels import consumer_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.model import Consumer, EndpointList, Pod
    from gitops_gen.resources.fields import ConfigMap

KEY = "endpoints.yaml"
"""The list's key in its ConfigMap, and so its file name where it is mounted."""

MAX_BYTES = 1024 * 1024
"""What the Kubernetes API takes in all values of one ConfigMap."""


_FORMS = {
    EndpointFormat.FILE_SD: ("- targets:\n", "  - {}\n", "- targets: []\n"),
    EndpointFormat.THANOS: ("endpoints:\n", "- address: {}\n", "endpoints: []\n"),
}
"""What stands above the addresses, around each, and in place of both where there are none."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod of a cluster and the `host:port` by which one Consumer dials it."""

    cluster: str
    pod: Pod
    address: str


@dataclass(frozen=True, slots=True)
class Autoscaled:
    """Pods of a workload in a cluster that come and go by an autoscaler; the list has all up to `most`."""

    cluster: str
    workload: str
    most: int


def endpoint_order(endpoint: Endpoint) -> tuple[str, str, int, str, str]:
    """Sort by cluster, then by pod, the numbers at the end of pods' names as numbers: 2 before 10."""
    pod = endpoint.pod
    if pod.ordinal is None:
        return (endpoint.cluster, pod.name, -1, pod.name, endpoint.address)
    return (endpoint.cluster, pod.name.rpartition("-")[0], pod.ordinal, pod.name, endpoint.address)


def endpoint_text(form: EndpointFormat, endpoints: Iterable[Endpoint], autoscaled: Iterable[Autoscaled]) -> str:
    """Write endpoints as the YAML that the client reads.

    `file-sd` is the file of Prometheus's and Thanos's file service discovery, `thanos` the file of Thanos's
    `--endpoint.sd-config-file`. Autoscaled pods are said in a comment: those above the present scale do not answer.
    """
    addresses = dict.fromkeys(endpoint.address for endpoint in sorted(endpoints, key=endpoint_order))
    comments = [
        f"# {some.workload} in {some.cluster} is scaled by an autoscaler: up to {some.most} of these pods answer.\n"
        for some in sorted(autoscaled, key=lambda some: (some.cluster, some.workload, some.most))
    ]
    head, line, nothing = _FORMS[form]
    lines = [line.format(scalar(address)) for address in addresses]
    return "".join([*comments, head, *lines] if lines else [*comments, nothing])


def endpoint_config_map(consumer: Consumer, wanted: EndpointList, text: str) -> ConfigMap:
    """ConfigMap that tells a Consumer's client which pods there are; mounted by the client, in its own namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": wanted.config_map,
            "namespace": consumer.namespace,
            "labels": consumer_labels(consumer.name),
        },
        "data": {KEY: text},
    }
