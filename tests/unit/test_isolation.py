"""The guards of conftest.py themselves: a guard that has come off would go unnoticed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest


def test_a_pure_test_cannot_start_a_program() -> None:
    with pytest.raises(pytest.fail.Exception, match="may not start a program"):
        subprocess.run([sys.executable, "-c", ""], check=False)
    with pytest.raises(pytest.fail.Exception, match="may not start a program"):
        os.system("true")  # noqa: S605


def test_a_pure_test_cannot_open_a_socket() -> None:
    with pytest.raises(pytest.fail.Exception, match="open a socket"):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


def test_the_home_and_the_git_settings_of_the_person_are_out_of_sight() -> None:
    assert list(Path.home().iterdir()) == []
    assert os.environ["GIT_CONFIG_GLOBAL"] == os.devnull
    assert not [name for name in os.environ if name.startswith(("GITOPS_GEN_", "SSH_", "GITHUB_"))]
    assert time.tzname[0] == "UTC"
