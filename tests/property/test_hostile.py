"""Hostile texts in every field of an inventory: each is refused, or harmless in all that is made of it."""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.inventory.load import load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.manifest import load
from gitops_gen.naming import is_host, is_label
from gitops_gen.resources.check import check_shapes
from gitops_gen.workflows.desired import compile_desired
from tests.hostile import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.inventory.nodes import Path

V = "gitops-gen.io/v1alpha1"

DOCUMENTS: list[dict[str, Any]] = [
    {
        "apiVersion": V,
        "kind": "Mesh",
        "metadata": {"name": "example"},
        "spec": {
            "trustDomain": "cluster.local",
            "vipPool": "240.241.0.0/16",
            "gitops": {
                "repository": "https://git.example.com/mesh.git",
                "branch": "main",
                "path": "meshes/example",
                "engine": "none",
                "syncUnit": "namespace",
            },
            "hosts": [{"suffix": "db.example.com", "namespaces": ["databases"]}],
            "backend": "auto",
            "gateways": "auto",
        },
    },
    {
        "apiVersion": V,
        "kind": "Cluster",
        "metadata": {"name": "east", "labels": {"ring": "canary"}},
        "spec": {
            "istio": {"version": "1.30", "mtls": "strict", "dataplane": "sidecar"},
            "network": "network-a",
            "clusterDomain": "cluster.local",
            "ingresses": {
                "public": {
                    "namespace": "istio-ingress",
                    "selector": {"istio": "ingressgateway"},
                    "hostTemplate": "{cluster}-{pod}.example.com",
                    "openPorts": ["1-65535"],
                    "credentialName": "wildcard",
                    "gateway": "generated",
                    "addresses": ["203.0.113.10"],
                    "default": True,
                },
                "other": {
                    "namespace": "istio-ingress",
                    "selector": {"istio": "other"},
                    "hostTemplate": "{cluster}-{pod}.example.org",
                    "gateway": {"existing": "istio-ingress/shared"},
                },
            },
            "eastWest": {
                "address": "203.0.113.11",
                "namespace": "istio-system",
                "selector": {"istio": "eastwest"},
                "gateway": "generated",
            },
            "engine": "none",
        },
    },
    {
        "apiVersion": V,
        "kind": "Workload",
        "metadata": {"name": "kafka", "namespace": "streaming"},
        "spec": {
            "service": {"name": "kafka-headless", "create": True},
            "serviceAccount": "kafka",
            "selector": {"app": "kafka"},
            "ports": [
                {"name": "http", "port": 8080, "protocol": "HTTP", "targetPort": "web", "expose": {"ingress": "other"}},
                {
                    "name": "tls",
                    "port": 9093,
                    "protocol": "TLS",
                    "expose": [{}, {"host": "boot-{cluster}.example.com", "service": "boot"}],
                    "mtls": "own",
                },
                {"name": "gossip", "port": 7946, "protocol": "UDP", "carried": False, "reason": "gossip"},
            ],
            "placements": [
                {"cluster": "east", "replicas": 2},
                {
                    "clusters": {"ring": "canary"},
                    "replicas": {"max": 1},
                    "statefulSet": "rack-b",
                    "service": {"name": "kafka-headless"},
                    "serviceAccount": "kafka",
                    "podLabel": "statefulset.kubernetes.io/pod-name",
                },
                {"cluster": "east", "names": ["broker-7"], "backend": {"existing": "{pod}-internal"}},
            ],
            "allowConsumers": ["tools/*"],
        },
    },
    {
        "apiVersion": V,
        "kind": "Consumer",
        "metadata": {"name": "reader", "namespace": "tools"},
        "spec": {
            "cluster": "east",
            "workloads": ["streaming/kafka"],
            "via": "north-south",
            "port": "http",
            "endpoints": {"configMap": "brokers", "format": "file-sd"},
        },
    },
]


