"""What git may see and do: nothing of the caller's configuration, and no secret where it does not belong."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_gen.delivery import push
from gitops_gen.delivery.commit import Identity, Signature
from gitops_gen.delivery.environment import DEFAULT_TOKEN_USER
from gitops_gen.delivery.push import Result
from gitops_gen.errors import ToolError
from gitops_gen.naming import is_branch
from tests.integration.delivery.remotes import Bare, Forge, cloned, git

BOT = Identity("gitops-gen", "gitops-gen@example.com")
TOKEN = "canary-8c1f0e3b"  # noqa: S105 - a canary
PAIR = base64.b64encode(f"{DEFAULT_TOKEN_USER}:{TOKEN}".encode()).decode()
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "PAUSE_S", 0.01)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Return the file that appears when anything hostile runs."""
    return tmp_path / "marker"


@pytest.fixture
def evil(tmp_path: Path, marker: Path) -> Path:
    script = tmp_path / "evil"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >>{marker}\nexit 1\n')
    script.chmod(0o755)
    return script


@pytest.fixture
def hostile(tmp_path: Path, evil: Path) -> dict[str, str]:
    """Return an environment in which every door that git knows leads to `evil`."""
    home = tmp_path / "hostile-home"
    template = home / "template"
    (template / "hooks").mkdir(parents=True)
    for hook in (
        "pre-push",
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
        "post-index-change",
        "pre-commit",
    ):
        (template / "hooks" / hook).symlink_to(evil)
    config = (
        f"[core]\n hooksPath = {template}/hooks\n fsmonitor = {evil}\n sshCommand = {evil}\n askPass = {evil}\n"
        f" pager = {evil}\n editor = {evil}\n gitProxy = {evil}\n"
        f"[init]\n templateDir = {template}\n"
        f"[credential]\n helper = {evil}\n"
        f"[commit]\n gpgSign = true\n[push]\n gpgSign = true\n[gpg]\n program = {evil}\n"
        f"[protocol]\n allow = always\n"
        f'[url "ext::{evil} "]\n insteadOf = /\n insteadOf = file://\n insteadOf = https://\n'
        f"[uploadpack]\n packObjectsHook = {evil}\n"
        f"[alias]\n push = !{evil}\n"
        f'[filter "evil"]\n clean = {evil}\n smudge = {evil}\n'
        f"[http]\n proxy = http://127.0.0.1:1\n"
    )
    for place in (home / ".gitconfig", home / ".config" / "git" / "config", home / "system"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(config)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_SYSTEM": str(home / "system"),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "0",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(template / "hooks"),
        "GIT_CONFIG_KEY_1": "core.fsmonitor",
        "GIT_CONFIG_VALUE_1": str(evil),
        "GIT_CONFIG_PARAMETERS": f"'core.sshCommand={evil}'",
        "GIT_TEMPLATE_DIR": str(template),
        "GIT_DIR": str(home / "nowhere.git"),
        "GIT_WORK_TREE": str(home),
        "GIT_COMMON_DIR": str(home / "nowhere.git"),
        "GIT_INDEX_FILE": str(home / "index"),
        "GIT_OBJECT_DIRECTORY": str(home / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(home / "alternates"),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_EXEC_PATH": str(home),
        "GIT_SSH": str(evil),
        "GIT_SSH_COMMAND": str(evil),
        "GIT_ASKPASS": str(evil),
        "SSH_ASKPASS": str(evil),
        "GIT_PROXY_COMMAND": str(evil),
        "GIT_EXTERNAL_DIFF": str(evil),
        "GIT_PAGER": str(evil),
        "GIT_EDITOR": str(evil),
        "GIT_ALLOW_PROTOCOL": "ext:file:https:ssh:http",
        "GIT_TRACE": str(home / "trace"),
        "GIT_TRACE_CURL": str(home / "trace"),
        "GIT_TRACE2": str(home / "trace"),
        "GIT_AUTHOR_NAME": "Mallory",
        "GIT_COMMITTER_DATE": "@1 +0000",
        "GIT_SHALLOW_FILE": str(home / "shallow"),
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_SSL_NO_VERIFY": "1",
        "GIT_PYTHON_TRACE": "full",
        "LD_LIBRARY_PATH": str(home),
        "PERL5LIB": str(home),
    }


@pytest.mark.parametrize("inherited", [True, False])
def test_a_hostile_environment_runs_nothing_and_changes_nothing(
    bare: Bare,
    remote_url: str,
    hostile: dict[str, str],
    marker: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    inherited: bool,
) -> None:
    bare.commit({"a": "1\n", ".gitattributes": "* filter=evil\n"})
    home = Path(hostile["HOME"])
    before = sorted(home.rglob("*"))
    with monkeypatch.context() as patched:
        if inherited:
            # Our own process may have all this, too; what is handed in decides.
            for name, value in hostile.items():
                patched.setenv(name, value)
        with cloned(remote_url, environment=hostile) as clone:
            assert clone.read([clone.entries()["a"].blob])
            commit = clone.write_commit(
                writes={"b": b"2\n"}, deletes=["a"], message="x\n", signature=Signature(identity=BOT, date=5)
            )
            outcome = clone.push(commit)
    assert outcome.result is Result.LANDED
    assert bare.git("log", "-1", "--format=%an %cn %ct").strip() == "gitops-gen gitops-gen 5"
    assert not marker.exists()
    assert sorted(home.rglob("*")) == before
    bare.fsck()


def test_not_even_the_import_of_gitpython_heeds_it(hostile: dict[str, str], evil: Path, marker: Path) -> None:
    home = Path(hostile["HOME"])
    before = sorted(home.rglob("*"))
    environment = {**os.environ, **hostile, "GIT_PYTHON_GIT_EXECUTABLE": str(evil), "GIT_PYTHON_REFRESH": "x"}
    code = "import os, gitops_gen.delivery.facade; print(os.environ['GIT_PYTHON_REFRESH'], os.environ['GIT_DIR'])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True)
    assert said.stdout.decode().split() == ["x", hostile["GIT_DIR"]], "for others, the environment is as it was"
    assert not marker.exists()
    assert sorted(home.rglob("*")) == before


def test_the_hostile_environment_would_run_something(bare: Bare, hostile: dict[str, str], marker: Path) -> None:
    bare.commit({"a": "1\n"})
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": hostile["HOME"],
        "GIT_CONFIG_GLOBAL": hostile["GIT_CONFIG_GLOBAL"],
    }
    subprocess.run(["git", "clone", str(bare.path), "x"], cwd=hostile["HOME"], env=environment, check=False)
    assert marker.exists(), "the trap of these tests works"


