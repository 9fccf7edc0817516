"""Fixtures: a remote, the server for it, and its URL by each transport."""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from tests.integration.delivery.remotes import CERTIFICATE, Bare, Forge, Handler, Server, make_bare

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
    made = Forge(tmp_path / "srv")
    handler = type("Handler", (Handler,), {"forge": made})
    server = Server(("127.0.0.1", 0), handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(CERTIFICATE)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["path", "file", "https"])
def remote_url(request: pytest.FixtureRequest, bare: Bare, forge: Forge) -> str:
    """Return the URL of the bare repository, by each transport in turn."""
    urls = {"path": str(bare.path), "file": f"file://{bare.path}", "https": forge.url(bare)}
    return urls[request.param]
