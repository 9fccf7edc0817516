from __future__ import annotations

import base64

import pytest

from gitops_gen.delivery.environment import LET_THROUGH, GitEnvironment, local_environment, remote_environment
from gitops_gen.delivery.url import parse_repository
from gitops_gen.errors import InputError

HTTPS = parse_repository("https://Git.example.com:8443/team/mesh.git", relative_to="/")
SSH = parse_repository("git@git.example.com:team/mesh.git", relative_to="/")
LOCAL = parse_repository("/srv/mesh.git", relative_to="/")


def config(environment: GitEnvironment) -> dict[str, str]:
    variables = environment.variables
    count = int(variables["GIT_CONFIG_COUNT"])
    return {variables[f"GIT_CONFIG_KEY_{n}"]: variables[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}


def test_the_whole_environment_of_local_work() -> None:
    variables = dict(local_environment({"PATH": "/bin", "HOME": "/root", "GIT_DIR": "/x"}, home="/private").variables)
    for name in list(variables):
        if name.startswith("GIT_CONFIG_") and name.endswith(tuple("0123456789")):
            del variables[name]
    assert variables == {
        "PATH": "/bin",
        "HOME": "/private",
        "XDG_CONFIG_HOME": "/private",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": variables["GIT_CONFIG_COUNT"],
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_SSH_COMMAND": variables["GIT_SSH_COMMAND"],
        "GIT_SSH_VARIANT": "ssh",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_ALLOW_PROTOCOL": "none",
    }
    assert variables["GIT_SSH_COMMAND"].startswith("ssh -o BatchMode=yes ")


def test_only_named_variables_come_through() -> None:
    caller = {name: f"/of/{name}" for name in (*LET_THROUGH, "GIT_SSH_COMMAND", "GIT_ASKPASS", "LD_PRELOAD", "SECRET")}
    variables = remote_environment(caller, SSH, home="/private").variables
    assert {name for name in variables if variables[name] == f"/of/{name}"} == set(LET_THROUGH)
    assert not {"GIT_ASKPASS", "LD_PRELOAD", "SECRET"} & set(variables)


def test_the_callers_mapping_is_left_alone() -> None:
    caller = {"PATH": "/bin", "GITOPS_GEN_TOKEN": "t0ken"}
    remote_environment(caller, HTTPS, home="/private")
    assert caller == {"PATH": "/bin", "GITOPS_GEN_TOKEN": "t0ken"}


def test_nothing_can_be_run_from_a_repository() -> None:
    found = config(local_environment({}, home="/private"))
    assert found["core.hooksPath"] == "/dev/null"
    assert found["core.fsmonitor"] == "false"
    assert found["credential.helper"] == ""
    assert found["fetch.fsckObjects"] == "true"
    assert found["http.followRedirects"] == "false"


@pytest.mark.parametrize(("url", "protocol"), [(HTTPS, "https"), (SSH, "ssh"), (LOCAL, "file")])
def test_a_remote_is_reached_by_its_one_transport(url: object, protocol: str) -> None:
    assert remote_environment({}, url, home="/private").variables["GIT_ALLOW_PROTOCOL"] == protocol  # type: ignore[arg-type]


def test_a_token_is_a_header_for_its_host() -> None:
    made = remote_environment({"GITOPS_GEN_TOKEN": " t0ken\n"}, HTTPS, home="/private")
    pair = base64.b64encode(b"x-access-token:t0ken").decode()
    assert config(made)["http.https://Git.example.com:8443/.extraHeader"] == f"Authorization: Basic {pair}"
    assert set(made.secrets) == {"t0ken", pair}
    assert "t0ken" not in repr(made)
    assert pair not in repr(made)


def test_a_forge_may_want_a_user_name() -> None:
    caller = {"GITOPS_GEN_TOKEN": "t0ken", "GITOPS_GEN_TOKEN_USER": "gitlab-ci-token"}
    pair = base64.b64encode(b"gitlab-ci-token:t0ken").decode()
    assert pair in remote_environment(caller, HTTPS, home="/private").secrets


@pytest.mark.parametrize("url", [SSH, LOCAL])
def test_only_https_gets_a_token(url: object) -> None:
    made = remote_environment({"GITOPS_GEN_TOKEN": "t0ken"}, url, home="/private")  # type: ignore[arg-type]
    assert made.secrets == ()
    assert "t0ken" not in str(made.variables)


def test_no_token_no_header() -> None:
    for caller in ({}, {"GITOPS_GEN_TOKEN": ""}, {"GITOPS_GEN_TOKEN": " \n"}):
        assert not any(key.startswith("http.https") for key in config(remote_environment(caller, HTTPS, home="/p")))


@pytest.mark.parametrize(
    "caller",
    [
        {"GITOPS_GEN_TOKEN": "t0ken\r\nX-Evil: 1"},
        {"GITOPS_GEN_TOKEN": "t0ken with space"},
        {"GITOPS_GEN_TOKEN": "t0ken\u00e9"},
        {"GITOPS_GEN_TOKEN": "t0ken", "GITOPS_GEN_TOKEN_USER": "a:b"},
        {"GITOPS_GEN_TOKEN": "t0ken", "GITOPS_GEN_TOKEN_USER": "a\nb"},
    ],
)
def test_a_token_that_would_break_the_header_is_refused(caller: dict[str, str]) -> None:
    with pytest.raises(InputError) as refused:
        remote_environment(caller, HTTPS, home="/private")
    assert "t0ken" not in refused.value.message + refused.value.help
