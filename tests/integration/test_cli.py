"""The commands as people and pipelines meet them: exit codes in real situations, what goes where, and no traceback."""

from __future__ import annotations

import importlib
import json
import os
import pty
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import click
import pytest

from gitops_gen.cli import programs
from gitops_gen.cli.main import COMMANDS, main
from gitops_gen.workflows.landing import Clock
from tests.command import ROOT, Ended, bare_repository, checked_out, committed, files_of, git, run, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THANOS = ROOT / "examples" / "thanos"
POD_FILE = "overlays/cluster-a/monitoring/prometheus/prometheus-0.yaml"
WRITERS = ("generate", "publish")
OPTIONS = {
    "generate": ("--output", "tree"),
    "check": ("--output", "tree"),
    "plan": ("--repository", "mesh.git"),
    "publish": ("--repository", "mesh.git"),
    "validate": (),
}
"""The commands that read an inventory, and what else each of them needs, in a folder like that of `here`."""

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a copy of an inventory (`inventory`) and an empty bare repository (`mesh.git`)."""
    shutil.copytree(THANOS, tmp_path / "inventory")
    bare_repository(tmp_path / "mesh.git")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def scale(here: Path, old: int, new: int, cluster: str = "cluster-a") -> None:
    prometheus = here / "inventory" / "prometheus.yaml"
    change(prometheus, f"{{cluster: {cluster}, replicas: {old}}}", f"{{cluster: {cluster}, replicas: {new}}}")


def command_of(name: str) -> click.Command:
    command: click.Command = importlib.import_module(f"gitops_gen.cli.{name}").command
    return command


# --- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_a_line_for_each_option(name: str, capsys: Capsys) -> None:
    ended = run(capsys, name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(rf"Examples?.*:\n  .*gitops-gen {name}\b", ended.out)
    for option in command_of(name).params:
        if isinstance(option, click.Option) and option.name != "help":
            assert option.help
            assert option.opts[0] in ended.out
            assert f"GITOPS_GEN_{option.opts[0][2:].replace('-', '_').upper()}" in ended.out
    if name in OPTIONS:
        assert "Exit code" in ended.out or "Exit code" in ended.out.replace("\n  ", " ")


def test_the_first_help_lists_every_command_and_exit_code(capsys: Capsys) -> None:
    ended = run(capsys, "--help")
    assert ended.code == 0
    assert all(re.search(rf"^  {name} ", ended.out, re.MULTILINE) for name in COMMANDS)
    assert all(re.search(rf"(^| ) {code} +\w", ended.out, re.MULTILINE) for code in (0, 1, 2, 3, 4, 5, 6, 7, 70, 130))
    assert run(capsys, "-h").out == ended.out


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_needs_no_library_but_click(arguments: list[str]) -> None:
    program = (
        "import sys; from gitops_gen.cli.main import main; code = main([*sys.argv[1:], '--help'])\n"
        "heavy = {'pydantic', 'pydantic_core', 'git', 'yaml', 'subprocess', 'tempfile'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_version_is_told(capsys: Capsys) -> None:
    assert re.fullmatch(r"gitops-gen \d+\.\d+\.\d+\S*\n", run(capsys, "--version").out)


# --- exit code 2: usage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publsh", "inventory"], "Did you mean 'publish'?"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["publish"], "Missing argument 'INVENTORY'"),
        (["generate", "inventory"], "Missing option '--output'"),
        (["validate", "inventory", "--format", "xml"], "'xml' is not one of 'text', 'json', 'github'"),
        (["publish", "inventory", "--deadline", "0"], "0 is not in the range"),
        (["publish", "inventory", "--repositry", "x"], "Did you mean '--repository'?"),
        (["publish", "inventory", "--repository", "mesh.git", "--author", "nobody"], "write it like `Mesh Bot <"),
        (["publish", "inventory", "--repository", "mesh.git", "--author", "A\x07 <a@b>"], "is no name for a commit"),
        (["rollback", "inventory", "1", "--repository", "mesh.git", "--committer", ""], "'' is nobody"),
        (["publish", "inventory", "--repository", "mesh.git", "--date", "yesterday"], "'yesterday' is no date"),
        (["publish", "inventory", "--repository", "mesh.git", "--date", "2026-11-30T12:00:00"], "is no date"),
        (["publish", "inventory", "--repository", "mesh.git", "--date", "1969-12-31T23:59:59Z"], "is no date"),
        (["publish", "inventory", "--repository", "mesh.git", "--date", "999999999999"], "is no date"),
        (["publish", "inventory", "--repository", "mesh.git", "--signing-key", "3CF0B2ABD93B0DE3"], "names no key"),
        (["release", "inventory", "--repository", "mesh.git", "--allowed-signers", "x"], "without --signing-key"),
        (["schema", "pod"], "'pod' is not one of"),
        (["check", "inventory", "--output", "inventory/mesh.yaml"], "is a file"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(
    arguments: list[str], said: str, here: Path, capsys: Capsys
) -> None:
    ended = run(capsys, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_options_can_be_given_by_variables(here: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_GEN_REPOSITORY", "mesh.git")
    monkeypatch.setenv("GITOPS_GEN_BRANCH", "live")
    monkeypatch.setenv("GITOPS_GEN_AUTHOR", "Mesh Bot <bot@example.com>")
    monkeypatch.setenv("GITOPS_GEN_FORMAT", "json")
    ended = run(capsys, "publish", "inventory")
    assert ended.code == 0
    assert json.loads(ended.out)["outcome"]["branch"] == "live"
    assert git(here / "mesh.git", "log", "-1", "--format=%an <%ae>", "live") == "Mesh Bot <bot@example.com>\n"
    # What is written on the command line goes before.
    assert run(capsys, "plan", "inventory", "--format", "text").out == "nothing to change\n"
    monkeypatch.setenv("GITOPS_GEN_FORMAT", "yaml")
    wrong = run(capsys, "plan", "inventory")
    assert wrong.code == 2
    assert "GITOPS_GEN_FORMAT" in wrong.err


# --- the inventory ---------------------------------------------------------------------------------------------------


def test_an_inventory_is_a_file_a_directory_or_standard_input(here: Path) -> None:
    text = b"---\n".join(path.read_bytes() for path in sorted((here / "inventory").glob("*.yaml")))
    (here / "all.yaml").write_bytes(text)
    summary = "mesh thanos-example: 3 clusters, 1 workload, 4 pods, 1 consumer\n"
    for argument, stdin in (("inventory", b""), ("all.yaml", b""), ("-", text)):
        assert start("validate", argument, cwd=here, stdin=stdin) == Ended(0, "", summary)


@pytest.mark.parametrize("command", OPTIONS)
def test_problems_end_every_command_with_1_and_nothing_is_written(command: str, here: Path, capsys: Capsys) -> None:
    change(
        here / "inventory" / "prometheus.yaml", "replicas: 2}\n    - {cluster: cluster-b,", 'replicas: "2"}\n    - {'
    )
    before = files_of(here)
    ended = run(capsys, command, "inventory", *OPTIONS[command])
    assert ended.code == 1
    assert re.search(r"^inventory/prometheus\.yaml:\d+:\d+: error: .* \[GGI\d{3}\]$", ended.out, re.MULTILINE)
    assert "1 error in 1 file\n" in ended.err
    assert files_of(here) == before


@pytest.mark.parametrize("command", OPTIONS)
def test_problems_are_json_where_json_was_asked_for(command: str, here: Path, capsys: Capsys) -> None:
    change(here / "inventory" / "prometheus.yaml", "protocol: GRPC", "protokoll: GRPC")
    told = json.loads(run(capsys, command, "inventory", *OPTIONS[command], "--format", "json").out)
    assert told["summary"]["errors"] == len(told["problems"]) == 1
    assert {"file", "line", "column", "rule", "severity"} <= {*told["problems"][0], *told["problems"][0].get("at", ())}


def test_problems_are_annotations_where_github_was_asked_for(here: Path, capsys: Capsys) -> None:
    change(here / "inventory" / "prometheus.yaml", "protocol: GRPC", "protokoll: GRPC")
    ended = run(capsys, "validate", "inventory", "--format", "github")
    assert ended.code == 1
    assert ended.out.startswith("::error file=inventory/prometheus.yaml,line=14,col=33,")
    assert ended.out.count("\n") == 1


def test_nothing_on_standard_input_is_told_by_its_name(here: Path) -> None:
    for stdin in (b"", b"\n", b"# nothing\n"):
        ended = start("validate", "-", cwd=here, stdin=stdin)
        assert ended.code == 1
        assert ended.out.startswith("<stdin>:1:1: error: the inventory has no Mesh")


def test_a_standard_input_that_is_closed_is_told(here: Path) -> None:
    program = [sys.executable, "-m", "gitops_gen", "validate", "-"]
    ended = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&-', "sh", *program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "gitops-gen: error: there is no standard input to read the inventory from\n"


@pytest.mark.parametrize("what", ["nothing", "secret", "pipe", "loop", "not text", "empty folder"])
def test_an_inventory_that_cannot_be_read_ends_with_1_and_says_why(what: str, here: Path, capsys: Capsys) -> None:
    path = here / "odd.yaml"
    match what:
        case "secret":
            path.write_text("kind: Mesh\n")
            path.chmod(0)
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case "not text":
            path.write_bytes(b"kind: \xff\xfe\n")
        case "empty folder":
            path.mkdir()
        case _:
            assert not path.exists()
    ended = run(capsys, "publish", "odd.yaml", "--repository", "mesh.git")
    assert ended.code == 1
    assert "odd.yaml" in ended.out + ended.err
    assert not git(here / "mesh.git", "for-each-ref")


# --- generate and check ----------------------------------------------------------------------------------------------


def test_check_shows_how_a_tree_is_stale(here: Path, capsys: Capsys) -> None:
    assert run(capsys, "generate", "inventory", "--output", "tree").code == 0
    scale(here, 2, 1)
    ended = run(capsys, "check", "inventory", "--output", "tree")
    assert ended.code == 1
    assert f"--- a/{POD_FILE.replace('-0', '-1')}" in ended.out
    assert "\n-- prometheus-1.yaml\n" in ended.out
    assert '\n-    - address: "cluster-a-prometheus-1.example.com:10901"\n' in ended.out
    assert ended.err == "stale: 2 files to write, 1 to delete, 0 refused; run `gitops-gen generate`\n"
    few = run(capsys, "check", "inventory", "--output", "tree", "--lines", "3")
    assert len(few.out.splitlines()) <= 5
    told = json.loads(run(capsys, "check", "inventory", "--output", "tree", "--format", "json").out)
    assert told["deletes"] == [POD_FILE.replace("-0", "-1")]
    assert len(told["writes"]) == 2
    assert run(capsys, "generate", "inventory", "--output", "tree").code == 0
    assert run(capsys, "check", "inventory", "--output", "tree").code == 0


def test_check_of_an_absent_folder_makes_none(here: Path, capsys: Capsys) -> None:
    ended = run(capsys, "check", "inventory", "--output", "tree")
    assert ended.code == 1
    assert not (here / "tree").exists()


@pytest.mark.parametrize("command", ["generate", "publish"])
def test_a_hand_edit_is_refused_and_the_other_units_go_on(command: str, here: Path, capsys: Capsys) -> None:
    put, held = writers(command, here, capsys)
    assert put().code == 0
    edited = held()[POD_FILE].decode().replace("number: 80\n", "number: 81\n")
    edit(command, here, {POD_FILE: edited})
    scale(here, 2, 3)
    scale(here, 2, 3, "cluster-b")

    refused = put()

    assert refused.code == 3
    assert f"refused: {POD_FILE}: it was edited by hand" in refused.out
    assert re.search(r"^  \| \+ .*number: 81$", refused.out, re.MULTILINE)
    assert "change Workload monitoring/prometheus in the inventory instead" in refused.out
    after = held()
    assert after[POD_FILE].decode() == edited
    assert POD_FILE.replace("-0", "-2") not in after
    assert POD_FILE.replace("-0", "-2").replace("cluster-a", "cluster-b") in after
    told = json.loads(put("--format", "json").out)
    assert told["refusals"][0]["path"] == POD_FILE

    options = ("--repository", "mesh.git", "--accept-edits", POD_FILE)
    planned = run(capsys, "plan", "inventory", *options) if command == "publish" else None
    accepted = put("--accept-edits", POD_FILE)
    if planned:
        # What is approved is what is published then.
        assert planned.code == 0
        assert re.findall("sha256:[0-9a-f]{64}", planned.out) == re.findall("sha256:[0-9a-f]{64}", accepted.out)

    assert accepted.code == 0, accepted.out
    assert b"number: 80\n" in held()[POD_FILE]
    assert POD_FILE.replace("-0", "-2") in held()


def writers(command: str, here: Path, capsys: Capsys) -> tuple[Callable[..., Ended], Callable[[], dict[str, bytes]]]:
    """Return what writes the tree, and what reads it, for `generate` and for `publish`."""
    count = iter(range(100))

    def put(*more: str) -> Ended:
        return run(capsys, command, "inventory", *OPTIONS[command], *more)

    def held() -> dict[str, bytes]:
        if command == "generate":
            return files_of(here / "tree")
        return files_of(checked_out(here / "mesh.git", here / f"checkout-{next(count)}"))

    return put, held


def edit(command: str, here: Path, files: dict[str, str]) -> None:
    """Let a person write files where `generate` or `publish` writes."""
    if command == "publish":
        committed(here / "mesh.git", here / "by-hand", dict(files))
        return
    for path, text in files.items():
        (here / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (here / "tree" / path).write_text(text)


@pytest.mark.parametrize("command", WRITERS)
def test_a_file_of_somebody_else_in_the_way_is_refused_and_stays(command: str, here: Path, capsys: Capsys) -> None:
    put, held = writers(command, here, capsys)
    if command == "publish":
        first = git(here / "mesh.git", "mktree")
        commit = git(here / "mesh.git", "commit-tree", first.strip(), "-m", "start")
        git(here / "mesh.git", "update-ref", "refs/heads/main", commit.strip())
    mine = {POD_FILE: "kind: Mine\n", "overlays/cluster-a/monitoring/prometheus/more.yaml": "kind: Mine\n"}
    edit(command, here, {**mine, "README.md": "by hand\n"})
    ended = put()
    assert ended.code == 3
    assert f"refused: {POD_FILE}: it is not a generated file" in ended.out
    after = held()
    assert after["README.md"] == b"by hand\n"
    assert {path: after[path].decode() for path in mine} == mine
    assert "overlays/cluster-b/monitoring/prometheus/prometheus-0.yaml" in after
    assert "overlays/cluster-a/monitoring/prometheus/prometheus-1.yaml" not in after


def test_a_symlink_in_the_way_is_refused_and_not_followed(here: Path, capsys: Capsys) -> None:
    (here / "elsewhere").mkdir()
    (here / "tree" / "overlays").mkdir(parents=True)
    (here / "tree" / "overlays" / "cluster-a").symlink_to(here / "elsewhere")
    ended = run(capsys, "generate", "inventory", "--output", "tree")
    assert ended.code == 3
    assert "refused: overlays/cluster-a" in ended.out
    assert list((here / "elsewhere").iterdir()) == []
    assert (here / "tree" / "overlays" / "cluster-b" / "kustomization.yaml").is_file()


def test_a_symlink_in_the_repository_is_refused(here: Path, capsys: Capsys) -> None:
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    clone = checked_out(here / "mesh.git", here / "clone")
    (clone / POD_FILE).unlink()
    (clone / POD_FILE).symlink_to("/etc/passwd")
    git(clone, "commit", "--quiet", "--all", "--message", "a link")
    git(clone, "push", "--quiet")
    tip = git(here / "mesh.git", "rev-parse", "main")
    ended = run(capsys, "publish", "inventory", "--repository", "mesh.git")
    assert ended.code == 3
    assert f"refused: {POD_FILE}: " in ended.out
    assert git(here / "mesh.git", "rev-parse", "main") == tip


# --- tools, disks, remotes -------------------------------------------------------------------------------------------


def test_a_missing_kustomize_is_named_before_anything_is_published(here: Path, capsys: Capsys) -> None:
    for command in WRITERS:
        ended = run(
            capsys, command, "inventory", *OPTIONS[command], "--verify", "changed", "--kustomize", "/nowhere/kustomize"
        )
        assert ended.code == 7
        assert "/nowhere/kustomize not found" in ended.err
    assert not git(here / "mesh.git", "for-each-ref")
    assert not (here / "tree").exists()


def test_a_kustomize_that_fails_is_shown_in_its_own_words(here: Path, capsys: Capsys) -> None:
    broken = here / "kustomize"
    broken.write_text(
        '#!/bin/sh\ntest "$1" = version && { echo v5.8.1; exit; }\necho "Error: I am broken" >&2; exit 1\n'
    )
    broken.chmod(stat.S_IRWXU)
    for command in WRITERS:
        ended = run(capsys, command, "inventory", *OPTIONS[command], "--verify", "all", "--kustomize", broken)
        assert ended.code == 7
        assert "I am broken" in ended.err
    assert not git(here / "mesh.git", "for-each-ref")
    assert not (here / "tree").exists()


def test_a_kustomize_that_returns_something_else_stops_everything(here: Path, capsys: Capsys, kustomize: Any) -> None:
    real = " ".join(kustomize.argv)
    sly = here / "kustomize"
    sly.write_text(f'#!/bin/sh\ntest "$1" = version && {{ echo v5.8.1; exit; }}\n{real} . | sed s/9090/9091/\n')
    sly.chmod(stat.S_IRWXU)
    for command in WRITERS:
        ended = run(capsys, command, "inventory", *OPTIONS[command], "--verify", "all", "--kustomize", sly)
        assert ended.code == 7
        assert "kustomize does not return what was compiled for overlays/cluster-a/monitoring" in ended.err
        assert "different: " in ended.err
    assert not git(here / "mesh.git", "for-each-ref")
    assert not (here / "tree").exists()


def test_a_missing_git_ends_with_7(here: Path, tmp_path: Path) -> None:
    for command in ("plan", "publish"):
        ended = start(command, "inventory", "--repository", "mesh.git", cwd=here, env={"PATH": str(tmp_path)})
        assert (ended.code, ended.out) == (7, "")
        assert "git not found" in ended.err
    assert start("validate", "inventory", cwd=here, env={"PATH": str(tmp_path)}).code == 0


@pytest.mark.parametrize(
    ("repository", "code", "said"),
    [
        ("nowhere.git", 7, "gitops-gen: error: git cannot read"),
        ("inventory", 7, "gitops-gen: error: git cannot read"),
        ("ext::sh -c id", 2, "Error: Invalid value for --repository: the repository URL 'ext::sh -c id' is refused: "),
        ("--upload-pack=id", 2, "it begins with a dash, as an option does"),
    ],
)
def test_a_repository_that_cannot_be_reached_is_told(
    repository: str, code: int, said: str, here: Path, capsys: Capsys
) -> None:
    for command in ("plan", "publish"):
        ended = run(capsys, command, "inventory", f"--repository={repository}")
        assert (ended.code, ended.out) == (code, "")
        assert said in ended.err


def test_a_branch_that_can_be_none_is_a_mistake_in_usage_but_not_in_the_mesh(here: Path, capsys: Capsys) -> None:
    ended = run(capsys, "history", "inventory", "--repository", "mesh.git", "--branch", "a..b")
    assert (ended.code, ended.out) == (2, "")
    assert "Invalid value for --branch: 'a..b' is no name for a branch" in ended.err


def test_a_rejected_push_ends_with_5_in_the_words_of_the_remote(here: Path, capsys: Capsys) -> None:
    hook = here / "mesh.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'only on Tuesdays' >&2\nexit 1\n")
    hook.chmod(stat.S_IRWXU)
    ended = run(capsys, "publish", "inventory", "--repository", "mesh.git")
    assert (ended.code, ended.out) == (5, "")
    assert "only on Tuesdays" in ended.err
    assert "nothing was published" in ended.err
    assert not git(here / "mesh.git", "for-each-ref")
    hook.unlink()
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


@pytest.mark.parametrize("command", ["generate", "publish"])
def test_a_full_disk_is_told_and_leaves_nothing(command: str, here: Path) -> None:
    scratch = here / "scratch"
    scratch.mkdir()
    before = files_of(here)
    ended = subprocess.run(
        [sys.executable, "-m", "gitops_gen", command, "inventory", *OPTIONS[command]],
        # No coverage is measured there: its own file would not fit on the disk either.
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(scratch),
        },
        preexec_fn=_no_room,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (ended.returncode, ended.stdout) == (7, "")
    assert ended.stderr.startswith("gitops-gen: error: ")
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert files_of(here) == before
    assert list(scratch.iterdir()) == []
    assert start(command, "inventory", *OPTIONS[command], cwd=here).code == 0


def in_a_shell(here: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the shell in which `"$@"` is gitops-gen with these arguments."""
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "gitops_gen", *arguments],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


