"""What is rolled back or taken back stays so, whatever else is published, until somebody lets it go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitops_gen.cli import console
from tests.command import git, no_room
from tests.published import START, World, inventory_text

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """Make a mesh that was published twice: prometheus got a third pod in each cluster."""
    world = World(tmp_path, capsys)
    world.sizes()
    world.publish()
    world.sizes(east=3, north=3, west=3)
    world.publish()
    return world


def pods(world: World) -> dict[str, int]:
    return {cluster: world.pods(cluster) for cluster in ("east", "north", "west")}


def holds(world: World, cluster: str) -> list[dict[str, str]]:
    found = world.record(cluster).get("holds", [])
    assert isinstance(found, list)
    return found


def test_a_rollback_of_one_cluster_stays_through_ten_publishes_while_the_others_go_on(
    world: World, kustomize: Kustomize
) -> None:
    target = git(world.remote, "rev-parse", "main~1").strip()
    before = world.files()
    ended = world.run("rollback", target, "--cluster", "east", "--reason", "503 since 14:00", "--author", "O <o@e.org>")
    assert ended.code == 0, ended.err
    assert pods(world) == {"east": 2, "north": 3, "west": 3}
    changed = {path for path, _ in world.files().items() ^ before.items()}
    assert all(path.startswith("overlays/east/monitoring/prometheus/") for path in changed)
    (hold,) = holds(world, "east")
    assert (hold["cause"], hold["revision"], hold["by"], hold["reason"]) == (
        "rollback",
        target,
        "O <o@e.org>",
        "503 since 14:00",
    )
    assert "workload" not in hold
    for size in range(4, 14):
        world.sizes(east=size, north=size, west=size)
        said = world.publish(code=3)
        assert "held: cluster east, rolled back to" in said
        assert "by O <o@e.org>: 503 since 14:00" in said
        assert "gitops-gen release INVENTORY --cluster east" in said
        assert pods(world) == {"east": 2, "north": size, "west": size}
    assert world.run("release", "--cluster", "east").code == 0
    assert pods(world)["east"] == 2
    world.publish("--verify", "all")
    assert pods(world) == {"east": 13, "north": 13, "west": 13}
    assert not holds(world, "east")


def test_a_cluster_that_is_held_stays_when_it_leaves_the_inventory(world: World) -> None:
    assert world.run("rollback", "1", "--cluster", "west").code == 0
    held = {path: blob for path, blob in world.files().items() if path.startswith("overlays/west/")}
    sizes = {key: {one: 3 for one in placed if one != "west"} for key, placed in START.items()}
    documents = inventory_text(sizes).split("---\n")
    world.write("---\n".join(one for one in documents if "name: west" not in one))
    said = world.publish("--approve", str(json.loads(world.run("plan", "--format", "json").out)["digest"]), code=3)
    assert "held: cluster west, rolled back to" in said
    assert {path: blob for path, blob in world.files().items() if path.startswith("overlays/west/")}.items() >= {
        path: blob for path, blob in held.items() if "-" in path.rpartition("/")[2]
    }.items()


def test_a_hold_that_the_inventory_agrees_with_ends_by_itself(world: World) -> None:
    assert world.run("rollback", world.tip()[:10], "--cluster", "east").code == 0
    assert not holds(world, "east"), "what is as it was has nothing to be held against"
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    world.sizes(east=2, north=3, west=3)
    said = world.publish()
    assert "the inventory says the same now, so it ends" in said
    assert not holds(world, "east")
    world.sizes(east=4, north=3, west=3)
    world.publish()
    assert world.pods("east") == 4


def test_a_held_part_that_would_not_change_is_no_refusal(world: World) -> None:
    assert world.run("rollback", "main", "--cluster", "east").code == 1
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    said = world.publish(code=3)
    assert "held: cluster east" in said


def test_a_rollback_of_one_workload_lets_the_others_of_its_cluster_go_on(world: World) -> None:
    before = git(world.remote, "rev-parse", "main~1").strip()
    assert world.run("rollback", before, "--cluster", "east", "--workload", "monitoring/prometheus").code == 0
    assert pods(world) == {"east": 2, "north": 3, "west": 3}
    text = (world.inventory / "mesh" / "mesh.yaml").read_text()
    head, _, kafka = text.rpartition("kind: Workload")
    world.write(head + "kind: Workload" + kafka.replace("{cluster: east, replicas: 1}", "{cluster: east, replicas: 4}"))
    said = world.publish(code=3)
    assert "held: monitoring/prometheus in east" in said
    assert (world.pods("east"), world.pods("east", "streaming/kafka")) == (2, 4)
    ended = world.run("release", "--workload", "monitoring/prometheus")
    assert ended.code == 0
    world.publish()
    assert pods(world) == {"east": 3, "north": 3, "west": 3}


def test_what_all_clusters_share_is_cut_anew_and_renders_the_same(world: World, kustomize: Kustomize) -> None:
    """A port is in base; one cluster that goes back takes its own copy, and the others' files move to fit."""
    world.sizes(port=9191, east=3, north=3, west=3)
    world.publish("--verify", "all")
    assert "9191" in world.file("base/monitoring/prometheus/service.yaml")
    ended = world.run("rollback", "2", "--cluster", "west", "--verify", "all")
    assert ended.code == 0, ended.out + ended.err
    assert "9090" in world.file("overlays/west/monitoring/prometheus/service.yaml")
    assert "9191" in world.file("overlays/east/monitoring/prometheus/service.yaml")
    assert "base/monitoring/prometheus/service.yaml" not in world.files()
    world.publish("--verify", "all", code=3)
    world.run("release")
    world.publish("--verify", "all")
    assert "9191" in world.file("base/monitoring/prometheus/service.yaml")


