from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_gen.compiled import INGRESS_GATEWAYS, Compiled, Place
from gitops_gen.layout.mixture import Parts, differing_folders, lost_gateways, mix, same_resources
from gitops_gen.layout.paths import Folder
from tests.meshes import a_manifest, a_pod, a_policy, pods

KEY = "monitoring/prometheus"
PROMETHEUS = Folder("monitoring", "prometheus")
KAFKA = Folder("streaming", "kafka")
GATEWAYS = Folder("istio-ingress", INGRESS_GATEWAYS)


def a_mesh(size: int) -> dict[str, list[Compiled]]:
    return {
        cluster: [*pods(cluster, KEY, range(size)), a_policy(KEY), *pods(cluster, "streaming/kafka", range(size))]
        for cluster in ("east", "west")
    }


def test_parts_are_whole_clusters_and_single_folders() -> None:
    parts = Parts(clusters=frozenset({"east"}), folders=frozenset({("west", KAFKA)}))
    assert ("east", PROMETHEUS) in parts
    assert ("west", KAFKA) in parts
    assert ("west", PROMETHEUS) not in parts
    assert parts
    assert Parts(clusters=parts.clusters)
    assert Parts(folders=parts.folders)
    assert not Parts()


@pytest.mark.parametrize(
    ("stays", "sizes"),
    [
        (Parts(), {"east": (3, 3), "west": (3, 3)}),
        (Parts(clusters=frozenset({"east"})), {"east": (2, 2), "west": (3, 3)}),
        (Parts(folders=frozenset({("west", KAFKA)})), {"east": (3, 3), "west": (3, 2)}),
        (Parts(clusters=frozenset({"east", "west"})), {"east": (2, 2), "west": (2, 2)}),
    ],
)
def test_a_mixture_takes_each_part_from_one_side(stays: Parts, sizes: dict[str, tuple[int, int]]) -> None:
    mixed = mix(a_mesh(3), a_mesh(2), stays)
    for cluster, (prometheus, kafka) in sizes.items():
        expected = [
            *pods(cluster, KEY, range(prometheus)),
            a_policy(KEY),
            *pods(cluster, "streaming/kafka", range(kafka)),
        ]
        assert same_resources(mixed[cluster], expected)


def test_a_part_that_is_nowhere_on_its_side_is_not_there() -> None:
    live = {"east": pods("east", KEY, range(2))}
    assert mix(live, {}, Parts(clusters=frozenset({"east"}))) == {"east": []}
    assert mix({}, live, Parts()) == {"east": []}


def test_resources_are_the_same_in_any_order_and_by_text() -> None:
    one = a_pod("east", KEY, "prometheus-0")
    assert same_resources(one, one[::-1])
    assert not same_resources(one, one[1:])
    changed = [replace(one[0], manifest={**one[0].manifest, "spec": {"enabled": True}}), *one[1:]]
    number = [replace(one[0], manifest={**one[0].manifest, "spec": {"enabled": 1}}), *one[1:]]
    assert not same_resources(changed, number), "True is not 1 for Kubernetes"
    assert differing_folders(one, changed) == [PROMETHEUS]
    assert differing_folders(one, one) == []
    assert differing_folders(one, []) == differing_folders([], one) == [PROMETHEUS]


def a_gateway(hosts: list[str], name: str = "example-public", ports: tuple[int, ...] = (443,), **spec: Any) -> Compiled:
    servers = [{"port": {"number": port, "name": f"p{port}", "protocol": "HTTPS"}, "hosts": hosts} for port in ports]
    manifest = a_manifest(
        "Gateway", "istio-ingress", name, {"selector": {"istio": "ingressgateway"}, "servers": servers, **spec}
    )
    return Compiled(manifest, Place("istio-ingress", INGRESS_GATEWAYS, name, "Cluster east"))


def a_route(*gateways: str) -> Compiled:
    manifest = a_manifest("VirtualService", "monitoring", "east-prometheus-0", {"gateways": list(gateways)})
    return Compiled(manifest, Place("monitoring", "prometheus", "prometheus-0", f"Workload {KEY}"))


SHARED = "istio-ingress/example-public"


@pytest.mark.parametrize(
    ("route", "after", "lost"),
    [
        (SHARED, [a_gateway(["a/*"])], []),
        (SHARED, [a_gateway(["a/*", "b/*"])], []),
        (SHARED, [a_gateway(["a/*"], ports=(443, 8443))], []),
        (SHARED, [a_gateway(["b/*"])], [GATEWAYS]),
        (SHARED, [a_gateway(["a/*"], ports=(8443,))], [GATEWAYS]),
        (SHARED, [a_gateway(["a/*"], selector={"istio": "other"})], [GATEWAYS]),
        (SHARED, [], [GATEWAYS]),
        (SHARED, [a_gateway(["a/*"], name="another")], [GATEWAYS]),
        ("istio-ingress/another", [], []),
        ("example-public", [], []),
        ("mesh", [], []),
    ],
)
def test_a_held_route_needs_the_servers_that_it_had(route: str, after: list[Compiled], lost: list[Folder]) -> None:
    assert lost_gateways([a_route(route)], [a_gateway(["a/*"])], after) == lost


def test_a_route_beside_its_gateway_may_name_it_without_the_namespace() -> None:
    route = a_route("example-public")
    route.manifest["metadata"]["namespace"] = "istio-ingress"
    assert lost_gateways([route], [a_gateway(["a/*"])], []) == [GATEWAYS]


def test_what_is_held_beside_routes_names_no_gateway() -> None:
    without = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring", "name": "endpoints"}}
    held = [Compiled(without, Place("monitoring", "prometheus", "endpoints", f"Workload {KEY}"))]
    assert lost_gateways(held, [a_gateway(["a/*"])], []) == []


def test_a_gateway_of_the_workload_itself_is_no_shared_one() -> None:
    mine = a_pod("east", KEY, "prometheus-0")
    assert lost_gateways(mine, mine, []) == []