@pytest.mark.parametrize("stream", [">", "2>"])
def test_output_that_cannot_be_written_ends_with_7(stream: str, here: Path) -> None:
    repository = "mesh.git" if stream == ">" else "nowhere.git"
    ended = in_a_shell(here, f'"$@" {stream}/dev/full', "plan", "inventory", "--repository", repository)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 7


@pytest.mark.parametrize("output", [">/dev/full", ">/dev/full 2>/dev/full", ">&-", "| :"])
def test_a_publish_that_landed_and_cannot_say_so_does_not_end_as_one_that_failed(output: str, here: Path) -> None:
    """Whoever reads the exit code alone must not take a commit that landed for one that did not."""
    publish = ("publish", "inventory", *OPTIONS["publish"], "--verify", "none")
    ended = in_a_shell(here, f'{{ "$@"; echo $? >code; }} {output}', *publish)
    landed = git(here / "mesh.git", "rev-parse", "main").strip()
    assert (here / "code").read_text() == ("6\n" if output != ">&-" else "0\n")
    assert "Traceback" not in ended.stderr
    assert (f"commit {landed} is on main, but the report cannot" in ended.stderr) == (output in {">/dev/full", "| :"})


def test_a_reader_that_goes_away_is_no_bug(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gitops_gen", "schema", "workload"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    words = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), words) == (7, b"")


@pytest.mark.parametrize("command", ["plan", "publish"])
def test_an_interrupt_ends_with_130_and_leaves_nothing(command: str, here: Path) -> None:
    (here / "bin").mkdir()
    slow = here / "bin" / "git"
    slow.write_text(f"#!/bin/sh\ntouch {here}/started\nexec sleep 60\n")
    slow.chmod(stat.S_IRWXU)
    scratch = here / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitops_gen", command, "inventory", "--repository", "mesh.git"],
        cwd=here,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(scratch),
            "PATH": f"{here / 'bin'}{os.pathsep}{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    deadline = time.monotonic() + 30
    while not (here / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (130, "", "gitops-gen: interrupted")
    assert list(scratch.iterdir()) == []


def test_nothing_but_text_goes_to_a_terminal_that_wants_no_colour(here: Path) -> None:
    terminal, other = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-m", "gitops_gen", "plan", "inventory", "--repository", "mesh.git"],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "xterm"},
        stdin=other,
        stdout=subprocess.PIPE,
        stderr=other,
        check=False,
        encoding="utf-8",
    )
    os.close(other)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert ended.returncode == 0
    assert "\x1b" not in ended.stdout + shown
    # Progress, on a terminal only.
    assert "reading the GitOps repository ..." in shown
    assert start("plan", "inventory", "--repository", "mesh.git", cwd=here) == Ended(0, ended.stdout, "")


# --- results ---------------------------------------------------------------------------------------------------------


def test_json_is_all_of_standard_output_and_the_same_each_time(here: Path, capsys: Capsys) -> None:
    planned = run(capsys, "plan", "inventory", "--repository", "mesh.git", "--format", "json")
    assert (planned.code, planned.err) == (0, "")
    told = json.loads(planned.out)
    assert {"summary", "digest", "clusters", "guards", "refusals", "base"} <= told.keys()
    assert run(capsys, "plan", "inventory", "--repository", "mesh.git", "--format", "json").out == planned.out
    done = json.loads(run(capsys, "publish", "inventory", "--repository", "mesh.git", "--format", "json").out)
    assert done["outcome"].pop("commit") == git(here / "mesh.git", "rev-parse", "main").strip()
    assert done.pop("outcome") == {
        "repository": str(here / "mesh.git"),
        "branch": "main",
        "tries": 1,
        "verifiedUnits": 3,
    }
    assert done == told
    again = json.loads(run(capsys, "publish", "inventory", "--repository", "mesh.git", "--format", "json").out)
    assert again["outcome"]["commit"] is None
    for arguments in (("generate", "inventory", "--output", "tree"), ("check", "inventory", "--output", "tree")):
        ended = run(capsys, *arguments, "--format", "json")
        assert (ended.code, ended.err) == (0, "")
        assert {"files", "writes", "deletes", "refusals"} <= json.loads(ended.out).keys()


def test_the_schema_of_every_kind_is_printed(capsys: Capsys) -> None:
    for kind in ("mesh", "cluster", "workload", "consumer", "Workload"):
        ended = run(capsys, "schema", kind)
        assert (ended.code, ended.err) == (0, "")
        assert json.loads(ended.out)["properties"]["kind"]["const"] == kind.capitalize()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell: str, capsys: Capsys) -> None:
    ended = run(capsys, "completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert "_GITOPS_GEN_COMPLETE" in ended.out
    if shutil.which(shell) == shutil.which("bash"):
        assert subprocess.run(["bash", "-n"], input=ended.out, check=False, encoding="utf-8").returncode == 0


def test_plan_writes_nothing_at_all(here: Path, capsys: Capsys) -> None:
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    scale(here, 2, 3)
    before = files_of(here)
    ended = run(capsys, "plan", "inventory", "--repository", "mesh.git")
    assert (ended.code, ended.err) == (0, "")
    assert "monitoring/prometheus in cluster-a: 2 -> 3 pods" in ended.out
    assert files_of(here) == before


# --- guards and races ------------------------------------------------------------------------------------------------


def test_a_plan_that_removes_too_much_needs_its_own_approval(here: Path, capsys: Capsys) -> None:
    scale(here, 2, 30)
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    tip = git(here / "mesh.git", "rev-parse", "main")
    scale(here, 30, 10)

    planned = run(capsys, "plan", "inventory", "--repository", "mesh.git")
    refused = run(capsys, "publish", "inventory", "--repository", "mesh.git")

    for ended in (planned, refused):
        assert ended.code == 3
        assert "guard removed-resources (needs approval): cluster cluster-a: 60 of 91 resources" in ended.out
    digest = re.findall(r"--approve (sha256:[0-9a-f]{64})", refused.out)
    assert digest == re.findall(r"--approve (\S+)", planned.out)
    assert git(here / "mesh.git", "rev-parse", "main") == tip

    # An approval is of one plan: not of another inventory, nor of another state of what it replaces.
    scale(here, 10, 9)
    other = run(capsys, "publish", "inventory", "--repository", "mesh.git", "--approve", digest[0])
    assert other.code == 3
    assert git(here / "mesh.git", "rev-parse", "main") == tip
    for wrong in ("yes", "sha256:", digest[0][:-1], digest[0].upper()):
        assert run(capsys, "publish", "inventory", "--repository", "mesh.git", "--approve", wrong).code == 3
    scale(here, 9, 10)
    # A commit of somebody else elsewhere does not void it.
    committed(here / "mesh.git", here / "by-hand", {"README.md": "hello\n"})
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git", "--approve", digest[0]).code == 0
    assert git(here / "mesh.git", "show", "main:README.md") == "hello\n"
    assert run(capsys, "plan", "inventory", "--repository", "mesh.git").out == "nothing to change\n"


def test_an_inventory_that_lost_its_documents_empties_nothing(here: Path, capsys: Capsys) -> None:
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    tip = git(here / "mesh.git", "rev-parse", "main")
    (here / "inventory" / "prometheus.yaml").unlink()
    (here / "inventory" / "thanos-query.yaml").unlink()
    ended = run(capsys, "publish", "inventory", "--repository", "mesh.git")
    assert ended.code == 3
    assert "guard emptied-" in ended.out
    assert git(here / "mesh.git", "rev-parse", "main") == tip


def hasten(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float] = time.monotonic) -> None:
    """Let nobody wait between two tries."""
    made = Clock(now=lambda: 0.0, monotonic=clock, sleep=lambda _: None, chance=lambda: 0.0)
    monkeypatch.setattr(programs, "clock", lambda: made)


