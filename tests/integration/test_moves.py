"""Resources change their sync unit, or their engine, in steps that lose none; other runs let them be meanwhile."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gitops_gen.cli import console
from gitops_gen.manifest import load
from tests.command import ROOT, git, no_room
from tests.published import START, Sizes, World, inventory_text

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize

GITOPS = "{{repository: 'https://git.example.com/mesh.git', engine: {engine}, syncUnit: {unit}}}"


def text(unit: str = "namespace", engine: str = "argocd", sizes: Sizes = START, **engines: str) -> str:
    """Write the inventory with other sync units, engines or sizes."""
    gitops = GITOPS.format(engine=engine, unit=unit)
    written = inventory_text(sizes).replace("spec: {}\n", f"spec: {{gitops: {gitops}}}\n")
    for cluster, other in engines.items():
        head = f"metadata: {{name: {cluster}, "
        place = written.index("spec:\n", written.index(head)) + len("spec:\n")
        written = f"{written[:place]}  engine: {other}\n{written[place:]}"
    return written


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    world = World(tmp_path, capsys)
    world.write(text(west="flux"))
    world.publish()
    return world


def move(world: World, *arguments: str, code: int = 0) -> str:
    ended = world.run("move", "--verify", "none", *arguments)
    assert ended.code == code, f"exit code {ended.code}\n{ended.out}\n{ended.err}"
    return ended.out + ended.err


def kept(world: World, revision: str = "main") -> dict[str, int]:
    """Return how many files with resources there are in base and each cluster, and how many hold kept ones."""
    found: dict[str, int] = {}
    for path in world.files(revision):
        if path.startswith(("base/", "overlays/")) and not path.endswith(("kustomization.yaml", "retired.yaml")):
            for manifest in load(world.file(path, revision)):
                annotations = manifest["metadata"].get("annotations") or {}
                where = path.split("/")[1] if path.startswith("overlays/") else "base"
                both = annotations.get("kustomize.toolkit.fluxcd.io/prune") == "disabled"
                assert both == (annotations.get("argocd.argoproj.io/sync-options") == "Prune=false")
                found[where] = found.get(where, 0) + both
    return found


def names(world: World, path: str) -> set[str]:
    """Return kind and name of the engine objects in a file."""
    return {f"{one['kind']} {one['metadata']['name']}" for one in yaml.safe_load_all(world.file(path))}


def shares(world: World) -> bool:
    return "FailOnSharedResource" not in world.file("engines/argocd/gitops-gen.yaml")


def rendered(world: World) -> dict[str, str]:
    return {path: blob for path, blob in world.files().items() if path.startswith(("base/", "overlays/"))}


def test_another_sync_unit_is_refused_by_publish_and_done_by_move_in_three_commits(
    world: World, kustomize: Kustomize
) -> None:
    before = rendered(world)
    world.write(text("workload", west="flux"))
    said = world.publish(code=3)
    assert "guard moved-resources (needs approval): cluster east: 11 resources would be synced" in said
    assert "gitops-gen move" in said

    said = move(world, "--verify", "changed")
    assert "move, step 1 of 3 (keep): 29 resources in east, north, west" in said
    assert kept(world) == {"base": 2, "east": 9, "north": 6, "west": 9}
    assert names(world, "engines/flux/west/gitops-gen.yaml") == {
        "GitRepository gitops-gen",
        "Kustomization monitoring",
        "Kustomization streaming",
    }
    assert shares(world)
    assert world.record("west")["move"]["step"] == "kept"  # type: ignore[index]

    said = move(world)
    assert "move, step 2 of 3 (move): 29 resources" in said
    assert "run in cluster west: kubectl --namespace flux-system delete kustomizations" in said
    assert "run where Argo CD runs: kubectl --namespace argocd delete applications.argoproj.io east.monitoring" in said
    assert " annotate " not in said, "no cluster has got another engine"
    assert names(world, "engines/flux/west/gitops-gen.yaml") == {
        "GitRepository gitops-gen",
        "Kustomization monitoring.prometheus",
        "Kustomization streaming.kafka",
    }
    assert "overlays/east/*/*" in world.file("engines/argocd/gitops-gen.yaml")
    assert shares(world)
    assert (world.record("west")["syncUnit"], world.record("west")["engine"]) == ("workload", "flux")
    assert sum(kept(world).values()) == 26

    said = move(world)
    assert "move, step 3 of 3 (release)" in said
    assert rendered(world) == before
    assert not shares(world)
    assert "move" not in world.record("west")
    assert "nothing is to move" in move(world)
    assert "nothing to change" in world.publish()


def test_other_runs_leave_what_is_on_its_way_alone_and_publish_the_rest(world: World) -> None:
    world.write(text(west="argocd"))
    assert "move, step 1 of 3 (keep): 11 resources in west" in move(world)
    step = world.files()
    more = {**START, "monitoring/prometheus": {"east": 3, "north": 2, "west": 2}}
    world.write(text(sizes=more, west="argocd"))
    assert "moving: cluster west, step kept" in world.publish()
    assert world.pods("east") == 3
    changed = {path for path, _ in world.files().items() ^ step.items()}
    assert all(path.startswith("overlays/east/monitoring/prometheus/") for path in changed)

    more = {**START, "monitoring/prometheus": {"east": 3, "north": 2, "west": 3}}
    world.write(text(sizes=more, west="argocd"))
    said = world.publish(code=3)
    assert "it stays as it is published until the move is over; to go on: gitops-gen move INVENTORY" in said
    ended = world.run("rollback", "1", "--cluster", "west")
    assert ended.code == 3
    assert "a move is under way in west" in ended.err
    assert world.run("rollback", "1", "--cluster", "east").code == 0
    assert world.run("release").code == 0
    assert world.record("west")["move"]["step"] == "kept"  # type: ignore[index]
    planned = world.run("plan", "--format", "json")
    assert [one["cluster"] for one in json.loads(planned.out)["kept"]["moving"]] == ["west"]

    assert "step 2 of 3 (move): 11 resources in west" in move(world)
    assert "engines/flux/west/gitops-gen.yaml" not in world.files()
    assert world.record("west")["engine"] == "argocd"
    assert world.pods("west") == 2
    assert "moving: cluster west, step moved" in world.publish(code=3)
    assert sum(kept(world).values()) == 11, "the other clusters have a copy of their own of what is in base"
    assert "step 3 of 3 (release)" in move(world)
    assert not sum(kept(world).values())
    assert world.pods("west") == 2, "a move adds and takes away nothing"
    world.publish()
    assert (world.pods("east"), world.pods("west")) == (3, 3)


def test_without_an_engine_another_sync_unit_is_seen_all_the_same(world: World) -> None:
    world.write(text(engine="none"))
    world.run("publish", "--verify", "none", "--approve", digest(world))
    world.write(text("cluster", engine="none"))
    said = world.publish(code=3)
    assert "nothing to change" in said
    assert "guard moved-resources (needs approval): cluster west" in said
    world.publish("--approve", digest(world))
    assert world.record("west")["syncUnit"] == "cluster"
    assert "guard" not in world.publish()


def digest(world: World) -> str:
    planned = world.run("plan", "--format", "json")
    return str(json.loads(planned.out)["digest"])


def renamed(world: World) -> None:
    """Give a workload another name, while its pods keep theirs: with a unit for each workload that moves them."""
    world.write(text("workload", west="flux"))
    for _ in range(3):
        move(world)
    written = text("workload", west="flux").replace("name: kafka, namespace", "name: events, namespace")
    for cluster in ("east", "west"):
        written = written.replace(
            f"cluster: {cluster}, replicas: 1", f"cluster: {cluster}, replicas: 1, statefulSet: kafka"
        )
    world.write(written)


def test_what_gets_another_unit_by_a_name_moves_too_and_nothing_else_does(world: World) -> None:
    renamed(world)
    said = world.publish(code=3)
    assert "guard moved-resources (needs approval): 3 resources would move to overlays/west/streaming/events" in said
    assert "step 1 of 3 (keep): 6 resources in east, west" in move(world)
    assert world.record("east")["move"]["folders"] == ["streaming/kafka"]  # type: ignore[index]
    said = move(world)
    assert "step 2 of 3 (move): 6 resources" in said
    files = world.files()
    assert "overlays/west/streaming/events/kafka-0.yaml" in files
    assert "overlays/west/streaming/kafka/kafka-0.yaml" not in files
    assert world.record("east")["move"]["folders"] == ["streaming/events", "streaming/kafka"]  # type: ignore[index]
    assert "Kustomization streaming.kafka" in names(world, "engines/flux/west/gitops-gen.yaml"), "it is a unit for ever"
    assert "step 3 of 3 (release)" in move(world)
    assert not sum(kept(world).values())
    world.publish("--approve", digest(world))
    assert "overlays/west/streaming/kafka/retired.yaml" in world.files()


def test_a_move_is_given_up_by_the_inventory_that_was_there_before(world: World) -> None:
    before = rendered(world)
    world.write(text("cluster", west="flux"))
    move(world)
    world.write(text(west="flux"))
    assert "step 3 of 3 (release): 29 resources" in move(world)
    assert rendered(world) == before
    assert "move" not in world.record("east")


def test_what_begins_to_move_later_is_kept_first(world: World) -> None:
    world.write(text(west="argocd"))
    move(world)
    world.write(text(west="argocd", east="flux"))
    assert "step 1 of 3 (keep): 22 resources in east, west" in move(world)
    assert "step 2 of 3 (move): 22 resources" in move(world)


def test_a_move_is_refused_where_it_cannot_be_safe(world: World) -> None:
    # A unit that has nothing left would come to stand around others.
    fewer = {**START, "streaming/kafka": {"east": 1}}
    world.write(text(sizes=fewer, west="flux"))
    world.publish("--approve", digest(world))
    world.write(text("workload", sizes=fewer, west="flux"))
    move(world)
    said = move(world, code=3)
    assert "overlays/west/streaming is a sync unit that has nothing left" in said
    assert "gitops-gen retire INVENTORY overlays/west/streaming" in said
    # A hand edit is not overwritten.
    world.write(text(sizes=fewer, west="flux"))
    move(world)
    path = "overlays/east/monitoring/prometheus/prometheus-0.yaml"
    clone = world.clone()
    (clone / path).write_text((clone / path).read_text().replace("9090", "9091"))
    git(clone, "commit", "--quiet", "--all", "-m", "edit")
    world.push()
    world.write(text(sizes=fewer, west="flux", east="flux"))
    assert f"{path} is in the way of the move" in move(world, code=3)
    # What was taken back and not seen yet would be forgotten.
    world.revert("HEAD")
    world.revert("HEAD~2")
    assert "has not been taken note of yet" in move(world, code=3)


def test_an_older_inventory_moves_nothing(world: World) -> None:
    old = world.write(text("cluster", west="flux"))
    world.sizes()
    world.write(text(west="flux", sizes={**START, "streaming/kafka": {"east": 2, "west": 1}}))
    world.publish()
    world.at(old)
    assert "has a newer inventory" in move(world, code=3)


def test_a_reverted_step_is_done_again(world: World) -> None:
    before = rendered(world)
    world.write(text(west="argocd"))
    for _ in range(3):
        move(world)
    world.revert("HEAD")
    assert "held" not in world.publish()
    assert "step 3 of 3 (release)" in move(world)
    assert rendered(world) == before


def test_json_says_the_step_and_what_to_do(world: World) -> None:
    world.write(text(west="argocd"))
    move(world)
    value = json.loads(world.run("move", "--verify", "none", "--format", "json").out)
    delete = "kubectl --namespace flux-system delete kustomizations.kustomize.toolkit.fluxcd.io"
    annotate = "annotate --selector app.kubernetes.io/managed-by=gitops-gen"
    istio = "gateways.networking.istio.io,services,virtualservices.networking.istio.io"
    off = "argocd.argoproj.io/sync-options- kustomize.toolkit.fluxcd.io/prune-"
    commands = {
        "unless what applies engines/flux/west prunes it": [f"{delete} monitoring", f"{delete} streaming"],
        "after the commands above: else nothing there is ever pruned again": [
            f"kubectl --namespace {namespace} {annotate} {istio} {off}" for namespace in ("monitoring", "streaming")
        ],
    }
    assert value["move"] == {
        "step": "move",
        "number": 2,
        "resources": {"west": 11},
        "apply": ["engines/argocd/gitops-gen.yaml"],
        "commands": [
            {"cluster": "west", "command": command, "note": note}
            for note, listed in commands.items()
            for command in listed
        ],
    }
    assert value["outcome"]["commit"] == world.tip()


# --- waiting ---------------------------------------------------------------------------------------------------------

FLUX = """\
#!{python}
# A Flux that has applied what is on the branch, and still has what stands in the file `old`.
import json, pathlib, subprocess, sys
sys.path.insert(0, {root!r})
import yaml
from tests.engine_objects import a_kustomization, a_source
here = pathlib.Path(__file__).parent
git = ["git", "-C", {remote!r}]
commit = subprocess.run([*git, "rev-parse", "main"], capture_output=True, text=True, check=True).stdout.strip()
cluster = sys.argv[1].removeprefix("--context=")
written = subprocess.run(
    [*git, "show", f"main:engines/flux/{{cluster}}/gitops-gen.yaml"], capture_output=True, text=True, check=True
).stdout
known = {{
    one["metadata"]["name"]: one["spec"]["path"]
    for one in yaml.safe_load_all(written)
    if one["kind"] == "Kustomization"
}}
old = here / "old"
known |= json.loads(old.read_text()) if old.exists() and cluster == "east" else {{}}
items = [
    a_kustomization(name=name, path=path, applied=f"main@sha1:{{commit}}", attempted=f"main@sha1:{{commit}}")
    for name, path in known.items()
]
print(json.dumps({{"apiVersion": "v1", "kind": "List", "items": [*items, a_source()]}}))
"""


def a_flux(world: World) -> Path:
    folder = world.inventory.parent / "bin"
    folder.mkdir()
    program = folder / "kubectl"
    program.write_text(FLUX.format(python=sys.executable, root=str(ROOT), remote=str(world.remote)))
    program.chmod(0o755)
    return program


def subjects(world: World) -> list[str]:
    return [line[:11] for line in git(world.remote, "log", "--format=%s", "main").splitlines()]


def test_all_steps_are_done_one_after_another_when_the_engines_have_come_so_far(tmp_path: Path, capsys: Any) -> None:
    world = World(tmp_path, capsys)
    world.write(text(engine="flux"))
    world.publish()
    kubectl = a_flux(world)
    world.write(text("workload", engine="flux"))
    # What has the resources together with the new units has to be gone before they may be pruned again.
    (kubectl.parent / "old").write_text(json.dumps({"monitoring": "./overlays/east/monitoring"}))
    said = move(world, "--wait", "--kubectl", str(kubectl), "--wait-deadline", "1", code=4)
    assert "flux still has overlays/east/monitoring, or could not be asked" in said
    assert subjects(world)[:2] == ["Move 2 of 3", "Move 1 of 3"]
    ended = world.run("status", "--kubectl", kubectl)
    assert (ended.code, "5 applied" in ended.out) == (0, True), ended.out
    assert world.record("east")["move"]["from"] == {"engine": "flux", "syncUnit": "namespace"}  # type: ignore[index]
    said = move(world, "--wait", "--kubectl", str(kubectl), "--wait-deadline", "1", code=4)
    assert subjects(world)[:2] == ["Move 2 of 3", "Move 1 of 3"], "it waits before it goes on"
    (kubectl.parent / "old").unlink()
    said = move(world, "--wait", "--kubectl", str(kubectl))
    assert "step 3 of 3 (release)" in said
    assert subjects(world)[0] == "Move 3 of 3"
    assert "nothing is to move" in move(world, "--wait", "--kubectl", str(kubectl))


def test_a_step_that_is_not_applied_is_waited_for(tmp_path: Path, capsys: Any) -> None:
    world = World(tmp_path, capsys)
    world.write(text(engine="flux"))
    world.publish()
    kubectl = a_flux(world)
    kubectl.write_text(kubectl.read_text().replace('"rev-parse", "main"', '"rev-parse", "main~1"'))
    world.write(text("workload", engine="flux"))
    said = move(world, "--wait", "--kubectl", str(kubectl), "--wait-deadline", "1", code=4)
    assert "not applied after" in said
    assert subjects(world)[0] == "Move 1 of 3"
    ended = world.run("status", "--kubectl", kubectl)
    assert "5 sync units" in ended.out, "it is about what is published, and not about what is wanted"
    assert "missing" not in ended.out


def test_without_an_engine_everywhere_nothing_is_waited_for(world: World) -> None:
    world.write(text(west="none"))
    said = move(world, "--wait", code=1)
    assert "west has no engine to wait for" in said


def test_a_step_that_landed_is_told_though_its_report_cannot_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(text("workload", west="flux"))
    monkeypatch.setattr(console, "result", no_room)
    ended = world.run("move", "--verify", "none")
    assert ended.code == 6
    assert f"commit {world.tip()} is on main, but the report cannot be written: No space left" in ended.err


def test_another_folder_is_not_taken_for_a_first_publish(world: World) -> None:
    """The tree in the old one would stay alive, and each resource would have two owners."""
    written = text(west="flux").replace("{repository:", "{path: deploy/mesh, repository:")
    world.write(written)
    said = world.publish(code=3)
    assert "guard moved-resources (needs approval): the top folder of the repository holds what is published" in said
    assert "with folder deploy/mesh, each resource would have two owners" in said
    assert not [path for path in world.files() if path.startswith("deploy/")]
    # Somebody else's record is none of this mesh.
    world.write(written.replace("metadata: {name: example}", "metadata: {name: another}"))
    world.publish()
    world.write(written.replace("deploy/mesh", "deploy/third").replace("name: example}", "name: another}"))
    assert "folder deploy/mesh of the repository holds what" in world.publish(code=3)


def test_a_folder_that_was_moved_by_hand_is_gone_on_with(world: World) -> None:
    before = world.files()
    clone = world.clone()
    (clone / "deploy" / "mesh").mkdir(parents=True)
    for name in ("base", "overlays", "engines", "published"):
        git(clone, "mv", name, f"deploy/mesh/{name}")
    git(clone, "commit", "--quiet", "-m", "Move the mesh")
    world.push()
    world.write(text(west="flux").replace("{repository:", "{path: deploy/mesh, repository:"))
    said = world.publish(code=3)
    assert "guard engine-objects" in said
    assert "moved-resources" not in said
    world.publish("--approve", said.rpartition("--approve ")[2].split()[0])
    after = world.files()
    assert {path for path in after if "/published/" not in path} == {f"deploy/mesh/{path}" for path in before}