@pytest.mark.parametrize("method", ["push", "squash", "merge", "rebase"])
def test_a_revert_is_seen_however_it_was_merged(world: World, method: str) -> None:
    clone = world.clone()
    git(clone, "checkout", "--quiet", "-b", "undo")
    git(clone, "revert", "--no-edit", "HEAD")
    git(clone, "checkout", "--quiet", "main")
    (clone / "NOTES").write_text("Something else.\n")
    git(clone, "add", "NOTES")
    git(clone, "commit", "--quiet", "-m", "Notes")
    if method == "squash":
        git(clone, "merge", "--quiet", "--squash", "undo")
        git(clone, "commit", "--quiet", "-m", "Undo (#7)")
    elif method == "merge":
        git(clone, "merge", "--quiet", "--no-ff", "-m", "Merge undo", "undo")
    else:
        git(clone, "rebase", "--quiet", "main", "undo")
        git(clone, "checkout", "--quiet", "-B", "main", "undo")
    world.push()
    assert pods(world) == {"east": 2, "north": 2, "west": 2}
    world.sizes(east=4, north=4, west=2)
    said = world.publish(code=3)
    assert "held: monitoring/prometheus in east, taken back by hand in" in said
    assert "by A. Tester <tester@example.com>" in said
    assert pods(world) == {"east": 2, "north": 2, "west": 2}
    assert [hold["cause"] for hold in holds(world, "east")] == ["revert"]
    assert not holds(world, "west"), "the inventory says the same there"
    serial = world.record("east")["serial"]
    for _ in range(3):
        world.publish(code=3)
    assert world.record("east")["serial"] == serial
    assert world.run("release").code == 0
    world.publish()
    assert pods(world) == {"east": 4, "north": 4, "west": 2}


def test_a_revert_of_several_commits_is_one_hold(world: World) -> None:
    world.sizes(east=4, north=4, west=4)
    world.publish()
    tip = world.tip()
    world.revert(tip, f"{tip}~1")
    assert pods(world) == {"east": 2, "north": 2, "west": 2}
    world.publish(code=3)
    assert pods(world) == {"east": 2, "north": 2, "west": 2}
    assert world.record("east")["serial"] == 4, "one more than the highest that ever was"


def test_a_revert_of_an_older_commit_that_is_put_back_in_part_is_seen(world: World) -> None:
    """Two taken back, one put back again: the serial went up last, but not as far as it has been."""
    world.sizes(east=4, north=4, west=4)
    world.publish()
    tip = world.tip()
    world.revert(tip, f"{tip}~1")
    world.revert(world.tip())
    assert pods(world) == {"east": 3, "north": 3, "west": 3}
    world.publish(code=3)
    assert pods(world) == {"east": 3, "north": 3, "west": 3}


def test_a_revert_that_was_reverted_leaves_nothing_to_hold(world: World) -> None:
    world.revert(world.tip())
    world.revert(world.tip())
    tip = world.tip()
    assert "nothing to change" in world.publish()
    assert world.tip() == tip


