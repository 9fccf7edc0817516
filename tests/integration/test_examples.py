"""Each example, published by the real command line and read back as an engine does.

The route tables below are written by hand from the inventories, and the oracle that reads the rendered resources
imports nothing of gitops_gen: what the compiler means by an inventory plays no part in what is expected of it.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gitops_gen import load_inventory
from gitops_gen.kustomize import build, build_all
from gitops_gen.workflows.desired import compile_desired
from tests.command import EXAMPLES, ROOT, bare_repository, checked_out, files_of, git, run, start
from tests.oracle.mesh import (
    ANY_HOST,
    Facts,
    GatewayPods,
    Mesh,
    PodFact,
    RegisteredPort,
    Request,
    cross_faults,
    faults,
    read,
    routes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize

End = tuple[str, str, int]
"""Namespace, pod (or companion Service) and port."""

POD_NAME = "statefulset.kubernetes.io/pod-name"
BOOTSTRAP = "orders-kafka-external-bootstrap"


@dataclass
class Expected:
    """What a cluster of an example has to serve, and what runs there beside what is rendered."""

    gateways: tuple[GatewayPods, ...] = ()
    table: dict[Request, End] = field(default_factory=dict)
    pods: list[PodFact] = field(default_factory=list)
    services: dict[tuple[str, str], dict[int, RegisteredPort]] = field(default_factory=dict)
    theirs: list[dict[str, Any]] = field(default_factory=list)
    discovery: bool = False
    dns_capture: bool = False

    def runs(self, namespace: str, names: Iterable[str], label: str = POD_NAME) -> None:
        self.pods += [PodFact(namespace, name, {label: name}, {}) for name in names]

    def serves(self, gateway: str, port: int, host: str, end: End) -> None:
        request = Request(gateway, port, host)
        assert request not in self.table
        self.table[request] = end

    def has(self, namespace: str, service: str, *ports: tuple[int, str]) -> None:
        """Let somebody else have made a Service."""
        self.services[namespace, service] = {
            number: RegisteredPort(f"{protocol}-{number}", protocol, number) for number, protocol in ports
        }


def thanos() -> dict[str, Expected]:
    clusters = {"observer": Expected()}
    for cluster in ("cluster-a", "cluster-b"):
        public = GatewayPods("public", "istio-ingress", {"istio": "ingressgateway"}, frozenset({80, 10901}))
        expected = clusters[cluster] = Expected((public,))
        for pod in ("prometheus-0", "prometheus-1"):
            expected.runs("monitoring", [pod])
            expected.serves("public", 80, f"{cluster}-{pod}.example.com", ("monitoring", pod, 9090))
            expected.serves("public", 10901, f"{cluster}-{pod}.example.com", ("monitoring", pod, 10901))
    return clusters


def kafka() -> dict[str, Expected]:
    ingress = ("public", "istio-ingress", {"istio": "ingressgateway"})
    east = Expected((GatewayPods(*ingress, frozenset({9094})),), discovery=True)
    west = Expected((GatewayPods(*ingress, frozenset(range(19000, 19200))),), discovery=True)
    for ordinal in range(3):
        pod = f"kafka-{ordinal}"
        east.serves("public", 9094, f"east-{pod}.kafka.example.com", ("kafka", pod, 9094))
        west.serves("public", 19100 + ordinal, ANY_HOST, ("kafka", pod, 9094))
        east.runs("kafka", [pod])
        west.runs("kafka", [pod])
    east.serves("public", 9094, "east-bootstrap.kafka.example.com", ("kafka", "kafka-bootstrap", 9094))
    west.serves("public", 19000, ANY_HOST, ("kafka", "kafka-bootstrap", 9094))
    east.has("kafka", "kafka-bootstrap", (9094, "tls"))
    west.has("kafka", "kafka-bootstrap", (9094, "tcp"))
    for cluster in (east, west):
        cluster.has("kafka", "kafka-brokers", (9091, "tcp"))
    return {"east": east, "west": west}


def ordered(name: str, *ordinals: int) -> list[str]:
    return [f"{name}-{ordinal}" for ordinal in ordinals]


DATA, OPS = "{cluster}-{pod}.data.example.com", "{cluster}-{pod}.ops.example.com"
PROMETHEUS = [*ordered("prometheus-main", 0, 1), *ordered("prometheus-main-shard-1", 0, 1)]

NAMED = [
    ("lone", "ops", 80, OPS, "monitoring", ["prometheus-main-0"], 9090),
    ("lone", "ops", 10901, OPS, "monitoring", ["prometheus-main-0"], 10901),
    ("lone", "public", 443, DATA, "databases", ordered("mongodb", 0, 1, 2), 27017),
    ("lone", "public", 443, DATA, "storage", ordered("main-pool-0", 0, 1, 2, 3), 9000),
    ("north", "ops", 80, OPS, "databases", ordered("postgres", 0, 1), 8008),
    ("north", "public", 443, DATA, "streaming", ordered("zookeeper", 5, 6, 7), 8080),
    ("south", "public", 443, DATA, "search", ordered("logs-es-default", 0, 1, 2), 9200),
    *(
        row
        for cluster in ("north", "south")
        for row in (
            (cluster, "ops", 80, OPS, "monitoring", PROMETHEUS, 9090),
            (cluster, "ops", 10901, OPS, "monitoring", PROMETHEUS, 10901),
            (cluster, "ops", 80, OPS, "monitoring", ordered("alertmanager", 0, 1, 2), 9093),
            (cluster, "ops", 443, OPS, "vault", ordered("vault", 0, 1, 2), 8200),
            (cluster, "public", 443, DATA, "databases", ordered("mongodb", 0, 1, 2), 27017),
        )
    ),
]
"""What `mixed` serves by name: cluster, gateway, gateway port, host, namespace, pods, port."""

COUNTED = [
    ("lone", 20100, "streaming", ordered("nats", *range(12)), 4222),
    ("north", 20200, "databases", ordered("main-dc1-rack1-sts", 0, 1, 2), 9042),
    ("north", 20210, "databases", ordered("main-dc1-rack2-sts", 0, 1, 2), 9042),
    ("north", 20410, "databases", ordered("postgres", 0, 1), 5432),
    ("south", 20120, "streaming", ordered("nats", *range(12)), 4222),
    ("south", 20220, "databases", ordered("main-dc2-rack1-sts", 0, 1, 2), 9042),
    ("south", 20300, "databases", ordered("redis", *range(6)), 6379),
]
"""What it serves by gateway port: cluster, the first port, namespace, pods, port."""

COMPANIONS = [
    ("lone", 443, "lone-s3.data.example.com", ("storage", "minio", 9000), "http"),
    ("north", 9094, "north-orders-bootstrap.data.example.com", ("streaming", BOOTSTRAP, 9094), "tls"),
    ("north", 20400, ANY_HOST, ("databases", "postgres-rw", 5432), "tcp"),
    ("north", 20401, ANY_HOST, ("databases", "postgres-ro", 5432), "tcp"),
    ("lone", 20400, ANY_HOST, ("databases", "postgres-rw", 5432), "tcp"),
    ("lone", 20401, ANY_HOST, ("databases", "postgres-ro", 5432), "tcp"),
    ("south", 443, "south-logs.data.example.com", ("search", "logs-es-http", 9200), "https"),
]
"""Which Services that others made it leads to: cluster, gateway port, host, the Service, its protocol."""


def mixed() -> dict[str, Expected]:
    data = frozenset({443, 9094, *range(20000, 21000)})
    gateways = (
        GatewayPods("public", "istio-ingress", {"istio": "ingressgateway"}, data),
        GatewayPods("ops", "istio-ingress-ops", {"istio": "ingressgateway-ops"}, frozenset({80, 443, 10901})),
    )
    clusters = {
        "lone": Expected(gateways),
        "north": Expected(gateways, discovery=True),
        "south": Expected(gateways, discovery=True, dns_capture=True, theirs=[the_platform_gateway()]),
    }
    for name, gateway, port, host, namespace, pods, number in NAMED:
        clusters[name].runs(namespace, pods)
        for pod in pods:
            clusters[name].serves(gateway, port, host.format(cluster=name, pod=pod), (namespace, pod, number))
    for name, first, namespace, pods, number in COUNTED:
        clusters[name].runs(namespace, pods)
        for place, pod in enumerate(pods):
            clusters[name].serves("public", first + place, ANY_HOST, (namespace, pod, number))
    for name, port, host, end, protocol in COMPANIONS:
        clusters[name].serves("public", port, host, end)
        clusters[name].has(end[0], end[1], (end[2], protocol))
    for number in (0, 4, 5):
        pod = f"orders-brokers-{number}"
        clusters["north"].runs("streaming", [pod], label="strimzi.io/pod-name")
        clusters["north"].serves("public", 9094, f"north-orders-{number}.data.example.com", ("streaming", pod, 9094))
    return clusters


def the_platform_gateway() -> dict[str, Any]:
    """Return the Gateway that the platform team of `south` is said to own."""
    passed = [f"databases/south-mongodb-{ordinal}.data.example.com" for ordinal in range(3)]
    passed += [f"search/south-logs-es-default-{ordinal}.data.example.com" for ordinal in range(3)]
    passed += ["search/south-logs.data.example.com"]
    raw = [*range(20120, 20132), *range(20220, 20223), *range(20300, 20306)]
    servers = [
        {
            "port": {"number": 443, "name": "tls", "protocol": "TLS"},
            "hosts": passed,
            "tls": {"mode": "PASSTHROUGH"},
        },
        *(
            {"port": {"number": number, "name": f"tcp-{number}", "protocol": "TCP"}, "hosts": ["*/*.data.example.com"]}
            for number in raw
        ),
    ]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "platform", "namespace": "istio-ingress"},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": servers},
    }


EXPECTED = {"thanos": thanos, "kafka": kafka, "mixed": mixed}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return bare_repository(tmp_path / "mesh.git")


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def published(example: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish an example by the command that people start, and check the branch out."""
    folder = tmp_path_factory.mktemp(example)
    bare = bare_repository(folder / "mesh.git")
    ended = start("publish", f"examples/{example}", "--repository", bare)
    assert ended.code == 0, ended.err
    assert f"published: commit {git(bare, 'rev-parse', 'main').strip()} on main" in ended.out
    return checked_out(bare, folder / "checkout")