def strings(value: object, path: Path = ()) -> Iterator[tuple[Path, bool]]:
    """Yield the path of every text, and of every key that is a name of the user's own."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if path and path[-1] in {"labels", "selector", "ingresses", "clusters"}:
                yield (*path, key), True
            yield from strings(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from strings(inner, (*path, place))
    elif isinstance(value, str):
        yield path, False


FIELDS = [
    pytest.param(place, path, is_key, id=f"{document['kind']}.{'.'.join(map(str, path))}{'(key)' if is_key else ''}")
    for place, document in enumerate(DOCUMENTS)
    for path, is_key in strings(document)
]


def put(place: int, path: Path, text: str, *, is_key: bool) -> bytes:
    documents = copy.deepcopy(DOCUMENTS)
    inside: Any = documents[place]
    for step in path[:-1]:
        inside = inside[step]
    if is_key:
        inside[text] = inside.pop(path[-1])
    else:
        inside[path[-1]] = text
    return "\n---\n".join(json.dumps(document, ensure_ascii=False) for document in documents).encode()


_STRIDE = 12
"""The short test tries every twelfth text on each field, beginning elsewhere on each; the slow one tries all."""

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that do something to a terminal, or nothing that can be seen."""

_JOINERS = "\u200c\u200d"
"""The reader lets them pass: scripts and emoji need them."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
"""What Kubernetes takes for a DNS subdomain: 253 characters at most, labels of any length."""

SAFE_PATH = re.compile(r"(?:base|overlays|engines)(?:/[a-z0-9][a-z0-9.-]*)+\.yaml", re.ASCII)


def test_the_table_is_large_enough_and_its_inventory_is_good() -> None:
    assert len(HOSTILE) >= 200
    assert len(FIELDS) > 60
    loaded = load_inventory([Source("inventory.yaml", put(0, ("kind",), "Mesh", is_key=False))])
    assert loaded.problems == ()
    assert loaded.inventory is not None
    assert [problem.message for problem in check_shapes(loaded.inventory)] == []


@pytest.mark.parametrize(("place", "path", "is_key"), FIELDS)
def test_a_hostile_text_is_refused_or_harmless(place: int, path: Path, *, is_key: bool) -> None:
    first = sum(map(len, map(str, path))) % _STRIDE
    for text in HOSTILE[first::_STRIDE]:
        check(place, path, text, is_key=is_key)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "path", "is_key"), FIELDS)
def test_every_hostile_text_is_refused_or_harmless(place: int, path: Path, *, is_key: bool) -> None:
    for text in HOSTILE:
        check(place, path, text, is_key=is_key)


def check(place: int, path: Path, text: str, *, is_key: bool) -> None:
    loaded = load_inventory([Source("inventory.yaml", put(place, path, text, is_key=is_key))])
    # What the reader says is escaped by who shows it; what the rules say is escaped by them.
    for problem in (problem for problem in loaded.problems if problem.rule > "GGI2"):
        for said in (problem.message, problem.help, problem.subject):
            assert not any(unicodedata.category(letter) in _UNSEEN for letter in said if letter not in _JOINERS), text
            assert len(said) < 1500, text
    if loaded.inventory is None:
        assert loaded.problems
        return
    if check_shapes(loaded.inventory):
        return
    desired = compile_desired(loaded.inventory)
    written = [manifest for content in desired.tree.values() for manifest in load(content.decode())]
    assert written, text
    for file in desired.tree:
        assert SAFE_PATH.fullmatch(file), (text, file)
    for manifest in written:
        check_names(manifest)


def check_names(manifest: dict[str, Any]) -> None:
    if "metadata" not in manifest:
        return
    metadata = manifest["metadata"]
    assert _NAME.fullmatch(metadata["name"])
    assert len(metadata["name"]) <= 253
    assert is_label(metadata["namespace"])
    if manifest["kind"] == "VirtualService":
        assert all(is_host(host) for host in manifest["spec"]["hosts"])
    if manifest["kind"] in {"Service", "Gateway"}:
        assert is_label(metadata["name"])
