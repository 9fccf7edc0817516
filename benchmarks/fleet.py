"""Fleets of any size: one inventory for gitops-gen, and the same as values for a chart of Helm's.

A fleet is a number of workloads of five pods, fifty workloads to a namespace, so that a sync unit holds 250 pods
with three resources each. Same size, same bytes.
"""

from __future__ import annotations

from typing import NamedTuple

PODS_OF_WORKLOAD = 5
WORKLOADS_OF_NAMESPACE = 50
RESOURCES_OF_POD = 3

CLUSTER = "cluster-a"
DOMAIN = "example.com"
INGRESS_NAMESPACE = "istio-ingress"
INGRESS_SELECTOR = "ingressgateway"
PORT_NAME = "http-web"
PORT_NUMBER = 9090
PORT_PROTOCOL = "HTTP"

MESH = f"""\
apiVersion: gitops-gen.io/v1alpha1
kind: Mesh
metadata: {{name: bench}}
spec: {{}}
---
apiVersion: gitops-gen.io/v1alpha1
kind: Cluster
metadata: {{name: {CLUSTER}}}
spec:
  istio: {{version: "1.30", mtls: strict, endpointDiscovery: false}}
  ingresses:
    public:
      namespace: {INGRESS_NAMESPACE}
      selector: {{istio: {INGRESS_SELECTOR}}}
      hostTemplate: "{{cluster}}-{{pod}}.{DOMAIN}"
"""


class Stateful(NamedTuple):
    """One workload of a fleet."""

    namespace: str
    name: str
    replicas: int


def fleet(pods: int, *, more: int = 0) -> list[Stateful]:
    """Return the workloads that have so many pods, the first of them with `more` in addition.

    Raises ValueError for a number of pods that is no multiple of a workload's.
    """
    count, rest = divmod(pods, PODS_OF_WORKLOAD)
    if rest:
        raise ValueError(f"{pods} pods are not workloads of {PODS_OF_WORKLOAD}")
    return [
        Stateful(
            namespace=f"team-{number // WORKLOADS_OF_NAMESPACE:04d}",
            name=f"db-{number:05d}",
            replicas=PODS_OF_WORKLOAD + (more if number == 0 else 0),
        )
        for number in range(count)
    ]


def inventory(workloads: list[Stateful]) -> str:
    """Write a fleet as an inventory of gitops-gen."""
    return MESH + "".join(
        f"""\
---
apiVersion: gitops-gen.io/v1alpha1
kind: Workload
metadata: {{name: {workload.name}, namespace: {workload.namespace}}}
spec:
  ports:
    - {{name: {PORT_NAME}, port: {PORT_NUMBER}, protocol: {PORT_PROTOCOL}, expose: {{}}}}
  placements:
    - {{cluster: {CLUSTER}, replicas: {workload.replicas}}}
"""
        for workload in workloads
    )


def values(workloads: list[Stateful]) -> str:
    """Write a fleet as the values of `benchmarks/chart`."""
    return f"""\
cluster: {CLUSTER}
ingress: {{namespace: {INGRESS_NAMESPACE}, selector: {INGRESS_SELECTOR}, port: 80, domain: {DOMAIN}}}
workloads:
""" + "".join(
        f"""\
  - namespace: {workload.namespace}
    name: {workload.name}
    replicas: {workload.replicas}
    port: {{name: {PORT_NAME}, number: {PORT_NUMBER}, protocol: {PORT_PROTOCOL}}}
"""
        for workload in workloads
    )
