from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.proposal import Proposal


@pytest.mark.parametrize(("tip", "gone"), [(None, True), ("b" * 40, False)])
def test_a_bot_branch_that_cannot_be_taken_away_is_gone_or_somebody_elses(tip: str | None, *, gone: bool) -> None:
    def refuses(*_arguments: object) -> None:
        raise GitError("push", 1, "stale info", b"")

    clone: Any = SimpleNamespace(
        url="", remote=SimpleNamespace(push=refuses), follow=lambda *_: "a" * 40, tip=lambda _ref: tip
    )
    proposal = Proposal(clone, "bot", "example")
    assert proposal.delete() is gone
    assert proposal.base == "a" * 40
