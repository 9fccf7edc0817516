from __future__ import annotations

import pytest

from gitops_gen.delivery.forges.place import Kind, find_place
from gitops_gen.delivery.url import parse_repository
from gitops_gen.errors import InputError

HEAD, BASE = "gitops-gen/example/a#b", "main"


@pytest.mark.parametrize(
    ("url", "kind", "api", "project"),
    [
        ("https://github.com/platform/mesh.git", Kind.GITHUB, "https://api.github.com", "platform/mesh"),
        ("git@github.com:platform/mesh.git", Kind.GITHUB, "https://api.github.com", "platform/mesh"),
        (
            "ssh://git@github.example.com:2222/platform/mesh",
            Kind.GITHUB,
            "https://github.example.com/api/v3",
            "platform/mesh",
        ),
        ("https://octo.ghe.com/platform/mesh", Kind.GITHUB, "https://api.octo.ghe.com", "platform/mesh"),
        ("https://gitlab.com/a/b/mesh.git", Kind.GITLAB, "https://gitlab.com/api/v4", "a/b/mesh"),
        ("https://gitlab.example.com:8443/a/mesh/", Kind.GITLAB, "https://gitlab.example.com:8443/api/v4", "a/mesh"),
        ("https://git.example.com/a/mesh", None, "https://git.example.com/api/v3", "a/mesh"),
    ],
)
def test_the_place_of_a_repository(url: str, kind: Kind | None, api: str, project: str) -> None:
    found = find_place(parse_repository(url, relative_to="/"))
    assert found is not None
    assert (found.kind, found.api, found.project) == (kind, api, project)


def test_a_local_path_has_none_but_what_is_named() -> None:
    local = parse_repository("mesh.git", relative_to="/srv")
    assert find_place(local) is None
    named = find_place(local, kind=Kind.GITLAB, web="https://git.example.com/a/mesh/")
    assert named is not None
    assert (named.kind, named.origin, named.host, named.project) == (
        Kind.GITLAB,
        "https://git.example.com",
        "git.example.com",
        "a/mesh",
    )
    assert named.new_request(HEAD, BASE) == (
        "https://git.example.com/a/mesh/-/merge_requests/new?merge_request%5Bsource_branch%5D=gitops-gen%2Fexample%2Fa%23b"
        "&merge_request%5Btarget_branch%5D=main"
    )


def test_what_is_named_wins_over_the_host() -> None:
    url = parse_repository("https://github.com/platform/mesh", relative_to="/")
    named = find_place(url, web="http://[::1]:8080/a/mesh.git", kind=Kind.GITHUB)
    assert named is not None
    assert (named.api, named.project) == ("http://[::1]:8080/api/v3", "a/mesh")
    assert named.new_request(HEAD, BASE) == "http://[::1]:8080/a/mesh/compare/main...gitops-gen/example/a%23b?expand=1"


@pytest.mark.parametrize(
    "web",
    [
        "http://git.example.com/a/mesh",
        "https://user:canary@git.example.com/a/mesh",
        "https://git.example.com/a/mesh?token=x",
        "https://git.example.com/a/mesh#x",
        "https://git.example.com:port/a/mesh",
        "https:///a/mesh",
        "git.example.com/a/mesh",
        "https://git.\u202eexample.com/a/mesh",
    ],
)
def test_addresses_to_which_no_token_goes(web: str) -> None:
    with pytest.raises(InputError, match="is no address of a project") as failed:
        find_place(parse_repository("/srv/mesh.git", relative_to="/"), web=web)
    assert "canary" not in failed.value.message


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://github.com/mesh", "https://github.com/OWNER/REPOSITORY"),
        ("https://github.com/a/b/mesh", "https://github.com/OWNER/REPOSITORY"),
        ("https://gitlab.com/a%2fb/mesh", "https://gitlab.com/GROUP/PROJECT"),
    ],
)
def test_what_is_no_project(url: str, wanted: str) -> None:
    with pytest.raises(InputError, match="is no project at") as failed:
        find_place(parse_repository(url, relative_to="/"))
    assert wanted in failed.value.help