def test_one_cluster_put_back_by_hand_is_held_alone(world: World) -> None:
    clone = world.clone()
    git(clone, "checkout", "--quiet", "HEAD~1", "--", "overlays/east", "published/east.yaml")
    git(clone, "rm", "--quiet", "overlays/east/monitoring/prometheus/prometheus-2.yaml")
    git(clone, "commit", "--quiet", "-m", "Only east")
    world.push()
    world.sizes(east=4, north=4, west=4)
    world.publish(code=3)
    assert pods(world) == {"east": 2, "north": 4, "west": 4}


def test_files_put_back_without_the_record_are_held_too(world: World) -> None:
    clone = world.clone()
    git(clone, "checkout", "--quiet", "HEAD~1", "--", "overlays/east")
    git(clone, "rm", "--quiet", "overlays/east/monitoring/prometheus/prometheus-2.yaml")
    git(clone, "commit", "--quiet", "-m", "Only the files")
    world.push()
    said = world.publish(code=3)
    assert "held: monitoring/prometheus in east, taken back by hand" in said
    assert "Only the files" in said
    assert pods(world) == {"east": 2, "north": 3, "west": 3}


def test_a_late_run_of_the_old_inventory_does_not_make_the_revert_its_own(world: World) -> None:
    """What was taken back is what an old inventory says; the fence knows that a newer one had been published."""
    first = git(world.inventory, "rev-parse", "HEAD~1").strip()
    world.revert(world.tip())
    tip = world.tip()
    world.publish_at(first, code=4)
    assert world.tip() == tip
    world.publish(code=3)
    assert pods(world) == {"east": 2, "north": 2, "west": 2}


def test_a_rollback_taken_back_by_hand_goes_on(world: World) -> None:
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    world.revert(world.tip())
    world.publish()
    assert pods(world) == {"east": 3, "north": 3, "west": 3}
    world.sizes(east=4, north=4, west=4)
    world.publish()
    assert pods(world) == {"east": 4, "north": 4, "west": 4}


def test_the_first_publish_taken_back_stays_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path, capsys)
    begin = git(world.remote, "commit-tree", "-m", "Begin", git(world.remote, "mktree").strip()).strip()
    git(world.remote, "update-ref", "refs/heads/main", begin)
    world.sizes()
    world.publish()
    world.revert(world.tip())
    assert not world.files()
    said = world.publish(code=3)
    assert not [path for path in world.files() if path.startswith("overlays/")], said
    assert world.run("release").code == 0
    world.publish()
    assert pods(world) == {"east": 2, "north": 2, "west": 2}


def test_a_record_that_somebody_edited_holds_its_cluster_and_no_other(world: World) -> None:
    clone = world.clone()
    record = clone / "published" / "east.yaml"
    record.write_text(record.read_text().replace("serial: 2", "serial: 7"))
    git(clone, "commit", "--quiet", "--all", "-m", "Edit")
    world.push()
    world.sizes(east=4, north=4, west=4)
    said = world.publish(code=3)
    assert "refused: cluster east stays as it is: published/east.yaml cannot be used: somebody edited it" in said
    assert pods(world) == {"east": 3, "north": 4, "west": 4}
    assert world.run("release", "--cluster", "east").code == 0
    world.publish()
    assert pods(world) == {"east": 4, "north": 4, "west": 4}


def test_a_hand_edit_is_no_revert(world: World) -> None:
    clone = world.clone()
    file = clone / "overlays/east/monitoring/prometheus/prometheus-0.yaml"
    file.write_text(file.read_text().replace("9090", "9999"))
    git(clone, "commit", "--quiet", "--all", "-m", "Edit")
    world.push()
    tip = world.tip()
    said = world.publish(code=3)
    assert "it was edited by hand" in said
    assert "held:" not in said
    assert world.tip() == tip


def test_a_hand_edit_in_a_held_cluster_keeps_its_broken_seal(world: World) -> None:
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    clone = world.clone()
    file = clone / "overlays/east/monitoring/prometheus/prometheus-0.yaml"
    file.write_text(file.read_text().replace("9090", "9999"))
    git(clone, "commit", "--quiet", "--all", "-m", "Edit")
    world.push()
    edited = world.files()["overlays/east/monitoring/prometheus/prometheus-0.yaml"]
    world.sizes(east=4, north=4, west=4)
    world.publish(code=3)
    assert world.files()["overlays/east/monitoring/prometheus/prometheus-0.yaml"] == edited
    assert pods(world) == {"east": 2, "north": 4, "west": 4}


