"""status, publish --wait and artifact against real repositories; the engines' words are given, the controllers' own
stand in tests/engines."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gitops_gen.engines.observed import flat, flux_units
from gitops_gen.workflows.asking import Heard
from gitops_gen.workflows.landing import Clock
from gitops_gen.workflows.publishing import Remote
from gitops_gen.workflows.reading import load_inventory
from gitops_gen.workflows.status import wait_until_applied
from tests.command import Ended, git
from tests.engine_objects import a_kustomization, a_list, a_source, an_application
from tests.published import START, World, inventory_text

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize

UNITS = {"east": ("monitoring", "streaming"), "north": ("monitoring",), "west": ("monitoring", "streaming")}


def with_engine(text: str, engine: str = "flux") -> str:
    gitops = f"spec: {{gitops: {{repository: https://git.example.com/mesh.git, engine: {engine}}}}}"
    return text.replace("spec: {}", gitops)


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """Make a mesh that Flux syncs, published once."""
    world = World(tmp_path, capsys)
    world.write(with_engine(inventory_text(START)))
    world.publish()
    return world


def publish_sizes(world: World, *arguments: str, port: int = 9090, **changes: int) -> str:
    sizes = {key: dict(placed) for key, placed in START.items()}
    sizes["monitoring/prometheus"] |= changes
    world.write(with_engine(inventory_text(sizes, port)))
    world.publish(*arguments)
    return world.tip()


def kustomizations(commits: dict[str, str], namespaces: dict[str, tuple[str, ...]] | None = None) -> dict[str, Any]:
    """Make the Kustomizations of all units, those of each cluster ready at its commit."""
    made = [
        a_kustomization(
            name=namespace,
            path=f"./overlays/{cluster}/{namespace}",
            applied=f"main@sha1:{commit}",
            attempted=f"main@sha1:{commit}",
        )
        for cluster, commit in commits.items()
        for namespace in (namespaces or UNITS)[cluster]
    ]
    return a_list(*made, a_source())


def status(world: World, objects: dict[str, Any], *arguments: str) -> Ended:
    file = world.inventory.parent / "objects.json"
    file.write_text(json.dumps(objects))
    return world.run("status", "--objects", file, *arguments)


def states(world: World, objects: dict[str, Any]) -> dict[str, str]:
    ended = status(world, objects, "--format", "json")
    value = json.loads(ended.out)
    assert value["inOrder"] == (ended.code == 0)
    return {one["unit"].removeprefix("overlays/"): one["state"] for one in value["units"]}


def everywhere(commit: str) -> dict[str, str]:
    return dict.fromkeys(UNITS, commit)


def test_what_is_applied_is_judged_by_what_a_unit_renders_not_by_the_commit(world: World) -> None:
    first = world.tip()
    ended = status(world, kustomizations(everywhere(first)))
    assert (ended.code, ended.out) == (0, f"5 sync units at {first[:12]}: 5 applied\n")
    second = publish_sizes(world, east=3)
    assert states(world, kustomizations(everywhere(first))) == {
        "east/monitoring": "pending",
        "east/streaming": "applied",
        "north/monitoring": "applied",
        "west/monitoring": "applied",
        "west/streaming": "applied",
    }
    ended = status(world, kustomizations({**everywhere(first), "east": second}))
    assert (ended.code, ended.out) == (0, f"5 sync units at {second[:12]}: 5 applied\n")


def test_a_base_that_is_split_renders_the_same(world: World) -> None:
    first = world.tip()
    publish_sizes(world, "--cluster", "west", port=9091)
    assert "base/monitoring/prometheus/service.yaml" not in world.files(), "the change is to move it into the overlays"
    found = states(world, kustomizations(everywhere(first)))
    pending = {unit for unit, state in found.items() if state == "pending"}
    assert pending == {"west/monitoring", "west/streaming"}


def test_a_revert_renders_as_before(world: World) -> None:
    first = world.tip()
    second = publish_sizes(world, east=3)
    world.revert(second)
    assert set(states(world, kustomizations(everywhere(first))).values()) == {"applied"}
    assert states(world, kustomizations(everywhere(second)))["east/monitoring"] == "pending"


def test_units_are_those_that_are_published_while_they_move(world: World) -> None:
    first = world.tip()
    text = with_engine(inventory_text(START)).replace("engine: flux", "engine: flux, syncUnit: workload")
    world.write(text)
    assert set(states(world, kustomizations(everywhere(first)))) == {
        f"{cluster}/{namespace}" for cluster, namespaces in UNITS.items() for namespace in namespaces
    }
    clone = world.clone()
    (clone / "published" / "east.yaml").write_text("by hand\n")
    git(clone, "commit", "--quiet", "--all", "-m", "An edit")
    world.push()
    assert "east/monitoring/prometheus" in states(world, kustomizations(everywhere(first)))


def with_component(world: World) -> str:
    """Commit a component in one unit, as a person does."""
    clone = world.clone()
    folder = clone / "overlays" / "east" / "streaming"
    text = (folder / "kustomization.yaml").read_text()
    (folder / "kustomization.yaml").write_text(f"{text}components:\n- ../../../components/lab\n")
    (clone / "components" / "lab").mkdir(parents=True)
    (clone / "components" / "lab" / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {lab: east}}]\n"
    )
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "A component")
    return world.push()


def test_what_people_added_counts_by_its_files(world: World) -> None:
    first = world.tip()
    second = with_component(world)
    assert states(world, kustomizations(everywhere(first)))["east/streaming"] == "pending"
    assert set(states(world, kustomizations(everywhere(second))).values()) == {"applied"}
    clone = world.clone()
    component = clone / "components" / "lab" / "kustomization.yaml"
    component.write_text(component.read_text().replace("east", "west"))
    git(clone, "commit", "--quiet", "--all", "-m", "Another label")
    world.push()
    assert states(world, kustomizations(everywhere(second)))["east/streaming"] == "pending"


def test_argocd_can_say_synced_and_be_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path, capsys)
    world.write(with_engine(inventory_text(START), "argocd"))
    world.publish()
    first = world.tip()
    world.write(with_engine(inventory_text(START, 9091), "argocd"))
    world.publish()
    second = world.tip()

    def applications(**changes: Any) -> dict[str, Any]:
        return a_list(
            *[
                an_application(
                    name=f"{cluster}.{namespace}",
                    path=f"overlays/{cluster}/{namespace}",
                    destination={"name": cluster},
                    **changes,
                )
                for cluster, namespaces in UNITS.items()
                for namespace in namespaces
            ]
        )

    assert set(states(world, applications(revision=second, attempted=second, history=[first, second])).values()) == {
        "applied"
    }
    ended = status(world, applications(revision=second, attempted=first, history=[first]))
    assert ended.code == 1
    assert f"it says Synced at {second}, but last applied {first}, where this unit renders otherwise" in ended.out
    assert ended.out.endswith(f"5 sync units at {second[:12]}: 5 stale\n")
    dealt_with = [
        {"group": one["apiVersion"].rpartition("/")[0], "kind": one["kind"], **one["metadata"]}
        for path in world.files()
        if path.startswith(("base/", "overlays/"))
        for one in yaml.safe_load_all(world.file(path))
        if "metadata" in one
    ]
    healed = {"revision": second, "attempted": second, "history": [first], "selected": [{"kind": "any"}]}
    some = [one for one in dealt_with if one["namespace"] == "streaming"]
    wanted = {
        f"{cluster}/{namespace}": "applied" if namespace == "streaming" else "stale"
        for cluster, namespaces in UNITS.items()
        for namespace in namespaces
    }
    assert states(world, applications(**healed, dealt_with=some, resources=dealt_with)) == wanted
    third = with_component(world)
    healed |= {"revision": third, "attempted": third}
    wanted["east/streaming"] = "stale"
    found = states(world, applications(**healed, dealt_with=some, resources=dealt_with))
    assert found == wanted, "kustomize alone can tell what has changed in it"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is neither JSON nor YAML"),
        (b"\xff", "is neither JSON nor YAML"),
        (b"", "holds no Kubernetes objects"),
        (b"- 1\n", "holds no Kubernetes objects"),
    ],
)
def test_what_is_no_list_of_objects(world: World, content: bytes, said: str) -> None:
    file = world.inventory.parent / "odd"
    file.write_bytes(content)
    ended = world.run("status", "--objects", file)
    assert ended.code == 1
    assert said in ended.err


def test_objects_as_yaml_and_an_empty_list(world: World) -> None:
    file = world.inventory.parent / "objects.yaml"
    file.write_text("kind: List\nitems: []\n")
    ended = world.run("status", "--objects", file, "--cluster", "north")
    assert ended.code == 1
    assert ended.out == (
        "north/monitoring (flux): missing\n"
        "  no Kustomization has the folder overlays/north/monitoring\n"
        f"1 sync unit at {world.tip()[:12]}: 1 missing\n"
    )


def test_there_is_nothing_to_ask_for(tmp_path: Path, capsys: pytest.CaptureFixture[str], world: World) -> None:
    ended = status(world, a_list(), "--cluster", "nowhere")
    assert (ended.code, ended.out) == (1, "")
    assert "nothing is published for nowhere" in ended.err
    bare = World(tmp_path / "bare", capsys)
    bare.write(with_engine(inventory_text(START)))
    assert "nothing is published" in status(bare, a_list()).err
    bare.write(inventory_text(START))
    bare.publish()
    assert "no cluster has an engine that could be asked" in status(bare, a_list()).err
    assert "no cluster has an engine to wait for" in bare.run("publish", "--wait").err


# --- kubectl ---------------------------------------------------------------------------------------------------------


def a_kubectl(world: World, objects: dict[str, Any], *, broken: str = "none") -> Path:
    """Write a kubectl that answers each context but one with some objects, `COMMIT` being the newest commit."""
    folder = world.inventory.parent / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "objects.json").write_text(json.dumps(objects))
    program = folder / "kubectl"
    program.write_text(f"""\