def test_the_remotes_own_hooks_do_run(bare: Bare, tmp_path: Path) -> None:
    bare.hook("post-receive", f"touch {tmp_path}/received")
    with cloned(bare.path) as clone:
        clone.push(
            clone.write_commit(writes={"a": b"1"}, deletes=[], message="x\n", signature=Signature(identity=BOT, date=5))
        )
    assert (tmp_path / "received").exists()


def test_a_token_goes_to_its_host_and_nowhere_else(
    bare: Bare, forge: Forge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bare.commit({"a": "1\n"})
    forge.wanted = f"Basic {PAIR}"
    # Whatever git is started as, its arguments and those of what it starts are written down here.
    spy = tmp_path / "spy"
    spy.mkdir()
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, check=True, text=True).stdout.strip()
    (spy / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/arguments\nexec {real} "$@"\n')
    (spy / "git").chmod(0o755)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    bare.hook("update", f"env >{tmp_path}/server-environment; echo denied {TOKEN} >&2; exit 1")
    caplog.set_level(0)
    environment = {"GITOPS_GEN_TOKEN": f"{TOKEN}\n", "PATH": f"{spy}:{os.environ['PATH']}"}
    with cloned(forge.url(bare), environment=environment, scratch=scratch) as clone:
        clone.read([clone.entries()["a"].blob])
        commit = clone.write_commit(
            writes={"b": b"2\n"}, deletes=[], message="x\n", signature=Signature(identity=BOT, date=5)
        )
        outcome = clone.push(commit)
        files = [file.read_bytes() for file in scratch.rglob("*") if file.is_file()]
        assert TOKEN not in repr(clone.remote._given)
        assert TOKEN not in str(vars(clone.local)), "work on this machine needs no token"
    assert outcome.result is Result.REJECTED
    assert "denied ***" in outcome.words
    seen = (tmp_path / "arguments").read_text() + caplog.text + outcome.words
    assert "push" in seen
    for secret in (TOKEN, PAIR):
        assert secret not in seen
        assert not any(secret.encode() in content for content in files)
    assert {authorization for _, _, authorization in forge.requests} == {forge.wanted}


def test_a_token_is_not_sent_to_a_path_or_by_ssh(bare: Bare, tmp_path: Path) -> None:
    bare.hook("update", f"env >{tmp_path}/server-environment")
    with cloned(bare.path, environment={"GITOPS_GEN_TOKEN": TOKEN}) as clone:
        clone.push(
            clone.write_commit(writes={"a": b"1"}, deletes=[], message="x\n", signature=Signature(identity=BOT, date=5))
        )
        assert TOKEN not in str(vars(clone.remote)["_given"].variables)
    assert TOKEN not in (tmp_path / "server-environment").read_text()


def test_a_redirect_is_not_followed(bare: Bare, forge: Forge) -> None:
    bare.commit({"a": "1\n"})
    forge.wanted = f"Basic {PAIR}"
    forge.redirect = f"https://localhost:{forge.port}"
    with pytest.raises(ToolError) as failed, cloned(forge.url(bare), environment={"GITOPS_GEN_TOKEN": TOKEN}):
        pass
    assert len(forge.requests) == 1
    assert "redirect" in failed.value.help


def test_a_token_that_is_refused_is_not_shown(bare: Bare, forge: Forge) -> None:
    forge.wanted = "Basic another"
    with pytest.raises(ToolError) as failed, cloned(forge.url(bare), environment={"GITOPS_GEN_TOKEN": TOKEN}):
        pass
    assert TOKEN not in failed.value.message + failed.value.details + failed.value.help + repr(failed.value.__cause__)
    assert "GITOPS_GEN_TOKEN" in failed.value.help


def test_words_of_a_git_that_is_stopped_hold_no_token(tmp_path: Path) -> None:
    slow = tmp_path / "git"
    slow.write_text(
        '#!/bin/sh\nif [ "$1" = version ]; then echo git version 2.39.5; exit; fi\n'
        'i=0; while [ $i -lt "$GIT_CONFIG_COUNT" ]; do eval "echo \\$GIT_CONFIG_VALUE_$i >&2"; i=$((i+1)); done\n'
        f"echo {TOKEN} >&2\nexec sleep 60\n"
    )
    slow.chmod(0o755)
    environment = {"GITOPS_GEN_TOKEN": TOKEN, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with (
        pytest.raises(ToolError, match="did not end") as failed,
        cloned("https://git.example.com/mesh.git", environment=environment, timeout_s=1),
    ):
        pass
    assert "Authorization: Basic ***" in failed.value.details
    assert TOKEN not in failed.value.details
    assert PAIR not in failed.value.details
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("url", ["git@example.com:team/mesh.git", "ssh://git@example.com:2222/team/mesh.git"])
def test_ssh_asks_nothing_and_gets_the_agent(bare: Bare, tmp_path: Path, url: str) -> None:
    bare.commit({"a": "1\n"})
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    # Stands in for ssh: writes down how it was called, then does what the server would do.
    ssh.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/calls\nenv >{tmp_path}/environment\n'
        'for last; do :; done\ncase "$last" in git-*) last=${last%% *}; '
        f"exec git ${{last#git-}} {bare.path};; esac\nexit 255\n"
    )
    ssh.chmod(0o755)
    environment = {"PATH": f"{ssh.parent}:{os.environ['PATH']}", "SSH_AUTH_SOCK": "/run/agent", "SSH_ASKPASS": "/evil"}
    with cloned(url, environment=environment) as clone:
        commit = clone.write_commit(
            writes={"b": b"2"}, deletes=[], message="x\n", signature=Signature(identity=BOT, date=5)
        )
        assert clone.push(commit).result is Result.LANDED
    assert bare.tip() == commit
    calls = (tmp_path / "calls").read_text().splitlines()
    assert all("BatchMode=yes" in call and "git@example.com" in call for call in calls)
    assert all(("-p 2222" in call) == (":2222" in url) for call in calls)
    seen = (tmp_path / "environment").read_text().splitlines()
    assert "SSH_AUTH_SOCK=/run/agent" in seen
    assert not any(line.startswith("SSH_ASKPASS=") for line in seen)


def test_branch_names_are_a_part_of_gits(tmp_path: Path) -> None:
    names = [
        "main",
        "a/b",
        "a.b",
        "x@y",
        "a..b",
        ".a",
        "a.",
        "a.lock",
        "a//b",
        "/a",
        "a/",
        "@{",
        "@",
        "-a",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "a/.b",
        "a.lock/b",
        "a/b.lock",
        "HEAD",
        "",
        "a\x7f",
        "ü",
        "{a}",
    ]
    for name in names:
        if is_branch(name):
            assert git(tmp_path, "check-ref-format", "--branch", name).strip() == name
    assert [name for name in names if is_branch(name)] == ["main", "a/b", "a.b", "x@y", "{a}"]


def test_help_needs_no_git() -> None:
    code = "import sys, gitops_gen.delivery.clone, gitops_gen.delivery.provenance; sys.exit('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