def test_a_revision_that_is_not_there_is_told(world: World) -> None:
    for revision, words in (("deadbeef00", "no commit of the branch"), ("99", "a serial"), ("HEAD", "no commit")):
        ended = world.run("rollback", revision)
        assert ended.code == 1
        assert words in ended.err
    ended = world.run("rollback", "99", "--cluster", "east")
    assert "east never had serial 99" in ended.err
    ended = world.run("rollback", "1", "--cluster", "eats")
    assert "neither the inventory nor the branch has a cluster eats" in ended.err
    assert "did you mean east?" in ended.err


def test_a_rollback_that_takes_away_much_asks_for_approval(world: World) -> None:
    world.sizes(east=30, north=3, west=3)
    ended = world.run("publish", "--verify", "none")
    if ended.code == 3:
        world.publish("--approve", ended.out.rpartition("--approve ")[2].split()[0])
    assert world.pods("east") == 30
    ended = world.run("rollback", "2", "--cluster", "east", "--verify", "none")
    assert ended.code == 3
    assert "guard removed-resources" in ended.out
    assert world.pods("east") == 30
    digest = ended.out.rpartition("--approve ")[2].split()[0]
    assert world.run("rollback", "2", "--cluster", "east", "--verify", "none", "--approve", digest).code == 0
    assert world.pods("east") == 3


def test_the_history_tells_what_happened(world: World) -> None:
    assert world.run("rollback", "1", "--cluster", "east", "--reason", "slow").code == 0
    assert world.run("release", "--cluster", "east").code == 0
    world.publish()
    world.revert(world.tip())
    ended = world.run("history", "--cluster", "east", "--format", "json")
    events = json.loads(ended.out)["events"]
    assert [(event["kind"], event["serial"]) for event in events] == [
        ("taken back", 4),
        ("published", 5),
        ("released", 4),
        ("rolled back", 3),
        ("published", 2),
        ("published", 1),
    ]
    assert events[3]["holds"][0]["reason"] == "slow"
    text = world.run("history").out
    assert "taken back: Revert" in text
    assert "holds the whole cluster at" in text
    assert world.run("history", "--cluster", "nowhere").code == 1


def test_nothing_is_held(world: World) -> None:
    tip = world.tip()
    ended = world.run("release")
    assert (ended.code, ended.out.strip()) == (0, "nothing is held")
    assert world.tip() == tip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--cluster", "east"), {"east": 5, "north": 3, "west": 3}),
        (("--select", "ring=production"), {"east": 3, "north": 5, "west": 5}),
        (("--select", "ring=canary", "--cluster", "west"), {"east": 5, "north": 3, "west": 5}),
        (("--workload", "monitoring/prometheus"), {"east": 5, "north": 5, "west": 5}),
        (("--workload", "streaming/kafka"), {"east": 3, "north": 3, "west": 3}),
    ],
)
def test_what_is_not_selected_stays_as_it_is(
    world: World, arguments: tuple[str, ...], expected: dict[str, int]
) -> None:
    world.sizes(east=5, north=5, west=5, port=9191)
    world.publish(*arguments)
    assert pods(world) == expected
    for cluster, size in expected.items():
        port = "9191" if size == 5 else "9090"
        assert port in world.file(f"overlays/{cluster}/monitoring/prometheus/prometheus-0.yaml")
    kafka = "9191" if "streaming/kafka" in arguments else "9090"
    if "--workload" in arguments:
        assert kafka in world.file("overlays/east/streaming/kafka/kafka-0.yaml")
    world.publish()
    assert pods(world) == {"east": 5, "north": 5, "west": 5}


def test_a_selection_that_means_nothing_is_told(world: World) -> None:
    for arguments, words in (
        (("--cluster", "eats"), "did you mean east?"),
        (("--select", "ring=gold"), "no cluster has the labels ring=gold"),
        (("--select", "ring"), "is no label"),
        (("--workload", "monitoring/prometheu"), "did you mean monitoring/prometheus?"),
    ):
        ended = world.run("publish", "--verify", "none", *arguments)
        assert ended.code == 1
        assert words in ended.err


CONSUMER = """\
---
apiVersion: gitops-gen.io/v1alpha1
kind: Consumer
metadata: {name: reader, namespace: tools}
spec:
  cluster: east
  workloads: [monitoring/prometheus]
  via: north-south
  port: http
  endpoints: {configMap: targets, format: file-sd}
"""