#!/bin/sh
echo "$@" >> {folder}/asked
[ -z "$GITOPS_GEN_TOKEN" ] || exit 9
[ "$1" != --context={broken} ] || {{ echo "no route to host" >&2; exit 1; }}
sed "s/COMMIT/$(git -C {world.remote} rev-parse main)/g" {folder}/objects.json
""")
    program.chmod(0o755)
    return program


def test_engines_are_asked_through_kubectl(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_GEN_TOKEN", "secret")
    kubectl = a_kubectl(world, kustomizations(everywhere("COMMIT")), broken="eks-west")
    ended = world.run("status", "--kubectl", kubectl, "--context", "eks-{cluster}", "--context", "north=other")
    assert ended.code == 1
    assert "west/monitoring (flux): unknown\n  kubectl cannot read context eks-west: no route to host\n" in ended.out
    assert ended.out.endswith(": 3 applied, 2 unknown\n")
    asked = sorted((kubectl.parent / "asked").read_text().splitlines())
    what = "kustomizations.kustomize.toolkit.fluxcd.io,gitrepositories.source.toolkit.fluxcd.io,"
    what += "ocirepositories.source.toolkit.fluxcd.io --all-namespaces --output=json"
    assert asked == [f"--context={one} get {what}" for one in ("eks-east", "eks-west", "other")]


def test_argocd_is_asked_in_one_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path, capsys)
    world.write(with_engine(inventory_text(START), "argocd"))
    world.publish()
    kubectl = a_kubectl(world, a_list())
    world.run("status", "--kubectl", kubectl)
    world.run("status", "--kubectl", kubectl, "--argocd-context", "hub")
    asked = (kubectl.parent / "asked").read_text().splitlines()
    get = "get applications.argoproj.io --all-namespaces --output=json"
    assert asked == [get, f"--context=hub {get}"]


def test_a_kubectl_that_is_none(world: World) -> None:
    assert world.run("status", "--kubectl", "/no/kubectl").code == 7
    kubectl = a_kubectl(world, {"no": "list"})
    ended = world.run("status", "--kubectl", kubectl)
    assert "kubectl did not return a list from context east" in ended.out
    ended = world.run("status", "--kubectl", kubectl, "--context", "nowhere=x")
    assert ended.code == 2
    assert "the inventory has no cluster 'nowhere'" in ended.err


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_publish_waits_for_the_units_that_change(world: World) -> None:
    first = world.tip()
    kubectl = a_kubectl(world, kustomizations({"east": "COMMIT", "north": first, "west": "0" * 40}))
    sizes = {key: dict(placed) for key, placed in START.items()}
    sizes["monitoring/prometheus"]["east"] = 3
    world.write(with_engine(inventory_text(sizes)))
    ended = world.run("publish", "--verify", "none", "--wait", "--kubectl", kubectl)
    assert ended.code == 0, ended.err
    assert f"applied: 1 sync unit at {world.tip()[:12]}, after " in ended.out
    ended = world.run("publish", "--wait", "--kubectl", kubectl, "--cluster", "east", "--format", "json")
    waited = json.loads(ended.out)["waited"]
    assert ended.code == 0
    assert (waited["landed"], waited["summary"]["applied"]) == (True, 2), "all of a cluster when nothing was to do"
    ended = world.run("publish", "--wait", "--wait-deadline", "1", "--kubectl", kubectl)
    assert ended.code == 4
    assert "west/monitoring (Kustomization flux-system/monitoring): unknown" in ended.out
    assert "not applied after " in ended.out


def test_nothing_is_waited_for_where_nothing_may_be_published(world: World) -> None:
    kubectl = a_kubectl(world, a_list())
    world.write(with_engine(inventory_text({"monitoring/prometheus": {"east": 2}})))
    ended = world.run("publish", "--wait", "--kubectl", kubectl)
    assert ended.code == 3
    assert "applied" not in ended.out
    assert not (kubectl.parent / "asked").exists()
    assert json.loads(world.run("publish", "--wait", "--kubectl", kubectl, "--format", "json").out)["waited"] is None


class Waiting:
    """A clock that only moves by sleeping, and engines that answer by a plan."""

    def __init__(self, world: World, answers: list[dict[str, Any]]) -> None:
        judged = load_inventory(str(world.inventory / "mesh"))
        assert judged.inventory is not None
        self.inventory = judged.inventory
        self.remote = Remote(environment={}, relative_to="/", repository=str(world.remote))
        self.now = 0.0
        self.answers = answers
        self.told: list[str] = []

    def hear(self, _wanted: object) -> Heard:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Heard(flux={None: flux_units(flat([answer]))})

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def until(self, commit: str, since: str | None, deadline_s: float = 60.0) -> tuple[bool, int, float]:
        clock = Clock(now=lambda: 0.0, monotonic=lambda: self.now, sleep=self.sleep, chance=lambda: 0.0)
        report = wait_until_applied(
            self.inventory,
            self.remote,
            self.hear,
            clock,
            commit=commit,
            since=since,
            deadline_s=deadline_s,
            told=self.told.append,
        )
        return report.landed, len(report.units), report.seconds


def test_it_is_asked_again_until_everything_has_arrived(world: World) -> None:
    first = world.tip()
    second = publish_sizes(world, east=3, west=3)
    answers = [kustomizations(everywhere(first))] * 2
    answers += [kustomizations({**everywhere(first), "west": second}), kustomizations(everywhere(second))]
    waiting = Waiting(world, answers)
    assert waiting.until(second, first) == (True, 2, 2.0 + 3.0 + 4.5)
    assert waiting.told == [f"{number} of 2 sync units have applied {second[:12]}" for number in (0, 1, 2)]


def test_a_later_commit_counts_though_the_branch_was_read_before_it(world: World) -> None:
    first = world.tip()
    second = publish_sizes(world, east=3)
    waiting = Waiting(world, [kustomizations(everywhere(first)), {}])

    def hear(wanted: object) -> Heard:
        if waiting.now:
            third = world.tip()
            return Heard(flux={None: flux_units(flat([kustomizations(everywhere(third))]))})
        publish_sizes(world, east=4)
        return Heard(flux={None: flux_units(flat([kustomizations(everywhere(first))]))})

    waiting.hear = hear  # type: ignore[assignment, method-assign]
    assert waiting.until(second, first) == (True, 1, 2.0)


def test_a_deadline_ends_it(world: World) -> None:
    first = world.tip()
    second = publish_sizes(world, east=3)
    waiting = Waiting(world, [kustomizations(everywhere(first))])
    landed, units, seconds = waiting.until(second, first, deadline_s=10.0)
    assert (landed, units) == (False, 1)
    assert seconds < 10.0
    assert waiting.until(second, second) == (True, 0, 0.0)


# --- artifact --------------------------------------------------------------------------------------------------------


def test_an_artifact_is_the_same_bytes_from_a_commit_and_from_a_folder(world: World, kustomize: Kustomize) -> None:
    folder = world.inventory.parent
    first = world.tip()
    made = world.run("artifact", "--cluster", "east", "--output", folder / "east.tgz")
    assert made.code == 0, made.err
    packed = (folder / "east.tgz").read_bytes()
    assert f"digest sha256:{hashlib.sha256(packed).hexdigest()}\n" in made.out
    assert f"--revision=main@sha1:{first} --reproducible" in made.out
    with tarfile.open(folder / "east.tgz") as opened:
        members = opened.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.mode, member.mtime, member.uid, member.gid, member.uname) for member in members} == {
        (0o644, 0, 0, 0, "")
    }
    clusters = {member.name.split("/")[1] for member in members if member.name.startswith("overlays/")}
    assert clusters == {"east"}
    publish_sizes(world, east=3)
    world.run("artifact", "--cluster", "east", "--commit", first[:10], "--output", folder / "again.tar.gz")
    assert (folder / "again.tar.gz").read_bytes() == packed
    git(world.remote, "clone", "--quiet", str(world.remote), str(folder / "checkout"))
    git(folder / "checkout", "checkout", "--quiet", first)
    made = world.run(
        "artifact",
        "--cluster",
        "east",
        "--directory",
        folder / "checkout",
        "--output",
        folder / "out",
        "--to",
        "oci://r/x:1",
    )
    assert f"flux push artifact oci://r/x:1 --path={folder / 'out'} " in made.out
    content = next(line.partition(" ")[2] for line in made.out.splitlines() if line.startswith("content "))
    assert f"--revision=main@{content} --reproducible" in made.out
    assert f"digest sha256:{hashlib.sha256(packed).hexdigest()}\n" in made.out
    built = kustomize_build(kustomize, folder / "out")
    assert built == kustomize_build(kustomize, folder / "checkout")


def kustomize_build(kustomize: Kustomize, folder: Path) -> list[str]:
    from gitops_gen.kustomize import build

    return [build(kustomize, folder / "overlays" / "east" / namespace, 60) for namespace in UNITS["east"]]


def test_an_artifact_has_what_flux_applies_before_any_unit(world: World) -> None:
    # Its Kustomization has the source of the others.
    world.write(with_engine(inventory_text(START)).replace("engine: flux", "engine: flux, createNamespaces: true"))
    world.publish()
    folder = world.inventory.parent
    git(world.remote, "clone", "--quiet", str(world.remote), str(folder / "checkout"))
    words = "artifact", "--cluster", "east", "--format", "json", "--output"
    value = json.loads(world.run(*words, folder / "east.tgz").out)
    before = "engines/flux/east/prerequisites"
    found = [file for file in value["files"] if file.startswith("engines/")]
    assert found == [f"{before}/gitops-gen.yaml", f"{before}/kustomization.yaml"]
    again = json.loads(world.run(*words, folder / "again.tgz", "--directory", folder / "checkout").out)
    assert (again["files"], again["digest"]) == (value["files"], value["digest"])


def test_the_folder_of_an_artifact_has_its_own_modes(world: World) -> None:
    """`flux push artifact` packs a folder with the modes that it has."""
    folder, empty = (world.inventory.parent / name for name in ("new", "empty"))
    empty.mkdir(mode=0o700)
    mask = os.umask(0o077)
    try:
        for each in (folder, empty):
            world.run("artifact", "--cluster", "east", "--output", each)
    finally:
        os.umask(mask)
    assert {stat.filemode(path.stat().st_mode) for path in (folder, *folder.rglob("*"))} == {"drwxr-xr-x", "-rw-r--r--"}
    assert {stat.filemode(path.stat().st_mode) for path in empty.rglob("*")} == {"drwxr-xr-x", "-rw-r--r--"}
    assert stat.filemode(empty.stat().st_mode) == "drwx------"


def test_an_artifact_as_json(world: World) -> None:
    file = world.inventory.parent / "east.tgz"
    value = json.loads(world.run("artifact", "--cluster", "east", "--output", file, "--format", "json").out)
    assert value["digest"] == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert value["revision"] == f"main@sha1:{world.tip()}"
    assert value["command"][:4] == ["flux", "push", "artifact", "oci://registry.example.com/mesh/east:main"]
    assert value["command"][4] == "--path=east"
    assert "base/monitoring/prometheus/service.yaml" in value["files"]


def test_what_cannot_become_an_artifact(world: World) -> None:
    folder = world.inventory.parent
    (folder / "full").mkdir()
    (folder / "full" / "mine").touch()
    cases = {
        "is not empty": ("--cluster", "east", "--output", folder / "full"),
        "nothing is published for nowhere": ("--cluster", "nowhere", "--output", folder / "x"),
        "has nothing for nowhere": ("--cluster", "nowhere", "--directory", folder / "full", "--output", folder / "x"),
        "is no commit of the branch": ("--cluster", "east", "--commit", "1234567", "--output", folder / "x"),
        "cannot be written": ("--cluster", "east", "--output", folder / "full" / "mine" / "x.tgz"),
    }
    for said, arguments in cases.items():
        ended = world.run("artifact", *arguments)
        assert (ended.code, ended.out) == (7 if said == "cannot be written" else 1, "")
        assert said in ended.err
    ended = world.run("artifact", "--cluster", "east", "--output", folder / "full" / "mine" / "x")
    assert "cannot be written" in ended.err
    ended = world.run("artifact", "--cluster", "east", "--commit", "x", "--directory", folder, "--output", folder / "x")
    assert ended.code == 2