@pytest.fixture
def rival(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Let somebody else push the given files, one list member each time, just before our push."""
    from gitops_gen.delivery.clone import Clone

    waiting: list[dict[str, str]] = []
    push = Clone.push

    def late(self: Clone, commit: str) -> Any:
        if waiting:
            committed(here / "mesh.git", here / f"rival-{len(waiting)}", dict(waiting.pop()))
        return push(self, commit)

    monkeypatch.setattr(Clone, "push", late)
    return waiting


def test_a_lost_race_is_compiled_again_and_lands_on_top(
    here: Path, capsys: Capsys, rival: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    scale(here, 2, 3)
    scale(here, 2, 3, "cluster-b")
    pod = (ROOT / POD_FILE).read_text()
    # The second one edits a generated file by hand: what is refused is judged anew.
    rival += [{POD_FILE: pod.replace("number: 80\n", "number: 81\n")}, {"README.md": "hello\n"}]
    hasten(monkeypatch)

    ended = run(capsys, "publish", "inventory", "--repository", "mesh.git")

    assert ended.code == 3
    assert f"refused: {POD_FILE}: it was edited by hand" in ended.out
    assert "other commits came first 2 times; it was compiled again each time" in ended.out
    assert git(here / "mesh.git", "rev-list", "--merges", "--count", "main").strip() == "0"
    assert git(here / "mesh.git", "rev-list", "--count", "main").strip() == "4"
    names = git(here / "mesh.git", "diff", "--name-only", "main~1", "main").splitlines()
    assert "overlays/cluster-b/monitoring/prometheus/prometheus-2.yaml" in names
    assert not any(name.startswith("overlays/cluster-a/") for name in names)
    assert git(here / "mesh.git", "show", "main:README.md") == "hello\n"


def test_a_race_that_is_lost_until_the_deadline_ends_with_4(
    here: Path, capsys: Capsys, rival: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    scale(here, 2, 3)
    rival += [{f"{place}.md": "hello\n"} for place in range(9)]
    ticks = iter(range(0, 1000, 10))
    hasten(monkeypatch, lambda: next(ticks))
    ended = run(capsys, "publish", "inventory", "--repository", "mesh.git", "--deadline", "35")
    assert (ended.code, ended.out) == (4, "")
    assert "other commits were first in all 4 tries" in ended.err
    assert git(here / "mesh.git", "log", "-1", "--format=%s", "main") == "by hand\n"


def test_the_same_change_by_another_run_leaves_nothing_to_do(
    here: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitops_gen.delivery.clone import Clone

    assert run(capsys, "publish", "inventory", "--repository", "mesh.git").code == 0
    scale(here, 2, 3)
    push = Clone.push

    def after_another(self: Clone, commit: str) -> Any:
        monkeypatch.setattr(Clone, "push", push)
        assert main(["publish", "inventory", "--repository", "mesh.git", "--author", "Twin <twin@example.com>"]) == 0
        return push(self, commit)

    monkeypatch.setattr(Clone, "push", after_another)
    hasten(monkeypatch)
    ended = run(capsys, "publish", "inventory", "--repository", "mesh.git")
    assert ended.code == 0
    assert ended.out.endswith("nothing to change\n")
    assert git(here / "mesh.git", "rev-list", "--count", "main").strip() == "2"


def test_hosts_as_a_zone_and_what_no_format_can_say(capsys: pytest.CaptureFixture[str]) -> None:
    mixed = ROOT / "examples" / "mixed"
    zone = run(capsys, "hosts", mixed, "--format", "zone", "--origin", "data.example.com.", "--cluster", "south")
    assert (zone.code, zone.err) == (0, "gitops-gen: 14 of 42 names not under data.example.com\n")
    assert zone.out.startswith("$ORIGIN data.example.com.\n$TTL 300\n")
    assert "\nsouth-mongodb-0 IN CNAME gateway.south.example.net.\n" in zone.out
    file = run(capsys, "hosts", mixed, "--format", "hosts")
    assert (file.code, file.err.count("left out")) == (1, 1)
    assert json.loads(run(capsys, "hosts", mixed, "--format", "json").out)["hosts"][0]["cluster"] == "lone"
    wrong = run(capsys, "hosts", mixed, "--origin", "-")
    assert (wrong.code, "no domain" in wrong.err) == (2, True)
