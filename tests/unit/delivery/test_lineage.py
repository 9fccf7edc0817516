from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.delivery.facade import CleanGit
from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.lineage import GitLineage, Order, Untracked
from gitops_gen.delivery.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Callable

OWN, RECORDED = "a" * 40, "b" * 40


class Git:
    """Plays git; `status` is what every command fails with."""

    unless_no_twice = CleanGit.unless_no_twice

    def __init__(self, status: int) -> None:
        self.status = status

    def __getattr__(self, command: str) -> Callable[..., bytes]:
        def fail(*_arguments: object, **_options: object) -> bytes:
            if command == "rev_parse":
                return b"false\n"
            raise GitError(command, self.status, "", b"")

        return fail


def lineage(status: int) -> GitLineage:
    git: Any = Git(status)
    played: CleanGit = git
    return GitLineage(played, Provenance("", OWN), "")


def test_an_inventory_without_a_commit_has_no_order_and_no_way_from_anywhere() -> None:
    untracked = Untracked(Provenance(reason="it was read from standard input"))
    assert untracked.order(RECORDED).order is Order.NONE
    assert untracked.detour(RECORDED) is False


def test_a_history_with_holes_counts_as_one_with_a_detour() -> None:
    assert lineage(128).detour(RECORDED) is True


def test_a_commit_that_is_not_there_has_no_order() -> None:
    found = lineage(128).order(RECORDED)
    assert found.order is Order.NONE
    assert "does not hold commit bbbbbbbbbbbb" in found.reason
    assert found.help == "run `git fetch` there and try again"


def test_an_answer_that_is_too_short_counts_as_a_detour() -> None:
    class Silent(Git):
        def __getattr__(self, command: str) -> Callable[..., bytes]:
            return lambda *_arguments, **_options: b""

    git: Any = Silent(0)
    played: CleanGit = git
    assert GitLineage(played, Provenance("", OWN), "").detour(RECORDED) is True