@pytest.fixture(scope="module")
def rendered(published: Path, kustomize: Kustomize) -> dict[str, list[dict[str, Any]]]:
    """Render the overlay of every cluster with kustomize."""
    return {
        overlay.name: list(yaml.safe_load_all(build(kustomize, overlay, 60)))
        for overlay in sorted((published / "overlays").iterdir())
    }


def identity(resource: dict[str, Any]) -> tuple[str, str, str, str]:
    metadata = resource["metadata"]
    return (resource["apiVersion"], resource["kind"], metadata.get("namespace", ""), metadata["name"])


def mesh_of(expected: Expected, cluster: str, others: Iterable[str], resources: list[dict[str, Any]]) -> Mesh:
    facts = Facts(
        gateways=expected.gateways,
        cluster=cluster,
        others=[other for other in others if other != cluster],
        vip_pool="240.241.0.0/16",
        dns_capture=expected.dns_capture,
        services=expected.services,
        pods=expected.pods,
        pod_labels=frozenset({POD_NAME, "strimzi.io/pod-name"}),
    )
    return read([*resources, *expected.theirs], facts)


def test_every_overlay_and_every_unit_returns_exactly_what_was_compiled(
    example: str, published: Path, rendered: dict[str, list[dict[str, Any]]], kustomize: Kustomize
) -> None:
    inventory = load_inventory(str(ROOT / "examples" / example)).inventory
    assert inventory is not None
    compiled = {
        cluster: {identity(dict(one.manifest)): one.manifest for one in found}
        for cluster, found in compile_desired(inventory).compiled.items()
    }
    assert {cluster: {identity(one): one for one in found} for cluster, found in rendered.items()} == {
        cluster: found for cluster, found in compiled.items() if found
    }
    assert all(len(found) == len(compiled[cluster]) for cluster, found in rendered.items())
    # A folder of a workload and a unit build on their own too, and together make up their cluster.
    folders = [path.parent for path in (published / "overlays").rglob("kustomization.yaml")]
    built = {folder: list(yaml.safe_load_all(text)) for folder, text in build_all(kustomize, folders, 2, 60).items()}
    for depth in (2, 3):
        parts = Counter(
            (folder.relative_to(published).parts[1], *identity(one))
            for folder, resources in built.items()
            if len(folder.relative_to(published).parts) == depth + 1
            for one in resources
        )
        assert parts == Counter((cluster, *key) for cluster, found in compiled.items() for key in found)


