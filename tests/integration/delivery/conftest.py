"""Fixtures: a remote, the server for it, and its URL by each transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.delivery.remotes import Bare, Forge, make_bare, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    """Return an empty bare repository that can filter."""
    return make_bare(tmp_path / "srv" / "mesh.git")


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """Serve the repositories below `tmp_path / "srv"` by https on loopback."""
    with serving(tmp_path / "srv") as made:
        yield made


@pytest.fixture
def other_host(tmp_path: Path) -> Iterator[Forge]:
    """Return a server that has a copy of everything and is none of our business."""
    with serving(tmp_path / "srv") as made:
        yield made


@pytest.fixture(params=["path", "file", "https"])
def remote_url(request: pytest.FixtureRequest, bare: Bare, forge: Forge) -> str:
    """Return the URL of the bare repository, by each transport in turn."""
    urls = {"path": str(bare.path), "file": f"file://{bare.path}", "https": forge.url(bare)}
    return urls[request.param]
