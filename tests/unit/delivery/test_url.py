from __future__ import annotations

import pytest

from gitops_gen.delivery.refs import branch_ref
from gitops_gen.delivery.url import RepositoryUrl, Transport, parse_repository, redact_urls
from gitops_gen.errors import InputError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://git.example.com/team/mesh.git", ("https", "git.example.com")),
        ("https://git.example.com:8443/team/mesh", ("https", "git.example.com:8443")),
        ("https://[2001:db8::1]:8443/mesh.git", ("https", "[2001:db8::1]")),
        ("ssh://git@git.example.com/team/mesh.git", ("ssh", "git.example.com")),
        ("ssh://git@git.example.com:2222/~/mesh.git", ("ssh", "git.example.com")),
        ("ssh://host/mesh", ("ssh", "host")),
        ("git@git.example.com:team/mesh.git", ("ssh", "git.example.com")),
        ("host-alias:mesh.git", ("ssh", "host-alias")),
        ("git@[2001:db8::1]:mesh.git", ("ssh", "[2001:db8::1]")),
        ("file:///srv/git/mesh.git", ("file", "")),
        ("/srv/git/mesh with space.git", ("file", "")),
        ("/srv/a:b", ("file", "")),
    ],
)
def test_what_git_may_get(text: str, url: tuple[str, str]) -> None:
    found = parse_repository(text, relative_to="/home/somebody")
    assert found == RepositoryUrl(text, Transport(url[0]), url[1].removesuffix(":8443"))
    assert str(found) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("mesh.git", "/home/somebody/mesh.git"),
        ("./mesh.git", "/home/somebody/mesh.git"),
        ("../mesh.git", "/home/mesh.git"),
        ("./a:b", "/home/somebody/a:b"),
        (".", "/home/somebody"),
    ],
)
def test_a_relative_path_is_taken_from_the_folder_given(text: str, path: str) -> None:
    assert parse_repository(text, relative_to="/home/somebody") == RepositoryUrl(path, Transport.FILE)


def test_scheme_and_local_host_are_written_in_one_way() -> None:
    assert parse_repository("HTTPS://Git.Example.com/Mesh", relative_to="/").text == "https://Git.Example.com/Mesh"
    assert parse_repository("HTTPS://Git.Example.com/Mesh", relative_to="/").host == "git.example.com"
    assert parse_repository("file://localhost/srv/mesh", relative_to="/").text == "file:///srv/mesh"


HOSTILE = [
    "",
    "-",
    "--upload-pack=touch x",
    "-oProxyCommand=x:y",
    "ext::sh -c touch% x",
    "fd::17",
    "transport::address",
    "git://host/mesh",
    "http://host/mesh",
    "ftp://host/mesh",
    "https+evil://host/mesh",
    "https://",
    "https:///mesh",
    "https://host",
    "https://host/",
    "https://host:/mesh",
    "https://host:x/mesh",
    "https://host:99999/mesh",
    "https://-host/mesh",
    "https://host/mesh?x=1",
    "https://host/mesh#x",
    "https://host/mesh?",
    "https://ho st/mesh",
    "https://host/me sh",
    "https://host/-mesh",
    "https://token@host/mesh",
    "https://user:t0ken@host/mesh",
    "https://user:a/t0ken@host/mesh",
    "https://a/t0ken?@host/mesh",
    "user:a/t0ken@host:mesh",
    "https://host\\@evil/mesh",
    "https://host\n.evil/mesh",
    "https://h\u00f6st/mesh",
    "https://[::1/mesh",
    "https://$HOST/mesh",
    "https://${HOME}/mesh",
    "ssh://user:t0ken@host/mesh",
    "ssh://-oProxyCommand=x/mesh",
    "ssh://-user@host/mesh",
    "ssh://@host/mesh",
    "ssh://host",
    "-user@host:mesh",
    "user@-host:mesh",
    "user@host:",
    "user@host:-mesh",
    "user:t0ken@host:mesh",
    ":mesh",
    "@host:mesh",
    "user@host:me sh",
    "file://host/srv/mesh",
    "file://",
    "file:///",
    "file://user:t0ken@localhost/srv",
    "~/mesh.git",
    "~somebody/mesh.git",
    "/srv/mesh\0",
    "/srv/mesh\n",
    "/srv/\x1b[31mmesh",
    "/srv/\u202emesh",
    "/srv/mesh\u0085",
    "/srv/mesh\u2028",
    "/srv/mesh\ufeff",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_everything_else_is_refused_without_repeating_a_secret(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_repository(text, relative_to="/home/somebody")
    said = refused.value.message + refused.value.help
    assert "t0ken" not in said
    assert said.isprintable()


def test_a_token_in_a_url_is_told_where_it_belongs() -> None:
    with pytest.raises(InputError, match="GITOPS_GEN_TOKEN"):
        parse_repository("https://token@host/mesh", relative_to="/")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("fatal: https://user:secret@host/mesh and http://x@y", "fatal: https://host/mesh and http://y"),
        ("https://a@b:c@host/", "https://host/"),
        ("ssh://git@host/mesh", "ssh://git@host/mesh"),
        ("ssh://git:secret@host/mesh", "ssh://host/mesh"),
        ("git@host:mesh", "git@host:mesh"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_credentials_are_taken_out_of_urls(text: str, redacted: str) -> None:
    assert redact_urls(text) == redacted


@pytest.mark.parametrize("name", ["main", "a/b", "release-1.2", "bot/gitops-gen/main", "x" * 200])
def test_branches(name: str) -> None:
    assert branch_ref(name) == f"refs/heads/{name}"


@pytest.mark.parametrize(
    "name",
    ["", "-a", "--delete", "a..b", "a b", "a\n", "a:b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "@",
     "HEAD", "a@{b", "a~", "a^", "a?", "a*", "a[", "a\\", "x" * 201, "ä", "$(x)", "a'b", "refs/heads/",
     "refs/heads/main"],
)  # fmt: skip
def test_what_is_no_branch(name: str) -> None:
    with pytest.raises(InputError, match="branch"):
        branch_ref(name)
