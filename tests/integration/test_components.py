"""People's components on top of what is generated: rendered by a real kustomize and proven, wherever a tree is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from gitops_gen.errors import ToolError
from gitops_gen.kustomize import build
from gitops_gen.workflows.generate import compare_folder
from gitops_gen.workflows.reading import load_inventory
from tests.command import Ended, bare_repository, committed, files_of, git, run
from tests.inventories import cluster, mesh, placed

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.kustomize import Kustomize

COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
LABEL = COMPONENT + "labels:\n- pairs: {team: shop}\n"
LOST = COMPONENT + "patches:\n- path: lost.yaml\n  target: {kind: VirtualService, name: east-kafka-1}\n"
DELETE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: east-kafka-1, namespace: streaming}
$patch: delete
"""
GITOPS = "gitops: {repository: 'https://git.example.com/mesh.git', engine: argocd}"
TEAM, BAD = "components/team/kustomization.yaml", "components/bad/kustomization.yaml"
BREAKS = {TEAM: LABEL, BAD: LOST, "components/bad/lost.yaml": DELETE}


class Desk:
    """A folder with an inventory and a tree."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.inventory, self.tree, self._capsys = folder / "inventory.yaml", folder / "tree", capsys
        self.tree.mkdir(parents=True)
        self.name()

    def name(self, *components: str, replicas: int = 2, gitops: str = GITOPS) -> None:
        """Write an inventory in which the workload has these components."""
        named = f"components: [{', '.join(components)}]" if components else ""
        text = (mesh(gitops), cluster(), placed(placements=f"{{cluster: east, replicas: {replicas}}}", more=named))
        self.inventory.write_text("---\n".join(text))

    def put(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / path).write_text(text)

    def run(self, command: str, *arguments: str | Path) -> Ended:
        return run(self._capsys, command, self.inventory, *arguments)

    def direct(self, command: str, *arguments: str, code: int = 0) -> Ended:
        ended = self.run(command, "--output", self.tree, *arguments)
        assert ended.code == code, f"{ended.out}\n{ended.err}"
        return ended


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_a_component_that_is_not_there_is_told_at_its_name_and_nothing_is_written(desk: Desk) -> None:
    desk.name("team")
    for command in ("generate", "check"):
        ended = desk.direct(command, code=1)
        assert f"{desk.inventory}:20:16: error: there is no components/team [GGI061]" in ended.out
        assert "help: write its kustomization.yaml with `kind: Component`" in ended.out
    assert files_of(desk.tree) == {}


def test_one_that_breaks_nothing_goes_on_top(desk: Desk, kustomize: Kustomize) -> None:
    desk.name("team")
    desk.put({TEAM: LABEL})
    assert "1 sync unit rendered by kustomize" in desk.direct("generate", "--verify", "all").out
    folder = desk.tree / "overlays" / "east" / "streaming" / "kafka"
    assert (folder / "kustomization.yaml").read_text().endswith("components:\n- ../../../../components/team\n")
    found = list(yaml.safe_load_all(build(kustomize, folder, 60)))
    assert len(found) == 6
    assert {one["metadata"]["labels"]["team"] for one in found} == {"shop"}
    assert files_of(desk.tree)[TEAM] == LABEL.encode()
    desk.direct("check")
    # Nothing of ours changes when it does, but it is proven again.
    desk.put({**BREAKS, TEAM: LOST, "components/team/lost.yaml": DELETE})
    assert "[GGI008]" in desk.direct("check", code=1).out


def test_a_host_that_is_lost_is_told_of_the_component_that_takes_it(desk: Desk) -> None:
    desk.put(BREAKS)
    desk.name("team", "bad")
    before = files_of(desk.tree)
    for command in ("generate", "check"):
        problems = json.loads(desk.direct(command, "--format", "json", code=1).out)["problems"]
        assert {(one["rule"], one["file"], one["line"]) for one in problems} == {
            ("GGI008", "components/bad/lost.yaml", 1)
        }
        said = problems[0]["message"]
        assert said.startswith("with component bad on top, nothing leads from east-kafka-1.example.com:80 at ")
        assert {one["help"] for one in problems} == {
            "change what components/bad does, or take it out of the `components` of Workload streaming/kafka"
        }
        assert ("the route in the inventory", str(desk.inventory)) in {
            (one["message"], one["file"]) for one in problems[0]["related"]
        }
    assert files_of(desk.tree) == before


def test_what_a_later_one_puts_right_is_no_problem(desk: Desk) -> None:
    patch = "patches:\n- target: {{kind: VirtualService, name: east-kafka-1}}\n  patch: |\n    - {{op: replace, {}}}\n"
    other, right = (f"path: /spec/hosts/0, value: {name}.example.com" for name in ("other", "east-kafka-1"))
    desk.put({TEAM: COMPONENT + patch.format(other), BAD: COMPONENT + patch.format(right)})
    desk.name("team", "bad")
    desk.direct("generate")
    desk.name("bad", "team")
    problems = json.loads(desk.direct("check", "--format", "json", code=1).out)["problems"]
    assert {one["file"] for one in problems} == {TEAM}


@pytest.mark.parametrize(
    ("names", "files", "said"),
    [
        (["bad"], {BAD: COMPONENT + "resources: [gone.yaml]\n"}, "components/bad cannot be built on top of overlays/"),
        # The first of several that cannot is the one to look at.
        (
            ["bad", "team"],
            {BAD: COMPONENT + "resources: [gone.yaml]\n", TEAM: COMPONENT + "patches: [{path: gone.yaml}]\n"},
            "components/bad cannot be built on top of overlays/",
        ),
        (["team", "bad"], {TEAM: LABEL, BAD: COMPONENT + "resources: [gone.yaml]\n"}, "components/bad cannot be built"),
        (["bad"], {BAD: COMPONENT + "components: [../../overlays]\n"}, "leads to overlays, out of components/"),
        (
            ["bad"],
            {BAD: COMPONENT + "generators: [list.yaml]\n", "components/bad/list.yaml": "kind: Nothing\n"},
            "components/bad cannot be built",
        ),
        (
            ["team", "bad"],
            {
                TEAM: LABEL,
                BAD: COMPONENT + "resources: [more.yaml]\n",
                "components/bad/more.yaml": "apiVersion: v1\nkind: ConfigMap\n"
                "metadata: {name: one, namespace: other}\n",
            },
            "components/bad adds ConfigMap other/one, which is in namespace other, not in streaming as the workload is",
        ),
        (
            ["bad"],
            {BAD: COMPONENT + "configMapGenerator:\n- {name: one, options: {disableNameSuffixHash: true}}\n"},
            "components/bad adds ConfigMap one, which is in no namespace, not in streaming as the workload is",
        ),
        (
            ["bad"],
            {
                BAD: COMPONENT + "resources: [more.yaml]\n",
                "components/bad/more.yaml": "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
                "metadata: {name: one, namespace: streaming}\n",
            },
            "AuthorizationPolicy streaming/one, which is of a kind that argocd may not apply in east",
        ),
    ],
)
def test_what_does_not_fit_is_told_at_its_name(desk: Desk, names: list[str], files: dict[str, str], said: str) -> None:
    desk.name(*names)
    desk.put(files)
    (problem,) = json.loads(desk.direct("generate", "--format", "json", code=1).out)["problems"]
    assert problem["rule"] == "GGI062"
    assert said in problem["message"]
    assert (problem["file"], problem["line"]) == (str(desk.inventory), 20)
    assert problem["column"] == 16 + sum(len(name) + 2 for name in names[: names.index("bad")])
    assert problem["subject"] == "Workload streaming/kafka"


def test_where_no_engine_has_limits_a_component_may_add_any_kind(desk: Desk) -> None:
    desk.name("team", gitops="")
    with desk.inventory.open("a") as inventory:
        inventory.write(f"---\n{placed(name='zookeeper')}")
    more = "apiVersion: example.com/v1\nkind: Any\nmetadata: {name: one, namespace: streaming}\n"
    desk.put({TEAM: COMPONENT + "resources: [more.yaml]\n", "components/team/more.yaml": more})
    assert "1 sync unit rendered by kustomize" in desk.direct("generate", "--verify", "all").out


def test_what_is_added_is_a_part_of_what_is_proven(desk: Desk) -> None:
    """A second route for a host is found wherever it comes from."""
    desk.name("team")
    desk.direct("generate", code=1)
    desk.name()
    desk.direct("generate")
    text = (desk.tree / "overlays/east/streaming/kafka/kafka-0.yaml").read_text()
    route = next(one for one in yaml.safe_load_all(text) if one["kind"] == "VirtualService")
    route["metadata"]["name"] = "more"
    desk.put({TEAM: COMPONENT + "resources: [more.yaml]\n", "components/team/more.yaml": yaml.safe_dump(route)})
    desk.name("team")
    problems = json.loads(desk.direct("check", "--format", "json", code=1).out)["problems"]
    assert "components/team/more.yaml" in {one["file"] for one in problems}
    assert all("with component team on top, " in one["message"] for one in problems)


def test_plan_and_publish_look_on_the_branch(desk: Desk, tmp_path: Path) -> None:
    bare = bare_repository(tmp_path / "mesh.git")
    assert desk.run("publish", "--repository", bare).code == 0
    tip = git(bare, "rev-parse", "main")
    desk.name("team")
    for command in ("plan", "publish"):
        ended = desk.run(command, "--repository", bare)
        assert (ended.code, "there is no components/team [GGI061]" in ended.out) == (1, True), ended.out
    assert git(bare, "rev-parse", "main") == tip
    committed(bare, tmp_path / "one", BREAKS)
    desk.name("team", "bad")
    tip = git(bare, "rev-parse", "main")
    for command in ("plan", "publish"):
        ended = desk.run(command, "--repository", bare)
        assert (ended.code, "components/bad/lost.yaml:1:1: error: with component bad" in ended.out) == (1, True)
    assert git(bare, "rev-parse", "main") == tip
    desk.name("team")
    planned = desk.run("plan", "--repository", bare)
    assert (planned.code, "streaming/kafka in east: +component team\n" in planned.out) == (0, True)
    published = desk.run("publish", "--repository", bare, "--verify", "all")
    assert published.code == 0, published.err
    assert git(bare, "show", f"main:{TEAM}") == LABEL
    assert "nothing to change" in desk.run("publish", "--repository", bare).out


def test_what_is_held_keeps_its_components_and_need_not_be_right(desk: Desk, tmp_path: Path) -> None:
    bare = bare_repository(tmp_path / "mesh.git")
    assert desk.run("publish", "--repository", bare).code == 0
    committed(bare, tmp_path / "one", BREAKS)
    desk.name("team")
    assert desk.run("publish", "--repository", bare).code == 0
    first = git(bare, "rev-parse", "main").strip()
    desk.name(replicas=2)
    assert desk.run("publish", "--repository", bare).code == 0
    path = "main:overlays/east/streaming/kafka/kustomization.yaml"
    assert "components" not in git(bare, "show", path)
    # It comes back as it was, with what it had on top, and stays so: that alone is a change which a hold holds back.
    rolled = desk.run("rollback", first, "--repository", bare, "--workload", "streaming/kafka", "--verify", "all")
    assert rolled.code == 0, rolled.err
    assert git(bare, "show", path).endswith("components:\n- ../../../../components/team\n")
    held = desk.run("publish", "--repository", bare)
    assert (held.code, "held: streaming/kafka in east" in held.out) == (3, True), held.out
    # A held part may have on top what would be refused by now.
    committed(bare, tmp_path / "two", {TEAM: None})
    assert desk.run("publish", "--repository", bare).code == 3
    desk.name("team")
    assert desk.run("publish", "--repository", bare).code == 1


def test_a_rollback_does_not_bring_back_what_breaks_now(desk: Desk, tmp_path: Path) -> None:
    bare = bare_repository(tmp_path / "mesh.git")
    assert desk.run("publish", "--repository", bare).code == 0
    committed(bare, tmp_path / "one", {TEAM: LABEL})
    desk.name("team")
    assert desk.run("publish", "--repository", bare).code == 0
    first = git(bare, "rev-parse", "main").strip()
    desk.name()
    assert desk.run("publish", "--repository", bare).code == 0
    committed(bare, tmp_path / "two", {TEAM: None})
    rolled = desk.run("rollback", first, "--repository", bare)
    assert rolled.code == 1
    named = "overlays/east/streaming/kafka/kustomization.yaml:1:1: error: there is no components/team [GGI061]"
    assert named in rolled.out


def test_without_a_program_to_render_with_nothing_is_taken_for_proven(desk: Desk) -> None:
    desk.name("team")
    inventory = load_inventory(str(desk.inventory)).inventory
    assert inventory is not None
    with pytest.raises(ToolError, match="nothing was given to render them with"):
        compare_folder(inventory, desk.tree)


def test_verify_judges_a_tree_with_its_components(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.name("team")
    desk.put({**BREAKS, "components/unused/kustomization.yaml": LABEL})
    desk.direct("generate")
    # Components that nothing names are built by nobody.
    ended = run(capsys, "verify", desk.tree, "--ingress-namespace", "istio-ingress")
    assert (ended.code, ended.err) == (0, "no problems: 6 resources\n")
