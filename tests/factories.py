"""Small model values for tests: everything has a default, every default can be overridden by keyword.

The defaults make one workload `monitoring/prometheus` with two pods in `cluster-a`, behind the ingress `public`
that speaks plain HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.model import (
    Cluster,
    Consumer,
    EastWest,
    Ingress,
    Inventory,
    Istio,
    Mesh,
    Placement,
    Pod,
    Port,
    Protocol,
    Route,
    Via,
    Workload,
)
from gitops_gen.naming import ordinal_of
from gitops_gen.problems import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Location("inventory.yaml", 1, 1)
"""Where everything that a factory makes was read, unless a test says otherwise."""

HOST_TEMPLATE = "{cluster}-{pod}.example.com"
"""The host template of the ingress that `an_ingress` makes."""


def a_mesh(**changes: Any) -> Mesh:
    """Make a Mesh called `example`."""
    return Mesh(**{"name": "example", "origin": HERE, **changes})


def an_ingress(**changes: Any) -> Ingress:
    """Make the default ingress `public`, plain HTTP, with generated Gateways."""
    values = {
        "name": "public",
        "default": True,
        "namespace": "istio-ingress",
        "selector": (("istio", "ingressgateway"),),
        "host_template": HOST_TEMPLATE,
        "origin": HERE,
    }
    return Ingress(**{**values, **changes})


def an_east_west(**changes: Any) -> EastWest:
    """Make an east-west gateway with one IP address, which somebody else owns."""
    values = {"addresses": ("192.0.2.10",), "selector": (("istio", "eastwestgateway"),), "origin": HERE}
    return EastWest(**{**values, **changes})


def a_cluster(**changes: Any) -> Cluster:
    """Make `cluster-a` with the ingress `public`; `istio` may be a mapping of Istio's fields."""
    istio = changes.pop("istio", {})
    values = {
        "name": "cluster-a",
        "istio": istio if isinstance(istio, Istio) else Istio(**istio),
        "ingresses": (an_ingress(),),
        "origin": HERE,
    }
    return Cluster(**{**values, **changes})


def a_route(**changes: Any) -> Route:
    """Make a route at port 80 of the ingress `public`; `start_port` takes the place of the port."""
    values = {
        "ingress": "public",
        "host": HOST_TEMPLATE,
        "own_host": "host" in changes,
        "port": None if "start_port" in changes else 80,
        "origin": HERE,
    }
    return Route(**{**values, **changes})


def a_port(**changes: Any) -> Port:
    """Make the HTTP port `http-web` 9090 without a route; `target` follows the number."""
    values = {
        "name": "http-web",
        "number": 9090,
        "target": changes.get("number", 9090),
        "protocol": Protocol.HTTP,
        "origin": HERE,
    }
    return Port(**{**values, **changes})


def some_pods(stateful_set: str = "prometheus", replicas: int = 2, start: int = 0) -> tuple[Pod, ...]:
    """Make the pods of a StatefulSet."""
    return tuple(Pod(f"{stateful_set}-{ordinal}", ordinal) for ordinal in range(start, start + replicas))


def a_placement(**changes: Any) -> Placement:
    """Make a placement of two pods in `cluster-a` with one exposed port.

    Besides the fields of Placement: `replicas` and `start` make the pods of the set, `names` those of an operator.
    """
    stateful_set = changes.setdefault("stateful_set", "prometheus")
    replicas, start, names = changes.pop("replicas", 2), changes.pop("start", 0), changes.pop("names", None)
    pods = (
        some_pods(stateful_set, replicas, start) if names is None else [Pod(name, ordinal_of(name)) for name in names]
    )
    values = {
        "cluster": "cluster-a",
        "pods": tuple(pods),
        "service": stateful_set,
        "service_account": stateful_set,
        "ports": (a_port(routes=(a_route(),)),),
        "origin": HERE,
    }
    return Placement(**{**values, **changes})


def a_workload(**changes: Any) -> Workload:
    """Make `monitoring/prometheus` with one placement in `cluster-a`."""
    values = {"namespace": "monitoring", "name": "prometheus", "placements": (a_placement(),), "origin": HERE}
    return Workload(**{**values, **changes})


def a_consumer(**changes: Any) -> Consumer:
    """Make `thanos/thanos-query` in `observer`, which dials `http-web` of `monitoring/prometheus` north-south."""
    values = {
        "namespace": "thanos",
        "name": "thanos-query",
        "cluster": "observer",
        "workloads": ("monitoring/prometheus",),
        "via": Via.NORTH_SOUTH,
        "port": "http-web",
        "origin": HERE,
    }
    return Consumer(**{**values, **changes})


def an_inventory(
    *,
    mesh: Mesh | None = None,
    clusters: Sequence[Cluster] | None = None,
    workloads: Sequence[Workload] | None = None,
    consumers: Sequence[Consumer] = (),
    digest: str = "0" * 64,
) -> Inventory:
    """Make an inventory, in the order that the model promises."""
    found = [a_cluster()] if clusters is None else clusters
    return Inventory(
        mesh=mesh or a_mesh(),
        clusters={cluster.name: cluster for cluster in sorted(found, key=lambda cluster: cluster.name)},
        workloads=tuple(
            sorted([a_workload()] if workloads is None else workloads, key=lambda w: (w.namespace, w.name))
        ),
        consumers=tuple(sorted(consumers, key=lambda c: (c.namespace, c.name))),
        digest=digest,
    )
