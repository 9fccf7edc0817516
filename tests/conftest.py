"""What holds for every test: it sees nothing of the person who runs it, and the pure ones reach nothing outside.

Everything under `tests/unit` and `tests/property` is about values: there, starting a program or opening a socket
fails the test. Everything else may use real programs, in a home of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

from gitops_gen.kustomize import Kustomize, find_kustomize

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent
PURE = (TESTS / "unit", TESTS / "property")

INHERITED = frozenset({"PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "CI"})
"""What a test keeps of the environment of the person who runs it, beside what the test tools put there."""

TOOLS = ("PYTEST_", "COVERAGE_", "HYPOTHESIS_", "PYTHON", "VIRTUAL_ENV", "DYLD_", "LD_")

# The date lies in the past and is not this run's, so a clock that leaks into a result is seen.
IDENTITY = {
    "GIT_AUTHOR_NAME": "A. Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.com",
    "GIT_AUTHOR_DATE": "2020-02-02T02:02:02+00:00",
    "GIT_COMMITTER_NAME": "A. Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.com",
    "GIT_COMMITTER_DATE": "2020-02-02T02:02:02+00:00",
}


# Deadlines would fail tests on a busy machine. Where a failure has to be looked into by somebody else, the examples are
# the same in each run; everywhere else they are new ones.
settings.register_profile("gitops-gen", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("gitops-gen")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail the run when a test was skipped")
    parser.addoption("--update-golden", action="store_true", help="write what tests/golden compares with anew")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a skipped test fail the run that is to prove everything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, _home: Path) -> Iterator[None]:
    """Give each test an environment that is the same on every machine."""
    for name in set(os.environ) - INHERITED:
        if not name.startswith(TOOLS):
            monkeypatch.delenv(name)
    given = {
        "HOME": str(_home),
        "XDG_CONFIG_HOME": str(_home / "config"),
        "XDG_CACHE_HOME": str(_home / "cache"),
        "XDG_DATA_HOME": str(_home / "data"),
        "XDG_STATE_HOME": str(_home / "state"),
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TEMPLATE_DIR": str(_home),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        **IDENTITY,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    time.tzset()
    yield
    assert not any(_home.iterdir()), "something was written into the home folder"


@pytest.fixture(autouse=True)
def _pure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test about values reach no program and no socket."""
    if not any(request.path.is_relative_to(folder) for folder in PURE):
        return

    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        pytest.fail("a test under tests/unit or tests/property may not start a program or open a socket")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(socket.socket, "__init__", refuse)
    for name in ("system", "fork", "posix_spawn", "posix_spawnp"):
        monkeypatch.setattr(os, name, refuse)


@pytest.fixture(scope="session")
def kustomize() -> Kustomize:
    """Return the kustomize of the environment that runs the tests; without one the tests fail rather than skip."""
    return find_kustomize(os.environ["PATH"], beside=[Path(sysconfig.get_path("scripts"))])
