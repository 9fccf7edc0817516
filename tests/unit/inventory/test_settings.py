"""Where settings come from: the nearest holder that says something counts, as in the expanded inventory."""

from __future__ import annotations

import json
from itertools import product

import pytest

from gitops_gen.inventory.settings import Said, setting_names, settings
from gitops_gen.model import BackendChoice
from tests.inventories import PUBLIC, cluster, consumer, load, mesh, placed

CHOICES = (None, "pod-service", "service-entry")


def _line(choice: str | None) -> str:
    return f"backend: {choice}\n" if choice else ""


@pytest.mark.parametrize(("of_mesh", "of_cluster", "of_workload"), list(product(CHOICES, repeat=3)))
def test_what_is_told_of_a_setting_is_what_expansion_makes_of_it(
    of_mesh: str | None, of_cluster: str | None, of_workload: str | None
) -> None:
    loaded = load(
        mesh(_line(of_mesh)),
        cluster("east", _line(of_cluster) + PUBLIC),
        placed(
            placements="{cluster: east, replicas: 2}\n{cluster: east, statefulSet: b, replicas: 1, backend: none}",
            ports="{name: http, port: 80, protocol: HTTP}",
            more=_line(of_workload),
        ),
    )
    told = settings(loaded.documents, "backend")
    assert loaded.inventory is not None
    placements = loaded.inventory.workloads[0].placements
    assert [BackendChoice(json.loads(one.said.value)) for one in told] == [one.backend for one in placements]
    chain = [of_workload, of_cluster, of_mesh]
    said = [choice for choice in chain if choice]
    assert [json.loads(one.value) for one in told[1].overruled] == said
    assert (told[0].said.location is None) == (not said)


def test_each_holder_is_named_with_the_place_of_its_word() -> None:
    loaded = load(
        mesh("gateways: shared"),
        cluster("east", "gateways: per-pod\n" + PUBLIC),
        placed(more="gateways: auto"),
    )
    (told,) = settings(loaded.documents, "gateways")
    assert told.subject == "placement 1 of Workload streaming/kafka in east"
    said = [told.said, *told.overruled]
    assert [(one.holder, one.value) for one in said] == [
        ("Workload streaming/kafka", '"auto"'),
        ("Cluster east", '"per-pod"'),
        ("the Mesh", '"shared"'),
    ]
    lines = loaded.texts["inventory.yaml"].splitlines()
    places = [one.location for one in said if one.location is not None]
    assert [lines[place.line - 1].strip() for place in places] == [
        "gateways: auto",
        "gateways: per-pod",
        "gateways: shared",
    ]


def test_the_engine_of_a_cluster_is_its_own_or_that_of_the_mesh() -> None:
    loaded = load(mesh("gitops: {engine: flux}"), cluster("east"), cluster("west", "engine: argocd"))
    told = settings(loaded.documents, "engine")
    assert [(one.subject, one.said.holder, one.said.value) for one in told] == [
        ("Cluster east", "the Mesh", '"flux"'),
        ("Cluster west", "Cluster west", '"argocd"'),
    ]
    assert [one.value for one in told[1].overruled] == ['"flux"']


def test_without_a_mesh_or_a_word_the_default_holds() -> None:
    told = settings(load(cluster("east")).documents, "engine")
    assert [one.said for one in told] == [Said("default", '"none"', None)]
    assert settings(load(cluster("east"), placed()).documents, "service")[0].said == Said(
        "default", "the workload's name", None
    )


def test_members_of_lists_and_mappings_are_followed_by_name_or_number() -> None:
    loaded = load(mesh(), cluster("east"), placed("{name: http, port: 8080, protocol: HTTP, expose: {port: 81}}"))
    for name, value in {
        "ports.http.protocol": '"HTTP"',
        "ports.1.port": "8080",
        "ports.http.expose.port": "81",
        "ingresses.public.namespace": '"istio-ingress"',
        "placements.1.replicas": "2",
    }.items():
        (told,) = settings(loaded.documents, name)
        assert (told.said.value, told.said.location is not None) == (value, True), name


def test_what_is_not_written_is_the_default_of_its_field() -> None:
    loaded = load(
        mesh(),
        cluster("east"),
        placed(),
        consumer("cluster: east\nworkloads: [streaming/kafka]\nvia: east-west\nport: http"),
    )
    values = {
        name: settings(loaded.documents, name)[0].said
        for name in (
            "istio.mtls",
            "eastWest",
            "gitops",
            "endpoints",
            "ports.http.beforeReady",
            "ingresses.public.selector",
        )
    }
    assert values == {
        "istio.mtls": Said("default", '"strict"', None),
        "eastWest": Said("default", "not set", None),
        "gitops": Said("default", "{}", None),
        "endpoints": Said("default", "not set", None),
        "ports.http.beforeReady": Said("default", "false", None),
        "ingresses.public.selector": Said("default", '{"istio": "ingressgateway"}', None),
    }


@pytest.mark.parametrize("name", ["", "bakend", "istio.nothing", "ports.grpc.port", "ports.http.port.x", "ingresses.x"])
def test_a_name_that_is_none_has_no_values(name: str) -> None:
    assert settings(load(mesh(), cluster("east"), placed()).documents, name) == []


def test_names_are_those_of_all_kinds_as_they_are_written() -> None:
    names = setting_names(load(mesh(), cluster("east"), placed()).documents)
    assert {"backend", "engine", "serviceAccount", "vipPool", "eastWest", "placements"} <= set(names)
    assert names == sorted(names)
