from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.delivery.facade import check_version
from gitops_gen.errors import ToolError

if TYPE_CHECKING:
    from gitops_gen.delivery.facade import CleanGit


class Git:
    """Plays git; `said` is its answer."""

    def __init__(self, said: bytes) -> None:
        self.said = said

    def execute(self, _command: list[str]) -> bytes:
        return self.said


def asked(said: bytes) -> CleanGit:
    git: Any = Git(said)
    played: CleanGit = git
    return played


@pytest.mark.parametrize(
    "said", [b"git version 2.32.0\n", b"git version 2.50.1 (Apple Git-155)\n", b"git version 3.0\n"]
)
def test_a_git_that_is_new_enough_will_do(said: bytes) -> None:
    check_version(asked(said))


@pytest.mark.parametrize("said", [b"git version 2.31.9\n", b"git version 1.99\n", b"something else\n", b"\x1b[2J\xff"])
def test_an_older_git_or_another_program_is_refused_by_name(said: bytes) -> None:
    with pytest.raises(ToolError, match=r"git 2\.32 or newer is needed") as failed:
        check_version(asked(said))
    assert failed.value.message.isprintable()
