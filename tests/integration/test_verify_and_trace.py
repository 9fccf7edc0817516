"""verify, trace and explain as people start them, and what happens when the proof finds something."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import gitops_gen
from gitops_gen.resources.compile import compile_mesh
from gitops_gen.workflows import desired
from tests.command import EXAMPLES, ROOT, files_of, run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_generated_tree_is_judged_cluster_by_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for example in (*EXAMPLES, "gateway-api"):
        assert run(capsys, "generate", ROOT / "examples" / example, "-o", tmp_path / example).code == 0
        ended = run(capsys, "verify", tmp_path / example, "--format", "json")
        assert ended.code == 0
        assert json.loads(ended.out)["summary"]["errors"] == 0
    assert run(capsys, "verify", tmp_path / "thanos").err == "no problems: 15 resources in 3 clusters\n"


def test_a_fault_is_shown_in_the_file_that_it_came_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "generate", ROOT / "examples" / "thanos", "-o", tmp_path)
    file = tmp_path / "overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml"
    file.write_text(file.read_text().replace("number: 9090\n    retries", "number: 9099\n    retries"))
    ended = run(capsys, "verify", tmp_path / "overlays" / "cluster-a")
    assert ended.code == 1
    assert "has no port 9099 [GGI019]" in ended.out
    assert ended.out.startswith(f"{file}:")


def test_plain_manifests_and_what_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "verify", tmp_path).code == 1
    (tmp_path / "values.yaml").write_text("a: 1\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    (tmp_path / "list.yaml").write_text(
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: 1}\n"
    )
    ended = run(capsys, "verify", tmp_path, "--format", "json")
    assert ended.code == 1
    assert [problem["rule"] for problem in json.loads(ended.out)["problems"]] == ["GGI104", "GGI037"]


BY_DNS = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web-0, namespace: shop}
spec:
  hosts: [web-0.web.shop.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 80, name: http, protocol: HTTP}]
  exportTo: ["."]
  resolution: DNS
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 1, "error: ServiceEntry shop/web-0 has resolution DNS and no identity"),
        (("--mtls", "permissive"), 0, "warning: ServiceEntry shop/web-0 has resolution DNS and no identity"),
        (("--mtls", "disabled"), 0, "no problems: 1 resource"),
    ],
)
def test_the_mode_of_the_mesh_decides_what_plain_text_is(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rendered.yaml").write_text(BY_DNS)
    ended = run(capsys, "verify", tmp_path, *arguments)
    assert ended.code == code
    assert said in ended.out + ended.err


def test_trace_tells_the_way_to_a_pod(capsys: pytest.CaptureFixture[str]) -> None:
    ended = run(capsys, "trace", "cluster-a-prometheus-0.example.com:10901", ROOT / "examples" / "thanos")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "cluster-a-prometheus-0.example.com:10901 at ingress public (istio-ingress), cluster cluster-a\n"
        "  -> Gateway monitoring/cluster-a-prometheus-0 spec.servers[1]: plain HTTP"
        "  (overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml:35)\n"
        "  -> VirtualService monitoring/cluster-a-prometheus-0 spec.http[1]"
        "  (overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml:63)\n"
        "  -> ServiceEntry monitoring/cluster-a-prometheus-0 port 10901"
        "  (overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml:4)\n"
        "  -> mesh mTLS to the pod: STRICT refuses anything else\n"
        "  -> pod monitoring/prometheus-0, container port 10901\n"
    )


def test_trace_tells_the_way_through_gateway_api(capsys: pytest.CaptureFixture[str]) -> None:
    example = ROOT / "examples" / "gateway-api"
    ended = run(capsys, "trace", "cluster-a-redis-2.pods.example.com:16381", example, "--format", "json")
    (journey,) = json.loads(ended.out)["journeys"]
    assert [step["text"].partition(":")[0] for step in journey["steps"]][:3] == [
        "ListenerSet istio-ingress/example-public-16320 spec.listeners[2]",
        "TCPRoute redis/cluster-a-redis-2-tcp-redis spec.rules[0]",
        "Service redis/cluster-a-redis-2 port 6379",
    ]
    there = run(capsys, "trace", "cluster-b-prometheus-0.pods.example.com", example)
    assert "Gateway istio-ingress/platform#pods (declared)" in there.out


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("cluster-a-prometheus-0.example.com:81", "no server listens on port 81 (there is 80, 10901)"),
        ("cluster-a-prometheus-7.example.com", "did you mean cluster-a-prometheus-1.example.com?"),
        ("nobody.example.net", "nothing knows nobody.example.net"),
    ],
)
def test_trace_says_where_a_request_is_lost(request_: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    ended = run(capsys, "trace", request_, ROOT / "examples" / "thanos")
    assert ended.code == 1
    assert said in ended.out


def test_trace_from_inside_of_the_mesh(capsys: pytest.CaptureFixture[str]) -> None:
    host = "north-vault-0.vault.svc.cluster.local"
    ended = run(capsys, "trace", f"{host}:8201", ROOT / "examples" / "mixed", "--from", "vault", "--format", "json")
    (journey,) = json.loads(ended.out)["journeys"]
    assert journey["arrives"]
    assert journey["steps"][1]["text"].startswith("PeerAuthentication vault/vault-own-tls: no mesh TLS on this port")
    hidden = run(capsys, "trace", host, ROOT / "examples" / "mixed", "--from", "shop")
    assert (hidden.code, "not exported to shop" in hidden.out) == (1, True)


def test_explain_says_where_a_setting_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    ended = run(capsys, "explain", "service", ROOT / "examples" / "thanos", "--cluster", "cluster-a")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("service of placement 1 of Workload monitoring/prometheus in cluster-a\n")
    told = run(capsys, "explain", "prometheus-0", ROOT / "examples" / "thanos", "--format", "json")
    assert [one["facts"][0]["about"] for one in json.loads(told.out)["explanations"]] == ["placed by"] * 2
    unknown = run(capsys, "explain", "bakend", ROOT / "examples" / "thanos")
    assert (unknown.code, unknown.out, "did you mean `backend`?" in unknown.err) == (1, "", True)


def test_trace_is_part_of_the_library() -> None:
    inventory = gitops_gen.load_inventory(str(ROOT / "examples" / "kafka")).inventory
    assert inventory is not None
    traced = gitops_gen.trace(inventory, "west-kafka-1.kafka.example.com", port=19101)
    assert traced.arrives
    assert not gitops_gen.trace(inventory, "west-kafka-1.kafka.example.com", port=19102).arrives


@pytest.mark.parametrize("style", ["text", "json"])
def test_what_is_not_proven_is_not_written(
    style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_gateways(*arguments: Any) -> Any:
        made = compile_mesh(*arguments)
        return {name: [one for one in found if one.manifest["kind"] != "Gateway"] for name, found in made.items()}

    monkeypatch.setattr(desired, "compile_mesh", without_gateways)
    for command in ("generate", "check"):
        ended = run(capsys, command, ROOT / "examples" / "thanos", "-o", tmp_path, "--format", style)
        assert ended.code == 1
        assert "no server listens on port 80" in ended.out
        assert "overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml" in ended.out
        assert "nothing was written" in ended.err
        assert files_of(tmp_path) == {}