def test_an_oracle_that_knows_only_istio_finds_no_fault_and_just_the_routes_that_were_asked_for(
    example: str, rendered: dict[str, list[dict[str, Any]]]
) -> None:
    expected = EXPECTED[example]()
    assert rendered.keys() == expected.keys()
    meshes = {name: mesh_of(expected[name], name, expected, rendered[name]) for name in expected}
    # Raw TCP through a ServiceEntry without addresses is fine where only the gateways see it: a warning, and the one.
    warned = ("GGI002", "W", "seen by ('istio-ingress',)")
    found_faults = [fault for mesh in meshes.values() for fault in faults(mesh)]
    assert [fault for fault in found_faults if (*fault[:2], fault.text[-len(warned[2]) :]) != warned] == []
    assert cross_faults(meshes, {name: cluster.discovery for name, cluster in expected.items()}) == []
    for name, mesh in meshes.items():
        found = {
            request: (answer.namespace, answer.pod or answer.service, answer.port)
            for request, answer in routes(mesh).items()
        }
        assert found == expected[name].table, name


@pytest.mark.parametrize(
    ("example", "cluster", "where", "begin"),
    [
        ("thanos", "observer", ("thanos", "thanos-stores"), "endpoints:"),
        ("mixed", "north", ("monitoring", "thanos-stores"), "- targets:"),
    ],
    scope="module",
)
def test_every_line_of_an_endpoint_list_is_the_way_to_one_pod(
    example: str, cluster: str, where: tuple[str, str], begin: str, rendered: dict[str, list[dict[str, Any]]]
) -> None:
    (text,) = (
        one["data"]["endpoints.yaml"]
        for one in rendered[cluster]
        if (one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) == ("ConfigMap", *where)
    )
    assert text.startswith(begin)
    if example == "thanos":
        listed = [one["address"] for one in yaml.safe_load(text)["endpoints"]]
    else:
        listed = [address for one in yaml.safe_load(text) for address in one["targets"]]
    assert len(listed) == len(set(listed))
    expected = EXPECTED[example]()
    wanted = {
        (name, end)
        for name, there in expected.items()
        for request, end in there.table.items()
        if end[0] == "monitoring" and end[2] == 10901
    }
    reached = set()
    for address in listed:
        host, _, port = address.partition(":")
        for name, there in expected.items():
            for gateway in ("public", "ops"):
                end = there.table.get(Request(gateway, int(port), host))
                if end is not None:
                    reached.add((name, end))
            # In its own cluster a client dials the pod itself.
            for pod in there.pods:
                if name == cluster and host == f"{cluster}-{pod.name}.{pod.namespace}.svc.cluster.local":
                    reached.add((name, (pod.namespace, pod.name, int(port))))
    assert reached == wanted
    assert len(listed) == len(wanted)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_published_is_not_published_again(
    name: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = ROOT / "examples" / name
    assert run(capsys, "publish", inventory, "--repository", repository).code == 0
    tip = git(repository, "rev-parse", "main")
    again = run(capsys, "publish", inventory, "--repository", repository)
    assert (again.code, again.out) == (0, "nothing to change\n")
    planned = run(capsys, "plan", inventory, "--repository", repository)
    assert (planned.code, planned.out) == (0, "nothing to change\n")
    assert git(repository, "rev-parse", "main") == tip


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_was_generated_is_up_to_date_and_stays_as_it_is(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory, output = ROOT / "examples" / name, tmp_path / "tree"
    assert run(capsys, "generate", inventory, "--output", output, "--verify", "all").code == 0
    written = files_of(output)
    again = run(capsys, "generate", inventory, "--output", output)
    assert (again.code, again.out) == (0, f"nothing to do: {len(written)} files up to date\n")
    checked = run(capsys, "check", inventory, "--output", output)
    assert (checked.code, checked.out, checked.err) == (0, "", f"up to date: {len(written)} files\n")
    assert files_of(output) == written


def test_generate_and_publish_write_the_same_files(example: str, published: Path, tmp_path: Path) -> None:
    assert start("generate", f"examples/{example}", "--output", tmp_path).code == 0
    there = {path: content for path, content in files_of(published).items() if not path.startswith("published/")}
    assert files_of(tmp_path) == there


# --- one more pod ----------------------------------------------------------------------------------------------------

SCALED = {
    "thanos": (
        "prometheus.yaml",
        "{cluster: cluster-a, replicas: 2}",
        "{cluster: cluster-a, replicas: 3}",
        {
            "overlays/cluster-a/monitoring/prometheus/kustomization.yaml": (2, 1),
            "overlays/cluster-a/monitoring/prometheus/prometheus-2.yaml": (None, 0),
            "overlays/observer/thanos/consumer.thanos-query/config-map.yaml": (2, 1),
            "published/cluster-a.yaml": (4, 4),
            "published/observer.yaml": (4, 4),
        },
        "monitoring/prometheus in cluster-a: 2 -> 3 pods",
    ),
    "kafka": (
        "inventory.yaml",
        "- cluster: west\n      replicas: 3",
        "- cluster: west\n      replicas: 4",
        {
            "overlays/west/kafka/kafka/kafka-3.yaml": (None, 0),
            "overlays/west/kafka/kafka/kustomization.yaml": (2, 1),
            "published/west.yaml": (4, 4),
        },
        "kafka/kafka in west: 3 -> 4 pods",
    ),
    "mixed": (
        "streaming.yaml",
        "{cluster: north, replicas: 3, ordinals: {start: 5}}",
        "{cluster: north, replicas: 4, ordinals: {start: 5}}",
        {
            "overlays/north/streaming/zookeeper/kustomization.yaml": (2, 1),
            "overlays/north/streaming/zookeeper/zookeeper-8.yaml": (None, 0),
            "published/north.yaml": (4, 4),
        },
        "streaming/zookeeper in north: 3 -> 4 pods",
    ),
}
"""File, text and its replacement; the files of the commit with added and deleted lines (of a sealed file, one each
is its digest; of a record, also serial, tree and inventory digest); what the summary says."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_more_pod_is_one_file_its_line_in_a_kustomization_and_one_in_each_list(
    name: str, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / "inventory"
    shutil.copytree(ROOT / "examples" / name, inventory)
    assert run(capsys, "publish", inventory, "--repository", repository).code == 0
    file, old, new, changed, said = SCALED[name]
    text = (inventory / file).read_text()
    assert text.count(old) == 1
    (inventory / file).write_text(text.replace(old, new))

    ended = run(capsys, "publish", inventory, "--repository", repository)

    assert ended.code == 0
    assert said in ended.out
    assert git(repository, "rev-list", "--count", "main").strip() == "2"
    diff = git(repository, "diff", "--no-renames", "--numstat", "main~1", "main")
    lines = {path: (int(added), int(gone)) for added, gone, path in (line.split("\t") for line in diff.splitlines())}
    assert lines.keys() == changed.keys()
    for path, (added, gone) in changed.items():
        assert lines[path][1] == gone, path
        assert added is None or lines[path][0] == added, path


def test_fewer_pods_take_away_just_what_the_last_one_brought(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / "inventory"
    shutil.copytree(ROOT / "examples" / "thanos", inventory)
    run(capsys, "publish", inventory, "--repository", repository)
    file, old, new, *_ = SCALED["thanos"]
    text = (inventory / file).read_text()
    (inventory / file).write_text(text.replace(old, new))
    run(capsys, "publish", inventory, "--repository", repository)
    (inventory / file).write_text(text)
    assert run(capsys, "publish", inventory, "--repository", repository).code == 0
    diff = git(repository, "diff", "--name-only", "main~2", "main").splitlines()
    assert diff == ["published/cluster-a.yaml", "published/observer.yaml"]  # their serial only grows
