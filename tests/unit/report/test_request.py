from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_gen.delivery.forges.request import Request, RequestState
from gitops_gen.delivery.message import PLAN_DIGEST, read_trailer, trailers_of
from gitops_gen.errors import ToolError
from gitops_gen.report.markdown import MOST, PlanReport
from gitops_gen.report.request import closing_body, request_body, request_text, request_value
from tests.meshes import plan_of, pods

TRAILERS = "Gitops-Gen-Inventory-Revision: c0ffee\nGitops-Gen-Plan-Digest: sha256:1"
TOLD = Request(
    state=RequestState.OPENED, head="bot", base="main", number=7, url="https://x/7", title="One more", body="b"
)


def text(told: Request, commit: str | None = "c0ffee") -> list[str]:
    return request_text(told, commit=commit, repository="/srv/\x07mesh.git", body_file="body.md").splitlines()


def test_a_body_ends_in_the_trailers_and_fits() -> None:
    names = [f"cluster-{number:03}" for number in range(300)]
    plan = plan_of({}, {name: pods(name, "data/db", range(3)) for name in names})
    for trailers in (TRAILERS, TRAILERS + "x" * 20_000):
        body = request_body(PlanReport(plan=plan), head="bot", trailers=trailers)
        assert body.endswith(f"\n\n{trailers}\n")
        assert len(body.encode()) <= MOST
        assert read_trailer(body, "Gitops-Gen-Inventory-Revision") == "c0ffee"


def test_trailers_are_in_the_last_paragraph_only() -> None:
    message = f"Subject\n\n{PLAN_DIGEST}: sha256:false\n\n{TRAILERS}\n"
    assert trailers_of(message) == TRAILERS
    assert read_trailer(message, PLAN_DIGEST) == "sha256:1"
    assert not read_trailer(message, "Other")
    assert not read_trailer("Subject\n", PLAN_DIGEST)


def test_a_body_says_why_it_is_closed() -> None:
    assert closing_body("ma`in") == "Nothing is left to change: `ma\\x60in` holds what the inventory says.\n"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RequestState.OPENED, "change request 7 opened: https://x/7"),
        (RequestState.UPDATED, "change request 7 brought up to date: https://x/7"),
        (RequestState.UNCHANGED, "change request 7 is up to date: https://x/7"),
        (RequestState.CLOSED, "change request 7 closed: nothing is left to change: https://x/7"),
    ],
)
def test_what_was_done(state: RequestState, said: str) -> None:
    first = "proposed: commit c0ffee on bot of /srv/\\x07mesh.git, to go into main"
    assert text(replace(TOLD, state=state)) == [first, said]
    assert text(replace(TOLD, state=state, title=""), None) == [said]


def test_what_a_person_has_to_do() -> None:
    kept = replace(TOLD, state=RequestState.KEPT, title="", why="2 commits stand on it")
    assert text(kept, None)[0] == "kept: bot of /srv/\\x07mesh.git as it is: 2 commits stand on it"
    by_hand = replace(TOLD, state=RequestState.MANUAL, number=None, url="")
    assert text(by_hand)[1:] == [
        "change request not opened; to open it by hand:",
        "  1. the branch is pushed: bot of /srv/\\x07mesh.git",
        "  2. open a change request from bot into main",
        "  3. title: One more",
        "  4. body: what stands in body.md",
    ]
    assert "  2. open https://x/new" in text(replace(by_hand, page="https://x/new"))
    assert text(replace(by_hand, title=""), None)[0].startswith(
        "nothing is left to change: close the change request of"
    )
    assert text(replace(by_hand, state=RequestState.FAILED))[1:] == []
    assert text(replace(TOLD, state=RequestState.UNTOUCHED, title=""), None) == []


def test_as_json() -> None:
    assert request_value(replace(TOLD, why="because", page="https://x/new")) == {
        "state": "opened",
        "number": 7,
        "url": "https://x/7",
        "branch": "bot",
        "into": "main",
        "title": "One more",
        "body": "b",
        "page": "https://x/new",
        "reason": "because",
    }
    assert request_value(replace(TOLD, error=ToolError("silent")))["reason"] == "silent"
