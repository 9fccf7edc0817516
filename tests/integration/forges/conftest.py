"""Fixtures: forges on loopback, and a mesh whose GitOps repository stands at one of them."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.forges.servers import GitHubServer, GitLabServer, serving
from tests.published import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    """Serve a GitHub."""
    forge = GitHubServer()
    with serving(forge):
        yield forge


@pytest.fixture
def gitlab() -> Iterator[GitLabServer]:
    """Serve a GitLab."""
    forge = GitLabServer(project="platform/routing/mesh")
    with serving(forge):
        yield forge


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a mesh that is published once, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path, capsys)
    made.sizes()
    made.publish()
    return made


@dataclass
class Programs:
    """A folder with a `gh` and a `glab`, which come first on PATH, and what they were called with."""

    folder: Path

    def add(self, program: str, origin: str) -> None:
        script = self.folder / program
        words = [sys.executable, str(Path(__file__).with_name("standin.py")), program, origin, str(self.log)]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        script.chmod(0o755)

    @property
    def log(self) -> Path:
        return self.folder / "calls"

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Return stand-ins for the forges' programs; those of this machine are out of reach."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "sh"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return Programs(folder)
