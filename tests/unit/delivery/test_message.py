from __future__ import annotations

import pytest

from gitops_gen.delivery.message import BODY_LINES, SUBJECT_LENGTH, commit_message
from gitops_gen.delivery.provenance import Provenance

FROM = Provenance("https://git.example.com/team/inventory.git", "1f" * 20)


def message(subject: str = "monitoring/prometheus: 2 -> 3 pods", body: str = "", provenance: Provenance = FROM) -> str:
    return commit_message(
        subject, body, provenance=provenance, inventory_digest="sha256:aa", plan_digest="sha256:bb", version="0.1.0"
    )


def test_a_whole_message() -> None:
    assert message(body="cluster-a:\n  +prometheus-2\n\n  +host a.example.com\n") == (
        "monitoring/prometheus: 2 -> 3 pods\n"
        "\n"
        "- cluster-a:\n"
        "+prometheus-2\n"
        "\n"
        "+host a.example.com\n"
        "\n"
        "Gitops-Gen-Inventory-Repository: https://git.example.com/team/inventory.git\n"
        "Gitops-Gen-Inventory-Revision: 1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f\n"
        "Gitops-Gen-Inventory-Digest: sha256:aa\n"
        "Gitops-Gen-Plan-Digest: sha256:bb\n"
        "Gitops-Gen-Version: 0.1.0\n"
    )


def test_trailers_without_a_value_are_left_out() -> None:
    assert message(provenance=Provenance(reason="standard input")) == (
        "monitoring/prometheus: 2 -> 3 pods\n"
        "\n"
        "Gitops-Gen-Inventory-Digest: sha256:aa\n"
        "Gitops-Gen-Plan-Digest: sha256:bb\n"
        "Gitops-Gen-Version: 0.1.0\n"
    )


HOSTILE = "a\n\nSigned-off-by: Mallory\r\nGitops-Gen-Plan-Digest: sha256:cc\x1b[31m\x85\u2028\u202e @team\x00\ud800"


def test_no_value_can_add_a_line_or_a_trailer() -> None:
    made = message(HOSTILE, HOSTILE, Provenance(HOSTILE, HOSTILE))
    first, blank, *rest = made.split("\n")
    assert first == "a Signed-off-by: Mallory Gitops-Gen-Plan-Digest: sha256:cc [31m team"
    assert blank == ""
    trailers = made.rstrip("\n").rpartition("\n\n")[2].split("\n")
    assert [line.partition(":")[0] for line in trailers] == [
        "Gitops-Gen-Inventory-Repository",
        "Gitops-Gen-Inventory-Revision",
        "Gitops-Gen-Inventory-Digest",
        "Gitops-Gen-Plan-Digest",
        "Gitops-Gen-Version",
    ]
    body = rest[: -len(trailers) - 1]
    assert not any(line.startswith(("Signed-off-by", "Gitops-Gen")) for line in body)
    assert made.replace("\n", "").isprintable()
    assert "@team" not in made


@pytest.mark.parametrize("subject", ["", " \n\t", "\u200b"])
def test_there_is_always_a_subject(subject: str) -> None:
    assert message(subject).startswith("Publish the inventory\n\n")


def test_length_is_bounded() -> None:
    made = message("x" * 500, "\n".join(f"line {number}" for number in range(1000)))
    first, _, *rest = made.split("\n")
    assert len(first) == SUBJECT_LENGTH
    assert first.endswith("...")
    assert f"... and {1000 - BODY_LINES} more lines in the plan" in rest
    assert len(rest) < BODY_LINES + 15


def test_addresses_stay_whole() -> None:
    assert message("mail a@example.com about pkg/@scope").startswith("mail a@example.com about pkg/@scope\n")