def test_a_list_that_a_held_workload_is_in_holds_its_whole_cluster(world: World) -> None:
    world.write((world.inventory / "mesh" / "mesh.yaml").read_text() + CONSUMER)
    world.publish()
    scope = ("--cluster", "east", "--workload", "monitoring/prometheus")
    assert world.run("rollback", "1", *scope).code == 0
    text = (world.inventory / "mesh" / "mesh.yaml").read_text()
    world.write(text.replace("{cluster: west, replicas: 3}", "{cluster: west, replicas: 5}"))
    said = world.publish(code=3)
    assert "the whole cluster stays: tools/consumer.reader lists its pods" in said
    assert "west-prometheus-4" not in world.file("overlays/east/tools/consumer.reader/config-map.yaml")
    assert pods(world) == {"east": 2, "north": 3, "west": 5}
    assert world.run("release").code == 0
    world.publish()
    assert "west-prometheus-4" in world.file("overlays/east/tools/consumer.reader/config-map.yaml")


def with_certificate(text: str, name: str) -> str:
    template = 'hostTemplate: "{cluster}-{pod}.example.com"'
    return text.replace(template, f"{template}, credentialName: {name}")


def test_a_workload_is_neither_published_nor_put_back_without_the_gateway_that_it_needs(world: World) -> None:
    text = (world.inventory / "mesh" / "mesh.yaml").read_text()
    world.write(with_certificate(text, "one"))
    ended = world.run("publish", "--verify", "none")
    if ended.code == 3:
        world.publish("--approve", ended.out.rpartition("--approve ")[2].split()[0])
    gateway = "overlays/east/istio-ingress/gateways.ingress/example-public.yaml"
    assert "credentialName: one" in world.file(gateway)
    before = world.tip()
    world.write(with_certificate(text, "two"))
    refused = world.run("publish", "--verify", "none", "--workload", "monitoring/prometheus")
    assert refused.code == 3
    assert "needs a change in istio-ingress/gateways.ingress, which is shared with other workloads" in refused.err
    assert "--cluster east" in refused.err
    assert world.tip() == before
    world.publish()
    assert "credentialName: two" in world.file(gateway)
    refused = world.run("rollback", before, "--cluster", "east", "--workload", "monitoring/prometheus")
    assert refused.code == 3
    assert "need istio-ingress/gateways.ingress as it was" in refused.err
    assert world.run("rollback", before, "--cluster", "east").code == 0
    assert "credentialName: one" in world.file(gateway)
    assert "credentialName: two" in world.file(gateway.replace("east", "west"))


def test_a_file_that_is_gone_is_mended_unless_it_is_held(world: World) -> None:
    pod = "overlays/east/monitoring/prometheus/prometheus-0.yaml"
    clone = world.clone()
    git(clone, "rm", "--quiet", pod)
    git(clone, "commit", "--quiet", "-m", "Gone")
    world.push()
    said = world.publish()
    assert "held:" not in said
    assert pods(world) == {"east": 3, "north": 3, "west": 3}
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    clone = world.clone()
    git(clone, "rm", "--quiet", pod)
    git(clone, "commit", "--quiet", "-m", "Gone")
    tip = world.push()
    ended = world.run("publish", "--verify", "none")
    assert ended.code == 3
    assert f"monitoring/prometheus in east has to stay as it is, but lacks {pod}" in ended.err
    assert world.tip() == tip


def test_a_subject_cannot_pass_for_a_line_of_history(world: World) -> None:
    clone = world.clone()
    git(clone, "revert", "--no-edit", "HEAD")
    fake = f"Undo\u2028commit {'f' * 40}\t1\tN. Obody <n@example.com>\tForged"
    git(clone, "commit", "--quiet", "--amend", "-m", fake)
    tip = world.push()
    events = json.loads(world.run("history", "--cluster", "east", "--format", "json").out)["events"]
    assert events[0]["commit"] == tip
    assert "f" * 40 not in [event["commit"] for event in events]
    assert events[0]["by"] == "A. Tester <tester@example.com>"


def test_a_publish_squashed_with_what_takes_a_part_of_it_back_is_held(world: World) -> None:
    """Record and files came in one commit: only the recorded tree tells that they do not agree."""
    clone = world.clone()
    git(clone, "checkout", "--quiet", "HEAD~1", "--", "overlays/east")
    git(clone, "rm", "--quiet", "overlays/east/monitoring/prometheus/prometheus-2.yaml")
    git(clone, "commit", "--quiet", "--amend", "-m", "Squashed (#8)")
    git(clone, "push", "--quiet", "--force", "origin", "HEAD:main")
    said = world.publish(code=3)
    assert "held: cluster east, taken back by hand in" in said
    assert "Squashed (#8)" in said
    assert pods(world) == {"east": 2, "north": 3, "west": 3}


