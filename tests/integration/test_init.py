"""What `gitops-gen init` writes is an inventory that passes and publishes as it stands, and overwrites nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from gitops_gen.inventory.schema import json_schema

ROOT = Path(__file__).parents[2]

INVENTORY = ["inventory/cluster.yaml", "inventory/mesh.yaml", "inventory/workload.yaml"]
SCHEMAS = [f"schema/{kind}.schema.json" for kind in ("cluster", "consumer", "mesh", "workload")]
CI = [".github/workflows/gitops-gen.yml", ".gitlab-ci.yml"]


def gitops_gen(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gitops_gen", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def started(tmp_path: Path) -> Path:
    folder = tmp_path / "started"
    folder.mkdir()
    done = gitops_gen(folder, "init")
    assert (done.returncode, done.stdout.splitlines()) == (0, [*CI, *INVENTORY, *SCHEMAS])
    assert "gitops-gen publish inventory" in done.stderr
    return folder


def test_exactly_what_is_listed_is_written(started: Path) -> None:
    assert files(started) == sorted([*CI, *INVENTORY, *SCHEMAS])


def test_the_starter_inventory_passes_without_a_warning(started: Path) -> None:
    done = gitops_gen(started, "validate", "inventory")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "mesh example: 1 cluster, 1 workload, 2 pods, 0 consumers\n"


def test_the_starter_inventory_publishes_once(started: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "mesh.git"], check=True)
    done = gitops_gen(started, "publish", "inventory", "--repository", "../mesh.git", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["outcome"]["verifiedUnits"], told["guards"], told["refusals"]) == (1, [], [])
    again = gitops_gen(started, "publish", "inventory", "--repository", "../mesh.git", "--format", "json")
    assert json.loads(again.stdout)["outcome"]["commit"] is None


def test_every_line_to_change_is_marked_and_every_file_names_its_schema(started: Path) -> None:
    for path in INVENTORY:
        kind = path.rpartition("/")[2].removesuffix(".yaml")
        text = (started / path).read_text()
        first = text.splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../schema/{kind}.schema.json"
        assert (started / "schema" / f"{kind}.schema.json").is_file()
        assert "CHANGE THIS" in text or kind == "cluster"
        for line in text.splitlines():
            if "example.com" in line and not line.lstrip().startswith("#"):
                above = text.splitlines()[text.splitlines().index(line) - 1]
                assert "CHANGE THIS" in line + above


def test_what_the_comments_offer_passes_too(started: Path) -> None:
    for path, offered in {
        "inventory/mesh.yaml": "engine: argocd",
        "inventory/cluster.yaml": "endpointDiscovery: false",
        "inventory/workload.yaml": "- {clusters: {ring: production}, replicas: 2}",
    }.items():
        text = (started / path).read_text()
        assert text.count(f"# {offered}") == 1
        text = text.replace(f"# {offered}", offered)
        if path.endswith("workload.yaml"):
            text = text.replace("- {cluster: cluster-a, replicas: 2} #", "#")
        (started / path).write_text(text)
    cluster = (started / "inventory/cluster.yaml").read_text()
    (started / "inventory/cluster.yaml").write_text(cluster.replace("# credentialName:", "credentialName:"))
    done = gitops_gen(started, "validate", "inventory")
    assert (done.returncode, done.stdout) == (0, "")


def test_schemas_are_those_of_this_version(started: Path) -> None:
    for path in SCHEMAS:
        kind = path.rpartition("/")[2].removesuffix(".schema.json").capitalize()
        assert json.loads((started / path).read_text()) == json_schema(kind)


def test_the_github_workflow_is_pinned_and_has_no_rights_but_to_read(started: Path) -> None:
    text = (started / CI[0]).read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert [job["permissions"] for job in workflow["jobs"].values()] == [{"contents": "read"}] * 2
    uses = re.findall(r"uses: (\S+)", text)
    assert len(uses) == 4
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in uses)
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert "secrets.GITOPS_WRITE_TOKEN" not in json.dumps(workflow["jobs"]["plan"])


def test_the_github_workflow_has_nothing_unsafe(started: Path, tmp_path: Path) -> None:
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    ended = subprocess.run(
        [zizmor, "--offline", "--quiet", "--no-progress", started / ".github"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert ended.returncode == 0, ended.stdout.decode()


def test_the_plan_stands_where_people_review(started: Path) -> None:
    workflow = yaml.safe_load((started / CI[0]).read_text())
    plans = [step["run"] for step in workflow["jobs"]["plan"]["steps"] if "gitops-gen plan" in step.get("run", "")]
    assert [plan.partition("|")[2].strip() for plan in plans] == ['tee -a "$GITHUB_STEP_SUMMARY"']
    assert all("--format markdown" in plan for plan in plans)
    pipeline = yaml.safe_load((started / CI[1]).read_text())
    assert pipeline["plan"]["artifacts"] == {"when": "always", "paths": ["plan.md"], "expose_as": "plan"}
    assert pipeline["plan"]["script"][-1].endswith("--format markdown | tee plan.md")
    for publish in (workflow["jobs"]["publish"]["steps"][-1]["env"], pipeline["publish"]["variables"]):
        assert publish["GITOPS_GEN_CHANGE_REQUEST"] == "false"


def test_the_gitlab_pipeline_gives_each_job_its_own_token(started: Path) -> None:
    pipeline = yaml.safe_load((started / CI[1]).read_text())
    assert pipeline["plan"]["script"][-1].startswith('GITOPS_GEN_TOKEN="$GITOPS_READ_TOKEN" gitops-gen plan inventory ')
    assert "GITOPS_WRITE_TOKEN" not in json.dumps(pipeline["plan"])
    assert "GITOPS_WRITE_TOKEN" in json.dumps(pipeline["publish"])


@pytest.mark.parametrize(("ci", "written"), [("none", []), ("github", CI[:1]), ("gitlab", CI[1:]), ("all", CI)])
def test_only_the_files_for_the_chosen_ci_are_written(tmp_path: Path, ci: str, written: list[str]) -> None:
    assert gitops_gen(tmp_path, "init", "new/folder", "--ci", ci).returncode == 0
    assert files(tmp_path / "new/folder") == sorted([*written, *INVENTORY, *SCHEMAS])


@pytest.mark.parametrize("taken", [".gitlab-ci.yml", "inventory/mesh.yaml", "schema/mesh.schema.json"])
def test_nothing_is_written_where_one_file_is_there(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("mine\n")
    done = gitops_gen(tmp_path, "init")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"there already: {taken}\n" in done.stderr
    assert files(tmp_path) == [taken]
    assert (tmp_path / taken).read_text() == "mine\n"


def test_a_dangling_link_is_in_the_way_like_a_file(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").symlink_to("nowhere")
    done = gitops_gen(tmp_path, "init")
    assert (done.returncode, "there already: .gitlab-ci.yml\n" in done.stderr) == (3, True)
    assert files(tmp_path) == []


def test_a_folder_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "schema").symlink_to("elsewhere")
    done = gitops_gen(tmp_path, "init")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert files(tmp_path) == []