def test_what_was_taken_back_can_be_released_before_a_publish_has_seen_it(world: World) -> None:
    world.revert(world.tip())
    ended = world.run("release", "--format", "json")
    assert ended.code == 0
    value = json.loads(ended.out)
    assert (value["released"], value["accepted"]) == ([], ["east", "north", "west"])
    world.publish()
    assert pods(world) == {"east": 3, "north": 3, "west": 3}


def test_a_workload_is_not_released_out_of_a_cluster_that_is_held(world: World) -> None:
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    ended = world.run("release", "--cluster", "east", "--workload", "monitoring/prometheus")
    assert ended.code == 3
    assert "is held in east because the whole cluster is" in ended.err


def test_a_held_workload_keeps_the_gateway_that_it_needs_and_so_its_whole_cluster(world: World) -> None:
    text = (world.inventory / "mesh" / "mesh.yaml").read_text()
    world.write(with_certificate(text, "one"))
    ended = world.run("publish", "--verify", "none")
    if ended.code == 3:
        world.publish("--approve", ended.out.rpartition("--approve ")[2].split()[0])
    before = world.tip()
    world.write(with_certificate(text.replace("{cluster: east, replicas: 3}", "{cluster: east, replicas: 4}"), "one"))
    world.publish()
    assert world.run("rollback", before, "--cluster", "east", "--workload", "monitoring/prometheus").code == 0
    world.write(with_certificate(text.replace("{cluster: east, replicas: 3}", "{cluster: east, replicas: 5}"), "two"))
    said = world.publish(code=3)
    assert "the whole cluster stays: its routes need istio-ingress/gateways.ingress as it is" in said
    gateway = "overlays/east/istio-ingress/gateways.ingress/example-public.yaml"
    assert "credentialName: one" in world.file(gateway)
    assert "credentialName: two" in world.file(gateway.replace("east", "west"))


def test_what_is_shared_and_was_put_back_by_hand_holds_the_whole_cluster(world: World) -> None:
    world.write((world.inventory / "mesh" / "mesh.yaml").read_text() + CONSUMER)
    world.publish()
    text = (world.inventory / "mesh" / "mesh.yaml").read_text()
    world.write(text.replace("{cluster: west, replicas: 3}", "{cluster: west, replicas: 5}"))
    world.publish()
    clone = world.clone()
    git(clone, "checkout", "--quiet", "HEAD~1", "--", "overlays/east/tools")
    git(clone, "commit", "--quiet", "-m", "The list as it was")
    world.push()
    said = world.publish(code=3)
    assert "held: cluster east, taken back by hand in" in said
    assert "west-prometheus-4" not in world.file("overlays/east/tools/consumer.reader/config-map.yaml")


def test_what_nobody_published_is_nothing_to_roll_back_to(world: World) -> None:
    clone = world.clone()
    pod = "overlays/east/monitoring/prometheus/prometheus-0.yaml"
    edited = (clone / pod).read_text().replace("9090", "9999")
    (clone / pod).write_text(edited)
    record = clone / "published" / "west.yaml"
    record.write_text(record.read_text().replace("serial: 2", "serial: 7"))
    git(clone, "commit", "--quiet", "--all", "-m", "Edits")
    by_hand = world.push()
    ended = world.run("rollback", "1", "--cluster", "west")
    assert ended.code == 3
    assert "west cannot be rolled back: published/west.yaml cannot be used: somebody edited it" in ended.err
    assert world.run("release", "--cluster", "west").code == 0
    world.publish("--accept-edits", pod)
    ended = world.run("rollback", by_hand, "--cluster", "east")
    assert ended.code == 3
    assert f"{pod} had been edited by hand at {by_hand[:12]}" in ended.err
    # Serials are looked for among the records that can be read.
    assert world.run("rollback", "1", "--cluster", "west").code == 0
    assert pods(world) == {"east": 3, "north": 3, "west": 2}


def test_a_release_that_landed_is_told_though_its_report_cannot_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.run("rollback", "1", "--cluster", "east", "--verify", "none").code == 0
    monkeypatch.setattr(console, "result", no_room)
    ended = world.run("release")
    assert ended.code == 6
    assert f"commit {world.tip()} is on main, but the report cannot be written: No space left" in ended.err
